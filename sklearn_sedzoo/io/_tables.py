"""Spectra in CSV, ECSV, Parquet, ASDF, HDF5 and text files."""

from __future__ import annotations

import h5py
import numpy as np
import pandas as pd

from sklearn_sedzoo._containers import (
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
from sklearn_sedzoo.exceptions import NoSpectraError, SedReadError
from sklearn_sedzoo.io._multimodal import is_multimodal, read_multimodal
from sklearn_sedzoo.io._open import attempt_table
from sklearn_sedzoo.io._text import read_text, split_unit

SEPARATORS = {".csv": ",", ".tsv": "\t"}
HDF5 = (".h5", ".hdf5")
PARQUET = (".parquet", ".pq")
TEXT = (".txt", ".dat", ".sed", ".ascii")
SUFFIXES = (*SEPARATORS, ".csv.gz", ".tsv.gz", ".ecsv", *PARQUET, ".asdf", *HDF5, *TEXT)


def read_table(path, unit, mask_bits=None):
    """Return the SpectrumTables of a file of one of the `SUFFIXES`: one for each grid."""
    suffix = next(end for end in SUFFIXES if path.name.lower().endswith(end))
    if suffix == ".ecsv":
        from astropy.table import Table

        table = attempt_table(path, Table.read, path, format="ascii.ecsv")
        tables = tables_from_astropy(table, unit, "the table", mask_bits)
    elif suffix == ".asdf":
        tables = _from_tree(attempt_table(path, _read_asdf, path), unit, mask_bits)
    elif suffix in HDF5:
        tables = _from_tree(attempt_table(path, _read_hdf5, path), unit, mask_bits)
    elif suffix in PARQUET:
        tables = _from_frame(attempt_table(path, pd.read_parquet, path), unit, path, mask_bits)
    else:
        separator = SEPARATORS.get(suffix.removesuffix(".gz"))
        tables = _from_frame(attempt_table(path, read_text, path, separator), unit, path, mask_bits)
    for table in tables:
        table.meta["path"] = str(path)
    return tables


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
    names, units = [str(name) for name in frame.columns], dict(frame.attrs.get("units", {}))
    if "spectrum" in names or "spectrum_flux" in names:
        columns = {name: frame[name].to_numpy() for name in names}
        if is_multimodal(columns):
            return read_multimodal(columns, unit, mask_bits)
    is_spectrum = [_is_number(name.removeprefix("flux_").removeprefix(IVAR_PREFIX)) for name in names]
    if sum(is_spectrum) < 2:
        plain = [split_unit(name) for name in names]
        if find_name([name for name, _ in plain], FLUX_NAMES) is not None:
            frame = frame.set_axis([name for name, _ in plain], axis=1)
            units |= {name: found for name, found in plain if found}
            names = list(frame.columns)
        else:
            raise NoSpectraError(
                f"{path} has no columns named by wavelengths (4000.5, flux_4000.5, ivar_4000.5) and none called FLUX "
                f"beside WAVELENGTH. Its columns are {', '.join(names[:8])}."
            )
        columns = {name: frame[name].to_numpy() for name in names}
        beside = [name for name in names if not _holds_spectra(columns[name])]
        return share_properties(tables_from_columns(columns, units, unit=unit, mask_bits=mask_bits), frame[beside])
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
