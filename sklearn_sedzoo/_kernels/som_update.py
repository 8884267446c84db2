"""One step of batch training: new weights, and the energy they lower, from the sums over the cells' members."""

from __future__ import annotations

import numpy as np

from sklearn_sedzoo._kernels.som_grid import smooth_cells
from sklearn_sedzoo._kernels.som_search import Assignment

_SMALLEST = 1e-290


def update_weights(
    weights: np.ndarray,
    found: Assignment,
    radius: float,
    *,
    shape: tuple[int, int],
    neighborhood: str = "gaussian",
    topology: str = "rectangular",
    is_toroidal: bool = False,
    is_normalized: bool = False,
) -> np.ndarray:
    """Return the weights (n_cells, n_features) after one epoch of the batch algorithm.

    ``w_j = sum_k h(d_jk) S_k / sum_k h(d_jk) c_k``, with S_k the sum of the members of cell k and c_k their number
    [1]_. A cell that no member reaches keeps its weights. The mexican hat is negative in places, where that ratio
    has no meaning: its step ``w_j + sum_k h(d_jk) (S_k - c_k w_j) / sum_k g(d_jk) c_k``, with g the bound
    (1 + d²/2r²) exp(-d²/2r²) of abs(h), is the same for h >= 0 and g = h; and weights that are pushed out of the box
    around the means of the cells' members stop at its wall.

    References
    ----------
    .. [1] T. Kohonen, "Essentials of the self-organizing map", Neural Networks 37 (2013) 52, equation 8.
    """
    grid = {"topology": topology, "is_toroidal": is_toroidal}
    summed = _smooth(found.sums, shape, radius, neighborhood, grid)
    counted = _smooth(found.counts, shape, radius, neighborhood, grid)
    if neighborhood == "mexican_hat":
        centered = weights - found.center
        bound = _smooth(found.counts, shape, radius, "mexican_hat_bound", grid)
        reached = bound > _SMALLEST
        step = np.divide(summed - counted * centered, bound, out=np.zeros_like(summed), where=reached)
        updated = _keep_inside(centered + step, found)
    else:
        reached = counted > _SMALLEST
        if reached.all():  # `where` is slow, and only a small radius leaves cells out
            updated = np.divide(summed, counted, out=summed)
        else:
            updated = np.divide(summed, counted, out=weights - found.center, where=reached)
    updated += found.center
    if is_normalized:
        norms = np.linalg.norm(updated, axis=1, keepdims=True)
        updated = np.divide(updated, norms, out=weights.copy(), where=norms > _SMALLEST)
    return updated


def _keep_inside(centered, found):
    """Clip weights to the range of the means of the cells' members, feature by feature."""
    occupied = found.counts > 0
    means = np.divide(found.sums, found.counts, out=np.zeros_like(centered), where=occupied)
    low = np.where(occupied, means, np.inf).min(axis=0)
    high = np.where(occupied, means, -np.inf).max(axis=0)
    return np.clip(centered, np.minimum(low, 0), np.maximum(high, 0))


def measure_energy(
    weights: np.ndarray,
    found: Assignment,
    radius: float,
    *,
    shape: tuple[int, int],
    neighborhood: str = "gaussian",
    topology: str = "rectangular",
    is_toroidal: bool = False,
) -> float:
    """Return the distortion of the map, ``sum_i sum_j h(d_jb(i)) ||x_i - w_j||²`` per unit of ``sum_i sum_j h``.

    The energy that batch training lowers at a fixed radius [1]_; computed from the sums over the cells' members,
    at the cost of one smoothing.

    References
    ----------
    .. [1] T. Heskes, "Energy functions for self-organizing maps", in Kohonen Maps (1999) 303.
    """
    grid = {"topology": topology, "is_toroidal": is_toroidal}
    summed = _smooth(found.sums, shape, radius, neighborhood, grid)
    counted = _smooth(found.counts, shape, radius, neighborhood, grid)
    squared = _smooth(np.asarray(found.squared_sums)[:, None], shape, radius, neighborhood, grid)
    centered = weights - found.center
    energy = squared.sum() - 2 * np.einsum("ij,ij->", centered, summed) + (counted * centered**2).sum()
    total = np.abs(counted).mean(axis=1).sum()
    return float(energy / total) if total else 0.0


def _smooth(values, shape, radius, neighborhood, grid):
    n_cells, n_features = values.shape
    values = np.asarray(values, dtype=np.float64).reshape(*shape, n_features)
    return smooth_cells(values, radius, neighborhood, **grid).reshape(n_cells, n_features)
