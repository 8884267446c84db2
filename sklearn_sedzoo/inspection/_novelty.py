"""How strange a spectrum is to a fitted pipeline: reconstruction error and map distance as calibrated scores."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

from sklearn_sedzoo._containers import take_flux
from sklearn_sedzoo._kernels.masked import masked_mean
from sklearn_sedzoo.mapping import FittedMap
from sklearn_sedzoo.pipeline import split_at_embedding

_ROUNDING = 1e-12


def measure_novelty(view):
    """Return (n_samples, 1 or 2): mean squared reconstruction error, and the distance to the nearest cell or center.

    The distance is left out where the last step has neither cells nor centers. What cannot be measured is infinite.
    """
    flux, _, _ = take_flux(view.spectra)
    columns = [np.maximum(view.error, _ROUNDING * masked_mean(flux.astype(float) ** 2, axis=1))]  # less is rounding
    centers = find_centers(view.pipeline)
    if centers is not None:
        columns.append(cdist(np.asarray(view.features, dtype=float), centers).min(axis=1))
    measured = np.column_stack(columns)
    return np.where(np.isfinite(measured), measured, np.inf)


def find_centers(pipeline):
    """Return the weights of the cells that hold training spectra, or the centers of the clusters; None without either.

    A cell that no training spectrum fell in lies between others and covers nothing.
    """
    try:
        fitted = FittedMap.of(pipeline)
    except NotFittedError:
        centers = getattr(
            pipeline.steps[-1][1] if isinstance(pipeline, Pipeline) else pipeline, "cluster_centers_", None
        )
    else:
        centers = fitted.weights[fitted.hits > 0]
    return None if centers is None else np.asarray(centers, dtype=float)


def score_novelty(measured, calibration):
    """Return log10 of the chance that a known spectrum is as strange; below the smallest chance it falls on.

    p = (1 + number of calibration spectra that are as strange) / (m + 1), see `_rank`. Beyond the largest calibration
    value, log10(value / largest) is taken off.
    """
    ordered = np.sort(calibration, axis=0)
    known = np.sort(_rank(_count_above(calibration, ordered) - 1, len(calibration)))  # itself does not count
    rank = _rank(_count_above(measured, ordered), len(calibration))
    p_value = (1 + np.searchsorted(known, rank, side="right")) / (len(calibration) + 1)
    largest = np.maximum(ordered[-1], np.finfo(float).tiny)
    beyond = np.log10(np.clip(measured / largest, 1, 1e300)).max(axis=1)
    return np.minimum(np.log10(p_value) - beyond, 0)


def _count_above(measured, ordered):
    """Return how many calibration values are at least as large, column by column."""
    columns = zip(measured.T, ordered.T, strict=True)
    return np.column_stack(
        [len(known) - np.searchsorted(known, values * (1 - 1e-9), side="left") for values, known in columns]
    )


def _rank(counts, m):
    """Return the smallest count of each row, lower is stranger; of equal ones the smaller sum is the stranger."""
    return counts.min(axis=1) + counts.sum(axis=1) / (counts.shape[1] * m + 1)


def has_embedding(pipeline):
    """Tell whether `pipeline` can reconstruct."""
    try:
        split_at_embedding(pipeline)
    except ValueError:
        return False
    return True
