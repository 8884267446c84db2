"""Batch training: assign all samples, move all cells, shrink the radius, again."""

from functools import partial

import numpy as np

from sklearn_sedzoo._kernels.som_search import Assignment, find_best_cells
from sklearn_sedzoo._kernels.som_update import update_weights


def train_batch(X, weights, radii, *, sample_weight, grid, search, subspace, reporter):
    """Return weights (n_cells, n_features) after one update for each radius, and the history by epoch.

    `grid` are the keywords of `update_weights` about the map, `search` those of `find_best_cells` about the data.
    With a `subspace` all epochs but the last run on its coordinates.
    """
    history = {"radius": [], "quantization_error": []}
    is_stopped, is_smooth = False, True
    parts = [(X, radii, False)]
    if subspace is not None:
        weights = subspace.project(weights)
        parts = [(subspace.coordinates, radii[:-1], True), (X, radii[-1:], False)]
    for data, part, is_projected in parts:
        if subspace is not None and not is_projected:
            weights = subspace.expand(weights)
        for radius in part if not is_stopped else ():
            reporter.begin()
            found = find_best_cells(
                data,
                weights,
                sample_weight=sample_weight,
                with_sums=True,
                is_exact=False,
                shape=grid["shape"] if is_smooth else None,
                **search,
            )
            is_smooth = found.is_smooth or not history["radius"]  # the first weights may be samples, later ones smooth
            weights = update_weights(weights, found, radius, **grid)
            error = average_error(found.squared, sample_weight, is_cosine=grid["is_normalized"])
            history["radius"].append(radius)
            history["quantization_error"].append(error)
            show = partial(subspace.expand if is_projected else np.copy, weights)
            is_stopped = reporter.end(show, radius=radius, quantization_error=error)
            if is_stopped:
                break
    return weights, history


def average_error(squared, sample_weight, *, is_cosine=False):
    """Return the mean distance to the best cell; for data of norm 1 the cosine distance is half the square."""
    return float(np.average(squared / 2 if is_cosine else np.sqrt(squared), weights=sample_weight))


def remember(past, found, memory):
    """Return the sums of the present batch with those of the past, times `memory`, about the present centre."""
    if past is None:
        return found
    moved = past["sums"] + past["counts"] * (past["center"] - found.center)
    return Assignment(
        found.best,
        found.squared,
        found.center,
        found.second,
        sums=found.sums + memory * moved,
        counts=found.counts + memory * past["counts"],
    )
