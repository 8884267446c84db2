"""From a matrix of spectra to a trained autoencoder: split, space, training, whitening."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from sklearn_sedzoo._kernels._principal import BLOCK_ROWS, fit_whitening
from sklearn_sedzoo.embedding._course import Course
from sklearn_sedzoo.embedding._model import AutoencoderModel
from sklearn_sedzoo.embedding._network import borrow_network, discard_network
from sklearn_sedzoo.embedding._spaces import Batch, ScoreSpace, fit_pixel_space, fit_score_space
from sklearn_sedzoo.embedding._training import Monitor

ROUNDING = 1e-6  # of a loss in float32


@dataclass(frozen=True)
class Plan:
    """How to train: the resolved parameters of the embedder that are not the network's shape."""

    epochs: int
    patience: int
    n_init: int
    learning_rate: float
    schedule: str
    batch_size: int
    validation_fraction: float
    whiten: bool | str


def fit_autoencoder(X, config, plan, rng, report, ivar=None, row_weight=None, start=None):
    """Train the network of `config` on X and return the model and the monitor of its training.

    `report` is told of the course (``report.begin(course)``) and of each epoch; `start` is a model of the same
    config to go on from.
    """
    train, held_out = split_rows(len(X), plan.validation_fraction, rng)
    space = _fit_space(X, config, train, held_out, rng, ivar, row_weight) if start is None else start.space
    batch, weight, unseen = _measure(space, X, train, ivar, row_weight)
    validation, watched, unseen_held_out = None, (batch.inputs, batch.targets, weight), unseen
    if len(held_out):
        held_out_batch, held_out_weight, unseen_held_out = _measure(space, X, held_out, ivar, row_weight)
        validation = watched = held_out_batch.inputs, held_out_batch.targets, held_out_weight

    network = borrow_network(config, "train", min(plan.batch_size, len(train)))
    is_residual = config["architecture"] == "residual"
    if is_residual:
        network.load_frame(space)
    monitor = Monitor(
        network=network,
        epochs=plan.epochs,
        patience=plan.patience,
        learning_rate=plan.learning_rate,
        schedule=plan.schedule,
        to_flux_loss=lambda loss, is_validation: space.to_flux_loss(loss, unseen_held_out if is_validation else unseen),
        report=report,
        training_rows=train,
        held_out_rows=held_out,
        unseen=unseen_held_out / space.n_pixels,
    )
    if is_residual:
        monitor.pca_loss = space.to_flux_loss(_pca_loss(space, *watched, config["latent_dim"]), unseen_held_out)
    try:
        _set_first_to_beat(monitor, network, start, watched, unseen_held_out, space)
        course = Course(network, monitor, plan.n_init, rng, is_warm=start is not None)
        report.begin(course)
        monitor = course.run((batch.inputs, batch.targets, weight, validation))
        if monitor.best_weights is None:
            raise ValueError(
                "The training of ConvAutoencoderEmbedder diverged: its loss was never finite. "
                f"Lower `learning_rate` (it was {plan.learning_rate!r}) or normalise the spectra."
            )
        if monitor.is_pca:
            _start_as_pca(monitor, network)
        network.set_state(monitor.best_weights)
        latents = space.to_latent(network.refine(network.encode(batch.inputs), space, X, train, ivar))
        if start is not None:
            whitening = start.whitening  # the latents keep their meaning
        elif plan.whiten:
            whitening = fit_whitening(latents, weight, draw_in_tails=plan.whiten == "robust")
        else:
            whitening = None
    except BaseException:
        discard_network(network)
        raise
    return AutoencoderModel(config, monitor.best_weights, space, whitening, latents.std(axis=0)), monitor


def fit_pca_to_all(model, X, rng, ivar=None, row_weight=None):
    """Return a model that has remained PCA with its axes fitted to all rows, those that watched the training too.

    With many latents the axes of a tenth more spectra make the error on new ones smaller by some per cent.
    """
    config, every, none = model.config, np.arange(len(X)), np.arange(0)
    space = _fit_space(X, config, every, none, rng, ivar, row_weight)
    spread = np.maximum(space.frame.spread, model.space.frame.spread)  # of spectra beyond those of the axes
    space = replace(space, frame=space.frame._replace(spread=spread))
    batch, weight, _ = _measure(space, X, every, ivar, row_weight)
    latents = space.to_latent(batch.inputs[:, : config["latent_dim"]])
    whitening = model.whitening
    if whitening is not None:
        whitening = fit_whitening(latents, weight, draw_in_tails=whitening.tails is not None)
    return AutoencoderModel(config, model.weights, space, whitening, latents.std(axis=0))


def _set_first_to_beat(monitor, network, start, watched, unseen, space):
    """Tell the monitor of weights that are good before any training: those of `start`, or zeros, which are PCA.

    The error of PCA on new spectra has a part of about latent_dim / n_rows from learning its axes. A network has to
    gain more than the held-out rows would make of that.
    """
    config = network.config
    if config["objective"] is not None or config["loss"] not in {"mse", "chi_square"}:
        return
    if start is not None:
        network.set_state(start.weights)
        inputs, targets, weight = watched
        missed = find_missed(network.decode(network.encode(inputs)), targets)
        loss = space.to_flux_loss(float(np.average(missed, weights=weight)), unseen)
        monitor.start(loss, [np.array(value) for value in start.weights])
    elif config["architecture"] == "residual":
        n_train, n_rows = len(monitor.training_rows), len(monitor.training_rows) + len(monitor.held_out_rows)
        monitor.least_gain = max(config["latent_dim"] * (1 / n_train - 1 / n_rows), ROUNDING)
        _start_as_pca(monitor, network)


def _start_as_pca(monitor, network):
    network.initialise(np.random.default_rng(0))
    monitor.start(monitor.pca_loss, network.get_state())


def split_rows(n_rows, fraction, rng):
    """Return the rows to train on and the rows to validate on; the latter at least one unless `fraction` is 0."""
    order = rng.permutation(n_rows)
    n_held_out = min(math.ceil(fraction * n_rows), n_rows - 1)
    return np.sort(order[n_held_out:]), np.sort(order[:n_held_out])


def count_training_rows(n_rows, fraction):
    """Return how many rows `split_rows` leaves to train on."""
    return n_rows - min(math.ceil(fraction * n_rows), n_rows - 1)


def _fit_space(X, config, train, held_out, rng, ivar, row_weight):
    if config["architecture"] == "residual":
        return fit_score_space(X, train, held_out, config["latent_dim"], config["n_axes"], rng, ivar, row_weight)
    return fit_pixel_space(X, train, ivar)


def _measure(space, X, rows, ivar, row_weight):
    """Return the batch of some rows, their weights (None: all alike) and the mean energy out of sight."""
    n_blocks = -(-len(rows) // BLOCK_ROWS) if isinstance(space, ScoreSpace) else 1  # scores are small: no copy of X
    parts = [space.measure(X[block], None if ivar is None else ivar[block]) for block in np.array_split(rows, n_blocks)]
    batch = Batch(*map(np.concatenate, zip(*parts, strict=True)))
    quality = batch.quality
    if ivar is not None and isinstance(space, ScoreSpace):  # its targets carry the weights of the pixels already
        scale = quality.mean() or 1.0
        batch.targets[:, batch.inputs.shape[1] :] /= scale
        batch, quality = batch._replace(unseen=batch.unseen / scale), np.ones(len(rows))
    if row_weight is None and (quality == 1).all():
        return batch, None, float(np.mean(batch.unseen))
    weight = quality if row_weight is None else quality * row_weight[rows]
    weight = weight / weight.mean()
    return batch, weight.astype(np.float32), float(np.mean(weight * batch.unseen))


def _pca_loss(space, inputs, targets, weight, latent_dim):
    """Return the loss of the network before training, which is that of PCA."""
    drawn = inputs.astype(np.float64) * (space.frame.spread / space.unit)
    drawn[:, latent_dim:] = 0
    missed = find_missed(drawn, targets)
    return float(np.mean(missed if weight is None else weight * missed))


def find_missed(drawn, targets):
    """Return the loss of each row: the mean square, or chi square where the targets carry their weight."""
    n_axes = drawn.shape[1]
    off, weight = drawn - targets[:, :n_axes].astype(np.float64), targets[:, n_axes:]
    if not weight.shape[1]:
        return np.mean(off**2, axis=1)
    if weight.shape[1] == n_axes:
        return np.mean(weight * off**2, axis=1)
    return np.einsum("ij,ijk,ik->i", off, weight.reshape(-1, n_axes, n_axes), off) / n_axes
