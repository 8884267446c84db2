"""Batch training: assign all samples, move all cells, shrink the radius, again."""

import numpy as np

from sklearn_sedzoo._kernels.som_search import find_best_cells
from sklearn_sedzoo._kernels.som_update import update_weights


def train_batch(X, weights, radii, *, sample_weight, grid, search, reporter):
    """Return weights (n_cells, n_features) after one update for each radius, and the history by epoch.

    `grid` are the keywords of `update_weights` about the map, `search` those of `find_best_cells` about the data.
    """
    history = {"radius": [], "quantization_error": []}
    for radius in radii:
        reporter.begin()
        found = find_best_cells(X, weights, sample_weight=sample_weight, with_sums=True, **search)
        weights = update_weights(weights, found, radius, is_normalized=search.get("is_normalized", False), **grid)
        error = average_error(found.squared, sample_weight, is_cosine=search.get("is_normalized", False))
        history["radius"].append(radius)
        history["quantization_error"].append(error)
        if reporter.end(weights, radius=radius, quantization_error=error):
            break
    return weights, history


def average_error(squared, sample_weight, *, is_cosine=False):
    """Return the mean distance to the best cell; for data of norm 1 the cosine distance is half the square."""
    return float(np.average(squared / 2 if is_cosine else np.sqrt(squared), weights=sample_weight))
