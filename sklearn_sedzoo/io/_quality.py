"""What may be wrong with a spectrum of a file, as bits, and what is done about it."""

from __future__ import annotations

import warnings

import numpy as np

from sklearn_sedzoo._validation import point_at
from sklearn_sedzoo.exceptions import SedDataWarning, SedReadError

QUALITY_BITS = {
    "not_finite": 1,  # a pixel is NaN or infinite, and there are no inverse variances to mask it with
    "no_flux": 2,  # no positive flux in the band of normalization (set by `sedzoo map`)
    "empty": 4,  # no valid pixel
    "zero": 8,  # every valid pixel is exactly 0
    "bad_redshift": 16,  # the redshift is missing, not finite, below -0.1 or above 20
    "bad_ivar": 32,  # an inverse variance is negative or not finite
    "sentinel": 64,  # a pixel holds a number that stands for "no data"
    "flagged": 128,  # the survey itself has a warning for this spectrum
    "unreadable": 256,  # the file of this spectrum could not be read
    "mostly_masked": 512,  # valid in less than MIN_VALID of the pixels of its file, but not empty
    "no_ebv": 1024,  # the E(B-V) is missing: not corrected for the dust of our Galaxy
}
MIN_VALID = 0.1
# Single pixels were bad and are masked now; what is left of the spectrum is good.
PIXEL_BITS = QUALITY_BITS["not_finite"] | QUALITY_BITS["bad_ivar"] | QUALITY_BITS["sentinel"]


def mark_quality(table, sentinels=()):
    """Mask what is bad in a table and note it in its `quality`; it must be on its own grid, not padded to another.

    Pixels that are not finite get flux NaN and, where there are inverse variances, inverse variance 0: they are masked
    pixels like others. A spectrum is "mostly_masked" where less than `MIN_VALID` of the pixels of its own grid are
    left: of its own, and not of what its neighbors have, so that it does not depend on how files are cut.
    """
    quality = np.zeros(len(table), dtype=np.int16) if table.quality is None else table.quality.astype(np.int16)
    flux, ivar = table.flux, table.ivar

    def mark(name, rows):
        quality[rows] |= QUALITY_BITS[name]

    for sentinel in np.atleast_1d(sentinels):
        hit = flux == flux.dtype.type(sentinel)
        mark("sentinel", hit.any(axis=1))
        flux = np.where(hit, np.nan, flux) if hit.any() else flux
    bad_ivar = None
    if ivar is not None:
        bad_ivar = ~(np.isfinite(ivar) & (ivar >= 0))
        mark("bad_ivar", bad_ivar.any(axis=1))
    with np.errstate(over="ignore", invalid="ignore"):
        suspects = np.flatnonzero(~np.isfinite(flux @ np.ones(flux.shape[1], dtype=flux.dtype)))
    wrong = ~np.isfinite(flux[suspects])
    if ivar is None:
        sentinel_rows = (quality[suspects] & QUALITY_BITS["sentinel"]) > 0
        mark("not_finite", suspects[wrong.any(axis=1) & ~sentinel_rows])
    if np.isinf(flux[suspects]).any():
        flux = np.array(flux)
        flux[suspects] = np.where(np.isfinite(flux[suspects]), flux[suspects], np.nan)
    if ivar is not None:
        lost = bad_ivar
        lost[suspects] |= wrong
        if lost.any():
            ivar = np.where(lost, ivar.dtype.type(0), ivar)
        valid = ivar > 0
        n_valid = np.count_nonzero(valid, axis=1)
        mark("zero", (n_valid > 0) & ~((flux != 0) & valid).any(axis=1))
    else:
        n_valid = np.full(len(flux), flux.shape[1])
        n_valid[suspects] -= np.count_nonzero(wrong, axis=1)
        with np.errstate(invalid="ignore"):
            mark("zero", ~(flux != 0).any(axis=1))
    mark("empty", n_valid == 0)
    mark("mostly_masked", (n_valid > 0) & (n_valid < MIN_VALID * flux.shape[1]))
    redshift = table.redshift
    if redshift is not None:
        mark("bad_redshift", ~(np.isfinite(redshift) & (redshift > -0.1) & (redshift <= 20)))
    table.flux, table.ivar, table.quality = flux, ivar, quality
    return table


def name_quality(quality):
    """Return the names of the bits that are set in one number."""
    return [name for name, bit in QUALITY_BITS.items() if quality & bit]


def count_quality(quality: np.ndarray) -> dict[str, int]:
    """Return how many spectra have each bit, those with none left out."""
    counts = {name: int(np.count_nonzero(quality & bit)) for name, bit in QUALITY_BITS.items()}
    return {name: n for name, n in counts.items() if n}


def is_unusable(quality):
    """Whether more is wrong than single pixels, which are masked (see `PIXEL_BITS`)."""
    return (np.asarray(quality) & ~PIXEL_BITS) != 0


def settle_quality(table, path, on_bad):
    """Return the table as it is, without its unusable rows, or raise where anything is wrong, as `on_bad` says."""
    bad = is_unusable(table.quality) if on_bad == "drop" else table.quality != 0
    if not bad.any() or on_bad == "mask":
        return table
    counts = ", ".join(f"{name}: {n}" for name, n in count_quality(table.quality[bad]).items())
    if on_bad == "raise":
        raise SedReadError(
            f"{path}: {point_at(bad, len(table), 'are bad')[:-1]} ({counts}). Pass on_bad='mask' to keep them flagged, "
            "or 'drop' to leave them out."
        )
    warnings.warn(
        f"{path}: {point_at(bad, len(table), 'are bad')[:-1]} ({counts}). They are left out.",
        SedDataWarning,
        stacklevel=4,
    )
    return table[~bad]
