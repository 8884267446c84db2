"""Cells of labelled and photometric objects -> redshift distribution of the photometric ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.utils import Bunch


class NzEstimate(NamedTuple):
    """What a distribution is made from."""

    labels: np.ndarray  # (n_labelled,) spectroscopic redshifts
    counts: np.ndarray  # (n_labelled,) 1, or 0 for those outside of a tomographic bin
    label_cells: list  # for each map (n_labelled,)
    spread: list  # for each map (n_cells,): summed weights of the photometric sample
    zgrid: np.ndarray  # (n_z,)


def estimate_nz(estimate, n_bootstrap, generator, min_count):
    """Return the Bunch of `SOMRedshiftRegressor.summarize_nz`."""
    n = len(estimate.labels)
    weight, coverage = weigh_labels(estimate, estimate.counts, min_count)
    if not weight.any():
        raise ValueError(
            f"No cell of the photometric sample holds {min_count} labelled objects: there is nothing to make N(z) from."
        )
    samples, means = [], []
    for _ in range(n_bootstrap):
        counts = estimate.counts * np.bincount(generator.randint(0, n, n), minlength=n)
        drawn, _ = weigh_labels(estimate, counts, min_count)
        if drawn.any():
            samples.append(histogram(estimate.labels, drawn, estimate.zgrid))
            means.append(np.average(estimate.labels, weights=drawn))
    samples = np.array(samples).reshape(-1, len(estimate.zgrid))
    return Bunch(
        zgrid=estimate.zgrid,
        nz=histogram(estimate.labels, weight, estimate.zgrid),
        nz_std=samples.std(axis=0) if len(samples) else np.full(len(estimate.zgrid), np.nan),
        mean=float(np.average(estimate.labels, weights=weight)),
        mean_std=float(np.std(means)) if means else np.nan,
        coverage=coverage,
        samples=samples,
    )


def weigh_labels(estimate, counts, min_count):
    """Weight of each labelled object, averaged over the maps, and the share of the photometric weight covered.

    `counts` says how often each labelled object is in the sample (0 or 1, or a bootstrap's draws).
    """
    weight, shares = np.zeros(len(counts)), []
    for cells, spread in zip(estimate.label_cells, estimate.spread, strict=True):
        labelled = np.bincount(cells, counts, minlength=len(spread))
        covered = labelled >= min_count
        each = np.where(covered, spread / np.maximum(labelled, 1e-300), 0.0)
        weight += counts * each[cells] / max(spread[covered].sum(), 1e-300)
        shares.append(spread[covered].sum() / spread.sum())
    return weight / len(shares), float(np.mean(shares))


def histogram(redshift, weight, zgrid):
    """Density at the grid's points: each object is shared between its two neighbours, so that the mean is kept."""
    inside = np.clip(redshift, zgrid[0], zgrid[-1])
    i = np.clip(np.searchsorted(zgrid, inside) - 1, 0, len(zgrid) - 2)
    f = (inside - zgrid[i]) / (zgrid[i + 1] - zgrid[i])
    mass = np.bincount(i, weight * (1 - f), len(zgrid)) + np.bincount(i + 1, weight * f, len(zgrid))
    density = mass / np.gradient(zgrid)
    return density / np.trapezoid(density, zgrid)
