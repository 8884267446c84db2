"""Weighted quantiles and moments along rows."""

from __future__ import annotations

import numpy as np


def weighted_quantiles(values: np.ndarray, weights: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Return quantiles of each row, shape (n_rows, n_quantiles); entries of weight 0 are not there.

    The i-th value in order stands at ``(sum_{j<=i} w_j - w_i / 2) / sum_j w_j`` (Hazen's rule), with straight lines
    between; the median of equal weights is the usual one. A row without weights gives NaN.
    """
    order = np.argsort(np.where(weights > 0, values, np.inf), axis=1, kind="stable")
    values, weights = np.take_along_axis(values, order, axis=1), np.take_along_axis(weights, order, axis=1)
    n_known = np.count_nonzero(weights > 0, axis=1)
    total = weights.sum(axis=1, keepdims=True)
    places = (np.cumsum(weights, axis=1) - weights / 2) / np.where(total > 0, total, 1)
    places[weights <= 0] = 2.0
    out = np.empty((len(values), len(quantiles)))
    rows, last = np.arange(len(values)), np.maximum(n_known - 1, 0)
    for number, quantile in enumerate(quantiles):
        above = np.minimum(np.count_nonzero(places < quantile, axis=1), last)
        below = np.maximum(above - 1, 0)
        low, high = places[rows, below], places[rows, above]
        share = np.clip((quantile - low) / np.where(high > low, high - low, 1.0), 0, 1)
        share = np.where(above > below, share, 0.0)
        first, second = values[rows, below], values[rows, above]
        out[:, number] = np.where(n_known > 0, first + share * (second - first), np.nan)
    return out


def weighted_moments(values: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted mean and standard deviation of each row; NaN for a row without weights."""
    total = weights.sum(axis=1)
    total = np.where(total > 0, total, np.nan)
    kept = np.where(weights > 0, values, 0.0)
    mean = (weights * kept).sum(axis=1) / total
    spread = np.where(weights > 0, values - mean[:, None], 0.0)
    return mean, np.sqrt((weights * spread**2).sum(axis=1) / total)
