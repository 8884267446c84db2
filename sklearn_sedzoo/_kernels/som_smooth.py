"""A codebook that is smooth over the map, as few functions of the cells times as many spectra."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh

_ROUNDING = 1e-15  # share of the sum of squares: its root is what float32 rounds
_WORTH = 0.7  # of the operations
_FARTHEST = 10.0  # times the median distance from the center; cells farther out would use up the digits of the others


class SmoothFactors(NamedTuple):
    """`functions` (n_cells, n_terms) and `parts` (n_terms, n_features), whose product is the codebook."""

    functions: np.ndarray
    parts: np.ndarray


def factor_codebook(centered: np.ndarray, shape: tuple[int, int]) -> SmoothFactors | None:
    """Return the factors of weights about a center (n_cells, n_features), None where they would not save operations.

    The weights that the neighborhood has smoothed vary over rows and over columns by few functions, the leading
    vectors of the two unfoldings [1]_: ``w_rc = sum_ab f_ra g_cb p_ab``. What is left out is below the rounding of
    float32, so long as no cell is much farther out than most. A product of n samples with the codebook then costs
    2 n n_terms (n_cells + n_features) operations instead of 2 n n_cells n_features.

    References
    ----------
    .. [1] L. De Lathauwer et al., "A multilinear singular value decomposition", SIAM J. Matrix Anal. 21 (2000) 1253.
    """
    n_cells, n_features = centered.shape
    norms = np.einsum("ij,ij->i", centered, centered)
    if norms.max() > _FARTHEST**2 * np.median(norms):
        return None
    most = _WORTH / (1 / n_cells + 1 / n_features)
    cube = centered.reshape(*shape, n_features)
    flat = centered.reshape(shape[0], -1)
    f = _leading(flat @ flat.T)
    if f.shape[1] > most:
        return None
    g = _leading(np.matmul(cube, cube.transpose(0, 2, 1)).sum(axis=0))
    parts = np.matmul(g.T, (f.T @ flat).reshape(-1, *cube.shape[1:])).reshape(-1, n_features)
    energy = np.einsum("ij,ij->i", parts, parts)
    kept = energy > _ROUNDING * energy.sum()
    if not 0 < kept.sum() <= most:
        return None
    functions = np.einsum("ra,cb->rcab", f, g).reshape(n_cells, -1)
    return SmoothFactors(functions[:, kept], parts[kept])


def _leading(gram):
    values, vectors = eigh(gram)
    return vectors[:, values > _ROUNDING * values.sum()]
