"""Spectra of SDSS and BOSS (``spec-PLATE-MJD-FIBER.fits``)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sklearn_sedzoo._containers import SpectrumTable, bad_pixels, check_grid, name_properties
from sklearn_sedzoo._validation import as_native
from sklearn_sedzoo.io._fits_layouts import scalar_columns
from sklearn_sedzoo.io._plain_rows import column_names, column_units, rows_of
from sklearn_sedzoo.io._quality import QUALITY_BITS

SDSS_STEP = 1e-4  # of log10 wavelength, in every SDSS and BOSS spectrum


def read_sdss(hdus, path, unit, mask_bits):
    """Read the coadded spectrum; pixels whose and_mask says so are masked, notes about the whole fiber are not."""
    coadd = next((hdu for hdu in hdus if _is_coadd(hdu)), None)
    if coadd is None:
        return []
    names = {name.lower(): name for name in column_names(coadd)}
    data = rows_of(coadd)
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
        str(hdus[0].header.get("BUNIT", column_units(coadd)[names["flux"]]) or ""),
        {"path": str(path), "used": used | info},
        survey="SDSS",
        frame="observed",
        medium="vacuum",
        ivar=ivar[None].astype(np.result_type(flux.dtype, np.float32)),
        quality=np.array([QUALITY_BITS["flagged"] if warned else 0], dtype=np.int16),
    )
    return [table]


def _is_coadd(hdu):
    names = [name.lower() for name in column_names(hdu)]
    is_named = {"flux", "loglam", "ivar"} <= set(names)
    return is_named and str(hdu.header[f"TFORM{names.index('flux') + 1}"]).strip() in {"E", "1E", "D", "1D"}


def _read_properties(hdus, coadd):
    """Return the row of the catalog that the file has for its object, and the name of the HDU."""
    info = next((hdu for hdu in hdus if hdu.name.upper() in {"SPALL", "SPECOBJ"}), None)
    if info is None:
        tables = [hdu for hdu in hdus[1:] if hdu is not coadd]
        info = next((hdu for hdu in tables if "Z" in [name.upper() for name in column_names(hdu)]), None)
    if info is None:
        return pd.DataFrame(index=[0]), set()
    return scalar_columns(info).iloc[:1].reset_index(drop=True), {info.name}
