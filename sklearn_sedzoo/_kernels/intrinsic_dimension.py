"""How many numbers points vary in, from the distances to their nearest neighbors."""

from __future__ import annotations

import numpy as np


def estimate_dimension(distances: np.ndarray) -> float:
    """Return the most likely dimension, from the distances of each point to its k >= 2 nearest neighbors, ascending.

    1 / d is the mean of log(r_k / r_j) over points and j < k. Points on top of their neighbor are left out; NaN
    where no point is left, infinity where the neighbors of each point are all equally far.
    """
    distances = distances[distances[:, 0] > 0]
    if not len(distances):
        return np.nan
    inverse = float(np.mean(np.log(distances[:, -1:] / distances[:, :-1])))
    return 1 / inverse if inverse > 0 else np.inf
