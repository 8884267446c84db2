"""Scores of spectra with gaps and with errors, by weighted least squares."""

from __future__ import annotations

import numpy as np

BLOCK_ROWS = 32


def solve_weighted_scores(X, weight, mean, axes, spread) -> np.ndarray:
    r"""Return the most probable scores of each row on the principal axes.

    With weights :math:`w` (inverse variances, 0 where a pixel is missing), axes :math:`V` and the spread
    :math:`s` of the scores, row by row

    .. math:: c = (V W V^T + \mathrm{diag}(s^{-2}))^{-1} V W (x - \mu).

    Cost: n_samples x n_wavelengths x n_axes^2 multiplications; 32 rows at a time.

    Parameters
    ----------
    X, weight : ndarray of shape (n_samples, n_wavelengths)
        Fluxes (anything where the weight is 0) and inverse variances.
    mean, axes, spread : ndarray of shape (n_wavelengths,), (n_axes, n_wavelengths) and (n_axes,)
        The principal frame.

    Returns
    -------
    scores : ndarray of shape (n_samples, n_axes)
        A row without any weight gets zeros: the mean spectrum.
    """
    prior = np.diag(1 / np.maximum(spread, 1e-12 * max(spread.max(initial=0), np.finfo(float).tiny)) ** 2)
    scores = np.empty((len(X), len(axes)))
    for start in range(0, len(X), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        pull, metric = weigh_along_axes(X[rows], weight[rows], mean, axes)
        scores[rows] = np.linalg.solve(metric + prior, pull[:, :, None])[:, :, 0]
    return scores


def weigh_along_axes(X, weight, mean, axes) -> tuple[np.ndarray, np.ndarray]:
    """Return ``V W (x - mean)`` and ``V W V^T`` of each row: of shapes (n, n_axes) and (n, n_axes, n_axes)."""
    weight = np.asarray(weight, dtype=np.float64)
    rest = np.where(weight > 0, X - mean, 0.0)
    return (weight * rest) @ axes.T, (weight[:, None, :] * axes) @ axes.T
