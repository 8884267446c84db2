"""Latents of spectra by damped Gauss-Newton steps: plain arrays in, plain arrays out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

DAMPING = 1e-3  # of the first step, relative to the curvature along each latent


def refine_latents(start, draw: Callable, pull, metric, n_steps=2) -> np.ndarray:
    r"""Return latents near `start` from which a decoder draws the spectra better.

    Levenberg-Marquardt steps towards the smallest

    .. math:: E(z) = d(z)^T M d(z) - 2 b^T d(z) + |z - z_0|^2,

    which, with :math:`M = V W V^T` and :math:`b = V W (x - \mu)`, is but for a constant the chi square of the spectrum
    :math:`x` about the drawn :math:`\mu + V^T d(z)`, and that of the step in units of the spread of the latents. A
    step that does not lower E is not taken, so that the chi square never rises.

    Parameters
    ----------
    start : ndarray of shape (n_samples, latent_dim)
        The encoder's latents, of unit spread.
    draw : callable
        ``latents -> (drawn, slopes)`` of shapes (n_samples, n_axes) and (n_samples, latent_dim, n_axes).
    pull : ndarray of shape (n_samples, n_axes)
        The weighted spectra along the axes, b.
    metric : ndarray of shape (n_samples or 1, n_axes, n_axes)
        The weight of an error along the axes, M.
    n_steps : int
        Cost: ``(n_steps + 1) x (latent_dim + 1)`` passes of the decoder.

    Returns
    -------
    latents : ndarray of shape (n_samples, latent_dim)
        Each row from the row of `start` alone.
    """
    latents, damping = start, np.full((len(start), 1), DAMPING)
    drawn, slopes = draw(latents)
    rest, energy = _compare(drawn, pull, metric, 0.0)
    for _ in range(n_steps):
        curvature = slopes @ metric @ slopes.transpose(0, 2, 1) + np.eye(start.shape[1])
        diagonal = np.einsum("ijj->ij", curvature)  # a view
        diagonal *= 1 + damping
        gradient = (slopes @ rest[:, :, None])[:, :, 0] - (latents - start)
        moved = latents + np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
        moved_drawn, moved_slopes = draw(moved)
        moved_rest, moved_energy = _compare(moved_drawn, pull, metric, np.sum((moved - start) ** 2, axis=1))
        is_better = moved_energy < energy
        latents, rest = np.where(is_better[:, None], moved, latents), np.where(is_better[:, None], moved_rest, rest)
        slopes, energy = np.where(is_better[:, None, None], moved_slopes, slopes), np.minimum(moved_energy, energy)
        damping = damping * np.where(is_better, 0.1, 100.0)[:, None]
    return latents


def _compare(drawn, pull, metric, step):
    """Return ``b - M d`` and E of each row."""
    pushed = (metric @ drawn[:, :, None])[:, :, 0]
    return pull - pushed, np.sum(drawn * (pushed - 2 * pull), axis=1) + step
