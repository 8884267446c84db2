"""Predictions and residuals -> probability densities of redshift; densities -> CDF, quantiles and scores.

Densities live on an even grid in t = ln(1 + z) as masses of its bins, and are handed out on any grid in z.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d


def deposit(position, weight, step, n_bins):
    """Histogram each row's points of given weights; shape (n_rows, n_bins), rows of sum 1."""
    bins = np.clip((position / step).astype(np.int64), 0, n_bins - 1)
    rows = np.arange(len(bins), dtype=np.int64)[:, None] * n_bins
    mass = np.bincount((rows + bins).ravel(), weight.ravel(), len(bins) * n_bins).reshape(len(bins), n_bins)
    return mass / np.maximum(mass.sum(axis=1, keepdims=True), 1e-300)


def smooth_mass(mass, width):
    """Gaussian smoothing with `width` in bins, reflected at the ends: nothing is lost."""
    return gaussian_filter1d(mass, width, axis=1, mode="reflect") if width > 0 else mass


def remap_mass(mass, knots, values):
    """Send the cumulative mass through a monotone curve (piecewise linear)."""
    edges = np.concatenate([np.zeros((len(mass), 1)), np.cumsum(mass, axis=1)], axis=1)
    edges /= edges[:, -1:]
    return np.diff(np.interp(edges, knots, values), axis=1)


def calibration_curve(pit, n_knots=33):
    """Knots and values of the curve that makes these PITs uniform: their smoothed cumulative distribution."""
    knots = np.linspace(0, 1, n_knots)
    values = np.searchsorted(np.sort(pit), knots, side="right") / len(pit)
    values[[0, -1]] = 0.0, 1.0
    return knots, np.maximum.accumulate(values * (1 - 1e-3) + knots * 1e-3)  # strictly rising


def mass_to_density(mass, step, zgrid):
    """Density per redshift at `zgrid`, of integral 1 by the trapezoidal rule; shape (n_rows, n_z)."""
    center = (np.arange(mass.shape[1]) + 0.5) * step
    t = np.log1p(zgrid)
    i = np.clip(np.searchsorted(center, t) - 1, 0, len(center) - 2)
    f = np.clip((t - center[i]) / step, 0, 1)
    density = (mass[:, i] * (1 - f) + mass[:, i + 1] * f) / (1 + zgrid)
    norm = np.trapezoid(density, zgrid, axis=1)
    empty = norm <= 0
    if empty.any():  # all of the mass lies outside the grid: the nearest end takes it
        peak = np.argmax(mass[empty], axis=1)
        density[np.flatnonzero(empty), np.where(center[peak] < t[0], 0, len(zgrid) - 1)] = 1.0
        norm = np.trapezoid(density, zgrid, axis=1)
    return density / norm[:, None]


def cumulate(density, zgrid):
    """Cumulative distribution at `zgrid` by the trapezoidal rule, from 0 to 1."""
    pieces = 0.5 * (density[:, 1:] + density[:, :-1]) * np.diff(zgrid)
    cdf = np.concatenate([np.zeros((len(density), 1)), np.cumsum(pieces, axis=1)], axis=1)
    return cdf / cdf[:, -1:]


def interpolate_rows(x, grid, rows):
    """Value of each row (given on one grid) at its own x; ends are held. Shape (n_rows,)."""
    x = np.clip(x, grid[0], grid[-1])
    i = np.clip(np.searchsorted(grid, x) - 1, 0, len(grid) - 2)
    f = (x - grid[i]) / (grid[i + 1] - grid[i])
    n = np.arange(len(rows))
    return rows[n, i] * (1 - f) + rows[n, i + 1] * f


def find_quantiles(cdf, zgrid, levels):
    """Redshifts where each row of a CDF reaches the levels; shape (n_rows, n_levels)."""
    result = np.empty((len(cdf), len(levels)))
    for j, level in enumerate(levels):
        i = np.clip((cdf < level).sum(axis=1) - 1, 0, len(zgrid) - 2)
        n = np.arange(len(cdf))
        low, high = cdf[n, i], cdf[n, i + 1]
        f = np.clip((level - low) / np.where(high > low, high - low, 1.0), 0, 1)
        result[:, j] = zgrid[i] + f * (zgrid[i + 1] - zgrid[i])
    return result


def find_least_risk(density, zgrid, gamma):
    """Index of the redshift of least expected loss 1 - 1 / (1 + (dz / gamma)²), dz = (z_true - z) / (1 + z).

    Shape (n_rows,); the expectation is taken by the trapezoidal rule.
    """
    apart = (zgrid[:, None] - zgrid) / (1 + zgrid)
    gain = 1 / (1 + (apart / gamma) ** 2)
    widths = np.convolve(np.diff(zgrid), [0.5, 0.5])
    return ((density * widths) @ gain).argmax(axis=1)


def find_median_within(cdf, zgrid, low, high):
    """Redshift that halves what each row of a CDF holds between its own low and high; shape (n_rows,)."""
    before, after = interpolate_rows(low, zgrid, cdf), interpolate_rows(high, zgrid, cdf)
    inside = np.clip((cdf - before[:, None]) / np.maximum(after - before, 1e-300)[:, None], 0, 1)
    return np.clip(find_quantiles(inside, zgrid, [0.5])[:, 0], low, high)


def measure_cde_loss(redshift, density, zgrid):
    """Conditional density estimation loss, mean of int p² dz - 2 p(z_true) (Izbicki & Lee 2017, eq. 2)."""
    at_truth = interpolate_rows(redshift, zgrid, density)
    at_truth = np.where((redshift < zgrid[0]) | (redshift > zgrid[-1]), 0.0, at_truth)
    return float(np.mean(np.trapezoid(density**2, zgrid, axis=1) - 2 * at_truth))


def measure_crps(redshift, cdf, zgrid):
    """Continuous ranked probability score of each row, int (F - H(z - z_true))² dz, exact for a piecewise linear F.

    Where the truth lies outside the grid, the missing stretch counts in full.
    """
    inside = np.clip(redshift, zgrid[0], zgrid[-1])
    step = np.diff(zgrid)
    left, right = cdf[:, :-1], cdf[:, 1:]
    below = step * (left**2 + left * right + right**2) / 3
    above = step * ((1 - left) ** 2 + (1 - left) * (1 - right) + (1 - right) ** 2) / 3
    i = np.clip(np.searchsorted(zgrid, inside) - 1, 0, len(zgrid) - 2)
    bins = np.arange(len(step))
    total = np.where(bins < i[:, None], below, 0.0).sum(axis=1) + np.where(bins > i[:, None], above, 0.0).sum(axis=1)
    n = np.arange(len(cdf))
    a, b, at = left[n, i], right[n, i], interpolate_rows(inside, zgrid, cdf)
    first, second = inside - zgrid[i], zgrid[i + 1] - inside
    total += first * (a**2 + a * at + at**2) / 3
    total += second * ((1 - at) ** 2 + (1 - at) * (1 - b) + (1 - b) ** 2) / 3
    return total + abs(redshift - inside)


def measure_ks(pit):
    """Kolmogorov-Smirnov distance of PITs to the uniform distribution."""
    ordered = np.sort(pit)
    n = len(ordered)
    return float(max((np.arange(1, n + 1) / n - ordered).max(), (ordered - np.arange(n) / n).max()))
