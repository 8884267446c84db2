"""Tables of magnitudes (RAIL-style HDF5, FITS, CSV) -> a DataFrame."""

from __future__ import annotations

import difflib
import os
import pathlib
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from sklearn_sedzoo._parameters import checked, nothing, path, sequence_of, text
from sklearn_sedzoo.exceptions import SedReadError
from sklearn_sedzoo.io._open import HDU, check_exists, opened_fits

_ORDER = ["fuv", "nuv", "u", "b", "g", "v", "r", "i", "z", "y", "j", "h", "k", "ks", "w1", "w2", "w3", "w4"]
_HDF5 = {".hdf5", ".h5", ".hdf", ".he5"}
_FITS = {".fits", ".fit", ".fz", ".gz"}
_TEXT = {".csv", ".tsv", ".txt", ".dat"}


@checked(
    path=[path()],
    columns=[sequence_of(text(), "names of columns"), nothing()],
    group=[text("the name of a group"), nothing()],
    hdu=HDU,
)
def read_photometry(
    path: str | os.PathLike,
    *,
    columns: Sequence[str] | None = None,
    group: str | None = None,
    hdu: int | str | None = None,
) -> pd.DataFrame:
    """Read a table of photometry.

    Parameters
    ----------
    path : path
        HDF5 with one dataset per column in a group (RAIL), FITS with a binary table, or CSV (TSV by its suffix,
        other text by blanks).
    columns : list of str or None, default=None
        Columns wanted; None is all columns of single numbers.
    group : str or None, default=None
        Group of an HDF5 file; None is "photometry" where there is one, else the root.
    hdu : int, str or None, default=None
        Table of a FITS file; None is the first one.

    Returns
    -------
    DataFrame of shape (n_samples, n_columns)
        Numbers as the file has them, in native byte order: 99 for a non-detection stays 99, for
        ``MagnitudeToColor(nondetection=99)`` to understand. Without `columns` the magnitudes come first, by
        wavelength (u g r i z y), then their errors, then the rest. The rows stay in the file's order, which is
        often that of redshift: shuffle before any split.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from sklearn_sedzoo.io import read_photometry
    >>> path = pathlib.Path(tempfile.mkdtemp(), "table.csv")
    >>> _ = path.write_text("redshift,mag_g,mag_u\\n0.5,22.0,23.0\\n")
    >>> list(read_photometry(path))
    ['mag_u', 'mag_g', 'redshift']
    """
    path = pathlib.Path(path)
    check_exists(path)
    suffix = path.suffix.lower()
    if suffix in _HDF5:
        table = _read_hdf5(path, group)
    elif suffix in _FITS:
        table = _read_fits(path, hdu)
    elif suffix in _TEXT:
        table = _read_text(path, suffix)
    else:
        raise SedReadError(
            f"{path}: a table of photometry must end in {sorted(_HDF5 | _FITS | _TEXT)}, got {suffix!r}."
        )
    if not len(table):
        raise SedReadError(f"{path} has no rows.")
    if columns is None:
        return table[sorted(table, key=_rank)]
    for name in columns:
        if name not in table:
            near = difflib.get_close_matches(name, list(table), 3)
            hint = f" Did you mean {near}?" if near else ""
            raise SedReadError(f"{path} has no column {name!r}, only {list(table)}.{hint}")
    return table[list(columns)]


def _rank(name):
    words = [word for word in re.split(r"[_\W]", name.lower()) if word]
    is_error = any(word.startswith(("err", "e")) and word in {"e", "err", "error", "magerr"} for word in words)
    places = [_ORDER.index(word) for word in words if word in _ORDER]
    is_magnitude = "mag" in name.lower() or (len(words) == 1 and places)
    if not (is_magnitude or is_error) or not places:
        return (2, 0)
    return (int(is_error), places[0])


def _native(values):
    values = np.asarray(values)
    return values if values.dtype.isnative else values.astype(values.dtype.newbyteorder("="))


def _collect(path, named):
    """Columns of single numbers, all of one length."""
    kept = {name: _native(values) for name, values in named if values.ndim == 1 and values.dtype.kind in "iufb"}
    lengths = {name: len(values) for name, values in kept.items()}
    if not kept:
        raise SedReadError(f"{path} holds no columns of numbers.")
    if len(set(lengths.values())) > 1:
        raise SedReadError(f"{path}: columns must have one length, got {lengths}. Name the group that holds the table.")
    return pd.DataFrame(kept)


def _read_hdf5(path, group):
    import h5py

    try:
        with h5py.File(path) as file:
            name = group or ("photometry" if "photometry" in file else "/")
            if name not in file:
                raise SedReadError(f"{path} has no group {name!r}, only {list(file)}.")
            sets = [(key, item) for key, item in file[name].items() if isinstance(item, h5py.Dataset)]
            return _collect(path, [(key, item[()]) for key, item in sets if item.ndim == 1])
    except OSError as error:
        raise SedReadError(f"{path} cannot be read as HDF5: {error}.") from error


def _read_fits(path, hdu):
    from astropy.io import fits

    with opened_fits(path) as hdus:
        tables = [one for one in hdus if isinstance(one, fits.BinTableHDU)]
        if hdu is not None:
            names = [one.name for one in hdus]
            if (isinstance(hdu, str) and hdu.upper() not in names) or (not isinstance(hdu, str) and hdu >= len(hdus)):
                raise SedReadError(f"{path} has no HDU {hdu!r}, only {names}.")
            tables = [hdus[hdu]]
        if not tables or not isinstance(tables[0], fits.BinTableHDU):
            raise SedReadError(f"{path} has no binary table; its HDUs are {[one.name for one in hdus]}.")
        data = tables[0].data
        return _collect(path, [(name, np.array(data[name])) for name in data.names])


def _read_text(path, suffix):
    separator = {".csv": ",", ".tsv": "\t"}.get(suffix, r"\s+")
    try:
        table = pd.read_csv(path, sep=separator, comment="#")
    except (ValueError, pd.errors.ParserError) as error:
        raise SedReadError(f"{path} cannot be read as a table: {error}.") from error
    return _collect(path, [(str(name), table[name].to_numpy()) for name in table])
