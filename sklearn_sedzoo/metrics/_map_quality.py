"""How close a map is to data, and how well it keeps their order: plain functions of a fitted SOMMapper and X."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sklearn_sedzoo._kernels import som_quality
from sklearn_sedzoo._parameters import Seed, check_parameter, checked, integer, nothing, number, random_state
from sklearn_sedzoo.mapping import FittedMap


def quantization_error(som: Any, X: Any) -> float:
    """Return the mean distance of samples to their best cell, ``mean_i ||x_i - w_b(i)||`` [1]_.

    It falls with every cell added and with every radius taken away: never choose the size or the radius of a map by
    it alone. Lower is better.

    Parameters
    ----------
    som : SOMMapper
        Fitted map, or what holds one: see `FittedMap.of`.
    X : array-like of shape (n_samples, n_features)
        Data, best held out.

    Returns
    -------
    float
        In units of X; 1 - cosine for ``metric="cosine"``.

    References
    ----------
    .. [1] T. Kohonen, Self-Organizing Maps, 3rd ed. (2001), section 3.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_sedzoo.mapping import SOMMapper
    >>> from sklearn_sedzoo.metrics import quantization_error
    >>> X = load_iris().data
    >>> som = SOMMapper(5, 5).fit(X)
    >>> quantization_error(som, X) == som.quantization_error_
    True
    """
    fitted, X = _read(som, X)
    return fitted.average_distance(X, fitted.find(X).best)


def topographic_error(som: Any, X: Any) -> float:
    """Return the share of samples whose two best cells do not touch [1]_.

    Cells touch 8 others on a rectangular map and 6 on a hexagonal one. Lower is better; a map of one cell has 0.

    Parameters
    ----------
    som : SOMMapper
        Fitted map.
    X : array-like of shape (n_samples, n_features)
        Data, best held out.

    Returns
    -------
    float
        From 0 to 1.

    References
    ----------
    .. [1] K. Kiviluoto, "Topology preservation in self-organizing maps", IEEE ICNN (1996) 294.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_sedzoo.mapping import SOMMapper
    >>> from sklearn_sedzoo.metrics import topographic_error
    >>> X = load_iris().data
    >>> som = SOMMapper(5, 5).fit(X)
    >>> topographic_error(som, X) == som.topographic_error_
    True
    """
    fitted, X = _read(som, X)
    found = fitted.find(X, with_second=True)
    return 1 - float(fitted.touch(found.best, found.second).mean())


def combined_error(som: Any, X: Any) -> float:
    """Return the mean length of the way from a sample to its best cell and on, over touching cells, to its second [1]_.

    ``mean_i ||x_i - w_b(i)|| + min over ways from b(i) to b'(i) of sum ||w_k - w_k+1||``: closeness and order in one
    number, in units of X. Lower is better.

    Parameters
    ----------
    som : SOMMapper
        Fitted map.
    X : array-like of shape (n_samples, n_features)
        Data, best held out.

    Returns
    -------
    float
        In units of X.

    Notes
    -----
    Shortest ways cost O(K² log K) for K cells.

    References
    ----------
    .. [1] S. Kaski, K. Lagus, "Comparing self-organizing maps", ICANN (1996) 809, equation 3.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_sedzoo.mapping import SOMMapper
    >>> from sklearn_sedzoo.metrics import combined_error, quantization_error
    >>> X = load_iris().data
    >>> som = SOMMapper(5, 5).fit(X)
    >>> combined_error(som, X) > quantization_error(som, X)
    True
    """
    fitted, X = _read(som, X)
    found = fitted.find(X, with_second=True)
    error = fitted.average_distance(X, found.best)
    if fitted.n_cells == 1:
        return error
    return float(error + som_quality.path_lengths(fitted.codebook, found.best, found.second, **fitted.grid).mean())


@checked(radius=[number(0), nothing()])
def distortion(som: Any, X: Any, radius: float | None = None) -> float:
    """Return the mean squared distance to the best cell and its neighbors, weighted by the neighborhood function.

    ``sum_i sum_j h(d_jb(i)) ||x_i - w_j||² / sum_i sum_j h(d_jb(i))``, the energy that batch training lowers at a
    fixed radius [1]_. Lower is better; compare maps at the same radius only.

    Parameters
    ----------
    som : SOMMapper
        Fitted map.
    X : array-like of shape (n_samples, n_features)
        Data, best held out.
    radius : float or None, default=None
        Radius in cells; None is `radius_` of the map: the last of the training (1 for online maps).

    Returns
    -------
    float
        In units of X squared.

    References
    ----------
    .. [1] T. Heskes, "Energy functions for self-organizing maps", in Kohonen Maps (1999) 303.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_sedzoo.mapping import SOMMapper
    >>> from sklearn_sedzoo.metrics import distortion
    >>> X = load_iris().data
    >>> som = SOMMapper(5, 5).fit(X)
    >>> distortion(som, X, radius=0.3) < distortion(som, X, radius=2)
    True
    """
    fitted, X = _read(som, X)
    return fitted.distortion(fitted.find(X, with_second=True, with_sums=True), radius)


def topographic_product(som: Any) -> float:
    """Return the topographic product: whether the map has too few or too many dimensions for the data [1]_.

    ``P = 1 / (K (K - 1)) sum_j sum_k 1/2k sum_l<=k log(Q1(j, l) Q2(j, l))``, with Q1 (Q2) the ratio of the distances in
    data space (on the map) of the l-th neighbor on the map and the l-th neighbor in data space. 0 is best; below
    0 the map folds itself into more dimensions than it has, above 0 the data has fewer than the map.

    Parameters
    ----------
    som : SOMMapper
        Fitted map; no data is needed.

    Returns
    -------
    float
        0 for a map whose order is that of its weights.

    Notes
    -----
    O(K² (D + log K)) for K cells of D features. Neighbors at the same distance are taken in the order of the other
    space.

    References
    ----------
    .. [1] H.-U. Bauer, K. Pawelzik, "Quantifying the neighborhood preservation of self-organizing feature maps", IEEE
       Trans. Neural Networks 3 (1992) 570, equation 16.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.mapping import Batch, SOMMapper
    >>> from sklearn_sedzoo.metrics import topographic_product
    >>> grid = np.stack(np.meshgrid(np.arange(4.0), np.arange(4.0), indexing="ij"), axis=2)
    >>> one_step = Batch(1, radius_start=0, radius_end=0)
    >>> som = SOMMapper(4, 4, init=grid, algorithm=one_step).fit(grid.reshape(-1, 2))
    >>> abs(topographic_product(som)) < 1e-12
    True
    """
    fitted = FittedMap.of(som)
    return som_quality.topographic_product(fitted.codebook, **fitted.grid)


@checked(n_neighbors=[integer(1)], n_samples=[integer(2)], random_state=random_state())
def map_trustworthiness(
    som: Any, X: Any, n_neighbors: int = 12, *, n_samples: int = 2000, random_state: Seed = None
) -> float:
    """Return whether samples that are near each other on the map are near in the data [1]_.

    ``1 - 2 / (n k (2n - 3k - 1)) sum_i sum_j in U_k(i) max(r(i, j) - k, 0)``, with U_k the k nearest on the map and
    r the rank in the data. Of samples at the same distance on the map, tied across the border of U_k, each counts in
    part. 1 is best.

    Parameters
    ----------
    som : SOMMapper
        Fitted map.
    X : array-like of shape (n_samples, n_features)
        Data without missing values.
    n_neighbors : int, default=12
        The size k of the neighborhoods, less than half the number of samples.
    n_samples : int, default=2000
        At most this many rows (chosen at random) are used: the cost is their square.
    random_state : int, RandomState instance or None, default=None
        Choice of the rows.

    Returns
    -------
    float
        At most 1.

    See Also
    --------
    neighborhood_preservation : The same with the spaces exchanged.

    References
    ----------
    .. [1] J. Venna, S. Kaski, "Neighborhood preservation in nonlinear projection methods", ICANN (2001) 485.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_sedzoo.mapping import SOMMapper
    >>> from sklearn_sedzoo.metrics import map_trustworthiness
    >>> X = load_iris().data
    >>> map_trustworthiness(SOMMapper(5, 5).fit(X), X) > 0.9
    True
    """
    return _rank("map_trustworthiness", som, X, n_neighbors, n_samples, random_state)[0]


@checked(n_neighbors=[integer(1)], n_samples=[integer(2)], random_state=random_state())
def neighborhood_preservation(
    som: Any, X: Any, n_neighbors: int = 12, *, n_samples: int = 2000, random_state: Seed = None
) -> float:
    """Return whether samples that are near each other in the data are near on the map (continuity) [1]_.

    ``1 - 2 / (n k (2n - 3k - 1)) sum_i sum_j in V_k(i) max(s(i, j) - k, 0)``, with V_k the k nearest in the data and
    s the rank on the map, the mean rank for samples at the same distance. 1 is best.

    Parameters
    ----------
    som : SOMMapper
        Fitted map.
    X : array-like of shape (n_samples, n_features)
        Data without missing values.
    n_neighbors : int, default=12
        The size k of the neighborhoods, less than half the number of samples.
    n_samples : int, default=2000
        At most this many rows (chosen at random) are used: the cost is their square.
    random_state : int, RandomState instance or None, default=None
        Choice of the rows.

    Returns
    -------
    float
        At most 1.

    See Also
    --------
    map_trustworthiness : The same with the spaces exchanged.

    References
    ----------
    .. [1] J. Venna, S. Kaski, "Neighborhood preservation in nonlinear projection methods", ICANN (2001) 485.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_sedzoo.mapping import SOMMapper
    >>> from sklearn_sedzoo.metrics import neighborhood_preservation
    >>> X = load_iris().data
    >>> neighborhood_preservation(SOMMapper(5, 5).fit(X), X) > 0.9
    True
    """
    return _rank("neighborhood_preservation", som, X, n_neighbors, n_samples, random_state)[1]


def _read(som, X):
    """Return the fitted map, and the rows of X that have values."""
    fitted = FittedMap.of(som)
    X = fitted.read(X)
    return fitted, X[~np.isnan(X).all(axis=1)] if fitted.masks else X


def _rank(owner, som, X, n_neighbors, n_samples, random_state):
    fitted, X = _read(som, X)
    if np.isnan(X).any():
        raise ValueError("X must have no missing values where neighbors are ranked; fill or drop them.")
    rows = np.sort(check_random_state(random_state).permutation(len(X))[:n_samples])
    check_parameter(owner, "n_neighbors", n_neighbors, [integer(1, max(1, (len(rows) - 1) // 2))])
    data = X[rows].astype(np.float64)
    if fitted.metric == "cosine":
        data /= np.linalg.norm(data, axis=1, keepdims=True)
    return som_quality.rank_penalties(data, fitted.find(X[rows]).best, n_neighbors, **fitted.grid)
