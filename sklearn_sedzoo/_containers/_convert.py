"""What users hold (tables, spectra, arrays of other packages) to what scikit-learn takes: arrays and DataFrames."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

from sklearn_sedzoo._containers._columns import name_wavelengths
from sklearn_sedzoo._containers._layout import FLUX_NAMES, find_name, share_properties, tables_from_columns
from sklearn_sedzoo._containers._specutils import is_specutils, table_from_specutils
from sklearn_sedzoo._containers._table import SpectrumTable


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
    if is_specutils(X) or (isinstance(X, (list, tuple)) and X and all(map(is_specutils, X))):
        return table_from_specutils(X).to_frame()
    _refuse_lazy(X)
    if _is_a(X, "astropy.table", "Table"):
        return _from_astropy(X)
    if _is_a(X, "polars", "DataFrame"):
        return _refuse_text(pd.DataFrame({name: X[name].to_numpy() for name in X.columns}))
    if _is_a(X, "pyarrow", "Table") or _is_a(X, "pyarrow", "RecordBatch"):
        return _refuse_text(X.to_pandas())
    if _is_a(X, "astropy.nddata", "NDData"):
        return np.asarray(X.data) if X.mask is None else np.ma.MaskedArray(X.data, np.broadcast_to(X.mask, X.shape))
    if _is_a(X, "astropy.utils.masked", "Masked"):
        return unmask(X)
    if isinstance(X, (list, tuple)) or getattr(getattr(X, "dtype", None), "kind", "") == "O":
        _refuse_ragged(X)
    return X


def _refuse_lazy(X):
    is_dask = hasattr(X, "__dask_graph__")
    if is_dask or _is_a(X, "polars", "LazyFrame"):
        cure = "X.compute()" if is_dask else "X.collect()"
        raise TypeError(
            f"X is a lazy {type(X).__module__}.{type(X).__name__}: it is not computed behind your back. Pass {cure} "
            "where it fits in memory, or apply the fitted step block by block (X.map_blocks)."
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


def tables_from_astropy(table, unit=None, where="the table X", mask_bits=None):
    """Return the SpectrumTables of an astropy table with columns FLUX and WAVELENGTH.

    One, or one for each row where the rows have own grids; numbers and names beside them are properties.
    """
    columns = {name: unmask(table[name]) for name in table.colnames}
    units = {name: str(table[name].unit or "") for name in table.colnames}
    tables = tables_from_columns(columns, units, unit=unit, mask_bits=mask_bits, where=where)
    beside = [name for name, column in columns.items() if column.ndim == 1 and column.dtype.kind in "iufbUS"]
    properties = table[beside].to_pandas(index=False) if beside else pd.DataFrame()
    properties.attrs["units"] = {name: units[name] for name in beside}
    return share_properties(tables, properties)


def unmask(X):
    """Return an array without its unit, as one of numpy's masked arrays where it has a mask."""
    X = getattr(X, "value", X)
    if _is_a(X, "astropy.utils.masked", "Masked"):
        return np.ma.MaskedArray(X.unmasked, X.mask)
    return np.ma.asanyarray(X) if isinstance(X, np.ma.MaskedArray) else np.asarray(X)


def _from_astropy(table):
    """Return a DataFrame of an astropy table: columns FLUX and WAVELENGTH, or one column for each wavelength."""
    if find_name(table.colnames, FLUX_NAMES) is None:
        if any(table[name].ndim > 1 for name in table.colnames):
            raise ValueError(f"The table X has no vector column FLUX; its columns are {', '.join(table.colnames[:8])}.")
        return _refuse_text(table.to_pandas(index=False))
    tables = tables_from_astropy(table)
    if len(tables) > 1:
        raise ValueError(
            "The spectra of the table X have different wavelength grids. Bring them to one with "
            "sklearn_sedzoo.io.read_spectra(X, grid=...)."
        )
    return tables[0].to_frame()
