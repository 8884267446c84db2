"""What users hold (tables, spectra, arrays of other packages) to what scikit-learn takes: arrays and DataFrames."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

from sklearn_sedzoo._containers._columns import name_wavelengths
from sklearn_sedzoo._containers._specutils import is_specutils, table_from_specutils
from sklearn_sedzoo._containers._table import SpectrumTable
from sklearn_sedzoo._containers._units import to_angstrom

WAVELENGTH_NAMES = ("WAVELENGTH", "WAVE", "LAMBDA", "LAM", "SPECTRAL_AXIS")
FLUX_NAMES = ("FLUX", "SPECTRA", "SPEC", "FLUXES")
IVAR_NAMES = ("IVAR", "IVARS", "INVVAR")


def name_columns(X):
    """Return X as an array or a DataFrame with string labels; containers that carry wavelengths become DataFrames.

    Float labels become strings, so that scikit-learn sees (and checks) them. Integer labels are positions, not
    wavelengths: pandas makes them up where none were given.
    """
    if isinstance(X, SpectrumTable):
        return X.to_frame()
    if isinstance(X, pd.DataFrame):
        return _name_floats(_refuse_text(X))
    if isinstance(X, np.ndarray) and type(X) in {np.ndarray, np.memmap} and X.dtype.kind != "O":
        return X
    if is_specutils(X):
        return table_from_specutils(X).to_frame()
    if hasattr(X, "__dask_graph__"):
        raise TypeError(
            f"X is a lazy {type(X).__module__}.{type(X).__name__}: it is not computed behind your back. Pass "
            "X.compute() where it fits in memory, or apply the fitted step block by block (X.map_blocks)."
        )
    if _is_a(X, "astropy.table", "Table"):
        return _from_astropy(X)
    if _is_a(X, "polars", "DataFrame"):
        return _refuse_text(pd.DataFrame({name: X[name].to_numpy() for name in X.columns}))
    if _is_a(X, "pyarrow", "Table"):
        return _refuse_text(X.to_pandas())
    if _is_a(X, "astropy.nddata", "NDData"):
        return np.asarray(X.data) if X.mask is None else np.ma.MaskedArray(X.data, np.broadcast_to(X.mask, X.shape))
    if isinstance(X, (list, tuple)) or getattr(getattr(X, "dtype", None), "kind", "") == "O":
        _refuse_ragged(X)
    return X


def table_columns(names):
    """Return the names of the flux, wavelength and inverse-variance columns of a table; None where missing."""
    upper = {str(name).upper(): name for name in reversed(list(names))}
    return tuple(
        next((upper[name] for name in group if name in upper), None)
        for group in (FLUX_NAMES, WAVELENGTH_NAMES, IVAR_NAMES)
    )


def _is_a(X, module, name):
    """Whether X is an instance of a class of a package, without importing the package."""
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(X, kind)


def _name_floats(X):
    labels = list(X.columns)
    is_float = [isinstance(name, (float, np.floating)) for name in labels]
    if not any(is_float):
        return X
    if any(isinstance(name, (int, np.integer)) for name in labels):
        raise TypeError(
            f"X mixes whole numbers and floats as column names ({labels[:3]!r}...). Name the flux columns by their "
            "wavelengths as floats or strings."
        )
    named = [name_wavelengths([name])[0] if f else name for name, f in zip(labels, is_float, strict=True)]
    result = X.set_axis(named, axis=1)
    result.attrs.update(X.attrs)
    return result


def _refuse_text(X):
    text = [str(name) for name, kind in X.dtypes.items() if not pd.api.types.is_any_real_numeric_dtype(kind)]
    wrong = [name for name in text if not _holds_numbers(X[name] if name in X else X.iloc[:, 0])]
    if wrong:
        raise ValueError(
            f"X must hold numbers, got {len(wrong)} columns of other types: {', '.join(wrong[:5])}"
            f"{', ...' if len(wrong) > 5 else ''}. Drop them, or keep them in another table."
        )
    return X


def _holds_numbers(column):
    """Whether a column of dtype object holds numbers all the same; None counts as a number that is missing."""
    if column.dtype != object:
        return False
    return all(value is None or (np.isscalar(value) and not isinstance(value, (str, bool))) for value in column)


def _refuse_ragged(X):
    lengths = [len(row) for row in X if np.ndim(row) or isinstance(row, (list, tuple))]
    if len(lengths) == len(X) and len(set(lengths)) > 1:
        first = next(i for i, n in enumerate(lengths) if n != lengths[0])
        raise ValueError(
            f"X holds spectra of different lengths, {min(lengths)} to {max(lengths)} pixels (row 0: {lengths[0]}, row "
            f"{first}: {lengths[first]}). Bring them to one grid with sklearn_sedzoo.io.stack_spectra."
        )


def _from_astropy(table):
    """Return a DataFrame of an astropy table: a vector column FLUX, or one column for each wavelength."""
    flux, wavelength, ivar = table_columns(table.colnames)
    if flux is None or table[flux].ndim != 2:
        frame = table.to_pandas() if not _has_vectors(table) else None
        if frame is None:
            raise ValueError(f"The table X has no vector column FLUX; its columns are {', '.join(table.colnames[:8])}.")
        return _refuse_text(frame)
    if wavelength is None:
        raise ValueError(f"The table X has a column {flux} and no column WAVELENGTH. Add one, with its unit.")
    grid = table[wavelength]
    if grid.unit is None:
        raise ValueError(f"The column {wavelength} of the table X has no unit. Set it; it is not guessed.")
    values = np.asarray(getattr(grid, "value", grid), dtype=float)
    if values.ndim != 2 or not (values == values[0]).all():
        raise ValueError(f"The column {wavelength} of the table X must hold the same grid in each row.")
    known = [name for name in table.colnames if table[name].ndim == 1 and table[name].dtype.kind in "iuf"]
    return SpectrumTable(
        _filled(table[flux]),
        to_angstrom(values[0], grid.unit),
        pd.DataFrame({name: np.asarray(table[name]) for name in known}, index=pd.RangeIndex(len(table))),
        str(table[flux].unit or ""),
        ivar=None if ivar is None else _filled(table[ivar], 0.0),
    ).to_frame()


def _has_vectors(table):
    return any(table[name].ndim > 1 for name in table.colnames)


def _filled(column, value=np.nan):
    values = np.ma.asanyarray(getattr(column, "value", column))
    values = values.astype(np.result_type(values.dtype.newbyteorder("="), np.float32))
    return np.asarray(values.filled(value)) if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
