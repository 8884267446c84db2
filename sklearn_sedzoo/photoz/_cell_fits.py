"""Labelled rows on one map -> fits in its cells, in a metric that knows which features tell the redshift."""

from __future__ import annotations

import numpy as np
from sklearn.neighbors import NearestNeighbors

from sklearn_sedzoo._kernels.local_lines import LocalFits, fit_lines, fit_medians
from sklearn_sedzoo.photoz._maps import codebook, n_cells

RIDGE = 0.03  # penalty on slopes, for features of unit variance
ROWS_PER_FEATURE = 20  # of a local line; fewer follow the data closer, more know the tails better
N_ROBUST = 2
_BLOCK = 512


def learn_metric(X, t, maps, cells):
    """Return (d, d) T so that distances in X @ T count a feature by how much redshift changes along it.

    T = S (1 + M^1/2) with S the inverse standard deviations and M the mean outer product of the slopes of local
    lines, scaled to a trace of d.
    """
    d = X.shape[1]
    spread = X.std(axis=0)
    scale = np.diag(1 / np.where(spread > 0, spread, 1.0))
    outer = np.zeros((d, d))
    for som, own in zip(maps, cells, strict=True):
        slope = fit_near(codebook(som) @ scale, X @ scale, t).slope[own]
        outer += slope.T @ slope
    values, vectors = np.linalg.eigh(outer)
    total = max(values.sum(), np.finfo(float).tiny)
    root = (vectors * np.sqrt(np.maximum(values, 0) * d / total)) @ vectors.T
    return scale @ (np.eye(d) + root)


def fit_near(centers, samples, t):
    """Fit a line of t = ln(1 + z) to the rows nearest to each center, a block of centers at a time."""
    n_near = min(len(samples), max(20, ROWS_PER_FEATURE * samples.shape[1]))
    finder, ridge = NearestNeighbors(n_neighbors=n_near).fit(samples), np.full(samples.shape[1], RIDGE)
    parts = []
    for start in range(0, len(centers), _BLOCK):
        distance, rows = finder.kneighbors(centers[start : start + _BLOCK])
        parts.append(fit_lines(samples, t, rows, distance, ridge, N_ROBUST))
    return LocalFits(*map(np.concatenate, zip(*parts, strict=True)))


def fit_members(som, samples, t, cells, min_count):
    """Take the median of t over each cell's rows; a cell with fewer than `min_count` takes the nearest ones."""
    counts = np.bincount(cells, minlength=n_cells(som))
    enough = min(min_count, len(samples))
    members = np.zeros((n_cells(som), max(counts.max(), enough)), dtype=np.int64)
    order = np.argsort(cells, kind="stable")
    place = np.arange(len(cells)) - np.repeat(np.cumsum(counts) - counts, counts)
    members[cells[order], place] = order
    poor = np.flatnonzero(counts < enough)
    if len(poor):
        finder = NearestNeighbors(n_neighbors=enough).fit(samples)
        members[poor, :enough] = finder.kneighbors(codebook(som)[poor], return_distance=False)
    return fit_medians(samples, t, members, np.maximum(counts, enough))
