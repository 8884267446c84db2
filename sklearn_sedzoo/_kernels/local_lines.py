"""Labeled samples around prototypes -> a straight line (or a median) at each prototype, with honest residuals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class LocalFits(NamedTuple):
    """Fits at K prototypes from m samples each, in d features."""

    center: np.ndarray  # (K, d) where the line has its level
    level: np.ndarray  # (K,)
    slope: np.ndarray  # (K, d)
    low: np.ndarray  # (K,) smallest label, below which no prediction goes
    high: np.ndarray  # (K,)
    rows: np.ndarray  # (K, m) the samples
    weight: np.ndarray  # (K, m) their weights, of sum 1
    residual: np.ndarray  # (K, m) label minus the prediction of a fit without it
    scatter: np.ndarray  # (K,) weighted rms of the residuals


def fit_lines(X, y, rows, distance, ridge, n_robust=1):
    """Fit a weighted ridge line at each prototype.

    Weights fall linearly with squared distance to the prototype (1 - d² / d_max²); large residuals lose weight by
    Huber's rule, `n_robust` times. Residuals are those of leaving one sample out, r / (1 - leverage).

    Parameters
    ----------
    X : ndarray of shape (n_samples, d)
    y : ndarray of shape (n_samples,)
    rows : ndarray of shape (K, m)
        Samples around each prototype.
    distance : ndarray of shape (K, m)
        Their distances.
    ridge : ndarray of shape (d,)
        Penalty on the squared slope of each feature.
    n_robust : int, default=1

    Returns
    -------
    LocalFits
    """
    square = distance**2
    near = np.clip(1 - square / np.maximum(square.max(axis=1, keepdims=True), 1e-300), 0.02, None)
    samples, labels = X[rows], y[rows]
    robust = np.ones_like(near)
    for step in range(n_robust + 1):
        weight = near * robust
        total = weight.sum(axis=1, keepdims=True)
        center = np.einsum("km,kmd->kd", weight, samples) / total
        level = (weight * labels).sum(axis=1) / total[:, 0]
        shifted = samples - center[:, None]
        weighted = shifted * weight[..., None]
        normal = np.einsum("kmd,kme->kde", weighted, shifted) + np.diag(ridge)
        target = np.einsum("kmd,km->kd", weighted, labels - level[:, None])
        slope = np.linalg.solve(normal, target[..., None])[..., 0]
        residual = labels - level[:, None] - np.einsum("kmd,kd->km", shifted, slope)
        if step < n_robust:
            scale = 1.4826 * np.median(abs(residual), axis=1, keepdims=True) + 1e-12
            robust = 1 / np.maximum(1, abs(residual) / (1.5 * scale))
    spread = np.linalg.solve(normal, np.swapaxes(shifted, 1, 2))
    leverage = weight * (1 / total + np.einsum("kmd,kdm->km", shifted, spread))
    residual = residual / (1 - np.clip(leverage, 0, 0.9))
    near = near / near.sum(axis=1, keepdims=True)
    scatter = np.sqrt((near * residual**2).sum(axis=1))
    return LocalFits(center, level, slope, labels.min(axis=1), labels.max(axis=1), rows, near, residual, scatter)


def fit_medians(X, y, rows, count):
    """Take the median of the first `count` samples of each row; the same form as lines, without slopes.

    Leaving one sample out moves a median by a step or not at all: residuals are those of the medians without it.
    """
    n_cells, width = rows.shape
    used = np.arange(width) < count[:, None]
    labels = np.where(used, y[rows], np.nan)
    level = np.nanmedian(labels, axis=1)
    ordered = np.sort(labels, axis=1)  # NaN last
    place = np.argsort(np.argsort(labels, axis=1), axis=1)
    # without the sample at `place`, the median of the count - 1 others
    first, second = (count - 2) // 2, (count - 1) // 2
    cells = np.arange(n_cells)[:, None]

    def without(rank):
        rank = np.maximum(rank, 0)[:, None] + 0 * place
        return ordered[cells, np.minimum(rank + (place <= rank), width - 1)]

    left = np.where(count[:, None] > 1, 0.5 * (without(first) + without(second)), level[:, None])
    residual = np.where(used, labels - left, 0.0)
    weight = used / count[:, None]
    scatter = np.sqrt((weight * residual**2).sum(axis=1))
    d = X.shape[1]
    return LocalFits(
        np.zeros((n_cells, d)), level, np.zeros((n_cells, d)), np.nanmin(labels, axis=1), np.nanmax(labels, axis=1),
        np.where(used, rows, -1), weight, residual, scatter,
    )  # fmt: skip


def evaluate_fits(fits, X, cells):
    """Predict at X with the fits of the given cells, within the range of the labels there; shape (n_samples,)."""
    line = fits.level[cells] + np.einsum("nd,nd->n", X - fits.center[cells], fits.slope[cells])
    return np.clip(line, fits.low[cells], fits.high[cells])


def weigh_rows(fits, X, samples, cells, own=None, rank=15, width=0.5):
    """Weights of the fits' samples for each row of X: those near it count more; shape (n_rows, m), sums of 1.

    ``exp(-d² / 2 h²)`` times the fit's own weights, with h = `width` x distance to the sample of that `rank`.
    Samples marked in `own` are left out; a row without any other has weights of 0.
    """
    square = ((X[:, None] - samples[fits.rows[cells]]) ** 2).sum(axis=2)
    if own is not None:
        square[own] = np.inf
    rank = min(rank, square.shape[1] - 1)
    reach = np.partition(square, rank, axis=1)[:, rank : rank + 1]
    reach = np.where(np.isfinite(reach) & (reach > 0), reach, np.finfo(float).max)
    weight = fits.weight[cells] * np.exp(-square / (2 * width**2 * reach))
    return weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-300)


def evaluate_without(fits, X, y, cells, chosen):
    """Predict at chosen training samples, each by fits that did not see it; also their places in the fits' rows.

    Returns
    -------
    predicted : ndarray of shape (n_chosen,)
    own : bool ndarray of shape (n_chosen, m)
        True where an entry of the cell's fit is the sample itself.
    """
    cells = cells[chosen]
    predicted = evaluate_fits(fits, X[chosen], cells)
    own = fits.rows[cells] == chosen[:, None]
    seen = own.any(axis=1)
    left_out = y[chosen][seen] - fits.residual[cells][own]
    predicted[seen] = np.clip(left_out, fits.low[cells[seen]], fits.high[cells[seen]])
    return predicted, own
