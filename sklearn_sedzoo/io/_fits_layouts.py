"""Catalogues in FITS: images with a wavelength HDU, tables with vector columns."""

from __future__ import annotations

import difflib

import numpy as np
import pandas as pd
from astropy.io import fits
from astropy.table import Table

from sklearn_sedzoo._containers import SpectrumTable, check_grid, check_plausible, to_angstrom
from sklearn_sedzoo._validation import as_native
from sklearn_sedzoo.exceptions import SedReadError
from sklearn_sedzoo.io._stack import stack_spectra

WAVELENGTH_NAMES = ("WAVELENGTH", "WAVE", "LAMBDA", "LAM", "SPECTRAL_AXIS")
LOG_NAMES = ("LOGLAM", "LOG_LAMBDA", "LOGWAVE")
FLUX_NAMES = ("FLUX", "SPECTRA", "SPEC", "FLUXES")
IVAR_NAMES = ("IVAR", "IVARS", "INVVAR")
ERROR_NAMES = ("ERROR", "ERR", "FLUX_ERR", "FLUXERR", "SIGMA", "STDDEV", "UNCERT")
MASK_NAMES = ("MASK", "AND_MASK", "DQ", "BADPIX")
REDSHIFT_NAMES = ("REDSHIFT", "Z", "Z_SPEC", "ZSPEC")


def read_layout(hdus, path, unit, grid=None):
    """Return the SpectrumTable of a FITS file in one of the general layouts."""
    tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)]
    images = [hdu for hdu in hdus if getattr(hdu, "is_image", False) and hdu.header.get("NAXIS", 0) > 0]
    flux_hdu, column = _find_flux(images, tables, hdus, path)
    if column is not None and _is_ragged(flux_hdu, column):
        return _read_ragged(flux_hdu, column, path, unit, grid)
    flux = _floats(flux_hdu.data if column is None else flux_hdu.data[column])
    if flux.ndim != 2:
        raise SedReadError(f"{path}: {_name(flux_hdu)} must hold spectra as rows of a 2-D array, got {flux.shape}.")
    wavelength, medium = _read_wavelength(flux_hdu, column, hdus, path, unit)
    if len(wavelength) != flux.shape[1]:
        raise SedReadError(
            f"{path}: {len(wavelength)} wavelengths do not match spectra of {flux.shape[1]} pixels ({_name(flux_hdu)})."
        )
    wavelength = checked_grid(path, wavelength)
    ivar = _read_ivar(flux_hdu, column, hdus, path, flux.shape)
    if wavelength[0] > wavelength[-1]:
        wavelength, flux = wavelength[::-1], flux[:, ::-1]
        ivar = None if ivar is None else ivar[:, ::-1]
    properties = _read_properties(tables, flux_hdu, column, len(flux))
    return SpectrumTable(
        np.ascontiguousarray(flux),
        np.ascontiguousarray(wavelength),
        add_redshift(properties, images),
        _flux_unit(flux_hdu, column),
        {"path": str(path), "medium": medium},
        ivar=None if ivar is None else np.ascontiguousarray(ivar),
    )


def checked_grid(path, wavelength):
    """Return a grid; its faults become errors that name the file."""
    try:
        return check_grid(str(path), wavelength)
    except ValueError as error:
        raise SedReadError(str(error)) from None


def converted(values, file_unit, unit, path, where):
    """Return wavelengths in Angstrom; the unit comes from the file or from the argument, never from a guess."""
    chosen = file_unit or unit
    if not chosen:
        raise SedReadError(
            f"{path}: the wavelengths in {where} have no unit. Pass it, for example unit='Angstrom'; it is not guessed."
        )
    values = np.asarray(values, dtype=float)
    try:
        wavelength = to_angstrom(values, chosen)
        if np.isfinite(values).all():
            check_plausible(str(path), values, chosen)
    except ValueError as error:
        raise SedReadError(f"{path}: {error}") from None
    return wavelength


def scalar_columns(hdu):
    """Return the columns of a table HDU with one value for each row, as a DataFrame with their units."""
    table = Table(hdu.data)
    scalar = [name for name in table.colnames if table[name].ndim == 1 and table[name].dtype.kind != "O"]
    frame = table[scalar].to_pandas() if scalar else pd.DataFrame(index=pd.RangeIndex(len(hdu.data)))
    frame.attrs["units"] = {name: str(hdu.columns[name].unit or "") for name in scalar}
    return frame


def add_redshift(properties, images=()):
    """Return the properties with a column ``redshift`` where a column or an image Z holds it."""
    if "redshift" in properties:
        return properties
    upper = {str(name).upper(): name for name in properties.columns}
    for name in REDSHIFT_NAMES:
        if name in upper:
            properties["redshift"] = properties[upper[name]].astype(float)
            return properties
    for hdu in images:
        if hdu.name.upper() in REDSHIFT_NAMES and np.shape(hdu.data) == (len(properties),):
            properties["redshift"] = np.asarray(hdu.data, dtype=float)
    return properties


def _floats(values):
    values = as_native(np.asarray(values))
    return values if values.dtype.kind == "f" and values.dtype.itemsize in {4, 8} else values.astype(float)


def _find_flux(images, tables, hdus, path):
    named = [hdu for hdu in images if hdu.name.upper() in FLUX_NAMES]
    plain = [hdu for hdu in images if hdu.header["NAXIS"] == 2]
    for hdu in named or (plain if len(plain) == 1 else []):
        return hdu, None
    for hdu in tables:
        for column in hdu.columns:
            if column.name.upper() in FLUX_NAMES and (
                _is_ragged(hdu, column.name) or len(hdu.data[column.name].shape) > 1
            ):
                return hdu, column.name
    names = [hdu.name for hdu in hdus if hdu.name] + [name for hdu in tables for name in hdu.columns.names]
    near = difflib.get_close_matches("FLUX", [name.upper() for name in names], n=1, cutoff=0.5)
    raise SedReadError(
        f"{path} has no 2-D image FLUX and no table with a vector column FLUX. It holds: {_contents(hdus)}."
        + (f" The nearest name is {near[0]}." if near else "")
    )


def _is_ragged(hdu, name):
    form = hdu.columns[name].format.lstrip("0123456789")
    return form.startswith(("P", "Q"))


def _read_ragged(hdu, flux_name, path, unit, grid):
    """Read a table whose rows have different lengths: each row with its own wavelengths, brought to one grid."""
    names = {
        key: next((name for name in hdu.columns.names if name.upper() in group), None)
        for key, group in (("wavelength", WAVELENGTH_NAMES), ("log", LOG_NAMES), ("ivar", IVAR_NAMES))
    }
    axis = names["wavelength"] or names["log"]
    if axis is None:
        raise SedReadError(
            f"{path}: column {flux_name} of {_name(hdu)} has rows of different length, and there is no column "
            f"WAVELENGTH beside it. The columns are {', '.join(hdu.columns.names)}."
        )
    file_unit = hdu.columns[axis].unit if names["wavelength"] else "log10(Angstrom)"
    rows = []
    for i, row in enumerate(hdu.data):
        wavelength = checked_grid(f"{path}, row {i}", converted(row[axis], file_unit, unit, path, _name(hdu)))
        order = slice(None, None, 1 if wavelength[0] < wavelength[-1] else -1)
        ivar = None if names["ivar"] is None else _floats(row[names["ivar"]])[None, order]
        flux = _floats(row[flux_name])[None, order]
        if flux.shape[1] != len(wavelength):
            raise SedReadError(f"{path}, row {i}: {len(wavelength)} wavelengths do not match {flux.shape[1]} fluxes.")
        rows.append(SpectrumTable(flux, wavelength[order], ivar=ivar))
    table = stack_spectra(rows, grid=grid, path=path)
    table.properties = add_redshift(scalar_columns(hdu))
    table.flux_unit = _flux_unit(hdu, flux_name)
    table.meta = {"path": str(path), "medium": _medium(hdu)}
    return table


def _read_wavelength(flux_hdu, column, hdus, path, unit):
    if column is not None:
        for name in flux_hdu.columns.names:
            if name.upper() in WAVELENGTH_NAMES + LOG_NAMES:
                grid = np.asarray(flux_hdu.data[name], dtype=float)
                differs = np.flatnonzero(np.any(grid != grid[0], axis=1)) if grid.ndim == 2 else [0]
                if len(differs):
                    raise SedReadError(
                        f"{path}: the wavelengths of row {differs[0]} differ from those of row 0; "
                        "bring the spectra to one grid first."
                    )
                file_unit = "log10(Angstrom)" if name.upper() in LOG_NAMES else flux_hdu.columns[name].unit
                return _converted(grid[0], file_unit, unit, path, flux_hdu)
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
        values, file_unit = header["CRVAL1"] + pixel * step, header.get("CUNIT1")
        if "LOG" in str(header.get("CTYPE1", "")).upper() or header.get("DC-FLAG", 0) == 1:
            if header.get("DC-FLAG", 0) != 1:
                raise SedReadError(f"{path}: the axis of {_name(flux_hdu)} is logarithmic; write the wavelengths out.")
            values = 10.0**values  # DC-FLAG = 1 declares log10 of the wavelength
        return _converted(values, file_unit, unit, path, flux_hdu)
    raise SedReadError(
        f"{path} has no HDU or column WAVELENGTH and no CRVAL1/CDELT1 in the header of {_name(flux_hdu)}. It holds: "
        f"{_contents(hdus)}."
    )


def _converted(values, file_unit, unit, path, hdu):
    return converted(values, file_unit, unit, path, _name(hdu)), _medium(hdu)


def _medium(hdu):
    return {"vac": "vacuum", "vacuum": "vacuum", "air": "air"}.get(
        str(hdu.header.get("AIRORVAC", "")).strip().lower(), ""
    )


def _read_ivar(flux_hdu, column, hdus, path, shape):
    """Return inverse variances from an image or column IVAR or ERROR, 0 where a MASK is set; None without any."""
    found = {}
    for key, group in (("ivar", IVAR_NAMES), ("error", ERROR_NAMES), ("mask", MASK_NAMES)):
        if column is None:
            data = next((hdu.data for hdu in hdus if hdu.name.upper() in group and hdu.data is not None), None)
        else:
            name = next((name for name in flux_hdu.columns.names if name.upper() in group), None)
            data = None if name is None else flux_hdu.data[name]
        if data is not None and np.shape(data) != shape:
            raise SedReadError(f"{path}: {key} has shape {np.shape(data)}, the flux {shape}.")
        found[key] = data
    ivar = None if found["ivar"] is None else _floats(found["ivar"]).copy()
    if ivar is None and found["error"] is not None:
        error = _floats(found["error"])
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            ivar = np.where(error > 0, 1.0 / error.astype(float) ** 2, 0.0)
    if found["mask"] is not None and np.any(found["mask"]):
        if ivar is None:
            return np.where(np.asarray(found["mask"]) != 0, 0.0, 1.0)  # weights: the errors are not known
        ivar[np.asarray(found["mask"]) != 0] = 0.0
    return ivar


def _read_properties(tables, flux_hdu, column, n_rows):
    for hdu in tables:
        if len(hdu.data) == n_rows and (hdu is flux_hdu) == (column is not None):
            if hdu.name.upper() in WAVELENGTH_NAMES:
                continue
            return scalar_columns(hdu)
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
