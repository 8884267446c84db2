"""Named columns that hold spectra (of FITS, astropy, Parquet, ASDF, HDF5) to SpectrumTables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sklearn_sedzoo._containers._grid import check_grid
from sklearn_sedzoo._containers._mask_bits import bad_pixels
from sklearn_sedzoo._containers._property_names import find_name, name_properties
from sklearn_sedzoo._containers._table import SpectrumTable
from sklearn_sedzoo._containers._units import check_plausible, find_contradiction, is_axis_unit, to_angstrom

WAVELENGTH_NAMES = ("WAVELENGTH", "WAVE", "LAMBDA", "LAM", "SPECTRAL_AXIS", "WAVELENGTHS", "WAVELEN", "WL")
LOG_NAMES = ("LOGLAM", "LOG_LAMBDA", "LOGWAVE", "LOGLAMBDA", "LOG_WAVELENGTH", "LOG_WAVE")
FLUX_NAMES = ("FLUX", "SPECTRA", "SPEC", "FLUXES", "SIGNAL", "FLUX_DENSITY")
IVAR_NAMES = ("IVAR", "IVARS", "INVVAR", "INV_VAR", "FLUX_IVAR", "IVAR_FLUX", "INVERSE_VARIANCE")
VARIANCE_NAMES = ("VAR", "VARIANCE", "VARIANCES", "STAT", "FLUX_VAR", "VAR_FLUX", "FLUX_VARIANCE")
ERROR_NAMES = (
    "ERROR", "ERRORS", "ERR", "ERRS", "FLUX_ERR", "FLUXERR", "FLUX_ERROR", "FLUXERROR", "ERR_FLUX", "ERROR_FLUX",
    "E_FLUX", "FLUX_ERRS", "SIGMA", "SIG", "FLUX_SIGMA", "SIGMA_FLUX", "STD", "STDDEV", "STDEV", "FLUX_STD", "NOISE",
    "UNC", "UNCERT", "UNCERTAINTY", "UNCERTAINTIES", "FLUX_UNC", "FLUX_UNCERT", "FLUX_UNCERTAINTY",
)  # fmt: skip
MASK_NAMES = ("MASK", "AND_MASK", "DQ", "BADPIX", "QUAL")


def wavelengths_of(values, file_unit, unit, where):
    """Return a grid in Angstrom, rising or falling; raise where its unit is missing or contradicts the numbers.

    Parameters
    ----------
    values : array-like of shape (n_wavelengths,)
        The numbers of the file.
    file_unit : str, unit or None
        What the file says of their unit.
    unit : str, unit or None
        What the user says: it wins, also over nonsense in the file. Only where it contradicts the numbers and the
        file does not is the file's unit taken, so that one `unit` serves for a folder of files that differ.
    where : str
        For messages.
    """
    values = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)
    stated = file_unit is not None and bool(str(file_unit).strip())
    if unit is not None and str(unit).strip():
        candidates = [unit, file_unit] if is_axis_unit(file_unit) else [unit]
    elif is_axis_unit(file_unit):
        candidates = [file_unit]
    else:
        cure = f"Pass it, for example unit={_plausible_unit(values)!r} (--unit on the command line)"
        if stated:
            raise ValueError(
                f"the unit of the wavelengths in {where} must be a unit of wavelength, frequency, energy or "
                f"wavenumber, the file says {str(file_unit)!r}. {cure}."
            )
        raise ValueError(
            f"the wavelengths in {where} have no unit. {cure}, or set it in the data; it is not guessed (the numbers "
            f"are {np.nanmin(values):.6g} to {np.nanmax(values):.6g})."
        )
    chosen = candidates[0]
    if np.isfinite(values).all() and values.size:
        chosen = next((one for one in candidates if find_contradiction(values, one) is None), chosen)
        check_plausible(where, values, chosen)
    return check_grid(where, to_angstrom(values, chosen))


def _plausible_unit(values):
    """Return the unit that the numbers of an axis look like, for a cure."""
    values = values[np.isfinite(values)]
    return (find_contradiction(values, "Angstrom") if len(values) else None) or "Angstrom"


def inverse_variances(ivar, error, mask, shape, variance=None, mask_bits=None, where="the mask"):
    """Return inverse variances of shape `shape` from themselves, variances or errors; None without any of them.

    They are 0 where masked, and float64 where they come from errors: those of fluxes in plain cgs units are beyond
    float32. Where only a mask is known they are weights of 0 and 1. `mask_bits` and `where` are those of `bad_pixels`.
    """
    found = {"ivar": ivar, "variance": variance, "error": error, "mask": mask}
    for key, values in found.items():
        if values is not None and np.shape(values) != shape:
            raise ValueError(f"{key} has shape {np.shape(values)}, the flux {shape}.")
    if ivar is not None:
        ivar = as_floats(ivar, 0.0).copy()
    elif variance is not None or error is not None:
        spread = as_floats(error if variance is None else variance, 0.0).astype(float)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            ivar = np.where(spread > 0, spread ** (-2.0 if variance is None else -1.0), 0.0)
    if mask is not None and np.any(mask):
        ivar = np.ones(shape) if ivar is None else ivar
        ivar[bad_pixels(mask, mask_bits=mask_bits, where=where)] = 0.0
    return ivar


def as_floats(values, masked=np.nan):
    """Return float32 or float64 in native byte order; masked values become `masked`."""
    values = np.ma.asanyarray(getattr(values, "value", values))
    if values.dtype.kind != "f" or values.dtype.itemsize not in {4, 8}:
        values = values.astype(float)
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    return np.asarray(np.ma.filled(values, masked))


def tables_from_columns(columns, units, *, unit=None, mask_bits=None, where="the table"):
    """Return a list of SpectrumTables without properties: one, or one for each row where the rows have own grids.

    Parameters
    ----------
    columns : dict of str to array
        A column of fluxes and one of wavelengths (or their log10), perhaps inverse variances or errors and a mask.
        Each row is a spectrum where they are 2-D or hold arrays; where the wavelengths are one number for each row,
        the rows are pixels of one spectrum (flux 1-D) or of several (flux 2-D).
    units : dict of str to str
        Units of the columns.
    unit : str, optional
        Unit of the wavelengths where `units` has none.
    mask_bits : int, optional
        Sum of the bits of an integer mask that mean bad.
    where : str
        For messages.

    Returns
    -------
    tables : list of SpectrumTable
        ``meta["used"]`` is the set of the names of the columns that went into them.
    """
    flux_name, axis_name = find_name(columns, FLUX_NAMES), find_name(columns, WAVELENGTH_NAMES)
    if axis_name is None:
        axis_name, file_unit = find_name(columns, LOG_NAMES), "log10(Angstrom)"
    else:
        file_unit = units.get(axis_name)
    if flux_name is None or axis_name is None:
        missing = "flux, called FLUX" if flux_name is None else "wavelengths, called WAVELENGTH (or LOGLAM)"
        raise ValueError(f"{where} has no column of {missing}. The columns are {', '.join(map(str, columns))}.")
    flux: Any = columns[flux_name]
    axis: Any = columns[axis_name]
    groups = (IVAR_NAMES, ERROR_NAMES, MASK_NAMES, VARIANCE_NAMES)
    names = [find_name(columns, group) for group in groups]
    others = [None if name is None else columns[name] for name in names]
    if np.ndim(axis) == 1 and not _holds_arrays(axis):  # a row for each pixel
        axis, flux, *others = (None if part is None else np.atleast_2d(np.ma.asanyarray(getattr(part, "value", part)).T)
                               for part in (axis, flux, *others))  # fmt: skip
        axis = np.broadcast_to(axis, flux.shape)
    same = not _holds_arrays(axis) and not _holds_arrays(flux) and (np.asarray(axis) == np.asarray(axis)[:1]).all()
    if not _holds_arrays(flux) and np.ndim(flux) != 2:
        raise ValueError(f"{flux_name} of {where} must hold a spectrum in each row, got the shape {np.shape(flux)}.")
    tables = []
    for row in [slice(None)] if same else [slice(i, i + 1) for i in range(len(flux))]:
        grid: Any
        spectra: Any
        grid, spectra, *beside = (None if part is None else _stacked(part[row]) for part in (axis, flux, *others))
        place = where if same else f"row {row.start} of {where}"
        wavelength = wavelengths_of(grid[0], file_unit, unit, place)
        if spectra.shape[1] != len(wavelength):
            raise ValueError(
                f"{len(wavelength)} wavelengths do not match spectra of {spectra.shape[1]} pixels ({place})."
            )
        ivar, error, mask, variance = beside
        mask_place = f"the mask in {place}"
        ivar = inverse_variances(ivar, error, mask, spectra.shape, variance, mask_bits, mask_place)
        table = rising_table(as_floats(spectra), wavelength, ivar, str(units.get(flux_name) or ""))
        table.meta["used"] = {flux_name, axis_name, *(name for name in names if name is not None)}
        tables.append(table)
    return tables


def share_properties(tables, properties):
    """Give each table its rows of the properties; where these have other rows than spectra, they are left out."""
    stops = np.cumsum([len(table) for table in tables])
    if len(properties) != stops[-1]:
        return tables
    properties = name_properties(properties)
    for table, stop in zip(tables, stops, strict=True):
        table.properties = properties.iloc[stop - len(table) : stop]
    return tables


def rising_table(flux, wavelength, ivar, flux_unit="", properties=None, meta=None, **facts):
    """Return a SpectrumTable of a grid that rises or falls; `facts` are its other fields (frame, medium, ...)."""
    order = slice(None, None, 1 if wavelength[0] < wavelength[-1] else -1)
    return SpectrumTable(
        np.ascontiguousarray(flux[:, order]),
        np.ascontiguousarray(wavelength[order]),
        pd.DataFrame() if properties is None else properties,
        flux_unit,
        meta or {},
        ivar=None if ivar is None else np.ascontiguousarray(ivar[:, order]),
        **facts,
    )


def _holds_arrays(values):
    return getattr(values, "dtype", None) is not None and values.dtype.kind == "O"


def _stacked(values):
    """Return rows as one 2-D array; a row of a ragged column is an array of its own."""
    return np.stack([np.asarray(row) for row in values]) if _holds_arrays(values) else values
