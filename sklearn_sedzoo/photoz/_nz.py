"""Cells of labeled and photometric objects -> redshift distribution of the photometric ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.utils import Bunch


class CellSums(NamedTuple):
    """The photometric sample in the cells of one map."""

    weight: np.ndarray  # (n_cells,) summed weights
    mean: np.ndarray  # (n_cells,) mean prediction of ln(1 + z); NaN without weight


class NzEstimate(NamedTuple):
    """What a distribution is made from."""

    labels: np.ndarray  # (n_labeled,) spectroscopic redshifts
    predicted: np.ndarray  # (n_labeled,) what they would be taken for, in ln(1 + z)
    counts: np.ndarray  # (n_labeled,) 1, or 0 for those outside of a tomographic bin
    label_cells: list  # for each map (n_labeled,)
    photometric: list  # for each map CellSums
    zgrid: np.ndarray  # (n_z,)


def estimate_nz(estimate, n_bootstrap, generator, min_count):
    """Return the Bunch of `SOMRedshiftRegressor.summarize_nz`."""
    n = len(estimate.labels)
    redshift, weight, coverage = move_labels(estimate, estimate.counts, min_count)
    if not weight.any():
        raise ValueError(
            f"No cell of the photometric sample holds {min_count} labeled objects: there is nothing to make N(z) from."
        )
    samples, means = [], []
    for _ in range(n_bootstrap):
        counts = estimate.counts * np.bincount(generator.randint(0, n, n), minlength=n)
        moved, drawn, _ = move_labels(estimate, counts, min_count)
        if drawn.any():
            samples.append(histogram(moved, drawn, estimate.zgrid))
            means.append(np.average(moved, weights=drawn))
    samples = np.array(samples).reshape(-1, len(estimate.zgrid))
    return Bunch(
        zgrid=estimate.zgrid,
        nz=histogram(redshift, weight, estimate.zgrid),
        nz_std=samples.std(axis=0) if len(samples) else np.full(len(estimate.zgrid), np.nan),
        mean=float(np.average(redshift, weights=weight)),
        mean_std=float(np.std(means)) if means else np.nan,
        coverage=coverage,
        samples=samples,
    )


def move_labels(estimate, counts, min_count):
    """Redshifts and weights of the labeled objects on each map, and the share of the photometric weight covered.

    In each covered cell the objects share the photometric weight, and move together so that their mean prediction is
    that of the photometric ones. `counts` says how often each labeled object is in the sample (0 or 1, or a
    bootstrap's draws).

    Returns
    -------
    redshift, weight : ndarray of shape (n_maps * n_labeled,)
    coverage : float
        Mean over the maps.
    """
    redshifts, weights, shares = [], [], []
    for cells, photometric in zip(estimate.label_cells, estimate.photometric, strict=True):
        labeled = np.bincount(cells, counts, len(photometric.weight))
        covered = (labeled >= min_count) & (photometric.weight > 0)
        divisor = np.maximum(labeled, 1e-300)
        each = np.where(covered, photometric.weight / divisor, 0.0)
        mean = np.bincount(cells, counts * estimate.predicted, len(photometric.weight)) / divisor
        shift = np.where(covered, photometric.mean - mean, 0.0)
        redshifts.append(np.maximum((1 + estimate.labels) * np.exp(shift[cells]) - 1, 0.0))
        weights.append(counts * each[cells] / max(photometric.weight[covered].sum(), 1e-300))
        shares.append(photometric.weight[covered].sum() / photometric.weight.sum())
    return np.concatenate(redshifts), np.concatenate(weights), float(np.mean(shares))


def histogram(redshift, weight, zgrid):
    """Density at the grid's points: each object is shared between its two neighbors, so that the mean is kept."""
    inside = np.clip(redshift, zgrid[0], zgrid[-1])
    i = np.clip(np.searchsorted(zgrid, inside) - 1, 0, len(zgrid) - 2)
    f = (inside - zgrid[i]) / (zgrid[i + 1] - zgrid[i])
    mass = np.bincount(i, weight * (1 - f), len(zgrid)) + np.bincount(i + 1, weight * f, len(zgrid))
    density = mass / np.gradient(zgrid)
    return density / np.trapezoid(density, zgrid)
