"""What the network sees of a spectrum: its pixels, or its scores on principal axes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from sklearn_sedzoo._kernels._principal import Frame, fit_principal_frame, project, residual_energy
from sklearn_sedzoo._kernels._weighted_scores import fit_weighted_scores, solve_weighted_scores, weigh_along_axes

LARGEST = 1e15  # squares of larger fluxes, summed over a spectrum, leave the range of float32
MOST_WEIGHTED = 96  # axes whose weights are kept as a matrix for each spectrum; of more, its diagonal
N_FILLS = 4  # rounds of filling gaps and fitting the axes again


class Batch(NamedTuple):
    """Spectra as the network reads them, what it has to draw, the energy that it cannot see, and row weights."""

    inputs: np.ndarray
    targets: np.ndarray
    unseen: np.ndarray
    quality: np.ndarray


@dataclass
class PixelSpace:
    """The fluxes themselves, as float32; `fill` stands in for masked pixels.

    Parameters
    ----------
    fill : ndarray of shape (n_wavelengths,)
        Mean spectrum.
    is_weighted : bool
        The targets carry a weight for each pixel, in a second block of columns.
    hidden : ndarray of bool or None
        Pixels that no training spectrum has: what is decoded there is NaN.
    """

    fill: np.ndarray
    is_weighted: bool = False
    hidden: np.ndarray | None = None

    @property
    def n_pixels(self):
        """Number of pixels of a spectrum."""
        return len(self.fill)

    def measure(self, X, ivar=None):
        """Return the batch that the network trains on."""
        inputs = self.to_input(X, ivar)
        targets = inputs
        if self.is_weighted:
            targets = np.hstack([inputs, scale_ivar(ivar, X.shape)])
        return Batch(inputs, targets, np.zeros(len(X)), np.ones(len(X)))

    def to_input(self, X, ivar=None):
        """Return what the encoder reads."""
        return np.asarray(X if ivar is None else np.where(ivar > 0, X, self.fill), dtype=np.float32)

    def to_latent(self, code):
        """Turn what the encoder gives into latents."""
        return np.asarray(code, dtype=np.float64)

    def from_latent(self, latents):
        """Turn latents into what the decoder reads."""
        return np.asarray(latents, dtype=np.float32)

    def to_flux(self, drawn):
        """Turn what the decoder draws into spectra."""
        return hide(drawn, self.hidden)

    def to_flux_loss(self, loss, unseen):
        """Turn the network's loss into the mean squared error per pixel."""
        return loss


@dataclass
class ScoreSpace:
    """Scores on principal axes, in units of their spread; drawn in units of `unit`.

    Because the axes are orthonormal, the squared error of a spectrum is the squared error of its scores plus the
    energy outside the axes, which no network changes: training needs the scores only.

    Parameters
    ----------
    frame : Frame
        Mean, axes and spread of the scores.
    unit : float
        Spread that PCA with as many latents leaves out.
    noise : float
        Variance of a pixel that the axes do not explain.
    hidden : ndarray of bool or None
        Pixels that no training spectrum has: what is decoded there is NaN.
    """

    frame: Frame
    unit: float
    noise: float = 0.0
    hidden: np.ndarray | None = None

    @property
    def n_pixels(self):
        """Number of pixels of a spectrum."""
        return len(self.frame.mean)

    def find_scores(self, X, ivar=None):
        """Return the scores: by projection, or by weighted least squares where pixels are masked or have errors."""
        if ivar is None:
            return project(X, self.frame)
        return solve_weighted_scores(X, combine_ivar(ivar, self.noise), *self.frame)

    def measure(self, X, ivar=None):
        """Return the batch that the network trains on."""
        if ivar is not None:
            return self._measure_chi_square(X, combine_ivar(ivar, self.noise) * self.noise)
        scores = self.find_scores(X)
        inputs = (scores / self.frame.spread).astype(np.float32)
        targets = inputs * (self.frame.spread / self.unit).astype(np.float32)
        return Batch(inputs, targets, residual_energy(X, self.frame, scores), np.ones(len(X)))

    def _measure_chi_square(self, X, weight):
        """Return the batch of spectra with gaps or errors: behind the scores to be drawn stands their weight.

        It is what the pixels that are there say of the scores, so that the training asks for nothing that a gap hides:
        scores filled in there would depend on where the gap is, and the latents with them on the redshift.
        """
        probable, best, metric, left = fit_weighted_scores(X, weight, *self.frame, self.noise)
        n_axes = metric.shape[1]
        metric = metric.reshape(len(X), -1) if n_axes <= MOST_WEIGHTED else np.einsum("ijj->ij", metric)
        targets = np.hstack([(best / self.unit).astype(np.float32), metric])
        return Batch((probable / self.frame.spread).astype(np.float32), targets, left, weight.mean(axis=1))

    def to_input(self, X, ivar=None):
        """Return what the encoder reads."""
        return (self.find_scores(X, ivar) / self.frame.spread).astype(np.float32)

    def weigh(self, X, ivar=None):
        """Return what chi square is made of, for `refine_latents`: spectra along the axes and the weight of an error.

        Where no errors are known, all pixels have the variance that the axes do not explain.
        """
        if ivar is not None:
            pull, metric = weigh_along_axes(X, combine_ivar(ivar, self.noise), self.frame.mean, self.frame.axes)
            return pull * self.unit, metric * self.unit**2
        weight = self.unit / self.noise
        return project(X, self.frame) * weight, np.eye(len(self.frame.axes))[None] * (weight * self.unit)

    def to_latent(self, code):
        """Turn what the encoder gives into latents: in flux units, as the scores of PCA are."""
        return code * self.frame.spread[: code.shape[1]]

    def from_latent(self, latents):
        """Turn latents into what the decoder reads."""
        return (latents / self.frame.spread[: latents.shape[1]]).astype(np.float32)

    def to_flux(self, drawn):
        """Turn what the decoder draws into spectra."""
        return hide((drawn.astype(np.float64) * self.unit) @ self.frame.axes + self.frame.mean, self.hidden)

    def to_flux_loss(self, loss, unseen):
        """Turn the network's loss into the mean squared error per pixel."""
        return (loss * len(self.frame.axes) * self.unit**2 + unseen) / self.n_pixels


def fit_pixel_space(X, train, ivar=None):
    """Return the space of pixels, with the mean of the training rows."""
    weight = None if ivar is None else (ivar[train] > 0).astype(np.float64)
    mean = (
        X[train].mean(axis=0) if ivar is None else (weight * X[train]).sum(axis=0) / np.maximum(weight.sum(axis=0), 1)
    )
    return PixelSpace(np.asarray(mean, dtype=np.float32), ivar is not None, find_hidden(ivar))


def fit_score_space(X, train, held_out, latent_dim, n_axes, rng, ivar=None, row_weight=None):
    """Fit the principal axes on the training rows and measure the spread on the held-out rows too.

    An axis that only the training rows fill would otherwise blow up a new spectrum without bound. Gaps are filled
    from the axes, which are then fitted again, a few times.
    """
    if ivar is None:
        frame = fit_principal_frame(X, train, n_axes, rng, row_weight)
        space = _measure_space(frame, X, train, latent_dim)
    else:
        space = _fit_with_gaps(X, train, latent_dim, n_axes, rng, ivar, row_weight)
    spread = space.frame.spread
    if len(held_out):
        scores = space.find_scores(X[held_out], None if ivar is None else ivar[held_out])
        spread = np.maximum(spread, np.sqrt(np.mean(scores**2, axis=0)))
    total = np.sqrt(np.sum(spread**2))
    spread = np.maximum(spread, 1e-7 * total) if total > 0 else np.ones_like(spread)
    return replace(space, frame=space.frame._replace(spread=spread), hidden=find_hidden(ivar))


def find_hidden(ivar):
    """Return the pixels that no spectrum has, None where there are none."""
    hidden = np.zeros(0, dtype=bool) if ivar is None else ~(ivar > 0).any(axis=0)
    return hidden if hidden.any() else None


def hide(flux, hidden):
    """Return spectra, NaN in the hidden pixels."""
    return flux if hidden is None else np.where(hidden, flux.dtype.type(np.nan), flux)


def _measure_space(frame, X, train, latent_dim):
    rows = train[:: max(1, len(train) // 200)]
    left = float(np.mean(residual_energy(X[rows], frame, project(X[rows], frame)))) / X.shape[1]
    total = float(np.sum(frame.spread**2))
    unit = max(float(np.sqrt(np.sum(frame.spread[latent_dim:] ** 2))), 1e-4 * np.sqrt(total)) or 1.0
    return ScoreSpace(frame, unit, max(left, 1e-9 * total / X.shape[1], np.finfo(np.float32).tiny))


def _fit_with_gaps(X, train, latent_dim, n_axes, rng, ivar, row_weight):
    is_there = ivar > 0
    mean = (is_there[train] * X[train]).sum(axis=0) / np.maximum(is_there[train].sum(axis=0), 1)
    filled = np.where(is_there, X, mean).astype(np.float64)
    gappy = np.flatnonzero(~is_there.all(axis=1))
    for _ in range(N_FILLS if len(gappy) else 1):
        frame = fit_principal_frame(filled, train, n_axes, rng, row_weight)
        space = _measure_space(frame, filled, train, latent_dim)
        scores = space.find_scores(X[gappy], ivar[gappy])
        filled[gappy] = np.where(is_there[gappy], X[gappy], scores @ frame.axes + frame.mean)
    return space


def combine_ivar(ivar, noise):
    """Return the inverse of the summed variances: of the measurement and of what the axes do not explain."""
    with np.errstate(divide="ignore"):
        return np.where(ivar > 0, 1 / (1 / np.asarray(ivar, dtype=np.float64) + noise), 0.0)


def scale_ivar(ivar, shape):
    """Return weights of mean one over the pixels that are there; a pixel without a known error weighs one."""
    if ivar is None:
        return np.ones(shape, dtype=np.float32)
    known = np.isfinite(ivar) & (ivar > 0)
    mean = ivar[known].mean() if known.any() else 1.0
    return np.where(np.isinf(ivar), 1.0, ivar / mean).astype(np.float32)
