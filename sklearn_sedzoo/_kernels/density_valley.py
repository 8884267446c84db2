"""Is there a gap between two groups of points, or do they join?"""

from __future__ import annotations

import numpy as np

_FEWEST = 10


def deepest_valleys(X: np.ndarray, labels: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Return for each group how filled the space is between it and the group it is joined to most: 0 empty, 1 full.

    Members of both groups are projected on the line through their centers, which lie at 0 and 1. The number between
    .4 and .6 is divided by the smaller of the numbers within .1 of the centers. A group of one is 1.
    """
    n_groups = len(centers)
    filled = np.ones((n_groups, n_groups))
    for i in range(n_groups):
        for j in range(i):
            axis = centers[j] - centers[i]
            along = (X[(labels == i) | (labels == j)] - centers[i]) @ axis / max(axis @ axis, 1e-300)
            middle, low, high = (np.count_nonzero(np.abs(along - at) <= 0.1) for at in (0.5, 0.0, 1.0))
            if min(low, high) >= _FEWEST:
                filled[i, j] = filled[j, i] = middle / min(low, high)
    np.fill_diagonal(filled, -np.inf)
    return filled.max(axis=1) if n_groups > 1 else np.ones(1)
