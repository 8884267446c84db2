"""What the user hands over, and what the network sees of it: pixels, or scores on principal axes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from sklearn.utils import check_array

from sklearn_sedzoo._containers import read_blocks
from sklearn_sedzoo._kernels._principal import BLOCK_ROWS, Frame, fit_principal_frame, project, residual_energy
from sklearn_sedzoo._kernels._weighted_scores import fit_weighted_scores, solve_weighted_scores, weigh_along_axes
from sklearn_sedzoo._validation import point_at

LARGEST = 1e15  # squares of larger fluxes, summed over a spectrum, leave the range of float32
MOST_WEIGHTED = 96  # axes whose weights are kept as a matrix for each spectrum; of more, its diagonal
N_FILLS = 4  # rounds of filling gaps and fitting the axes again
ERROR_ROWS = 256  # spectra that are compared with their reconstruction at a time


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
        Their rows in the X of the user; None: all of them.
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

    def measure_error(self, reconstruct):
        """Return the mean squared error of a reconstruction, over the pixels that are there, by their weights.

        `reconstruct` is given a block of spectra at a time; NaN in what it returns is left out.
        """
        total, sum_of_weights = 0.0, 0.0
        weight = None if self.ivar is None else scale_ivar(self.ivar, self.flux.shape)
        for start in range(0, len(self), ERROR_ROWS):
            rows = slice(start, start + ERROR_ROWS)
            part = self.take(rows)
            squares = np.nan_to_num((part.flux - reconstruct(part).astype(np.float64)) ** 2)
            part_weight = np.ones(squares.shape) if weight is None else weight[rows].astype(np.float64)
            total += float(np.vdot(part_weight, squares))
            sum_of_weights += float(part_weight.sum())
        return total / sum_of_weights

    def find_rows(self, rows):
        """Return the rows in the X of the user."""
        return rows if self.rows is None else self.rows[rows]


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
        weight = _check_weights(sample_weight, len(spectra))
        useful &= weight > 0
        spectra = replace(spectra, weight=weight)
    if useful.all():
        return spectra
    if useful.sum() < 2:
        owner = type(estimator).__name__
        raise ValueError(f"{owner} needs 2 spectra with usable pixels and weight, got {useful.sum()}.")
    return replace(spectra.take(useful), rows=np.flatnonzero(useful))


def read_nonempty_spectra(estimator, X) -> Spectra:
    """Validate X of a fitted estimator; a spectrum without any valid pixel is refused unless `on_empty` is "nan"."""
    spectra = read_spectra(estimator, X, reset=False)
    empty = spectra.is_empty
    if estimator.on_empty == "raise" and empty.any():
        owner = type(estimator).__name__
        raise ValueError(
            f"X of {owner} has spectra without latents: {point_at(empty, len(empty), 'have no valid pixel')} Drop them "
            "(a FluxNormalizer makes rows without flux in its band NaN), or pass on_empty='nan' to keep their places."
        )
    return spectra


def read_latents(estimator, X, n_latents) -> np.ndarray:
    """Validate latents for `inverse_transform`."""
    latents = check_array(X, dtype=[np.float64, np.float32])
    if latents.shape[1] != n_latents:
        raise ValueError(
            f"X must hold the {n_latents} latents of {type(estimator).__name__}, got an array of shape {latents.shape}."
        )
    return latents


def name_latents(n_latents) -> np.ndarray:
    """Return the names of the columns of latents."""
    return np.array([f"latent{i}" for i in range(n_latents)], dtype=object)


def check_magnitude(owner, spectra):
    """Raise where fluxes are too large for float32."""
    largest = max(abs(float(spectra.flux.min())), abs(float(spectra.flux.max())))
    if largest > LARGEST:
        raise ValueError(
            f"X of {owner} holds values up to {largest:.3g}; the network computes in float32 and needs "
            f"values within {LARGEST:.0e}. Put a FluxNormalizer before it."
        )


def _check_weights(sample_weight, n_rows):
    weights = check_array(sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight")
    if weights.shape != (n_rows,):
        raise ValueError(
            f"`sample_weight` must have one number for each of the {n_rows} spectra, got shape {weights.shape}."
        )
    if (weights < 0).any():
        raise ValueError(f"`sample_weight` must not be negative, got {weights.min()!r}.")
    if not weights.any():
        raise ValueError("`sample_weight` must not be zero for all spectra; zero leaves a spectrum out.")
    return weights


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
        return Batch(inputs, targets, _normalise_weight(part.weight), 0.0)

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
        return hide(decoded, self.hidden)

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
        return Batch(inputs, targets, _normalise_weight(weight), float(np.average(unseen, weights=weight)))

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

    def weigh(self, spectra):
        """Return what chi square is made of, for `refine_latents`: spectra along the axes and the weight of an error.

        Where no errors are known, all pixels have the variance that the axes do not explain.
        """
        if spectra.ivar is not None:
            weight = combine_ivar(spectra.ivar, self.noise)
            pull, metric = weigh_along_axes(spectra.flux, weight, self.frame.mean, self.frame.axes)
            return pull * self.unit, metric * self.unit**2
        weight = self.unit / self.noise
        pull = project(spectra.flux, self.frame) * weight
        return pull, np.eye(len(self.frame.axes))[None] * (weight * self.unit)

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


def scores_to_flux(scores, frame, hidden, dtype=np.float32):
    """Return spectra from their scores on principal axes; only a block of rows is held in float64."""
    flux = np.empty((len(scores), len(frame.mean)), dtype=dtype)
    for start in range(0, len(scores), BLOCK_ROWS // 4):
        rows = slice(start, start + BLOCK_ROWS // 4)
        flux[rows] = hide(scores[rows] @ frame.axes + frame.mean, hidden)
    return flux


def fit_space(spectra, train, held_out, config, rng):
    """Return the space in which the network of `config` works: of scores for the residual network, else of pixels."""
    if config["architecture"] == "residual":
        return fit_score_space(spectra, train, held_out, config["latent_dim"], config["n_axes"], rng)
    flux, ivar = spectra.flux, spectra.ivar
    if ivar is None:
        return PixelSpace(np.asarray(flux[train].mean(axis=0), dtype=np.float32))
    weight = (ivar[train] > 0).astype(np.float64)
    mean = (weight * flux[train]).sum(axis=0) / np.maximum(weight.sum(axis=0), 1)
    return PixelSpace(np.asarray(mean, dtype=np.float32), True, find_hidden(ivar))


def fit_score_space(spectra, train, held_out, latent_dim, n_axes, rng, *, by_errors=False):
    """Fit the principal axes on the training rows and measure the spread on the held-out rows too.

    An axis that only the training rows fill would otherwise blow up a new spectrum without bound. With `by_errors`
    noisy pixels count less for the axes, too.
    """
    if spectra.ivar is None:
        frame = fit_principal_frame(spectra.flux, train, n_axes, rng, spectra.weight)
        space = measure_space(frame, spectra.flux, train, latent_dim)
    else:
        space = _fit_with_gaps(spectra, train, latent_dim, n_axes, rng, by_errors)
    if len(held_out):
        scores = space.find_scores(spectra.take(held_out))
        spread = np.maximum(space.frame.spread, np.sqrt(np.mean(scores**2, axis=0)))
        space = replace(space, frame=space.frame._replace(spread=spread))
    return bound_spread(replace(space, hidden=find_hidden(spectra.ivar)))


def _fit_with_gaps(spectra, train, latent_dim, n_axes, rng, by_errors):
    """Fill gaps from the axes, and fit these again, a few times.

    With `by_errors` a pixel is filled to the share that its error has of its variance about the axes.
    """
    flux, ivar = spectra.flux, spectra.ivar
    is_there = ivar > 0
    mean = (is_there[train] * flux[train]).sum(axis=0) / np.maximum(is_there[train].sum(axis=0), 1)
    filled = np.where(is_there, flux, mean).astype(np.float64)
    is_filled = (np.isfinite(ivar) if by_errors else ~is_there).any(axis=1)
    rows = np.flatnonzero(is_filled)
    for _ in range(N_FILLS if len(rows) else 1):
        frame = fit_principal_frame(filled, train, n_axes, rng, spectra.weight)
        space = measure_space(frame, filled, train, latent_dim)
        part = spectra.take(rows)
        smooth = space.find_scores(part) @ frame.axes + frame.mean
        trust = is_there[rows].astype(np.float64)
        if by_errors:
            trust = combine_ivar(part.ivar, space.noise) * space.noise
        filled[rows] = smooth + trust * (np.where(is_there[rows], part.flux, smooth) - smooth)
    return space


def measure_space(frame, flux, train, latent_dim):
    """Return the space of a principal frame, with what its axes leave out of the training rows."""
    rows = train[:: max(1, len(train) // 200)]
    left = float(np.mean(residual_energy(flux[rows], frame, project(flux[rows], frame)))) / flux.shape[1]
    total = float(np.sum(frame.spread**2))
    unit = max(float(np.sqrt(np.sum(frame.spread[latent_dim:] ** 2))), 1e-4 * np.sqrt(total)) or 1.0
    return ScoreSpace(frame, unit, max(left, 1e-9 * total / flux.shape[1], np.finfo(np.float32).tiny))


def bound_spread(space):
    """Return the space with no axis below a ten-millionth of the whole spread, and none at zero."""
    spread = space.frame.spread
    total = np.sqrt(np.sum(spread**2))
    spread = np.maximum(spread, 1e-7 * total) if total > 0 else np.ones_like(spread)
    return replace(space, frame=space.frame._replace(spread=spread))


def find_hidden(ivar):
    """Return the pixels that no spectrum has, None where there are none."""
    hidden = np.zeros(0, dtype=bool) if ivar is None else ~(ivar > 0).any(axis=0)
    return hidden if hidden.any() else None


def hide(flux, hidden):
    """Return spectra, NaN in the hidden pixels."""
    return flux if hidden is None else np.where(hidden, flux.dtype.type(np.nan), flux)


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


def _normalise_weight(weight):
    return None if weight is None else (weight / weight.mean()).astype(np.float32)
