"""First weights of a map: along the principal plane, from samples, at random, or given."""

from __future__ import annotations

import numpy as np

from sklearn_sedzoo._kernels.som_codebook import slabs
from sklearn_sedzoo._kernels.som_subspace import find_axes

_PCA_ENTRIES = 2**21
NARROW = 1e-3  # a second axis that is so much shorter orders nothing: cells across would hardly differ


def make_weights(
    X: np.ndarray,
    init: str | np.ndarray,
    shape: tuple[int, int],
    *,
    sample_weight: np.ndarray | None = None,
    seed: int | None = None,
) -> np.ndarray:
    """Return float64 weights (n_cells, n_features): "pca", "sample" or "random", or those that are given.

    X may hold NaN for missing values.
    """
    if not isinstance(init, str):
        return init
    n_cells, random_state = shape[0] * shape[1], np.random.RandomState(seed)
    if init == "pca":
        return _span_plane(X, shape, sample_weight)
    if init == "sample":
        chance = None if sample_weight is None else sample_weight / sample_weight.sum()
        few = np.count_nonzero(sample_weight) if sample_weight is not None else len(X)
        rows = random_state.choice(len(X), n_cells, replace=bool(few < n_cells), p=chance)
        return _fill(X[rows].astype(np.float64), X)
    low, high = np.nanmin(X, axis=0).astype(np.float64), np.nanmax(X, axis=0).astype(np.float64)
    return random_state.uniform(size=(n_cells, X.shape[1])) * (high - low) + low


def _span_plane(X, shape, sample_weight):
    """Lay the cells on the plane of the two leading principal components, out to two standard deviations.

    The first component runs along the longer side of the map; signs are such that the largest loading is positive.
    The plane is found from at most 2^21 numbers (a regular choice of rows): it is a start, not a result.
    """
    weight = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    rows = np.flatnonzero(weight)
    most = max(_PCA_ENTRIES // X.shape[1], 256)
    rows = rows[:: -(-len(rows) // most)]
    sample, weight = _fill(X[rows].astype(np.float64), X), weight[rows] / weight[rows].sum()
    mean = weight @ sample
    sample -= mean
    size = max(sample.max(), -sample.min()) or 1.0
    sample /= size
    sample *= np.sqrt(weight)[:, None]
    deviations, components = _lead(sample)
    if len(deviations) == 1:
        return mean + size * deviations[0] * _wind_line(shape)[:, None] * components[0]
    longer, shorter = (0, 1) if shape[0] > shape[1] else (1, 0)
    steps = [np.linspace(-2, 2, n) if n > 1 else np.zeros(1) for n in shape]
    grid = np.meshgrid(*steps, indexing="ij")
    plane = np.stack([grid[longer].ravel() * deviations[0], grid[shorter].ravel() * deviations[1]], axis=1)
    return mean + size * (plane @ components)


def _wind_line(shape):
    """Return places from -2 to 2, one for each cell (n_cells,), along a way that winds over the map.

    Data on a line has no second axis. A plane would give all cells across the line the same weights, of which only the
    first would ever be a best cell.
    """
    n_cells = shape[0] * shape[1]
    lines = np.linspace(-2, 2, n_cells).reshape(max(shape), min(shape)) if n_cells > 1 else np.zeros((1, 1))
    lines[1::2] = lines[1::2, ::-1].copy()
    return (lines if shape[0] > shape[1] else lines.T).ravel()


def _lead(centered):
    """Return the leading standard deviations and components of the rows, two or, for data on a line, one."""
    values, components = find_axes(centered, 2)
    deviations = np.sqrt(values)
    if len(values) == 2 and deviations[1] < NARROW * deviations[0]:
        deviations, components = deviations[:1], components[:1]
    norms = np.linalg.norm(components, axis=1, keepdims=True)
    components = np.divide(components, norms, out=np.zeros_like(components), where=norms > 0)
    signs = np.sign(components[np.arange(len(components)), np.abs(components).argmax(axis=1)])
    return deviations, components * np.where(signs == 0, 1, signs)[:, None]


def _fill(part, X):
    """Put the feature's mean in place of missing values."""
    missing = np.isnan(part)
    if missing.any():
        part[missing] = np.broadcast_to(_average(X), part.shape)[missing]
    return part


def _average(X):
    """Return the mean of the observed values of each feature, slab by slab."""
    total, number = np.zeros(X.shape[1]), np.zeros(X.shape[1])
    for rows in slabs(*X.shape):
        total += np.nansum(X[rows], axis=0, dtype=np.float64)
        number += np.count_nonzero(~np.isnan(X[rows]), axis=0)
    return total / np.maximum(number, 1)
