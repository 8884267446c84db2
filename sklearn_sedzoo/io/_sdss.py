"""Spectra of SDSS and BOSS (``spec-PLATE-MJD-FIBER.fits``)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from astropy.io import fits

from sklearn_sedzoo._containers import SpectrumTable, bad_pixels, check_grid, name_properties
from sklearn_sedzoo._validation import as_native
from sklearn_sedzoo.io._fits_layouts import scalar_columns
from sklearn_sedzoo.io._quality import QUALITY_BITS

SDSS_STEP = 1e-4  # of log10 wavelength, in every SDSS and BOSS spectrum


def read_sdss(hdus, path, unit, mask_bits):
    """Read the coadded spectrum; pixels whose and_mask says so are masked, notes about the whole fiber are not."""
    coadd = next((hdu for hdu in hdus if _is_coadd(hdu)), None)
    if coadd is None:
        return []
    names = {name.lower(): name for name in coadd.columns.names}
    data = coadd.data
    loglam = np.asarray(data[names["loglam"]], dtype=float)
    pixel = loglam / SDSS_STEP
    if np.abs(pixel - np.round(pixel)).max() < 0.02:  # the lattice of the survey; float32 is off by .002
        loglam = np.round(pixel) * SDSS_STEP
    wavelength = check_grid(f"HDU {coadd.name!r}", 10.0**loglam)
    flux = as_native(np.asarray(data[names["flux"]]))
    ivar = as_native(np.asarray(data[names["ivar"]])).copy()
    used = {f"{coadd.name}/{names[name]}" for name in ("flux", "loglam", "ivar", "and_mask") if name in names}
    if "and_mask" in names:
        ivar[bad_pixels(data[names["and_mask"]], "SDSS", mask_bits)] = 0
    properties, info = _read_properties(hdus, coadd)
    properties = name_properties(properties)
    properties.insert(0, "file", str(getattr(path, "name", path)))
    upper = {str(name).upper(): name for name in properties}
    if "SPECOBJID" in upper and "id" not in properties:
        properties.insert(1, "id", properties[upper["SPECOBJID"]])
    warned = "ZWARNING" in upper and int(properties[upper["ZWARNING"]].iloc[0]) != 0
    table = SpectrumTable(
        flux[None].astype(np.result_type(flux.dtype, np.float32)),
        wavelength,
        properties,
        str(hdus[0].header.get("BUNIT", coadd.columns[names["flux"]].unit) or ""),
        {"path": str(path), "used": used | info},
        survey="SDSS",
        frame="observed",
        medium="vacuum",
        ivar=ivar[None].astype(np.result_type(flux.dtype, np.float32)),
        quality=np.array([QUALITY_BITS["flagged"] if warned else 0], dtype=np.int16),
    )
    return [table]


def _is_coadd(hdu):
    if not isinstance(hdu, fits.BinTableHDU):
        return False
    columns = {name.lower(): name for name in hdu.columns.names}
    return {"flux", "loglam", "ivar"} <= set(columns) and hdu.columns.dtype[columns["flux"]].shape == ()


def _read_properties(hdus, coadd):
    """Return the row of the catalogue that the file has for its object, and the name of the HDU."""
    info = next((hdu for hdu in hdus if hdu.name.upper() in {"SPALL", "SPECOBJ"}), None)
    if info is None:
        tables = [hdu for hdu in hdus[1:] if isinstance(hdu, fits.BinTableHDU) and hdu is not coadd]
        info = next((hdu for hdu in tables if "Z" in [name.upper() for name in hdu.columns.names]), None)
    if info is None:
        return pd.DataFrame(index=[0]), set()
    return scalar_columns(info).iloc[:1].reset_index(drop=True), {info.name}
