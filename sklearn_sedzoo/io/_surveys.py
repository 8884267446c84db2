"""Files of surveys whose data model tells what stands where: SDSS and BOSS, DESI, MaNGA."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from astropy.io import fits

from sklearn_sedzoo._containers import SpectrumTable, check_grid, name_properties, wavelengths_of
from sklearn_sedzoo._validation import as_native
from sklearn_sedzoo.exceptions import SedReadError
from sklearn_sedzoo.io._fits_layouts import read_layout, scalar_columns
from sklearn_sedzoo.io._quality import QUALITY_BITS
from sklearn_sedzoo.io._stack import stack_spectra

SDSS_STEP = 1e-4  # of log10 wavelength, in every SDSS and BOSS spectrum
ARMS = ("B", "R", "Z")


def read_survey(hdus, path, unit):
    """Return the table of a file of a known survey, or None where it is none."""
    names = {hdu.name.upper() for hdu in hdus}
    if {"B_WAVELENGTH", "B_FLUX"} <= names or {"R_WAVELENGTH", "R_FLUX"} <= names:
        return _read_desi(hdus, path, unit)
    for hdu in hdus:
        if isinstance(hdu, fits.BinTableHDU):
            columns = {name.lower() for name in hdu.columns.names}
            if {"flux", "loglam", "ivar"} <= columns and hdu.data["flux"].ndim == 1:
                return _read_sdss(hdus, hdu, path)
    if "DRPVER" in hdus[0].header and {"WAVE", "FLUX", "IVAR", "MASK"} <= names:
        [table] = read_layout(hdus, path, unit or "Angstrom")  # the data model of the MaNGA pipeline: Angstrom, vacuum
        table.meta["origin"] = f"MaNGA DRP {hdus[0].header['DRPVER']}"
        return replace(table, survey="MaNGA", medium="vacuum", frame="observed")
    return None


def _read_sdss(hdus, coadd, path):
    """Read one spectrum of SDSS or BOSS (``spec-PLATE-MJD-FIBER.fits``); pixels with an and_mask are masked."""
    names = {name.lower(): name for name in coadd.columns.names}
    data = coadd.data
    loglam = np.asarray(data[names["loglam"]], dtype=float)
    pixel = loglam / SDSS_STEP
    if np.abs(pixel - np.round(pixel)).max() < 0.02:  # the lattice of the survey; float32 is off by .002
        loglam = np.round(pixel) * SDSS_STEP
    wavelength = check_grid(f"HDU {coadd.name!r}", 10.0**loglam)
    flux = as_native(np.asarray(data[names["flux"]]))
    ivar = as_native(np.asarray(data[names["ivar"]])).copy()
    if "and_mask" in names:
        ivar[np.asarray(data[names["and_mask"]]) != 0] = 0
    info = next((hdu for hdu in hdus if hdu.name.upper() in {"SPALL", "SPECOBJ"}), None)
    if info is None:
        tables = [hdu for hdu in hdus[1:] if isinstance(hdu, fits.BinTableHDU) and hdu is not coadd]
        info = next((hdu for hdu in tables if "Z" in [name.upper() for name in hdu.columns.names]), None)
    properties = pd.DataFrame(index=[0]) if info is None else scalar_columns(info).iloc[:1].reset_index(drop=True)
    properties = name_properties(properties)
    properties.insert(0, "file", str(getattr(path, "name", path)))
    upper = {str(name).upper(): name for name in properties}
    warned = "ZWARNING" in upper and int(properties[upper["ZWARNING"]].iloc[0]) != 0
    header = hdus[0].header
    return SpectrumTable(
        flux[None].astype(np.result_type(flux.dtype, np.float32)),
        wavelength,
        properties,
        str(header.get("BUNIT", coadd.columns[names["flux"]].unit) or ""),
        {"path": str(path)},
        survey="SDSS",
        frame="observed",
        medium="vacuum",
        ivar=ivar[None].astype(np.result_type(flux.dtype, np.float32)),
        quality=np.array([QUALITY_BITS["flagged"] if warned else 0], dtype=np.int16),
    )


def _read_desi(hdus, path, unit):
    """Read a DESI coadd: three arms on one lattice, joined by inverse-variance weights where they overlap."""
    arms = []
    for arm in ARMS:
        if f"{arm}_FLUX" not in hdus:
            continue
        for part in ("WAVELENGTH", "IVAR"):
            if f"{arm}_{part}" not in hdus:
                raise SedReadError(f"{path} has {arm}_FLUX, but no HDU {arm}_{part}.")
        grid = hdus[f"{arm}_WAVELENGTH"]
        wavelength = wavelengths_of(grid.data, grid.header.get("BUNIT"), unit, f"HDU '{arm}_WAVELENGTH'")
        ivar = as_native(np.asarray(hdus[f"{arm}_IVAR"].data)).copy()
        if f"{arm}_MASK" in hdus:
            ivar[np.asarray(hdus[f"{arm}_MASK"].data) != 0] = 0
        arms.append(SpectrumTable(as_native(np.asarray(hdus[f"{arm}_FLUX"].data)), wavelength, ivar=ivar))
    joined = join_arms(arms, path)
    properties = pd.DataFrame(index=pd.RangeIndex(len(joined)))
    if "FIBERMAP" in hdus:
        properties = name_properties(scalar_columns(hdus["FIBERMAP"]))
    flagged = properties["COADD_FIBERSTATUS"].to_numpy() != 0 if "COADD_FIBERSTATUS" in properties else False
    return SpectrumTable(
        joined.flux,
        joined.wavelength,
        properties,
        str(hdus[f"{ARMS[0]}_FLUX"].header.get("BUNIT", "")) if f"{ARMS[0]}_FLUX" in hdus else "",
        {"path": str(path)},
        survey="DESI",
        frame="observed",
        medium="vacuum",
        ivar=joined.ivar,
        quality=np.where(np.broadcast_to(flagged, len(joined)), QUALITY_BITS["flagged"], 0).astype(np.int16),
    )


def join_arms(arms, path=""):
    """Return one spectrum of several arms: the mean weighted by inverse variance, whose inverse variance is the sum."""
    n_spectra = len(arms[0])
    stacked = stack_spectra(arms, path=path)
    flux = stacked.flux.reshape(len(arms), n_spectra, -1).astype(float)
    ivar = stacked.ivar.reshape(len(arms), n_spectra, -1).astype(float)
    ivar = np.where(np.isfinite(flux) & (ivar > 0), ivar, 0.0)
    total = ivar.sum(axis=0)
    mean = np.divide((np.nan_to_num(flux) * ivar).sum(axis=0), total, out=np.full(total.shape, np.nan), where=total > 0)
    kind = stacked.flux.dtype
    return SpectrumTable(mean.astype(kind), stacked.wavelength, ivar=total.astype(kind))
