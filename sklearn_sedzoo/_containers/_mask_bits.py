"""Which bits of an integer mask mean a bad pixel, by the data model of each survey."""

from __future__ import annotations

from numbers import Integral

import numpy as np

ALL = -1  # every bit

# SDSS and BOSS (SPPIXMASK): bits 0 to 15 are notes about the fiber, repeated in every pixel; 16, 17 and 19 to 21
# (NEARBADPIXEL, LOWFLAT, PARTIALREJECT, SCATTEREDLIGHT, CROSSTALK) are warnings that the inverse variance allows for.
SDSS_BITS = {
    "FULLREJECT": 18,
    "NOSKY": 22,
    "BRIGHTSKY": 23,
    "NODATA": 24,
    "COMBINEREJ": 25,
    "BADFLUXFACTOR": 26,
    "BADSKYCHI": 27,
    "REDMONSTER": 28,
}
# MaNGA (DRP3PIXMASK); UNUSED, CRITICAL and the like concern whole fibers, DONOTUSE sums up what must not be used.
MANGA_BITS = {"NOCOV": 0, "LOWCOV": 1, "DEADFIBER": 2, "FORESTAR": 3, "DONOTUSE": 10}

SURVEY_BITS = {
    "SDSS": sum(1 << bit for bit in SDSS_BITS.values()),
    "MaNGA": sum(1 << bit for bit in MANGA_BITS.values()),
    "DESI": ALL,  # specmask; a coadd keeps the bits that all exposures share, and its own readers take any as bad
    "Euclid": ~0b111110,  # SIR combined spectra: NOT_USE (1) and from 64 on; 2 to 32 are notes
    "JWST": 1,  # DO_NOT_USE; JUMP_DET (4) and the like are notes about what was corrected
    "LAMOST": ALL,  # BADCCD, BADPROFILE, NOSKY, BRIGHTSKY, BADCENTER, NODATA
    "ESO Phase 3": ALL,  # QUAL of LEGA-C, VANDELS and all spectra of the ESO Science Archive: 0 is good
}


def check_mask_bits(owner, mask_bits):
    """Return `mask_bits` as one number, the sum of the bits that mean bad, or None; raise for anything else."""
    if mask_bits is None:
        return None
    if isinstance(mask_bits, str) and mask_bits == "all":
        return ALL
    if isinstance(mask_bits, Integral) and not isinstance(mask_bits, bool):
        return int(mask_bits)
    if isinstance(mask_bits, (list, tuple, set, np.ndarray)) and len(mask_bits):
        bits = [int(bit) if isinstance(bit, Integral) else 0 for bit in mask_bits]
        if all(bit > 0 and bit & (bit - 1) == 0 for bit in bits):  # powers of two
            return sum(set(bits))
    raise ValueError(
        f"`mask_bits` of {owner} must be a whole number (the sum of the bits that mean bad), a list of such bits "
        f"(1, 2, 4, 8, ...) or 'all', got {mask_bits!r}."
    )


def bad_pixels(mask, survey=None, mask_bits=None, where="the mask"):
    """Return where a mask says that a pixel is bad, as booleans.

    Parameters
    ----------
    mask : array-like of bool or int
        Booleans, or 0 and 1: what is not 0 is bad. Other whole numbers are sums of bits.
    survey : str, optional
        A name of `SURVEY_BITS`, whose bits then count.
    mask_bits : int, optional
        Sum of the bits that mean bad, from the user; it goes before those of the survey. -1: every bit.
    where : str
        For messages.

    Returns
    -------
    bad : ndarray of bool of the shape of `mask`

    Raises
    ------
    ValueError
        If bits other than the first are set and nobody told which of them mean bad, or if it holds fractions.
    """
    from astropy.nddata.bitmask import bitfield_to_boolean_mask  # here: keeps `import sklearn_sedzoo` light

    is_missing = np.ma.getmaskarray(mask) if isinstance(mask, np.ma.MaskedArray) else None
    values = np.asarray(np.ma.filled(mask, 0) if is_missing is not None else mask)
    if values.dtype.kind not in "biu":
        values = values.astype(float)
        lost = ~np.isfinite(values)
        is_missing = lost if is_missing is None else is_missing | lost
        values = np.where(lost, 0, values)
        if (values != np.round(values)).any():
            fraction = values[values != np.round(values)].flat[0]
            raise ValueError(f"{where} must hold booleans or whole numbers, got {fraction:.6g}. Drop it.")
    if values.dtype.kind == "b":
        bad = values
    else:
        values = values.astype(np.int64)
        bits = SURVEY_BITS.get(survey) if mask_bits is None else mask_bits
        if bits is None:
            if ((values < 0) | (values > 1)).any():
                raise ValueError(_unknown_bits(values, where))
            bits = 1
        bad = bitfield_to_boolean_mask(values, ignore_flags=bits, flip_bits=True, dtype=bool)
    return bad if is_missing is None else bad | is_missing


def _unknown_bits(values, where):
    counts = [(1 << bit, np.count_nonzero(values & np.int64(1 << bit))) for bit in range(63)]
    occur = [f"{bit} ({count})" for bit, count in counts if count]
    if (values < 0).any():
        occur = [*occur[:3], f"and negative numbers such as {values.min()}"]
    example = [bit for bit, count in counts if count][:2]
    return (
        f"{where} is a mask of bits whose meaning is not known here. Of {values.size} pixels have the bits: "
        f"{', '.join(occur)}. Pass those that mean bad, for example mask_bits={example}, or mask_bits='all'."
    )
