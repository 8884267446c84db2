"""Spectra of LAMOST: rows of one image (until DR7), or the table COADD (from DR8 on)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from astropy.io import fits

from sklearn_sedzoo._containers import as_floats, bad_pixels, find_name, rising_table, wavelengths_of

MISSING_REDSHIFT = -9.0  # written -9999 where the pipeline found none
KEYS = {"id": "OBSID", "ra": "RA", "dec": "DEC", "class": "CLASS", "subclass": "SUBCLASS"}


def read_lamost(hdus, path, unit, mask_bits):
    """Read the spectrum with its inverse variances; pixels with any bit of ANDMASK are masked. Z of the header."""
    header = hdus[0].header
    if str(header.get("TELESCOP", "")).strip().upper() != "LAMOST":
        return []
    found = _from_table(hdus) or _from_image(hdus)
    if found is None:
        return []
    flux, ivar, axis, and_mask, used = found
    ivar = np.where(np.isfinite(ivar) & (ivar > 0), ivar, 0).astype(flux.dtype)
    ivar[bad_pixels(and_mask, "LAMOST", mask_bits)] = 0
    facts = {name: header[key] for name, key in KEYS.items() if key in header}
    redshift = header.get("Z")
    if isinstance(redshift, (int, float)):
        facts["redshift"] = float(redshift) if redshift > MISSING_REDSHIFT else np.nan
    return [
        rising_table(
            flux[None],
            wavelengths_of(axis, "Angstrom", unit, "the wavelengths of LAMOST"),
            ivar[None],
            str(header.get("BUNIT") or ""),
            pd.DataFrame({name: [value] for name, value in facts.items()}, index=[0]),
            {"path": str(path), "used": used},
            survey="LAMOST",
            frame="observed",
            medium="vacuum" if header.get("VACUUM", True) else "air",
        )
    ]


def _from_table(hdus):
    hdu = next((hdu for hdu in hdus if hdu.name.upper() == "COADD" and isinstance(hdu, fits.BinTableHDU)), None)
    if hdu is None:
        return None
    names = [
        find_name(hdu.columns.names, group) for group in (("FLUX",), ("IVAR", "INVVAR"), ("WAVELENGTH",), ("ANDMASK",))
    ]
    if None in names:
        return None
    flux, ivar, axis, and_mask = (np.ravel(hdu.data[name]) for name in names)
    return as_floats(flux), as_floats(ivar), axis, and_mask, {f"{hdu.name}/{name}" for name in names}


def _from_image(hdus):
    """Return the rows FLUX, INVVAR, WAVELENGTH and ANDMASK of the image in the primary HDU."""
    image = hdus[0].data
    if image is None or image.ndim != 2 or len(image) < 4:
        return None
    flux, ivar, axis, and_mask = as_floats(image)[:4]
    header = hdus[0].header
    if not (np.diff(axis) > 0).all() and {"COEFF0", "COEFF1"} <= set(header):  # the pilot survey: no such row
        axis = 10.0 ** (header["COEFF0"] + header["COEFF1"] * np.arange(len(flux)))
    return flux, ivar, axis, and_mask, {hdus[0].name or "PRIMARY"}
