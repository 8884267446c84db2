"""Leading principal components in which a map can be trained almost as well, and much faster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from sklearn_sedzoo._kernels.som_codebook import slabs

_FEWEST_FEATURES = 32


@dataclass
class Subspace:
    """A mean, orthonormal rows, the data's coordinates, and the share of the variance left out (float64)."""

    mean: np.ndarray
    components: np.ndarray
    coordinates: np.ndarray
    residual: float

    def project(self, weights: np.ndarray) -> np.ndarray:
        """Return the coordinates of weights (n_cells, n_features)."""
        return (weights - self.mean) @ self.components.T

    def expand(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the weights (n_cells, n_features) at the coordinates."""
        return coordinates @ self.components + self.mean


def find_subspace(
    X: np.ndarray, tol: float, *, sample_weight: np.ndarray | None = None, map_slabs: Callable = map
) -> Subspace | None:
    """Return the Subspace that leaves less than `tol` of the variance of X, or None where none is small enough.

    Components come from a regular choice of rows, with half the tolerance; what they leave is then measured on all
    rows, in float64, and the choice is widened until it suffices. Worth it only below half the number of features.
    """
    n_samples, n_features = X.shape
    if n_features < _FEWEST_FEATURES:
        return None
    weight = np.ones(n_samples) if sample_weight is None else sample_weight
    used = np.flatnonzero(weight)
    n_rows = max(512, n_features // 8)
    while True:
        rows = used[:: -(-len(used) // n_rows)]
        mean, components = _leading_components(X[rows].astype(np.float64), weight[rows], tol / 2)
        if len(components) > n_features // 2:
            return None
        subspace = _measure(X, mean, components, weight, map_slabs)
        if subspace.residual < tol:
            return subspace
        if len(rows) == len(used):
            return None
        n_rows *= 4


def _leading_components(sample, weight, tol):
    weight = weight / weight.sum()
    mean = weight @ sample
    sample -= mean
    scaled = sample * np.sqrt(weight)[:, None]
    values, components = find_axes(scaled)
    left = 1 - np.cumsum(values) / max(values.sum(), np.finfo(float).tiny)
    n_kept = min(int(np.argmax(left < tol)) + 1, len(values)) if values.any() else 1
    components = components[:n_kept]
    if scaled.shape[1] <= len(scaled):
        return mean, components
    # the Gram matrix squares the condition: orthonormalize what it gave
    return mean, np.linalg.qr(components.T)[0].T


def find_axes(rows: np.ndarray, n_axes: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the leading squared singular values of rows and the axes, through the smaller Gram matrix.

    Axes have norm 1 where there are no more features than rows; else their norms are the singular values.
    """
    is_wide = rows.shape[1] > len(rows)
    gram = rows @ rows.T if is_wide else rows.T @ rows
    which = None if n_axes is None else (max(len(gram) - n_axes, 0), len(gram) - 1)
    values, vectors = eigh(gram, subset_by_index=which)
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1].T
    return values, vectors @ rows if is_wide else vectors


def _measure(X, mean, components, weight, map_slabs):
    coordinates = np.empty((len(X), len(components)), dtype=X.dtype)
    basis = np.ascontiguousarray(components.T)

    def project(rows):
        centered = X[rows].astype(np.float64) - mean
        part = centered @ basis
        coordinates[rows] = part
        return weight[rows] @ np.einsum("ij,ij->i", centered, centered), _left(centered, part, components, weight[rows])

    total = left = 0.0
    for whole, rest in map_slabs(project, slabs(*X.shape)):
        total, left = total + whole, left + rest
    return Subspace(mean, components, coordinates, left / total if total else 0.0)


def _left(centered, part, components, weight):
    """Return the weighted squared norm of what the components leave, from the differences: no cancellation."""
    centered -= part @ components
    return weight @ np.einsum("ij,ij->i", centered, centered)
