"""Principal axes of spectra and of latents: plain arrays in, plain arrays out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sklearn_sedzoo._kernels.weighted import weighted_quantiles

EXACT_SIZE = 1500  # up to here an eigenproblem of this size costs less than a second
BLOCK_ROWS = 1024


class Frame(NamedTuple):
    """An affine frame: ``x = mean + scores @ axes``; `spread` is the standard deviation along each axis."""

    mean: np.ndarray
    axes: np.ndarray
    spread: np.ndarray


class Tails(NamedTuple):
    """How far-out values of each axis are drawn in: ``(asinh((x - center) / width) - mean) / spread``."""

    center: np.ndarray
    width: np.ndarray
    mean: np.ndarray
    spread: np.ndarray


class Whitening(NamedTuple):
    """An affine frame, and how tails are drawn in there."""

    mean: np.ndarray
    axes: np.ndarray
    spread: np.ndarray
    tails: Tails | None = None


def fit_principal_frame(X, rows, n_axes, rng, row_weight=None, n_iter=4) -> Frame:
    """Return the leading principal axes of ``X[rows]``, with no full copy of X.

    `row_weight`, one number for each row of X, weighs mean and covariance.

    Up to 1500 rows or columns the axes come from the smaller of the two Gram matrices in float64; above, from a
    randomized subspace iteration (Halko, Martinsson & Tropp 2011, algorithm 4.4) with `n_iter` passes.
    The largest loading of each axis is positive.
    """
    rows = np.sort(rows)
    weight = np.ones(len(X)) if row_weight is None else np.asarray(row_weight, dtype=np.float64)
    weight = weight / weight[rows].mean()
    mean = sum(weight[block] @ X[block] for block in _blocks(rows)) / len(rows)
    if min(len(rows), X.shape[1]) <= EXACT_SIZE:
        axes, energy = _solve_exactly(X, rows, mean, np.sqrt(weight), n_axes)
    else:
        axes, energy = _iterate_subspace(X, rows, mean, np.sqrt(weight), n_axes, rng, n_iter)
    axes = axes * _signs(axes)[:, None]
    return Frame(mean, axes, np.sqrt(np.maximum(energy, 0) / len(rows)))


def project(X, frame: Frame) -> np.ndarray:
    """Return the scores ``(X - mean) @ axes.T`` in float64, block by block."""
    scores = np.empty((len(X), len(frame.axes)))
    for block in _blocks(np.arange(len(X))):
        scores[block] = (X[block[0] : block[-1] + 1] - frame.mean) @ frame.axes.T
    return scores


def residual_energy(X, frame: Frame, scores) -> np.ndarray:
    """Return the sum of squares of each row of X that the frame leaves out."""
    left = np.empty(len(X))
    for block in _blocks(np.arange(len(X))):
        rest = X[block[0] : block[-1] + 1] - frame.mean
        rest -= scores[block] @ frame.axes
        left[block] = np.einsum("ij,ij->i", rest, rest)
    return left


def fit_whitening(latents, row_weight=None, *, draw_in_tails=False) -> Whitening:
    """Return the frame in which the latents are uncorrelated, ordered by variance and of unit variance.

    With `draw_in_tails` each axis is then measured in units of its bulk, half its 16-84 % range s, bent by
    ``asinh(x / 2s)`` and scaled to unit variance again: a few far-out spectra no longer set the scale of an axis.
    Directions without variance keep their scale (they come out as zeros, not as noise divided by nothing).
    """
    latents = np.asarray(latents, dtype=np.float64)
    weight = np.ones(len(latents)) if row_weight is None else np.asarray(row_weight, dtype=np.float64)
    weight = weight / weight.mean()
    mean = weight @ latents / len(latents)
    triangle = np.linalg.qr((latents - mean) * np.sqrt(weight)[:, None], mode="r")  # as many rows as columns, at most
    _, singular, axes = np.linalg.svd(triangle, full_matrices=True)
    spread = np.zeros(latents.shape[1])
    spread[: len(singular)] = singular / np.sqrt(len(latents))
    flat = spread <= 3e-6 * spread.max(initial=0)  # some tens of float32 roundings: noise of the arithmetic
    frame = Whitening(mean, axes * _signs(axes)[:, None], np.where(flat, 1.0, spread))
    return frame._replace(tails=_fit_tails(whiten(latents, frame), weight)) if draw_in_tails else frame


def whiten(latents, frame: Whitening) -> np.ndarray:
    """Return ``(latents - mean) @ axes.T / spread``, with tails drawn in where the frame says how."""
    scores = (latents - frame.mean) @ frame.axes.T / frame.spread
    return scores if frame.tails is None else _draw_in(scores, frame.tails)


def unwhiten(latents, frame: Whitening) -> np.ndarray:
    """Undo `whiten`."""
    scores = latents if frame.tails is None else _let_out(latents, frame.tails)
    return (scores * frame.spread) @ frame.axes + frame.mean


def _fit_tails(scores, weight):
    weights = np.broadcast_to(weight, scores.T.shape)
    low, center, high = weighted_quantiles(scores.T, weights, np.array([0.16, 0.5, 0.84])).T
    width = np.where(high > low, high - low, 1.0)  # twice half the range
    bent = np.arcsinh((scores - center) / width)
    mean = weight @ bent / len(bent)
    spread = np.sqrt(weight @ (bent - mean) ** 2 / len(bent))
    return Tails(center, width, mean, np.where(spread > 0, spread, 1.0))


def _draw_in(scores, tails):
    return (np.arcsinh((scores - tails.center) / tails.width) - tails.mean) / tails.spread


def _let_out(latents, tails):
    bent = np.clip(latents * tails.spread + tails.mean, -50, 50)  # sinh of more is beyond any spectrum, or infinite
    return np.sinh(bent) * tails.width + tails.center


def _blocks(rows):
    return np.array_split(rows, max(1, -(-len(rows) // BLOCK_ROWS)))


def _signs(axes):
    largest = np.abs(axes).argmax(axis=1)
    return np.where(axes[np.arange(len(axes)), largest] < 0, -1.0, 1.0)


def _solve_exactly(X, rows, mean, root, n_axes):
    n_rows, n_columns = len(rows), X.shape[1]
    if n_rows <= n_columns:
        centered = (X[rows] - mean) * root[rows, None]
        energy, vectors = np.linalg.eigh(centered @ centered.T)
        energy, vectors = energy[::-1][:n_axes], vectors[:, ::-1][:, :n_axes]
        axes = np.linalg.qr((centered.T @ vectors) / np.sqrt(np.maximum(energy, _floor(energy))))[0].T
    else:
        gram = np.zeros((n_columns, n_columns))
        for block in _blocks(rows):
            centered = (X[block] - mean) * root[block, None]
            gram += centered.T @ centered
        energy, axes = np.linalg.eigh(gram)
        energy, axes = energy[::-1][:n_axes], axes[:, ::-1][:, :n_axes].T
    return axes, energy


def _floor(energy):
    return max(float(energy.max(initial=0)) * 1e-15, np.finfo(float).tiny)


def _iterate_subspace(X, rows, mean, root, n_axes, rng, n_iter):
    dtype = X.dtype
    subspace = rng.standard_normal((X.shape[1], min(n_axes + 10, X.shape[1]))).astype(dtype)
    mean, root = mean.astype(dtype), root.astype(dtype)
    for _ in range(n_iter):
        subspace = np.linalg.qr(subspace)[0]
        image = np.zeros_like(subspace)
        for block in _blocks(rows):
            centered = (X[block] - mean) * root[block, None]
            image += centered.T @ (centered @ subspace)
        subspace = image
    subspace = np.linalg.qr(subspace)[0]
    inner = np.zeros((subspace.shape[1],) * 2)
    for block in _blocks(rows):
        scores = (((X[block] - mean) * root[block, None]) @ subspace).astype(np.float64)
        inner += scores.T @ scores
    energy, vectors = np.linalg.eigh(inner)
    axes = (subspace @ vectors[:, ::-1][:, :n_axes]).T.astype(np.float64)
    return axes, energy[::-1][:n_axes]
