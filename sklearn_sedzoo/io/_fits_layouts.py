"""Catalogues in FITS: images with a wavelength HDU, tables with columns of fluxes."""

from __future__ import annotations

import difflib

import numpy as np
import pandas as pd
from astropy.io import fits
from astropy.table import Table

from sklearn_sedzoo._containers import (
    ERROR_NAMES,
    FLUX_NAMES,
    IVAR_NAMES,
    LOG_NAMES,
    MASK_NAMES,
    REDSHIFT_NAMES,
    WAVELENGTH_NAMES,
    as_floats,
    find_name,
    inverse_variances,
    name_properties,
    rising_table,
    share_properties,
    tables_from_columns,
    wavelengths_of,
)
from sklearn_sedzoo._validation import as_native
from sklearn_sedzoo.exceptions import NoSpectraError, SedReadError
from sklearn_sedzoo.io._image_axis import read_axis, read_medium, read_medium_of_column
from sklearn_sedzoo.io._plain_rows import column_units, rows_of

LONGEST_VECTOR = 64  # what a table of redshifts may have in a cell: coefficients, magnitudes


def read_layout(hdus, path, unit, mask_bits=None):
    """Return the SpectrumTables of a FITS file in one of the general layouts: one for each grid."""
    tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)]
    images = [hdu for hdu in hdus if getattr(hdu, "is_image", False) and hdu.header.get("NAXIS", 0) > 0]
    flux_hdu, column = _find_flux(images, tables, hdus, path)
    if column is not None:
        return _read_columns(flux_hdu, hdus, path, unit, mask_bits)
    return [_read_image(flux_hdu, tables, images, hdus, path, unit, mask_bits)]


def _read_image(flux_hdu, tables, images, hdus, path, unit, mask_bits):
    flux = np.atleast_2d(as_floats(flux_hdu.data))
    if flux.ndim != 2:
        raise SedReadError(f"{path}: {_name(flux_hdu)} must hold spectra as rows of a 2-D array, got {flux.shape}.")
    wavelength, medium, notes = _read_wavelength(flux_hdu, hdus, path, unit)
    if len(wavelength) != flux.shape[1]:
        raise SedReadError(
            f"{path}: {len(wavelength)} wavelengths do not match spectra of {flux.shape[1]} pixels ({_name(flux_hdu)})."
        )
    beside = [
        next((np.atleast_2d(hdu.data) for hdu in images if hdu.name.upper() in group), None)
        for group in (IVAR_NAMES, ERROR_NAMES, MASK_NAMES)
    ]
    properties = name_properties(_read_properties(tables, len(flux)))
    for image in images:
        if image.name.upper() in REDSHIFT_NAMES and image.shape == (len(flux),) and "redshift" not in properties:
            properties["redshift"] = np.asarray(image.data, dtype=float)
    return rising_table(
        flux,
        wavelength,
        inverse_variances(*beside, flux.shape, mask_bits),
        str(flux_hdu.header.get("BUNIT") or ""),
        properties,
        {"path": str(path), "notes": notes},
        medium=medium,
    )


def _read_columns(hdu, hdus, path, unit, mask_bits):
    """Read a table with columns of fluxes and wavelengths; the wavelengths may stand in an HDU of their own."""
    columns = {name: hdu.data[name] for name in hdu.columns.names}
    units = {column.name: column.unit for column in hdu.columns}
    name = find_name(columns, WAVELENGTH_NAMES + LOG_NAMES)
    if name is not None:
        number = hdu.columns.names.index(name) + 1
        medium = read_medium_of_column(hdu.header, number) or read_medium(hdu.header) or read_medium(hdus[0].header)
    else:
        axis, medium, _ = _read_wavelength(hdu, hdus, path, unit)
        flux = columns[find_name(columns, FLUX_NAMES)]
        columns[WAVELENGTH_NAMES[0]] = np.broadcast_to(axis, (len(flux), len(axis)))
        units[WAVELENGTH_NAMES[0]] = "Angstrom"
    tables = tables_from_columns(columns, units, unit=unit, mask_bits=mask_bits, where=_name(hdu))
    for table in tables:
        table.meta, table.medium = {"path": str(path)}, medium
    return share_properties(tables, scalar_columns(hdu))


def scalar_columns(hdu):
    """Return the columns of a table HDU with one value for each row, as a DataFrame with their units."""
    rows = rows_of(hdu)
    if type(rows) is np.ndarray:  # plain numbers: without astropy's table, which takes milliseconds
        names = [name for name in rows.dtype.names if rows.dtype[name].shape == ()]
        frame = pd.DataFrame({name: as_native(rows[name]) for name in names}, index=pd.RangeIndex(len(rows)))
        units = column_units(hdu)
        frame.attrs["units"] = {name: str(units[name] or "") for name in names}
        return frame
    table = Table(rows)
    scalar = [name for name in table.colnames if table[name].ndim == 1 and table[name].dtype.kind != "O"]
    frame = table[scalar].to_pandas() if scalar else pd.DataFrame(index=pd.RangeIndex(len(hdu.data)))
    frame.attrs["units"] = {name: str(hdu.columns[name].unit or "") for name in scalar}
    return frame


def _find_flux(images, tables, hdus, path):
    others = {*IVAR_NAMES, *ERROR_NAMES, *MASK_NAMES, *REDSHIFT_NAMES, *WAVELENGTH_NAMES, *LOG_NAMES}
    named = [hdu for hdu in images if hdu.name.upper() in FLUX_NAMES]
    plain = [hdu for hdu in images if hdu.header["NAXIS"] in {1, 2} and hdu.name.upper() not in others]
    first = [hdu for hdu in plain if hdu is hdus[0] or hdu.name.upper() in {"DATA", "SCI"}]
    for hdu in named or first or (plain if len(plain) == 1 else []):
        return hdu, None
    for hdu in tables:
        column = find_name(hdu.columns.names, FLUX_NAMES)
        with_axis = find_name(hdu.columns.names, WAVELENGTH_NAMES + LOG_NAMES)
        if column is not None and (with_axis or hdu.data[column].ndim > 1):
            return hdu, column
    names = [hdu.name for hdu in hdus if hdu.name] + [name for hdu in tables for name in hdu.columns.names]
    near = difflib.get_close_matches("FLUX", [name.upper() for name in names], n=1, cutoff=0.5)
    is_other = tables and not images and not any(map(_may_hold_spectra, tables))  # a table of redshifts, say
    kind = NoSpectraError if is_other else SedReadError
    raise kind(
        f"{path} has no 2-D image FLUX and no table with a vector column FLUX. It holds: {_contents(hdus)}."
        + (f" The nearest name is {near[0]}." if near else "")
    )


def _may_hold_spectra(hdu):
    """Whether a table has wavelengths or vectors as long as spectra: one of redshifts has neither."""
    is_long = any(np.prod(hdu.columns.dtype[name].shape) > LONGEST_VECTOR for name in hdu.columns.names)
    is_ragged = any({"P", "Q"} & set(str(column.format)) for column in hdu.columns)
    return is_long or is_ragged or find_name(hdu.columns.names, WAVELENGTH_NAMES + LOG_NAMES) is not None


def _read_wavelength(flux_hdu, hdus, path, unit):
    """Return the wavelengths in Angstrom, their medium (or None), and what was assumed."""
    for hdu in hdus:
        if hdu.name.upper() in WAVELENGTH_NAMES and hdu.data is not None:
            values, file_unit = hdu.data, hdu.header.get("BUNIT")
            if isinstance(hdu, fits.BinTableHDU):
                first = hdu.columns[find_name(hdu.columns.names, WAVELENGTH_NAMES) or 0]
                values, file_unit = hdu.data[first.name], first.unit
            wavelength = wavelengths_of(np.ravel(values), file_unit, unit, _name(hdu))
            return wavelength, read_medium(hdu.header) or read_medium(hdus[0].header), []
    header = flux_hdu.header
    if flux_hdu.is_image and ("CRVAL1" in header or "COEFF0" in header):
        wavelength, medium, notes = read_axis(header, header["NAXIS1"], unit, _name(flux_hdu))
        return wavelength, medium or read_medium(hdus[0].header), notes
    raise SedReadError(
        f"{path} has no HDU or column WAVELENGTH and no CRVAL1/CDELT1 in the header of {_name(flux_hdu)}. It holds: "
        f"{_contents(hdus)}."
    )


def _read_properties(tables, n_rows):
    for hdu in tables:
        if len(hdu.data) == n_rows and hdu.name.upper() not in WAVELENGTH_NAMES:
            return scalar_columns(hdu)
    return pd.DataFrame(index=pd.RangeIndex(n_rows))


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
