"""Principal axes of spectra with gaps and errors, and spectra from their scores: plain arrays in, plain arrays out."""

from __future__ import annotations

import numpy as np

from sklearn_sedzoo._kernels._principal import Frame, fit_principal_frame, project, residual_energy
from sklearn_sedzoo._kernels._weighted_scores import solve_weighted_scores

N_FILLS = 4  # rounds of filling gaps and fitting the axes again
FLUX_ROWS = 64  # spectra that are held in float64 at a time
N_NOISE = 200  # rows that are enough to measure what the axes leave out


def fit_gappy_frame(X, ivar, rows, n_axes, rng, row_weight=None, *, by_errors=False) -> tuple[Frame, float]:
    """Return the principal frame of ``X[rows]``, and the variance of a pixel that its axes leave out.

    Gaps (`ivar` of 0) are filled from the axes, which are then fitted again, four times. With `by_errors` a pixel of
    known error is filled, too, to the share that the error has of its variance about the axes.

    Parameters
    ----------
    X, ivar : ndarray of shape (n_samples, n_wavelengths)
        Fluxes (0 in gaps) and inverse variances: infinite where no error is known. Without `ivar` there are no gaps.
    rows : ndarray of int
        Those whose axes are asked for; the gaps of the others are filled along.
    n_axes, rng, row_weight
        As in `fit_principal_frame`.
    """
    if ivar is None:
        frame = fit_principal_frame(X, rows, n_axes, rng, row_weight)
        return frame, find_noise(X, rows, frame)
    is_there = ivar > 0
    mean = (is_there[rows] * X[rows]).sum(axis=0) / np.maximum(is_there[rows].sum(axis=0), 1)
    filled = np.where(is_there, X, mean).astype(np.float64)
    gappy = np.flatnonzero((np.isfinite(ivar) if by_errors else ~is_there).any(axis=1))
    for _ in range(N_FILLS if len(gappy) else 1):
        frame = fit_principal_frame(filled, rows, n_axes, rng, row_weight)
        noise = find_noise(filled, rows, frame)
        weight = combine_ivar(ivar[gappy], noise)
        smooth = solve_weighted_scores(X[gappy], weight, *frame) @ frame.axes + frame.mean
        if by_errors:
            filled[gappy] = smooth + weight * noise * (np.where(is_there[gappy], X[gappy], smooth) - smooth)
        else:
            filled[gappy] = np.where(is_there[gappy], X[gappy], smooth)
    return frame, noise


def find_noise(X, rows, frame) -> float:
    """Return the variance of a pixel that the axes do not explain; a billionth of what they explain at least."""
    rows = rows[:: max(1, len(rows) // N_NOISE)]
    left = float(np.mean(residual_energy(X[rows], frame, project(X[rows], frame)))) / X.shape[1]
    return max(left, 1e-9 * float(np.sum(frame.spread**2)) / X.shape[1], np.finfo(np.float32).tiny)


def bound_spread(frame) -> Frame:
    """Return the frame with no axis below a ten-millionth of the whole spread, and none at zero."""
    total = np.sqrt(np.sum(frame.spread**2))
    return frame._replace(spread=np.maximum(frame.spread, 1e-7 * total) if total > 0 else np.ones_like(frame.spread))


def combine_ivar(ivar, noise) -> np.ndarray:
    """Return the inverse of the summed variances: of the measurement and of what the axes do not explain."""
    with np.errstate(divide="ignore"):
        return np.where(ivar > 0, 1 / (1 / np.asarray(ivar, dtype=np.float64) + noise), 0.0)


def scale_ivar(ivar, shape) -> np.ndarray:
    """Return weights of mean one over the pixels that are there; a pixel without a known error weighs one."""
    if ivar is None:
        return np.ones(shape, dtype=np.float32)
    known = np.isfinite(ivar) & (ivar > 0)
    mean = ivar[known].mean() if known.any() else 1.0
    return np.where(np.isinf(ivar), 1.0, ivar / mean).astype(np.float32)


def scores_to_flux(scores, frame, hidden=None, dtype=np.float32) -> np.ndarray:
    """Return spectra from their scores, NaN in hidden pixels; only a block of rows is held in float64."""
    flux = np.empty((len(scores), len(frame.mean)), dtype=dtype)
    for start in range(0, len(scores), FLUX_ROWS):
        rows = slice(start, start + FLUX_ROWS)
        flux[rows] = scores[rows] @ frame.axes + frame.mean
        if hidden is not None:
            flux[rows, hidden] = np.nan
    return flux


def find_missed(decoded, targets) -> np.ndarray:
    """Return the loss of each row: the mean square, or chi square where weights stand behind the targets."""
    n_axes = decoded.shape[1]
    off, weight = decoded - targets[:, :n_axes].astype(np.float64), targets[:, n_axes:]
    if not weight.shape[1]:
        return np.mean(off**2, axis=1)
    if weight.shape[1] == n_axes:
        return np.mean(weight * off**2, axis=1)
    return np.einsum("ij,ijk,ik->i", off, weight.reshape(-1, n_axes, n_axes), off) / n_axes
