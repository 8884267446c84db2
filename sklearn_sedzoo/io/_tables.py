"""Spectra in CSV, Parquet and ASDF files."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sklearn_sedzoo._containers import IVAR_PREFIX, SpectrumTable, parse_columns
from sklearn_sedzoo.exceptions import SedReadError
from sklearn_sedzoo.io._fits_layouts import (
    FLUX_NAMES,
    IVAR_NAMES,
    MASK_NAMES,
    WAVELENGTH_NAMES,
    add_redshift,
    checked_grid,
    converted,
)

SEPARATORS = {".csv": ",", ".tsv": "\t"}
SUFFIXES = (*SEPARATORS, ".parquet", ".pq", ".asdf")


def read_table(path, unit):
    """Return the SpectrumTable of a CSV, Parquet or ASDF file."""
    if path.suffix == ".asdf":
        return _read_asdf(path, unit)
    try:
        if path.suffix in {".parquet", ".pq"}:
            frame = pd.read_parquet(path)
        else:
            frame = pd.read_csv(path, sep=SEPARATORS[path.suffix])
    except ImportError as error:
        raise SedReadError(f"{path}: reading Parquet needs a package that is not installed ({error}).") from error
    except Exception as error:
        raise SedReadError(f"{path} cannot be read as a table: {error}") from error
    return _from_frame(frame, path, unit)


def _from_frame(frame, path, unit):
    """Return the table of a DataFrame with a column for each wavelength; the other columns are properties."""
    names = [str(name) for name in frame.columns]
    is_spectrum = [_is_number(name.removeprefix("flux_").removeprefix(IVAR_PREFIX)) for name in names]
    if sum(is_spectrum) < 2:
        raise SedReadError(
            f"{path} has no columns named by wavelengths (4000.5, flux_4000.5, ivar_4000.5). Its columns are "
            f"{', '.join(names[:8])}."
        )
    spectra = frame.loc[:, is_spectrum].set_axis([n for n, s in zip(names, is_spectrum, strict=True) if s], axis=1)
    wrong = [name for name, kind in spectra.dtypes.items() if kind.kind not in "iuf"]
    if wrong:
        text = pd.to_numeric(spectra[wrong[0]], errors="coerce").isna() & spectra[wrong[0]].notna()
        row = int(np.flatnonzero(text)[0]) if text.any() else 0
        raise SedReadError(
            f"{path}: {len(wrong)} flux columns hold text, e.g. column {wrong[0]}, row {row}: "
            f"{spectra[wrong[0]].iloc[row]!r}."
        )
    try:
        columns = parse_columns(spectra.columns)
    except ValueError as error:
        raise SedReadError(f"{path}: {error}") from None
    values = spectra.to_numpy(dtype=float)
    wavelength = checked_grid(path, converted(columns.wavelength, None, unit or "Angstrom", path, "the column names"))
    order = np.argsort(wavelength)
    properties = frame.loc[:, [not s for s in is_spectrum]].reset_index(drop=True)
    return SpectrumTable(
        np.ascontiguousarray(values[:, columns.flux][:, order]),
        wavelength[order],
        add_redshift(properties),
        meta={"path": str(path), "medium": ""},
        ivar=None if columns.ivar is None else np.ascontiguousarray(values[:, columns.ivar][:, order]),
    )


def _is_number(text):
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _read_asdf(path, unit):
    """Read a tree with ``flux`` (n, n_wavelengths) and ``wavelength``, and whatever else has a value for each row."""
    import asdf

    try:
        with asdf.open(path, memmap=False, lazy_load=False) as file:
            tree = {str(key): value for key, value in file.tree.items()}
    except Exception as error:
        raise SedReadError(f"{path} cannot be read as ASDF: {error}") from error
    upper = {key.upper(): key for key in tree}

    def find(group):
        return next((tree[upper[name]] for name in group if name in upper), None)

    flux, grid, ivar, mask = (find(names) for names in (FLUX_NAMES, WAVELENGTH_NAMES, IVAR_NAMES, MASK_NAMES))
    if flux is None or grid is None:
        raise SedReadError(f"{path} must hold `flux` and `wavelength`; it holds {', '.join(tree)}.")
    values = np.atleast_2d(np.asarray(getattr(flux, "value", flux), dtype=float))
    wavelength = converted(getattr(grid, "value", grid), getattr(grid, "unit", None), unit, path, "`wavelength`")
    wavelength = checked_grid(path, wavelength)
    if values.shape[1] != len(wavelength):
        raise SedReadError(f"{path}: {len(wavelength)} wavelengths do not match spectra of {values.shape[1]} pixels.")
    ivar = None if ivar is None else np.atleast_2d(np.array(getattr(ivar, "value", ivar), dtype=float))
    if mask is not None and ivar is not None:
        ivar[np.atleast_2d(np.asarray(mask, dtype=bool))] = 0
    others = {
        key: np.asarray(getattr(value, "value", value))
        for key, value in tree.items()
        if np.shape(getattr(value, "value", value)) == (len(values),)
    }
    order = np.argsort(wavelength)
    return SpectrumTable(
        np.ascontiguousarray(values[:, order]),
        wavelength[order],
        add_redshift(pd.DataFrame(others, index=pd.RangeIndex(len(values)))),
        str(getattr(flux, "unit", "") or ""),
        {"path": str(path), "medium": str(tree.get("medium", ""))},
        ivar=None if ivar is None else np.ascontiguousarray(ivar[:, order]),
    )
