"""Catalogs in FITS: images with a wavelength HDU or an axis in the header, tables with columns of fluxes."""

from __future__ import annotations

import difflib

import numpy as np
import pandas as pd
from astropy.io import fits

from sklearn_sedzoo._containers import (
    ERROR_NAMES,
    FLUX_NAMES,
    IVAR_NAMES,
    LOG_NAMES,
    MASK_NAMES,
    REDSHIFT_NAMES,
    VARIANCE_NAMES,
    WAVELENGTH_NAMES,
    as_floats,
    axis_of,
    bands_of,
    facts_of,
    find_name,
    inverse_variances,
    medium_of,
    multispec_of,
    name_properties,
    rising_table,
    share_properties,
    tables_from_columns,
    wavelengths_of,
)
from sklearn_sedzoo._validation import as_native
from sklearn_sedzoo.exceptions import NoSpectraError, SedReadError
from sklearn_sedzoo.io._plain_rows import column_units, rows_of
from sklearn_sedzoo.io._property_table import frame_from_hdu
from sklearn_sedzoo.io._unused import label_of

IMAGE_NAMES = ("DATA", "SCI", "SPECTRUM", "PRIMARY")  # of fluxes, where no table has any
QUALITY_HDU = "SEDZOO_QUALITY"
LONGEST_VECTOR = 64  # what a table of redshifts may have in a cell: coefficients, magnitudes


def read_layout(hdus, path, unit, mask_bits=None):
    """Return the SpectrumTables of a FITS file in one of the general layouts: one for each grid.

    ``meta["used"]`` is the set of the names of the HDUs ("HDU") and columns ("HDU/COLUMN") that went into them,
    ``meta["assumed"]`` lists what the header leaves open. A card ``FSCALE`` multiplies the fluxes.
    """
    tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)]
    images = [hdu for hdu in hdus if getattr(hdu, "is_image", False) and hdu.header.get("NAXIS", 0) > 0]
    hdu = _find_flux(images, tables, hdus, path)
    read = _read_columns if isinstance(hdu, fits.BinTableHDU) else _read_image
    found = read(hdu, tables, images, hdus, path, unit, mask_bits)
    scale = hdu.header.get("FSCALE", 1.0)
    for table in found:
        table.meta["path"] = str(path)
        if scale != 1:
            table.flux = table.flux * table.flux.dtype.type(scale)
            table.ivar = None if table.ivar is None else table.ivar.astype(float) / float(scale) ** 2
        for name, value in {**facts_of(hdus[0].header), **facts_of(hdu.header)}.items():
            setattr(table, name, value)
    return found


def _read_image(flux_hdu, tables, images, hdus, path, unit, mask_bits):
    plane, sigma = bands_of(flux_hdu.header)
    flux = _rows_of(flux_hdu.data, plane)
    if flux.ndim != 2:
        raise SedReadError(f"{path}: {_name(flux_hdu)} must hold spectra as rows of a 2-D array, got {flux.shape}.")
    flux = as_floats(flux)
    groups = (IVAR_NAMES, ERROR_NAMES, MASK_NAMES, VARIANCE_NAMES)
    beside = [next((one for one in images if one.name.upper() in group), None) for group in groups]
    ivar, error, mask, variance = (None if one is None else _rows_of(one.data, None) for one in beside)
    if sigma is not None and all(one is None for one in beside):
        error = _rows_of(flux_hdu.data, sigma)
    axis_hdu, values, file_unit, assumed = _read_axis(flux_hdu, hdus, path, unit)
    used = {label_of(hdus, one) for one in (flux_hdu, axis_hdu, *beside) if one is not None}
    if isinstance(axis_hdu, fits.BinTableHDU):
        used.add(f"{label_of(hdus, axis_hdu)}/{_axis_column(axis_hdu).name}")
    properties = name_properties(_read_properties(tables, len(flux)))
    for image in images:
        if image.name.upper() in REDSHIFT_NAMES and image.shape == (len(flux),) and "redshift" not in properties:
            properties["redshift"] = np.asarray(image.data, dtype=float)
            used.add(label_of(hdus, image))
    flux_unit = str(flux_hdu.header.get("BUNIT") or "").strip()
    if values.ndim == 2 and values.shape == flux.shape and len(flux) > 1:  # a grid for each spectrum
        columns = {"FLUX": flux, "WAVELENGTH": values, "IVAR": ivar, "ERROR": error, "MASK": mask, "VAR": variance}
        columns = {name: part for name, part in columns.items() if part is not None}
        units = {"FLUX": flux_unit, "WAVELENGTH": file_unit}
        found = tables_from_columns(columns, units, unit=unit, mask_bits=mask_bits, where=_name(axis_hdu))
        found = share_properties(found, properties)
    else:
        wavelength = wavelengths_of(np.ravel(values), file_unit, unit, _name(axis_hdu))
        if len(wavelength) != flux.shape[1]:
            raise SedReadError(
                f"{path}: {len(wavelength)} wavelengths do not match spectra of {flux.shape[1]} pixels "
                f"({_name(flux_hdu)})."
            )
        ivar = inverse_variances(ivar, error, mask, flux.shape, variance, mask_bits)
        found = [rising_table(flux, wavelength, ivar, flux_unit, properties)]
        quality = next((one for one in images if one.name.upper() == QUALITY_HDU), None)
        if quality is not None and quality.shape == (len(flux),):
            found[0].quality = np.asarray(quality.data).astype(np.int16)
    medium = medium_of(axis_hdu.header) or medium_of(flux_hdu.header) or medium_of(hdus[0].header)
    for table in found:
        table.medium = medium
        table.meta.update({"used": used, **({"assumed": assumed} if assumed else {})})
    return found


def _rows_of(data, plane):
    """Return the data of an image as rows of spectra, of the given plane of a cube of IRAF."""
    data = np.asarray(data)
    if data.ndim == 3 and plane is not None:
        data = data[plane]
    return data.reshape(-1, data.shape[-1]) if data.ndim < 2 or set(data.shape[:-2]) <= {1} else data


def _read_columns(hdu, tables, images, hdus, path, unit, mask_bits):
    """Read a table with columns of fluxes and wavelengths; the wavelengths may stand in an HDU of their own."""
    columns = {name: hdu.data[name] for name in hdu.columns.names}
    units = {column.name: column.unit for column in hdu.columns}
    axis_hdu, assumed, ucd, extra = hdu, [], "", set()
    axis_name = find_name(columns, WAVELENGTH_NAMES + LOG_NAMES)
    if axis_name is None:
        axis_hdu, values, file_unit, assumed = _read_axis(hdu, hdus, path, unit)
        flux = columns[find_name(columns, FLUX_NAMES)]
        columns[WAVELENGTH_NAMES[0]] = np.broadcast_to(np.ravel(values), (len(flux), np.size(values)))
        units[WAVELENGTH_NAMES[0]] = file_unit
        extra.add(label_of(hdus, axis_hdu))
        if isinstance(axis_hdu, fits.BinTableHDU):
            extra.add(f"{label_of(hdus, axis_hdu)}/{_axis_column(axis_hdu).name}")
    else:
        ucd = hdu.header.get(f"TUCD{hdu.columns.names.index(axis_name) + 1}", "")
    found = tables_from_columns(columns, units, unit=unit, mask_bits=mask_bits, where=_name(axis_hdu))
    medium = medium_of(axis_hdu.header, ucd) or medium_of(hdus[0].header)
    for table in found:
        used = {f"{label_of(hdus, hdu)}/{name}" for name in table.meta["used"]} | extra
        table.meta.update({"used": used, **({"assumed": assumed} if assumed else {})})
        table.medium = medium
    return share_properties(found, scalar_columns(hdu))


def scalar_columns(hdu):
    """Return the columns of a table HDU with one value for each row, as a DataFrame with their units."""
    rows = rows_of(hdu)
    if type(rows) is not np.ndarray:
        return frame_from_hdu(hdu)
    names = [name for name in rows.dtype.names if rows.dtype[name].shape == ()]  # plain numbers: no need of astropy
    frame = pd.DataFrame({name: as_native(rows[name]) for name in names}, index=pd.RangeIndex(len(rows)))
    units = column_units(hdu)
    frame.attrs["units"] = {name: str(units[name] or "") for name in names}
    return frame


def _find_flux(images, tables, hdus, path):
    """Return the HDU of the fluxes: an image of that name, a table with its axis, another image."""
    for image in images:
        if image.name.upper() in FLUX_NAMES:
            return image
    for hdu in tables:
        column = find_name(hdu.columns.names, FLUX_NAMES)
        with_axis = find_name(hdu.columns.names, WAVELENGTH_NAMES + LOG_NAMES)
        if column is not None and (with_axis or hdu.data[column].ndim > 1):
            return hdu
    for name in IMAGE_NAMES:
        for image in images:
            if image.name.upper() == name:
                return image
    known = {*IVAR_NAMES, *ERROR_NAMES, *VARIANCE_NAMES, *MASK_NAMES, *WAVELENGTH_NAMES, *REDSHIFT_NAMES, QUALITY_HDU}
    plain = [image for image in images if image.name.upper() not in known and image.header["NAXIS"] <= 2]
    if len(plain) == 1:
        return plain[0]
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


def _read_axis(flux_hdu, hdus, path, unit):
    """Return the HDU of the wavelengths, the numbers, their unit in the file, and what was assumed."""
    for hdu in hdus:
        if hdu.name.upper() in WAVELENGTH_NAMES + LOG_NAMES and hdu.data is not None:
            values, file_unit = hdu.data, hdu.header.get("BUNIT")
            if isinstance(hdu, fits.BinTableHDU):
                column = _axis_column(hdu)
                values, file_unit = np.ravel(hdu.data[column.name]), column.unit
            if hdu.name.upper() in LOG_NAMES and not file_unit:
                file_unit = "log10(Angstrom)"
            return hdu, np.asarray(values, dtype=float), file_unit, []
    if flux_hdu.is_image:
        header = flux_hdu.header
        try:
            if str(header.get("CTYPE1", "")).startswith("MULTISPE"):
                return flux_hdu, *multispec_of(header, header["NAXIS1"]), []
            values, file_unit, assumed = axis_of(header, header["NAXIS1"], unit)
        except ValueError as error:
            raise SedReadError(f"{path} has no HDU or column WAVELENGTH, and {_name(flux_hdu)}: {error}. It holds: "
                               f"{_contents(hdus)}.") from None  # fmt: skip
        return flux_hdu, values, file_unit, assumed
    raise SedReadError(
        f"{path} has no HDU or column WAVELENGTH and no CRVAL1/CDELT1 in the header of {_name(flux_hdu)}. It holds: "
        f"{_contents(hdus)}."
    )


def _axis_column(hdu):
    return hdu.columns[find_name(hdu.columns.names, WAVELENGTH_NAMES + LOG_NAMES) or 0]


def _read_properties(tables, n_rows):
    tables = sorted(tables, key=lambda hdu: hdu.name.upper() != "PROPERTIES")
    for hdu in tables:
        if hdu.header["NAXIS2"] == n_rows and hdu.name.upper() not in WAVELENGTH_NAMES:
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
