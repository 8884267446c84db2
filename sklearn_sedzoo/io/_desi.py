"""Coadds of DESI, with the redshifts that redrock found."""

from __future__ import annotations

import pathlib

import numpy as np
import pandas as pd

from sklearn_sedzoo._containers import SpectrumTable, bad_pixels, name_properties, wavelengths_of
from sklearn_sedzoo._validation import as_native
from sklearn_sedzoo.exceptions import SedReadError
from sklearn_sedzoo.io._fits_layouts import scalar_columns
from sklearn_sedzoo.io._open import opened_fits
from sklearn_sedzoo.io._quality import QUALITY_BITS
from sklearn_sedzoo.io._stack import stack_spectra

ARMS = ("B", "R", "Z")
REDROCK_COLUMNS = ("Z", "ZERR", "ZWARN", "SPECTYPE", "SUBTYPE", "DELTACHI2")


def read_desi(hdus, path, unit, mask_bits):
    """Read a coadd: three arms on one lattice, joined by inverse-variance weights where they overlap.

    Redshifts come from the HDU ``REDSHIFTS`` of the file or of ``redrock-*.fits`` beside ``coadd-*.fits``.
    """
    names = {hdu.name.upper() for hdu in hdus}
    present = [arm for arm in ARMS if f"{arm}_FLUX" in names]
    if not any({f"{arm}_WAVELENGTH", f"{arm}_FLUX"} <= names for arm in ARMS):
        return []
    arms = [_read_arm(arm, hdus, path, unit, mask_bits) for arm in present]
    joined = join_arms(arms, path)
    properties = pd.DataFrame(index=pd.RangeIndex(len(joined)))
    used = {f"{arm}_{part}" for arm in present for part in ("WAVELENGTH", "FLUX", "IVAR", "MASK")} & names
    if "FIBERMAP" in names and len(hdus["FIBERMAP"].data) == len(joined):
        properties = name_properties(scalar_columns(hdus["FIBERMAP"]))
        used.add("FIBERMAP")
    quality = np.zeros(len(joined), dtype=np.int16)
    if "COADD_FIBERSTATUS" in properties:
        quality[properties["COADD_FIBERSTATUS"].to_numpy() != 0] |= QUALITY_BITS["flagged"]
    if "TARGETID" in properties:
        properties.insert(0, "id", properties["TARGETID"].to_numpy())
        redshifts, source = _find_redshifts(hdus, path)
        if redshifts is not None:
            properties = _match(properties, redshifts)
            quality[(properties["ZWARN"].fillna(0) != 0).to_numpy()] |= QUALITY_BITS["flagged"]
            used.add(source)
    flux_header = hdus[f"{present[0]}_FLUX"].header
    table = SpectrumTable(
        joined.flux,
        joined.wavelength,
        properties,
        str(flux_header.get("BUNIT", "")),
        {"path": str(path), "used": used},
        survey="DESI",
        frame="observed",
        medium="vacuum",
        ivar=joined.ivar,
        quality=quality,
    )
    return [table]


def redrock_beside(path):
    """Return the file of redshifts that belongs to a coadd by its name, or None where there is none."""
    path = pathlib.Path(path)
    for kind in ("coadd-", "spectra-"):
        name = "redrock-" + path.name.removeprefix(kind)
        if not path.name.startswith(kind):
            continue
        for candidate in (name, name.removesuffix(".gz"), name + ".gz"):
            if (path.parent / candidate).is_file():
                return path.parent / candidate
    return None


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


def _read_arm(arm, hdus, path, unit, mask_bits):
    for part in ("WAVELENGTH", "IVAR"):
        if f"{arm}_{part}" not in hdus:
            raise SedReadError(f"{path} has {arm}_FLUX, but no HDU {arm}_{part}.")
    grid = hdus[f"{arm}_WAVELENGTH"]
    wavelength = wavelengths_of(grid.data, grid.header.get("BUNIT"), unit, f"HDU '{arm}_WAVELENGTH'")
    ivar = as_native(np.asarray(hdus[f"{arm}_IVAR"].data)).copy()
    if f"{arm}_MASK" in hdus:
        ivar[bad_pixels(hdus[f"{arm}_MASK"].data, "DESI", mask_bits)] = 0
    return SpectrumTable(as_native(np.asarray(hdus[f"{arm}_FLUX"].data)), wavelength, ivar=ivar)


def _find_redshifts(hdus, path):
    """Return the table of redrock as a DataFrame, and what to call it; None where there is none."""
    if "REDSHIFTS" in hdus:
        return scalar_columns(hdus["REDSHIFTS"]), "REDSHIFTS"
    beside = redrock_beside(path)
    if beside is None:
        return None, ""
    with opened_fits(beside) as redrock:
        if "REDSHIFTS" not in redrock and "ZBEST" not in redrock:
            return None, ""
        return scalar_columns(redrock["REDSHIFTS" if "REDSHIFTS" in redrock else "ZBEST"]), beside.name


def _match(properties, redshifts):
    """Return the properties with the redshift of each target; a target without one has NaN."""
    redshifts = redshifts.drop_duplicates("TARGETID").set_index("TARGETID")
    rows = redshifts.reindex(properties["TARGETID"])
    for name in REDROCK_COLUMNS:
        if name in rows and name not in properties:
            properties[name] = rows[name].to_numpy()
    properties["redshift"] = rows["Z"].to_numpy(dtype=float)
    return properties
