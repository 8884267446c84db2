"""Read and write catalogues of spectra in FITS."""

from __future__ import annotations

import os
import pathlib
import warnings

import astropy.units as u
import numpy as np
import pandas as pd
from astropy.io import fits
from astropy.table import Table

from sklearn_sedzoo._containers import SpectrumTable, check_grid, to_angstrom
from sklearn_sedzoo._validation import as_native
from sklearn_sedzoo.exceptions import SedReadError
from sklearn_sedzoo.io._atomic import write_atomically

WAVELENGTH_NAMES = ("WAVELENGTH", "WAVE", "LAMBDA", "LAM", "SPECTRAL_AXIS")
FLUX_NAMES = ("FLUX", "SPECTRA", "SPEC", "FLUXES")


def read_catalog(path, *, unit=None):
    """Read a catalogue of spectra on one wavelength grid from a FITS file.

    Two layouts are read. *Images*: a 2-D image ``FLUX`` (spectra along axis 2), its wavelengths in an HDU
    ``WAVELENGTH`` (a table column or a 1-D image) or in its own header (``CRVAL1``, ``CDELT1``, ``CUNIT1``), and,
    if there is one, a table with a row for each spectrum. *Table*: a binary table with one vector column ``FLUX``
    and the wavelengths in a vector column ``WAVELENGTH`` (alike in all rows) or in an HDU of that name.

    Parameters
    ----------
    path : str or path
        The file, also gzipped.
    unit : str or astropy unit, optional
        Unit of the wavelengths, where the file does not say. It is never guessed.

    Returns
    -------
    catalog : SpectrumTable
        Flux in native byte order, rising wavelengths in Angstrom, properties with their units.

    Raises
    ------
    SedReadError
        If the file is no such catalogue; the message says what it holds.

    See Also
    --------
    write_catalog : Writes the first layout.

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
    _check_is_fits(path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with fits.open(path) as hdus:
                catalog = _read_hdus(hdus, path, unit)
        except SedReadError:
            raise
        except Exception as error:
            raise SedReadError(f"{path} cannot be read as FITS: {_truncation(caught, path) or error}") from error
    truncation = _truncation(caught, path)
    if truncation:
        raise SedReadError(f"{path} cannot be read as FITS: {truncation}")
    for warning in caught:
        warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    return catalog


def write_catalog(path, catalog, *, overwrite=False):
    """Write a SpectrumTable as FITS: image ``FLUX``, table ``WAVELENGTH``, table ``PROPERTIES``.

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
    if catalog.flux_unit:
        flux.header["BUNIT"] = catalog.flux_unit
    grid = fits.BinTableHDU(Table({"wavelength": np.asarray(catalog.wavelength) * u.AA}), name="WAVELENGTH")
    if catalog.meta.get("medium"):
        grid.header["AIRORVAC"] = {"vacuum": "vac"}.get(catalog.meta["medium"], catalog.meta["medium"])
    hdus = [fits.PrimaryHDU(), flux, grid]
    if len(catalog.properties.columns):
        hdus.append(fits.BinTableHDU(to_astropy(catalog.properties), name="PROPERTIES"))
    write_atomically(path, fits.HDUList(hdus).writeto, overwrite=overwrite)


def to_astropy(frame):
    """Return an astropy Table of a DataFrame, with the units from ``frame.attrs["units"]`` that FITS knows."""
    table = Table.from_pandas(frame)
    for name, unit in frame.attrs.get("units", {}).items():
        if name in table.colnames and unit and _is_fits_unit(unit):
            table[name].unit = unit
    return table


def _is_fits_unit(unit):
    try:
        u.Unit(unit, format="fits")
    except ValueError:  # such as "dex": FITS has no word for it, and a warning for each reader
        return False
    return True


def _check_is_fits(path):
    if path.is_dir():
        raise SedReadError(f"{path} is a folder, not a FITS file.")
    if not path.exists():
        raise FileNotFoundError(f"There is no file {path}.")
    if os.path.getsize(path) == 0:
        raise SedReadError(f"{path} is empty (0 bytes).")
    with open(path, "rb") as file:
        head = file.read(512)
    if head.startswith((b"SIMPLE  =", b"\x1f\x8b")):
        return
    text = head.lstrip().lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise SedReadError(f"{path} is a web page, not FITS: the download gave an error page. Fetch it again.")
    raise SedReadError(f"{path} is not a FITS file: it begins with {head[:16]!r}.")


def _truncation(caught, path):
    for warning in caught:
        if "truncated" in str(warning.message):
            return f"the file is truncated ({os.path.getsize(path)} bytes on disk; {warning.message}). Fetch it again."
    return None


def _read_hdus(hdus, path, unit):
    tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)]
    images = [hdu for hdu in hdus if getattr(hdu, "is_image", False) and hdu.header.get("NAXIS", 0) > 0]
    flux_hdu, column = _find_flux(images, tables, hdus, path)
    flux = as_native(np.asarray(flux_hdu.data if column is None else flux_hdu.data[column]))
    if flux.ndim != 2:
        raise SedReadError(f"{path}: {_name(flux_hdu)} must hold spectra as rows of a 2-D array, got {flux.shape}.")
    wavelength, medium = _read_wavelength(flux_hdu, column, hdus, path, unit)
    if len(wavelength) != flux.shape[1]:
        raise SedReadError(
            f"{path}: {len(wavelength)} wavelengths do not match spectra of {flux.shape[1]} pixels ({_name(flux_hdu)})."
        )
    try:
        wavelength = check_grid(str(path), wavelength)
    except ValueError as error:
        raise SedReadError(str(error)) from None
    if wavelength[0] > wavelength[-1]:
        wavelength, flux = wavelength[::-1], flux[:, ::-1]
    return SpectrumTable(
        np.ascontiguousarray(flux if flux.dtype.kind == "f" else flux.astype(float)),
        np.ascontiguousarray(wavelength),
        _read_properties(tables, flux_hdu, column, len(flux)),
        _flux_unit(flux_hdu, column),
        {"path": str(path), "medium": medium},
    )


def _find_flux(images, tables, hdus, path):
    named = [hdu for hdu in images if hdu.name.upper() in FLUX_NAMES]
    plain = [hdu for hdu in images if hdu.header["NAXIS"] == 2]
    for hdu in named or (plain if len(plain) == 1 else []):
        return hdu, None
    for hdu in tables:
        for column in hdu.columns:
            if column.name.upper() in FLUX_NAMES and len(hdu.data[column.name].shape) > 1:
                return hdu, column.name
            if (column.name.upper() in FLUX_NAMES and "P" in column.format) or "Q" in column.format:
                raise SedReadError(
                    f"{path}: column {column.name} of {_name(hdu)} has rows of different length; bring the spectra "
                    "to one grid first."
                )
    raise SedReadError(
        f"{path} has no 2-D image FLUX and no table with a vector column FLUX. It holds: {_contents(hdus)}."
    )


def _read_wavelength(flux_hdu, column, hdus, path, unit):
    if column is not None:
        for name in flux_hdu.columns.names:
            if name.upper() in WAVELENGTH_NAMES:
                grid = np.asarray(flux_hdu.data[name], dtype=float)
                differs = np.flatnonzero(np.any(grid != grid[0], axis=1)) if grid.ndim == 2 else [0]
                if len(differs):
                    raise SedReadError(
                        f"{path}: the wavelengths of row {differs[0]} differ from those of row 0; "
                        "bring the spectra to one grid first."
                    )
                return _converted(grid[0], flux_hdu.columns[name].unit, unit, path, flux_hdu)
    for hdu in hdus:
        if hdu.name.upper() in WAVELENGTH_NAMES and hdu.data is not None:
            if isinstance(hdu, fits.BinTableHDU):
                first = next((c for c in hdu.columns if c.name.upper() in WAVELENGTH_NAMES), hdu.columns[0])
                return _converted(np.ravel(hdu.data[first.name]), first.unit, unit, path, hdu)
            return _converted(np.ravel(hdu.data), hdu.header.get("BUNIT"), unit, path, hdu)
    header = flux_hdu.header
    step = header.get("CDELT1", header.get("CD1_1"))
    if column is None and step is not None and "CRVAL1" in header:
        pixel = np.arange(header["NAXIS1"]) + 1 - header.get("CRPIX1", 1.0)
        if "LOG" in str(header.get("CTYPE1", "")).upper() or header.get("DC-FLAG", 0) == 1:
            raise SedReadError(f"{path}: the axis of {_name(flux_hdu)} is logarithmic; write the wavelengths out.")
        return _converted(header["CRVAL1"] + pixel * step, header.get("CUNIT1"), unit, path, flux_hdu)
    raise SedReadError(
        f"{path} has no HDU or column WAVELENGTH and no CRVAL1/CDELT1 in the header of {_name(flux_hdu)}. It holds: "
        f"{_contents(hdus)}."
    )


def _converted(values, file_unit, unit, path, hdu):
    unit = file_unit or unit
    if not unit:
        raise SedReadError(
            f"{path}: the wavelengths in {_name(hdu)} have no unit. Pass it, for example unit='Angstrom'; it is not "
            "guessed."
        )
    try:
        wavelength = to_angstrom(np.asarray(values, dtype=float), unit)
    except ValueError as error:
        raise SedReadError(f"{path}: {error}") from None
    medium = {"vac": "vacuum", "air": "air"}.get(str(hdu.header.get("AIRORVAC", "")).strip().lower(), "")
    return wavelength, medium


def _read_properties(tables, flux_hdu, column, n_rows):
    for hdu in tables:
        if len(hdu.data) == n_rows and (hdu is flux_hdu) == (column is not None):
            if hdu.name.upper() in WAVELENGTH_NAMES:
                continue
            table = Table(hdu.data)
            scalar = [name for name in table.colnames if table[name].ndim == 1]
            frame = table[scalar].to_pandas() if scalar else pd.DataFrame(index=pd.RangeIndex(n_rows))
            frame.attrs["units"] = {name: str(hdu.columns[name].unit or "") for name in scalar}
            return frame
    return pd.DataFrame(index=pd.RangeIndex(n_rows))


def _flux_unit(hdu, column):
    return str((hdu.header.get("BUNIT") if column is None else hdu.columns[column].unit) or "")


def _name(hdu):
    return f"HDU {hdu.name or 'PRIMARY'!r}"


def _contents(hdus):
    kinds = []
    for hdu in hdus:
        if isinstance(hdu, fits.BinTableHDU):
            kinds.append(f"{hdu.name or 'table'} (columns {', '.join(hdu.columns.names[:8])})")
        else:
            kinds.append(f"{hdu.name} (image {getattr(hdu, 'shape', ()) or 'empty'})")
    return "; ".join(kinds)
