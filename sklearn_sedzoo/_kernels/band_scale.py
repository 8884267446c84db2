"""The brightness of spectra in a band of wavelengths."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sklearn_sedzoo._kernels.rebinning import COVERED, bin_edges

STATISTICS = ("mean", "pixel_mean", "median", "max", "l2", "integral", "ivar_mean", "value")
SUMS = ("mean", "pixel_mean", "integral", "ivar_mean", "value")
ROWS_AT_ONCE = 1024


def band_weights(wavelength, band, statistic, n_pixels, owner="FluxNormalizer") -> np.ndarray:
    """Return how much each pixel counts in the band: the length inside it, or 1 and 0 by the pixel's center."""
    if wavelength is None or (band is None and statistic != "integral"):
        return np.ones(n_pixels)
    falling = wavelength[0] > wavelength[-1]
    edges = bin_edges(wavelength[::-1] if falling else wavelength)
    if statistic == "value":
        return _interpolation_weights(wavelength, band, owner)
    low, high = (edges[0], edges[-1]) if band is None else band
    if statistic in {"mean", "integral"}:
        weights = np.clip(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0, None)
        weights = weights[::-1] if falling else weights
        inside = weights.sum() >= COVERED * (high - low)
    else:
        weights = ((wavelength >= low) & (wavelength <= high)).astype(float)
        inside = edges[0] <= low and high <= edges[-1] and weights.any()
    if not inside:
        raise ValueError(
            f"`band` of {owner} is {low:g} to {high:g} Angstrom, but X has {edges[0]:.6g} to {edges[-1]:.6g} Angstrom "
            f"and {np.count_nonzero(weights)} pixels in the band. Choose a band inside the grid that holds pixels."
        )
    return weights


def _interpolation_weights(wavelength, at, owner):
    """Return the weights of linear interpolation between the two pixels beside a wavelength."""
    if not wavelength.min() <= at <= wavelength.max():
        raise ValueError(
            f"`band` of {owner} is {at:g} Angstrom, but X has {wavelength.min():.6g} to {wavelength.max():.6g} "
            "Angstrom. Choose a wavelength inside the grid."
        )
    order = np.argsort(wavelength)
    right = np.clip(np.searchsorted(wavelength[order], at), 1, len(wavelength) - 1)
    left, right = order[right - 1], order[right]
    weights = np.zeros(len(wavelength))
    share = (at - wavelength[left]) / (wavelength[right] - wavelength[left])
    weights[left], weights[right] = 1 - share, share
    return weights


def band_scale(flux: np.ndarray, weights: np.ndarray, statistic: str, ivar: np.ndarray | None = None) -> np.ndarray:
    """Return the statistic of each spectrum over the weighted pixels, in float64.

    NaN pixels, and those of inverse variance 0, are left out.
    """
    pixels = np.flatnonzero(weights)
    band = slice(pixels[0], pixels[-1] + 1)
    flux, weights = flux[:, band], weights[band]
    scale = np.empty(len(flux))
    for start in range(0, len(flux), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        block = flux[rows].astype(np.float64)
        inverse = None if ivar is None else ivar[rows, band].astype(np.float64)
        if inverse is not None:
            block[inverse == 0] = np.nan
        scale[rows] = _statistic(block, weights, statistic, inverse)
    return scale


def band_scale_error(weights: np.ndarray, statistic: str, ivar: np.ndarray) -> np.ndarray:
    """Return the standard error of what `band_scale` returns, for the statistics that are sums of pixels."""
    pixels = np.flatnonzero(weights)
    band = slice(pixels[0], pixels[-1] + 1)
    weights = weights[band]
    error = np.empty(len(ivar))
    for start in range(0, len(ivar), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        inverse = ivar[rows, band].astype(np.float64)
        known = inverse > 0
        if statistic == "ivar_mean":
            total = np.sqrt(inverse @ weights)
            error[rows] = np.divide(1, total, out=np.full(len(total), np.nan), where=total > 0)
            continue
        deviation = 1 / np.sqrt(np.where(known, inverse, np.inf))
        largest = deviation.max(axis=1, keepdims=True)  # 1e-200 squared would vanish
        largest = np.where(largest > 0, largest, 1.0)
        covered = known @ weights
        total = largest[:, 0] * np.sqrt((deviation / largest) ** 2 @ weights**2)
        mean = np.divide(total, covered, out=np.full(len(total), np.nan), where=covered > 0)
        error[rows] = mean * weights.sum() if statistic == "integral" else mean
    return error


def _statistic(flux, weights, statistic, ivar=None):
    valid = np.isfinite(flux)
    if statistic == "ivar_mean":
        largest = np.where(valid, ivar, 0.0).max(axis=1, keepdims=True)  # 1e34 for fluxes of 1e-17
        weights = weights * np.divide(ivar, largest, out=np.zeros_like(flux), where=valid & (largest > 0))
        covered = weights.sum(axis=1)
        total = (np.where(valid, flux, 0.0) * weights).sum(axis=1)
        return np.divide(total, covered, out=np.full(len(flux), np.nan), where=covered > 0)
    if statistic == "value":  # both neighbors or none
        weights, needed = np.where(weights > 0, weights, 0.0), weights > 0
        value = np.where(valid, flux, 0.0) @ weights
        return np.where(valid[:, needed].all(axis=1), value, np.nan)
    empty = ~valid.any(axis=1)
    if statistic in {"median", "max", "l2"}:
        flux = np.where(empty[:, None], 0.0, flux)
        measures: dict[str, Callable] = {"median": np.nanmedian, "max": np.nanmax, "l2": _norm}
        value = measures[statistic](flux, axis=1)
        return np.where(empty, np.nan, value)
    covered = valid @ weights
    mean = np.divide(np.where(valid, flux, 0.0) @ weights, covered, out=np.full(len(flux), np.nan), where=covered > 0)
    return mean * weights.sum() if statistic == "integral" else mean


def _norm(flux, axis):
    largest = np.nanmax(np.abs(flux), axis=axis, keepdims=True)
    largest = np.where(largest > 0, largest, 1.0)  # squares of 1e-200 would vanish, of 1e200 overflow
    return largest.squeeze(axis) * np.sqrt(np.nansum((flux / largest) ** 2, axis=axis))
