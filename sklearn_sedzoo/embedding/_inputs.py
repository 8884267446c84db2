"""What the user hands over, and what the network sees of it: pixels, or scores on principal axes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from sklearn_sedzoo._containers import read_blocks
from sklearn_sedzoo._kernels._gappy_frame import (
    bound_spread,
    combine_ivar,
    fit_gappy_frame,
    scale_ivar,
    scores_to_flux,
)
from sklearn_sedzoo._kernels._principal import BLOCK_ROWS, Frame, project, residual_energy
from sklearn_sedzoo._kernels._weighted_scores import fit_weighted_scores, solve_weighted_scores, weigh_along_axes
from sklearn_sedzoo._parameters import flag, kinds, option
from sklearn_sedzoo._validation import ON_BAD, check_sample_weight, point_at

MOST_WEIGHTED = 96  # axes whose weights are kept as a matrix for each spectrum; of more, its diagonal
ERROR_ROWS = 64  # spectra that are compared with their reconstruction at a time


@dataclass(frozen=True)
class Spectra:
    """Fluxes as the embedders compute with them.

    Parameters
    ----------
    flux : ndarray of shape (n_samples, n_wavelengths)
        0 in masked pixels.
    ivar : ndarray of shape (n_samples, n_wavelengths) or None
        Inverse variances: 0 in masked pixels, infinite where no error is known; None where every pixel is there and no
        error is known.
    weight : ndarray of shape (n_samples,) or None
        Weights of the spectra.
    rows : ndarray of int or None
        Their rows in the X given to `fit`.
    """

    flux: np.ndarray
    ivar: np.ndarray | None = None
    weight: np.ndarray | None = None
    rows: np.ndarray | None = None

    def __len__(self):
        return len(self.flux)

    @property
    def is_empty(self):
        """Whether a spectrum has no valid pixel."""
        return np.zeros(len(self), dtype=bool) if self.ivar is None else ~(self.ivar > 0).any(axis=1)

    def take(self, rows):
        """Return some of the spectra: a slice gives views."""
        return Spectra(*(None if each is None else each[rows] for each in (self.flux, self.ivar, self.weight)))


def read_spectra(estimator, X, *, reset, **check_params) -> Spectra:
    """Validate X and return its spectra; without copies where every pixel is there."""
    blocks = read_blocks(estimator, X, reset=reset, on_bad=estimator.on_bad, **check_params)
    flux, ivar = blocks.flux, blocks.ivar
    if ivar is None and not np.isnan(flux @ np.ones(flux.shape[1], dtype=flux.dtype)).any():
        return Spectra(flux)
    missing = np.isnan(flux)
    ivar = np.full(flux.shape, np.inf, dtype=flux.dtype) if ivar is None else ivar.copy()
    ivar[missing] = 0
    return Spectra(np.where(ivar > 0, flux, 0), ivar)


def read_training_spectra(estimator, X, sample_weight, *, reset) -> Spectra:
    """Validate X and return its spectra that have a usable pixel and a weight, at least two."""
    spectra = read_spectra(estimator, X, reset=reset, ensure_min_samples=2)
    useful = ~spectra.is_empty
    if sample_weight is not None:
        weight = check_sample_weight(type(estimator).__name__, sample_weight, len(spectra))
        useful &= weight > 0
        spectra = replace(spectra, weight=weight)
    if useful.sum() < 2:
        owner = type(estimator).__name__
        raise ValueError(f"{owner} needs 2 spectra with usable pixels and weight, got {useful.sum()}.")
    return replace(spectra if useful.all() else spectra.take(useful), rows=np.flatnonzero(useful))


class SpectrumEmbedder(TransformerMixin, BaseEstimator):
    """What embedders of spectra share: all but the fit.

    They have `_find_latents(spectra)`, `_decode(latents)`, `_reconstruct(spectra)` and `_n_latents`.
    """

    _parameters = kinds(
        whiten=[flag(), option("robust")],
        on_bad=ON_BAD,
        on_empty=[option("raise", "nan")],
    )

    def transform(self, X):
        """Return the latents.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Normalized fluxes, with inverse variances where X has them.

        Returns
        -------
        Z : ndarray of shape (n_samples, latent_dim), float32
            The latents; columns are named ``latent0``, ``latent1``, ...
        """
        check_is_fitted(self)
        spectra = read_spectra(self, X, reset=False)
        empty = spectra.is_empty
        if self.on_empty == "raise" and empty.any():
            raise ValueError(
                f"X of {type(self).__name__} has spectra without latents: "
                f"{point_at(empty, len(empty), 'have no valid pixel')} Drop them (a FluxNormalizer makes rows without "
                "flux in its band NaN), or pass on_empty='nan' to keep their places."
            )
        latents = self._find_latents(spectra).astype(np.float32)
        latents[empty] = np.nan
        return latents

    def inverse_transform(self, X):
        """Return the spectra decoded from latents.

        Parameters
        ----------
        X : array-like of shape (n_samples, latent_dim)
            Latents, as `transform` gives them.

        Returns
        -------
        flux : ndarray of shape (n_samples, n_wavelengths), float32
            Normalized fluxes; NaN in pixels that no spectrum of the training has.
        """
        check_is_fitted(self)
        latents = check_array(X, dtype=[np.float64, np.float32])
        if latents.shape[1] != self._n_latents:
            raise ValueError(
                f"X must hold the {self._n_latents} latents of {type(self).__name__}, got an array of shape "
                f"{latents.shape}."
            )
        return self._decode(latents)

    def score(self, X, y=None):
        """Return minus the mean squared error of the reconstruction.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Normalized fluxes.
        y : None
            Not used.

        Returns
        -------
        score : float
            ``-mean((X - inverse_transform(transform(X)))**2)``, over the pixels that are there, weighted by their
            inverse variances where X has them.
        """
        check_is_fitted(self)
        spectra = read_spectra(self, X, reset=False)
        weight = None if spectra.ivar is None else scale_ivar(spectra.ivar, spectra.flux.shape)
        total, sum_of_weights = 0.0, 0.0
        for start in range(0, len(spectra), ERROR_ROWS):
            rows = slice(start, start + ERROR_ROWS)
            part = spectra.take(rows)
            # NaN: pixels that no training spectrum has
            squares = np.nan_to_num((part.flux - self._reconstruct(part).astype(np.float64)) ** 2)
            part_weight = np.ones(squares.shape) if weight is None else weight[rows].astype(np.float64)
            total += float(np.vdot(part_weight, squares))
            sum_of_weights += float(part_weight.sum())
        return -total / sum_of_weights

    def get_feature_names_out(self, input_features=None):
        """Return the names of the latents: ``latent0``, ``latent1``, ...

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Not used.

        Returns
        -------
        names : ndarray of str of shape (latent_dim,)
            Column names of `transform`.
        """
        check_is_fitted(self)
        return np.array([f"latent{i}" for i in range(self._n_latents)], dtype=object)

    def _check_latent_dim(self, n_train, n_samples, n_features):
        """Raise where there are more latents than spectra or pixels."""
        if self.latent_dim > min(n_train, n_features):
            raise ValueError(
                f"`latent_dim` of {type(self).__name__} must be at most {min(n_train, n_features)}, got "
                f"{self.latent_dim!r}: there are {n_train} spectra to train on (n_samples = {n_samples}) of "
                f"n_features = {n_features}."
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        tags.non_deterministic = False
        tags.input_tags.allow_nan = self.on_bad == "mask"
        return tags


class Batch(NamedTuple):
    """Spectra as the network reads them, what it has to give, their weights (None: all alike), and the mean energy
    that it cannot see."""

    inputs: np.ndarray
    targets: np.ndarray
    weight: np.ndarray | None
    unseen: float


@dataclass(frozen=True)
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

    def measure(self, spectra, rows) -> Batch:
        """Return the batch that the network trains on."""
        part = spectra.take(rows)
        inputs = targets = self.to_input(part)
        if self.is_weighted:
            targets = np.hstack([inputs, scale_ivar(part.ivar, inputs.shape)])
        return Batch(inputs, targets, _normalize_weight(part.weight), 0.0)

    def to_input(self, spectra):
        """Return what the encoder reads."""
        flux, ivar = spectra.flux, spectra.ivar
        return np.asarray(flux if ivar is None else np.where(ivar > 0, flux, self.fill), dtype=np.float32)

    def to_latent(self, code):
        """Turn what the encoder gives into latents."""
        return np.asarray(code, dtype=np.float64)

    def from_latent(self, latents):
        """Turn latents into what the decoder reads."""
        return np.asarray(latents, dtype=np.float32)

    def to_flux(self, decoded):
        """Turn what the decoder gives into spectra, float32."""
        return decoded if self.hidden is None else np.where(self.hidden, np.float32(np.nan), decoded)

    def to_flux_loss(self, loss, unseen):
        """Turn the network's loss into the mean squared error per pixel."""
        return loss


@dataclass(frozen=True)
class ScoreSpace:
    """Scores on principal axes, in units of their spread; decoded in units of `unit`.

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

    def find_scores(self, spectra):
        """Return the scores: by projection, or by weighted least squares where pixels are masked or have errors."""
        if spectra.ivar is None:
            return project(spectra.flux, self.frame)
        return solve_weighted_scores(spectra.flux, combine_ivar(spectra.ivar, self.noise), *self.frame)

    def measure(self, spectra, rows) -> Batch:
        """Return the batch that the network trains on: scores, which are small, made without a copy of the spectra."""
        blocks = np.array_split(rows, max(1, -(-len(rows) // BLOCK_ROWS)))
        parts = [self._measure_block(spectra.take(block)) for block in blocks]
        inputs, targets, unseen, quality = map(np.concatenate, zip(*parts, strict=True))
        if spectra.ivar is not None:  # the targets carry the weights of the pixels: of mean one
            scale = quality.mean() or 1.0
            targets[:, inputs.shape[1] :] /= scale
            unseen = unseen / scale
        weight = None if spectra.weight is None else spectra.weight[rows]
        return Batch(inputs, targets, _normalize_weight(weight), float(np.average(unseen, weights=weight)))

    def _measure_block(self, spectra):
        """Return inputs, targets, unseen energy and mean weight of the pixels.

        The targets of spectra with gaps or errors are the scores and, behind them, their weight: what the pixels that
        are there say of the scores, so that the training asks for nothing that a gap hides. Scores filled in there
        would depend on where the gap is, and the latents with them on the redshift.
        """
        if spectra.ivar is None:
            scores = self.find_scores(spectra)
            inputs = (scores / self.frame.spread).astype(np.float32)
            targets = inputs * (self.frame.spread / self.unit).astype(np.float32)
            return inputs, targets, residual_energy(spectra.flux, self.frame, scores), np.ones(len(spectra))
        weight = combine_ivar(spectra.ivar, self.noise) * self.noise
        probable, best, metric, left = fit_weighted_scores(spectra.flux, weight, *self.frame, self.noise)
        n_axes = metric.shape[1]
        metric = metric.reshape(len(weight), -1) if n_axes <= MOST_WEIGHTED else np.einsum("ijj->ij", metric)
        targets = np.hstack([(best / self.unit).astype(np.float32), metric])
        return (probable / self.frame.spread).astype(np.float32), targets, left, weight.mean(axis=1)

    def to_input(self, spectra):
        """Return what the encoder reads."""
        return self.find_scores(spectra) / self.frame.spread

    def weigh(self, inputs, spectra):
        """Return what chi square is made of, for `refine_latents`: spectra along the axes and the weight of an error.

        Where no errors are known, all pixels have the variance that the axes do not explain, and what the encoder reads
        says all.
        """
        if spectra.ivar is not None:
            weight = combine_ivar(spectra.ivar, self.noise)
            pull, metric = weigh_along_axes(spectra.flux, weight, self.frame.mean, self.frame.axes)
            return pull * self.unit, metric * self.unit**2
        weight = self.unit / self.noise
        return inputs * (self.frame.spread * weight), np.eye(len(self.frame.axes))[None] * (weight * self.unit)

    def to_latent(self, code):
        """Turn what the encoder gives into latents: in flux units, as the scores of PCA are."""
        return code * self.frame.spread[: code.shape[1]]

    def from_latent(self, latents):
        """Turn latents into what the decoder reads."""
        return latents / self.frame.spread[: latents.shape[1]]

    def to_flux(self, decoded):
        """Turn what the decoder gives into spectra, float32, a block of rows at a time in float64."""
        return scores_to_flux(decoded * self.unit, self.frame, self.hidden)

    def to_flux_loss(self, loss, unseen):
        """Turn the network's loss into the mean squared error per pixel."""
        return (loss * len(self.frame.axes) * self.unit**2 + unseen) / self.n_pixels


def fit_pixel_space(spectra, train) -> PixelSpace:
    """Return the space of pixels, with the mean of the training rows."""
    flux, ivar = spectra.flux, spectra.ivar
    if ivar is None:
        return PixelSpace(np.asarray(flux[train].mean(axis=0), dtype=np.float32))
    weight = (ivar[train] > 0).astype(np.float64)
    mean = (weight * flux[train]).sum(axis=0) / np.maximum(weight.sum(axis=0), 1)
    return PixelSpace(np.asarray(mean, dtype=np.float32), True, find_hidden(ivar))


def fit_score_space(spectra, train, held_out, latent_dim, n_axes, rng, *, fit_frame=fit_gappy_frame) -> ScoreSpace:
    """Fit the principal axes on the training rows and measure the spread on the held-out rows too.

    An axis that only the training rows fill would otherwise blow up a new spectrum without bound.
    """
    frame, noise = fit_frame(spectra.flux, spectra.ivar, train, n_axes, rng, spectra.weight)
    total = float(np.sum(frame.spread**2))
    unit = max(float(np.sqrt(np.sum(frame.spread[latent_dim:] ** 2))), 1e-4 * np.sqrt(total)) or 1.0
    space = ScoreSpace(frame, unit, noise, find_hidden(spectra.ivar))
    if len(held_out):
        scores = space.find_scores(spectra.take(held_out))
        frame = frame._replace(spread=np.maximum(frame.spread, np.sqrt(np.mean(scores**2, axis=0))))
    return replace(space, frame=bound_spread(frame))


def find_hidden(ivar):
    """Return the pixels that no spectrum has, None where there are none."""
    hidden = np.zeros(0, dtype=bool) if ivar is None else ~(ivar > 0).any(axis=0)
    return hidden if hidden.any() else None


def _normalize_weight(weight):
    return None if weight is None else (weight / weight.mean()).astype(np.float32)
