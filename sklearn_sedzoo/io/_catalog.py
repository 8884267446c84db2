"""Read and write catalogs of spectra."""

from __future__ import annotations

import os
import pathlib
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import astropy.units as u
import numpy as np
import pandas as pd
from astropy.io import fits
from astropy.table import Table
from numpy.typing import ArrayLike

from sklearn_sedzoo._containers import (
    AXIS_UNIT,
    SpectrumTable,
    check_mask_bits,
    is_specutils,
    parse_flux_unit,
    split_specutils,
    table_from_specutils,
    tables_from_astropy,
)
from sklearn_sedzoo._parameters import (
    Kind,
    check_arguments,
    checked,
    flag,
    integer,
    is_integer,
    nothing,
    number,
    numbers,
    option,
    path,
)
from sklearn_sedzoo.exceptions import NoSpectraError, SedDataWarning, SedReadError
from sklearn_sedzoo.io._atomic import write_atomically
from sklearn_sedzoo.io._chunks import read_in_chunks
from sklearn_sedzoo.io._desi import redrock_beside
from sklearn_sedzoo.io._fits_layouts import QUALITY_HDU, read_layout
from sklearn_sedzoo.io._open import check_exists, errors_named, is_fits, opened_fits, refuse_other
from sklearn_sedzoo.io._property_table import hdu_from_frame
from sklearn_sedzoo.io._quality import QUALITY_BITS, mark_quality, settle_quality
from sklearn_sedzoo.io._specutils_formats import ask_specutils
from sklearn_sedzoo.io._stack import have_one_grid, join_properties, stack_spectra
from sklearn_sedzoo.io._surveys import read_survey
from sklearn_sedzoo.io._tables import SUFFIXES, read_table
from sklearn_sedzoo.io._unused import name_unused

FITS_SUFFIXES = (".fits", ".fit", ".fts", ".fits.gz", ".fit.gz", ".fits.fz")

READING = {
    "unit": [AXIS_UNIT, nothing()],
    "on_bad": [option("mask", "raise", "drop")],
    "grid": [numbers("wavelengths in Angstrom, rising"), nothing()],
    "sentinels": [number(), numbers("a list of them", empty=True)],
    "strict": [flag()],
    "n_jobs": [integer(1), Kind("-1", lambda value: is_integer(value) and value == -1), nothing()],
    "progress": [flag()],
}


def read_catalog(
    path: str | os.PathLike,
    *,
    unit: Any = None,
    on_bad: str = "mask",
    grid: ArrayLike | None = None,
    sentinels: float | Sequence[float] = (),
    strict: bool = False,
    mask_bits: int | Sequence[int] | str | None = None,
    n_jobs: int | None = None,
) -> SpectrumTable:
    """Read a catalog of spectra from a file.

    Read are: *images*, ``FLUX``, ``DATA`` or the first of the file, 1-D or 2-D (spectra along axis 2), its wavelengths
    in an HDU ``WAVELENGTH`` (a table column or an image) or in its own header (``CRVAL1``, ``CDELT1``, ``CUNIT1``, also
    logarithmic and as IRAF writes them), with images ``IVAR`` (or ``VARIANCE``, ``STAT``, ``ERROR``), ``MASK`` and
    ``Z`` and a table with a row for each spectrum where there are any; *tables* with a vector column ``FLUX`` and the
    wavelengths in a vector column ``WAVELENGTH`` (alike in all rows, or rows of their own length) or in an HDU of that
    name; *SDSS and BOSS* ``spec-*.fits``, *DESI* coadds (the three arms are joined by inverse variance, redshifts are
    taken from ``redrock-*.fits`` beside them), *MaNGA* stacks, *Euclid* NISP, *JWST* x1d and DAWN ``*.spec.fits``,
    *ESO* Phase 3 tables, *LAMOST*, the *Multimodal Universe*; *CSV*, *ECSV* and *Parquet* with a column for each
    wavelength, or with columns ``flux`` and ``wavelength`` (a row for each pixel, or lists); *text* (``.dat``,
    ``.txt``, ``.sed``, ``.ascii``) with two or three columns, wavelength, flux and error, with or without names; *ASDF*
    and *HDF5* with ``flux`` and ``wavelength``; and what specutils can read.

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
        Bin centers in Angstrom to which spectra on different grids are resampled. Without it such spectra are an
        error, unless their grids are parts of one lattice.
    sentinels : float or sequence of float, default=()
        Flux values that stand for "no data", such as -9999 or 1e20; they are masked.
    strict : bool, default=False
        Refuse a file whose checksum does not fit, instead of warning.
    mask_bits : int, list of int or "all", optional
        Which bits of an integer mask mean a bad pixel: their sum (5), a list of them ([1, 4]), or all. Not needed for
        masks of booleans or of 0 and 1, nor for files of a known survey, where it goes before the survey's own rule.
    n_jobs : int, optional
        For a folder: see `read_spectra`.

    Returns
    -------
    catalog : SpectrumTable
        Flux in native byte order, rising wavelengths in Angstrom, properties with their units, inverse variances
        (masked pixels have 0) and `quality`.

    Raises
    ------
    SedReadError
        If the file is no such catalog; the message says what it holds.
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
    check_arguments("read_catalog", READING, locals())
    path = pathlib.Path(path)
    if path.is_dir():
        return read_spectra(
            path,
            unit=unit,
            on_bad=on_bad,
            grid=grid,
            sentinels=sentinels,
            strict=strict,
            mask_bits=mask_bits,
            n_jobs=n_jobs,
        )
    bits = check_mask_bits("read_catalog", mask_bits)
    table = _join(_read_file(path, unit, strict, bits), grid, path, sentinels)
    return settle_quality(table, path, on_bad)


def read_spectra(
    source: Any,
    *,
    unit: Any = None,
    on_bad: str = "mask",
    grid: ArrayLike | None = None,
    sentinels: float | Sequence[float] = (),
    strict: bool = False,
    mask_bits: int | Sequence[int] | str | None = None,
    n_jobs: int | None = None,
    progress: bool = False,
) -> SpectrumTable:
    """Read spectra from files, folders, lists of files or spectra of specutils into one table.

    Parameters
    ----------
    source : str, path, list of paths, Table, QTable, Spectrum, SpectrumCollection, SpectrumList or list of Spectrum
        A folder stands for all its FITS, CSV, ECSV, Parquet, ASDF, HDF5 and text files, in the order of their names.
        Files that hold no spectra, such as a table of redshifts, are named in a warning and left out.
    unit, on_bad, grid, sentinels, strict, mask_bits
        As in `read_catalog`. A file of several that cannot be read is an error with ``on_bad="raise"``, a row without
        flux and the bit ``unreadable`` with "mask", and left out with "drop".
    n_jobs : int, optional
        Number of processes that read files; -1 is one for each core. None: one, or as many as there are cores for
        more than 1,000 files.
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
    check_arguments("read_spectra", READING, locals())
    bits = check_mask_bits("read_spectra", mask_bits)
    if isinstance(source, (str, pathlib.PurePath)):
        path = pathlib.Path(source)
        if not path.is_dir():
            return read_catalog(
                path, unit=unit, on_bad=on_bad, grid=grid, sentinels=sentinels, strict=strict, mask_bits=mask_bits
            )
        source = sorted(file for file in path.iterdir() if file.name.lower().endswith(FITS_SUFFIXES + SUFFIXES))
        beside = {redrock_beside(file) for file in source}
        source = [file for file in source if file not in beside]
        if not source:
            endings = ", ".join(f"*{suffix}" for suffix in FITS_SUFFIXES + SUFFIXES)
            raise SedReadError(f"{path} is a folder without spectra: no file {endings}.")
        table = _read_files(source, path, grid, sentinels, on_bad, progress, n_jobs, (unit, strict, bits))
        return settle_quality(table, path, on_bad)
    tables = _tables_in_memory(source, unit, bits)
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
    table = _read_files(parts, "spectra", grid, sentinels, on_bad, progress, n_jobs, (unit, strict, bits))
    return settle_quality(table, "spectra", on_bad)


@checked(path=[path()], overwrite=[flag()])
def write_catalog(path: str | os.PathLike, catalog: SpectrumTable, *, overwrite: bool = False) -> None:
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
        "RECALIB": catalog.is_recalibrated,
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
    if grid is None and have_one_grid(tables):
        return mark_quality(tables[0] if len(tables) == 1 else stack_spectra(tables, path=path), sentinels)
    return stack_spectra([mark_quality(table, sentinels) for table in tables], grid=grid, path=path)


def _tables_in_memory(source, unit, mask_bits):
    """Return the SpectrumTables of spectra that are no files, an empty list where they are others."""
    if isinstance(source, SpectrumTable):
        return [source[:]]
    if isinstance(source, Table):
        return tables_from_astropy(source, unit, mask_bits=mask_bits)
    parts = list(source) if isinstance(source, (list, tuple)) else [source]
    if not parts or not all(map(is_specutils, parts)):
        return []
    return [table_from_specutils(part) for part in split_specutils(parts)]


def _read_file(path, unit, strict=False, mask_bits=None):
    """Return the tables of one file, as they are; whatever is wrong with it is a SedReadError that names the file."""
    check_exists(path)
    if path.name.lower().endswith(SUFFIXES):
        with errors_named(path):
            return read_table(path, unit, mask_bits)
    if not is_fits(path):
        return ask_specutils(path) or refuse_other(path)
    with opened_fits(path, strict=strict) as hdus, errors_named(path):
        tables = read_survey(hdus, path, unit, mask_bits) or ask_specutils(path)
        tables = tables or read_layout(hdus, path, unit, mask_bits)
        if any("used" in table.meta for table in tables):
            used = set().union(*(table.meta.pop("used", ()) for table in tables))
            unused = name_unused(hdus, used, sum(map(len, tables)), tables[0].shape[1])
            for table in tables:
                table.meta["unused"] = unused
        return tables


def _read_files(paths, source, grid, sentinels, on_bad, progress, n_jobs, how):
    """Read each file; one that cannot be read becomes a row without flux, or an error; one without spectra no row."""
    tables, counts, faults = [], {}, {}
    is_fatal = _is_fault if on_bad == "raise" else _never
    for part in read_in_chunks(_read_file, paths, how, n_jobs=n_jobs, progress=progress, is_fatal=is_fatal):
        tables += part.tables
        counts |= part.counts
        faults |= part.faults
    others = {i: fault for i, fault in faults.items() if not _is_fault(fault)}
    faults = {i: fault for i, fault in faults.items() if i not in others}
    if not tables:
        first = next(iter((faults or others).values()), None)
        what = "can be read" if faults else "holds spectra"
        raise SedReadError(f"{source}: none of {len(paths)} files {what}" + (f"; {first}" if first else "."))
    table = _join(tables, grid, source, sentinels)
    names = {i: pathlib.Path(paths[i]).name for i in (*faults, *others)}
    if others:
        table.meta["unused"] = [*table.meta.get("unused", []), *(names[i] for i in others)]
        _warn(
            f"{source}: {', '.join(names[i] for i in others)} "
            f"{'holds' if len(others) == 1 else 'hold'} no spectra and {'is' if len(others) == 1 else 'are'} left out. "
            "If it is a table of redshifts or properties, join it by a column that names each object: --catalog FILE "
            "--on ID on the command line, SpectrumTable.join in Python."
        )
    if not faults:
        return table
    first = next(iter(faults))
    _warn(f"{source}: {len(faults)} of {len(paths)} files cannot be read, first {names[first]}: {faults[first]}")
    return table if on_bad == "drop" else _insert_unreadable(table, counts, {i: names[i] for i in faults})


def _is_fault(error):
    return not isinstance(error, NoSpectraError)


def _never(error):
    return False


def _warn(message):
    warnings.warn(message, SedDataWarning, stacklevel=4)


def _insert_unreadable(table, counts, unreadable):
    """Return the table with an empty, flagged row in the place of each file that could not be read."""
    n_pixels, kind = table.flux.shape[1], table.flux.dtype
    positions = np.concatenate([np.full(n, i) for i, n in counts.items()] + [list(unreadable)])
    order = np.argsort(positions, kind="stable")
    n_lost, lost_bits = len(unreadable), QUALITY_BITS["unreadable"] | QUALITY_BITS["empty"]
    lost = pd.DataFrame({"file": list(unreadable.values())})
    properties = join_properties([table.properties, lost]).iloc[order].reset_index(drop=True)
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
