"""Spectra in CSV, ECSV, Parquet, ASDF and HDF5 files."""

from __future__ import annotations

import re

import h5py
import numpy as np
import pandas as pd

from sklearn_sedzoo._containers import (
    ERROR_NAMES,
    FLUX_NAMES,
    IVAR_PREFIX,
    WAVELENGTH_NAMES,
    find_name,
    is_specutils,
    parse_columns,
    rising_table,
    share_properties,
    split_specutils,
    table_from_specutils,
    tables_from_astropy,
    tables_from_columns,
    wavelengths_of,
)
from sklearn_sedzoo._containers._units import is_spectral_unit
from sklearn_sedzoo.exceptions import NoSpectraError, SedReadError
from sklearn_sedzoo.io._multimodal import is_multimodal, read_multimodal
from sklearn_sedzoo.io._open import attempt_table

SEPARATORS = {".csv": ",", ".tsv": "\t"}
HDF5 = (".h5", ".hdf5")
TEXT = (".dat", ".txt", ".sed", ".ascii")
SUFFIXES = (*SEPARATORS, ".csv.gz", ".tsv.gz", ".ecsv", ".parquet", ".pq", ".asdf", *HDF5, *TEXT)


def read_table(path, unit, mask_bits=None):
    """Return the SpectrumTables of a file of one of the `SUFFIXES`: one for each grid."""
    suffix = next(end for end in SUFFIXES if path.name.lower().endswith(end))
    if suffix == ".ecsv":
        from astropy.table import Table

        table = attempt_table(path, Table.read, path, format="ascii.ecsv")
        tables = tables_from_astropy(table, unit, "the table", mask_bits)
    elif suffix in TEXT:
        from astropy.io import ascii as text

        tables = _from_text(attempt_table(path, text.read, path), unit, path)
    elif suffix == ".asdf":
        tables = _from_tree(attempt_table(path, _read_asdf, path), unit, mask_bits)
    elif suffix in HDF5:
        tables = _from_tree(attempt_table(path, _read_hdf5, path), unit, mask_bits)
    else:
        tables = _from_frame(attempt_table(path, _read_frame, path, suffix), unit, path, mask_bits)
    for table in tables:
        table.meta["path"] = str(path)
    return tables


def _read_frame(path, suffix):
    if suffix in {".parquet", ".pq"}:
        return pd.read_parquet(path)
    return pd.read_csv(path, sep=SEPARATORS[suffix.removesuffix(".gz")])


def _from_text(table, unit, path):
    """Return the table of a text file with a row for each pixel: wavelength, flux and perhaps its error.

    Columns without names stand in that order; a name such as ``wave_um`` or ``lambda[A]`` states the unit.
    """
    names = list(table.colnames)
    if find_name(names, FLUX_NAMES) is None and _begins_with_numbers(path):  # the comment above them is no header
        names = [f"col{i + 1}" for i in range(len(names))]
    if all(re.fullmatch(r"col\d+", name) for name in names):
        if not 2 <= len(names) <= 3:
            raise SedReadError(
                f"{path} has {len(names)} columns without names. A spectrum has two or three: wavelength, flux, error."
            )
        names = [WAVELENGTH_NAMES[0], FLUX_NAMES[0], ERROR_NAMES[0]][: len(names)]
    text = [name for name, column in zip(names, table.itercols(), strict=True) if column.dtype.kind not in "iuf"]
    if text:
        raise SedReadError(f"{path}: the columns {', '.join(text)} hold text, not numbers.")
    stated = {}
    for i, name in enumerate(names):
        found = re.fullmatch(r"(wave(?:length)?|lambda|lam|wl)[\s_]*[\[(_]*(\w+?)[\])]*", name, re.IGNORECASE)
        if found and is_spectral_unit(found[2]):
            names[i] = WAVELENGTH_NAMES[0]
            stated[names[i]] = found[2]
    if find_name(names, FLUX_NAMES) is None:
        raise NoSpectraError(f"{path} has no column of flux: its columns are {', '.join(names[:8])}.")
    columns = {name: np.asarray(column, dtype=float) for name, column in zip(names, table.itercols(), strict=True)}
    units = {name: str(table[old].unit or "") for name, old in zip(names, table.colnames, strict=True)}
    return tables_from_columns(columns, units | stated, unit=unit, where="the table")


def _begins_with_numbers(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        first = next((line for line in file if line.strip() and line.lstrip()[0] not in "#%;!"), "")
    return all(_is_number(word) for word in first.replace(",", " ").split())


def _read_asdf(path):
    import asdf

    with asdf.open(path, memmap=False, lazy_load=False) as file:
        return {str(key): value for key, value in file.tree.items()}


def _read_hdf5(path):
    import astropy.units as u

    with h5py.File(path) as file:
        tree = {name: node[()] for name, node in file.items() if isinstance(node, h5py.Dataset)}
        for name in tree:
            if "unit" in file[name].attrs:
                tree[name] = tree[name] * u.Unit(file[name].attrs["unit"])
    return tree


def _from_frame(frame, unit, path, mask_bits):
    """Return the tables of a DataFrame: a column for each wavelength, or columns FLUX and WAVELENGTH."""
    names = [str(name) for name in frame.columns]
    if "spectrum" in names or "spectrum_flux" in names:
        columns = {name: frame[name].to_numpy() for name in names}
        if is_multimodal(columns):
            return read_multimodal(columns, unit, mask_bits)
    is_spectrum = [_is_number(name.removeprefix("flux_").removeprefix(IVAR_PREFIX)) for name in names]
    if sum(is_spectrum) < 2:
        if find_name(names, FLUX_NAMES) is None:
            raise NoSpectraError(
                f"{path} has no columns named by wavelengths (4000.5, flux_4000.5, ivar_4000.5) and none called FLUX "
                f"beside WAVELENGTH. Its columns are {', '.join(names[:8])}."
            )
        columns = {name: frame[name].to_numpy() for name in names}
        beside = [name for name in names if not _holds_spectra(columns[name])]
        return share_properties(tables_from_columns(columns, {}, unit=unit, mask_bits=mask_bits), frame[beside])
    spectra = frame.loc[:, is_spectrum].set_axis([n for n, s in zip(names, is_spectrum, strict=True) if s], axis=1)
    _refuse_text(spectra, path)
    columns = parse_columns(spectra.columns)
    values = spectra.to_numpy(dtype=float)
    table = rising_table(
        values[:, columns.flux],
        wavelengths_of(columns.wavelength, None, unit or "Angstrom", "the column names"),
        None if columns.ivar is None else values[:, columns.ivar],
    )
    return share_properties([table], frame.loc[:, [not s for s in is_spectrum]].copy())


def _refuse_text(spectra, path):
    wrong = [name for name, kind in spectra.dtypes.items() if kind.kind not in "iuf"]
    if wrong:
        text = pd.to_numeric(spectra[wrong[0]], errors="coerce").isna() & spectra[wrong[0]].notna()
        row = int(np.flatnonzero(text)[0]) if text.any() else 0
        raise SedReadError(
            f"{path}: {len(wrong)} flux columns hold text, e.g. column {wrong[0]}, row {row}: "
            f"{spectra[wrong[0]].iloc[row]!r}."
        )


def _is_number(text):
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _holds_spectra(values):
    return values.dtype.kind == "O" and any(np.ndim(value) for value in values)


def _from_tree(tree, unit, mask_bits):
    """Return the tables of a tree: ``flux``, ``wavelength`` and what has a value for each row, or a spectrum."""
    spectra = [value for value in tree.values() if is_specutils(value)]
    if len(spectra) == 1:
        return [table_from_specutils(part) for part in split_specutils(spectra)]
    units = {name: str(getattr(value, "unit", None) or "") for name, value in tree.items()}
    columns = {
        name: np.asarray(getattr(value, "value", value))
        for name, value in tree.items()
        if not isinstance(value, (str, dict, list))
    }
    if is_multimodal(columns):
        return read_multimodal(columns, unit, mask_bits)
    flux, axis = find_name(columns, FLUX_NAMES), find_name(columns, WAVELENGTH_NAMES)
    if flux is not None and axis is not None and np.ndim(columns[axis]) == 1 and np.ndim(columns[flux]) == 2:
        if columns[flux].shape[1] != len(columns[axis]):
            raise ValueError(
                f"{len(columns[axis])} wavelengths do not match spectra of {columns[flux].shape[1]} pixels."
            )
        columns[axis] = np.broadcast_to(columns[axis], columns[flux].shape)  # one grid for all, not a row a pixel
    tables = tables_from_columns(columns, units, unit=unit, mask_bits=mask_bits)
    n_rows = sum(map(len, tables))
    for table in tables:
        table.medium = str(tree.get("medium", "")) or None
    beside = {name: values for name, values in columns.items() if np.shape(values) == (n_rows,)}
    return share_properties(tables, pd.DataFrame(beside, index=pd.RangeIndex(n_rows)))
