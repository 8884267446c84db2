"""Read and write catalogues of spectra."""

from __future__ import annotations

import pathlib
import warnings
from dataclasses import replace

import astropy.units as u
import numpy as np
import pandas as pd
from astropy.io import fits
from astropy.table import Table

from sklearn_sedzoo._containers import (
    SpectrumTable,
    is_specutils,
    parse_flux_unit,
    split_specutils,
    table_from_specutils,
    tables_from_astropy,
)
from sklearn_sedzoo.exceptions import SedDataWarning, SedReadError
from sklearn_sedzoo.io._atomic import write_atomically
from sklearn_sedzoo.io._fits_layouts import QUALITY_HDU, read_layout
from sklearn_sedzoo.io._open import check_exists, errors_named, is_fits, opened_fits, refuse_other
from sklearn_sedzoo.io._property_table import hdu_from_frame
from sklearn_sedzoo.io._quality import QUALITY_BITS, mark_quality, settle_quality
from sklearn_sedzoo.io._specutils_formats import ask_specutils
from sklearn_sedzoo.io._stack import stack_spectra
from sklearn_sedzoo.io._surveys import read_survey
from sklearn_sedzoo.io._tables import SUFFIXES, read_table
from sklearn_sedzoo.io._unused import name_unused

FITS_SUFFIXES = (".fits", ".fit", ".fts", ".fits.gz", ".fit.gz", ".fits.fz")


def read_catalog(path, *, unit=None, on_bad="mask", grid=None, sentinels=(), strict=False):
    """Read a catalogue of spectra from a file.

    Read are: *images*, ``FLUX``, ``DATA`` or the first of the file, 1-D or 2-D (spectra along axis 2), its wavelengths
    in an HDU ``WAVELENGTH`` (a table column or an image) or in its own header (``CRVAL1``, ``CDELT1``, ``CUNIT1``, also
    logarithmic and as IRAF writes them), with images ``IVAR`` (or ``VARIANCE``, ``STAT``, ``ERROR``), ``MASK`` and
    ``Z`` and a table with a row for each spectrum where there are any; *tables* with a vector column ``FLUX`` and the
    wavelengths in a vector column ``WAVELENGTH`` (alike in all rows, or rows of their own length) or in an HDU of that
    name; *SDSS and BOSS* ``spec-*.fits``, *DESI* coadds (the three arms are joined by inverse variance), *MaNGA*
    stacks; *CSV*, *ECSV* and *Parquet* with a column for each wavelength, or with columns ``flux`` and ``wavelength``
    (a row for each pixel, or lists); *text* (``.dat``, ``.txt``, ``.sed``, ``.ascii``) with two or three columns,
    wavelength, flux and error, with or without names; *ASDF* and *HDF5* with ``flux`` and ``wavelength``; and what
    specutils can read.

    Parameters
    ----------
    path : str or path
        The file, FITS also gzipped.
    unit : str or astropy unit, optional
        Unit of the wavelengths, where the file does not say or says nonsense; it is never guessed. It wins over the
        file, except where it contradicts the numbers and the file does not.
    on_bad : {"mask", "raise", "drop"}, default="mask"
        What to do with bad spectra (see `QUALITY_BITS`): keep them, their bad pixels masked and the table's `quality`
        saying why; an error; or leave them out with a warning that counts them.
    grid : array-like of shape (n_wavelengths,), optional
        Bin centres in Angstrom to which spectra on different grids are resampled. Without it such spectra are an
        error, unless their grids are parts of one lattice.
    sentinels : float or sequence of float, default=()
        Flux values that stand for "no data", such as -9999 or 1e20; they are masked.
    strict : bool, default=False
        Refuse a file whose checksum does not fit, instead of warning.

    Returns
    -------
    catalog : SpectrumTable
        Flux in native byte order, rising wavelengths in Angstrom, properties with their units, inverse variances
        (masked pixels have 0) and `quality`.

    Raises
    ------
    SedReadError
        If the file is no such catalogue; the message says what it holds.
    NoSpectraError
        A SedReadError: the file is readable, but holds no spectra.

    See Also
    --------
    read_spectra : The same for folders, lists of files and spectra of specutils.
    write_catalog : Writes images.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from sklearn_sedzoo.datasets import make_sed_catalog
    >>> from sklearn_sedzoo.io import read_catalog, write_catalog
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "catalog.fits"
    ...     write_catalog(path, make_sed_catalog(3, random_state=0))
    ...     catalog = read_catalog(path)
    >>> catalog.flux.shape == (3, len(catalog.wavelength))
    True
    """
    path = pathlib.Path(path)
    if path.is_dir():
        return read_spectra(path, unit=unit, on_bad=on_bad, grid=grid, sentinels=sentinels, strict=strict)
    table = _join(_read_file(path, unit, strict), grid, path, sentinels)
    return settle_quality(table, path, on_bad)


def read_spectra(source, *, unit=None, on_bad="mask", grid=None, sentinels=(), strict=False, progress=False):
    """Read spectra from files, folders, lists of files or spectra of specutils into one table.

    Parameters
    ----------
    source : str, path, list of paths, Table, QTable, Spectrum, SpectrumCollection, SpectrumList or list of Spectrum
        A folder stands for all its FITS, CSV, ECSV, Parquet, ASDF, HDF5 and text files, in the order of their names.
    unit, on_bad, grid, sentinels, strict
        As in `read_catalog`. A file of several that cannot be read is an error with ``on_bad="raise"``, a row without
        flux and the bit ``unreadable`` with "mask", and left out with "drop".
    progress : bool, default=False
        Show a progress bar.

    Returns
    -------
    catalog : SpectrumTable
        The column ``file`` of its properties names the file of each spectrum where there are several.

    See Also
    --------
    read_catalog : One file, with all that can be read.

    Examples
    --------
    >>> import astropy.units as u
    >>> from specutils import Spectrum
    >>> from sklearn_sedzoo.io import read_spectra
    >>> grid = [4000, 4001, 4002] * u.AA
    >>> spectra = [Spectrum(flux=[1, 2, 3] * u.Jy, spectral_axis=grid, redshift=z) for z in (0.1, 0.2)]
    >>> read_spectra(spectra).to_frame()
       4000.0  4001.0  4002.0  redshift
    0     1.0     2.0     3.0       0.1
    1     1.0     2.0     3.0       0.2
    """
    if isinstance(source, (str, pathlib.PurePath)):
        path = pathlib.Path(source)
        if not path.is_dir():
            return read_catalog(path, unit=unit, on_bad=on_bad, grid=grid, sentinels=sentinels, strict=strict)
        source = sorted(file for file in path.iterdir() if file.name.lower().endswith(FITS_SUFFIXES + SUFFIXES))
        if not source:
            endings = ", ".join(f"*{suffix}" for suffix in FITS_SUFFIXES + SUFFIXES)
            raise SedReadError(f"{path} is a folder without spectra: no file {endings}.")
        table = _read_files(source, path, unit, grid, sentinels, strict, on_bad, progress)
        return settle_quality(table, path, on_bad)
    tables = _tables_in_memory(source, unit)
    if tables:
        return settle_quality(_join(tables, grid, "spectra", sentinels), "spectra", on_bad)
    parts = list(source) if isinstance(source, (list, tuple)) else []
    if not parts or not all(isinstance(part, (str, pathlib.PurePath)) for part in parts):
        kind = type(source).__name__ + (f" of {type(parts[0]).__name__}" if parts else "")
        empty = isinstance(source, (list, tuple)) and not parts
        raise TypeError(
            "`source` of read_spectra must be a file, a folder, a list of files, an astropy table, or spectra of "
            f"specutils (one, a collection, a list), got {'an empty ' if empty else ''}{kind}."
        )
    table = _read_files(parts, "spectra", unit, grid, sentinels, strict, on_bad, progress)
    return settle_quality(table, "spectra", on_bad)


def write_catalog(path, catalog, *, overwrite=False):
    """Write a SpectrumTable as FITS: images ``FLUX`` and ``IVAR``, tables ``WAVELENGTH`` and ``PROPERTIES``.

    `read_catalog` finds all of it again: frame, medium, survey, units, masks, quality, and each property with its
    type, its unit and what is missing in it. ``meta`` is not written.

    Parameters
    ----------
    path : str or path
        File to write; it appears complete or not at all.
    catalog : SpectrumTable
        The spectra.
    overwrite : bool, default=False
        Replace a file that is there already.

    Examples
    --------
    See `read_catalog`.
    """
    flux = fits.ImageHDU(catalog.flux, name="FLUX")
    cards = {
        "BUNIT": catalog.flux_unit if catalog.flux_unit.isascii() else str(parse_flux_unit(catalog.flux_unit) or ""),
        "FRAME": catalog.frame,
        "SURVEY": catalog.survey,
        "DEREDDEN": catalog.is_dereddened,
    }
    flux.header.update({name: value for name, value in cards.items() if value})
    grid = fits.BinTableHDU(Table({"wavelength": np.asarray(catalog.wavelength) * u.AA}), name="WAVELENGTH")
    if catalog.medium:
        grid.header["AIRORVAC"] = {"vacuum": "vac"}.get(catalog.medium, catalog.medium)
    hdus = [fits.PrimaryHDU(), flux, grid]
    if catalog.ivar is not None:
        hdus.append(fits.ImageHDU(catalog.ivar, name="IVAR"))
    if catalog.quality is not None:
        hdus.append(fits.ImageHDU(np.asarray(catalog.quality, dtype=np.int16), name=QUALITY_HDU))
    if len(catalog.properties.columns):
        hdus.append(hdu_from_frame(catalog.properties, "PROPERTIES"))
    write_atomically(path, fits.HDUList(hdus).writeto, overwrite=overwrite)


def _join(tables, grid, path, sentinels=()):
    """Return one table of several, each judged on its own grid before it is laid into the common one."""
    tables = [mark_quality(table, sentinels) for table in tables]
    return tables[0] if len(tables) == 1 and grid is None else stack_spectra(tables, grid=grid, path=path)


def _tables_in_memory(source, unit):
    """Return the SpectrumTables of spectra that are no files, an empty list where they are others."""
    if isinstance(source, SpectrumTable):
        return [source[:]]
    if isinstance(source, Table):
        return tables_from_astropy(source, unit)
    parts = list(source) if isinstance(source, (list, tuple)) else [source]
    if not parts or not all(map(is_specutils, parts)):
        return []
    return [table_from_specutils(part) for part in split_specutils(parts)]


def _read_file(path, unit, strict=False):
    """Return the tables of one file, as they are; whatever is wrong with it is a SedReadError that names the file."""
    check_exists(path)
    if path.name.lower().endswith(SUFFIXES):
        with errors_named(path):
            return read_table(path, unit)
    if not is_fits(path):
        return ask_specutils(path) or refuse_other(path)
    with opened_fits(path, strict=strict) as hdus, errors_named(path):
        table = read_survey(hdus, path, unit)
        tables = [table] if table else ask_specutils(path) or read_layout(hdus, path, unit)
        if any("used" in table.meta for table in tables):
            used = set().union(*(table.meta.pop("used", ()) for table in tables))
            unused = name_unused(hdus, used, sum(map(len, tables)), tables[0].shape[1])
            for table in tables:
                table.meta["unused"] = unused
        return tables


def _read_files(paths, source, unit, grid, sentinels, strict, on_bad, progress):
    """Read each file; those that cannot be read become a row without flux, or an error."""
    from rich.progress import track

    tables, counts, unreadable = [], {}, {}
    for i, path in enumerate(track(paths, "reading", disable=not progress)):
        file = pathlib.Path(path)
        try:
            parts = _read_file(file, unit, strict)
        except (SedReadError, OSError) as error:
            if on_bad == "raise":
                raise
            unreadable[i] = (file, error)
            continue
        for part in parts:
            part.properties = part.properties.assign(file=file.name)
        tables += parts
        counts[i] = sum(map(len, parts))
    if not tables:
        first = next(iter(unreadable.values()), None)
        raise SedReadError(f"{source}: none of {len(paths)} files can be read" + (f"; {first[1]}" if first else "."))
    table = _join(tables, grid, source, sentinels)
    if not unreadable:
        return table
    file, reason = next(iter(unreadable.values()))
    warnings.warn(
        f"{source}: {len(unreadable)} of {len(paths)} files cannot be read, first {file.name}: {reason}",
        SedDataWarning,
        stacklevel=4,
    )
    return table if on_bad == "drop" else _insert_unreadable(table, counts, unreadable)


def _insert_unreadable(table, counts, unreadable):
    """Return the table with an empty, flagged row in the place of each file that could not be read."""
    n_pixels, kind = table.flux.shape[1], table.flux.dtype
    positions = np.concatenate([np.full(n, i) for i, n in counts.items()] + [list(unreadable)])
    order = np.argsort(positions, kind="stable")
    n_lost, lost_bits = len(unreadable), QUALITY_BITS["unreadable"] | QUALITY_BITS["empty"]
    lost = pd.DataFrame({"file": [file.name for file, _ in unreadable.values()]})
    properties = pd.concat([table.properties, lost], ignore_index=True).iloc[order].reset_index(drop=True)
    properties.attrs.update(table.properties.attrs)
    ivar = table.ivar
    if ivar is not None:
        ivar = np.concatenate([ivar, np.zeros((n_lost, n_pixels), dtype=ivar.dtype)])[order]
    return replace(
        table,
        flux=np.concatenate([table.flux, np.full((n_lost, n_pixels), np.nan, dtype=kind)])[order],
        properties=properties,
        ivar=ivar,
        quality=np.concatenate([table.quality, np.full(n_lost, lost_bits)]).astype(np.int16)[order],
    )
