"""From a matrix of spectra to a trained autoencoder: split, space, training, whitening."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from sklearn_sedzoo._kernels._principal import fit_whitening
from sklearn_sedzoo.embedding._model import AutoencoderModel
from sklearn_sedzoo.embedding._network import borrow_network, discard_network
from sklearn_sedzoo.embedding._spaces import fit_pixel_space, fit_score_space
from sklearn_sedzoo.embedding._training import Monitor, train_network

SHORT = 20  # the epochs of a start are this part of all


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


def fit_autoencoder(X, config, plan, rng, report, ivar=None, row_weight=None):
    """Train the network of `config` on X and return the model and the monitor of its training."""
    train, held_out = split_rows(len(X), plan.validation_fraction, rng)
    space = _fit_space(X, config, train, held_out, rng, ivar, row_weight)
    batch, weight, unseen = _measure(space, X, train, ivar, row_weight)
    validation, unseen_held_out = None, 0.0
    if len(held_out):
        held_out_batch, held_out_weight, unseen_held_out = _measure(space, X, held_out, ivar, row_weight)
        validation = held_out_batch.inputs, held_out_batch.targets, held_out_weight
    unseen = unseen, unseen_held_out

    network = borrow_network(config, "train", min(plan.batch_size, len(train)))
    if config["architecture"] == "residual":
        network.load_frame(space)
    monitor = Monitor(
        network=network,
        epochs=plan.epochs,
        patience=plan.patience,
        learning_rate=plan.learning_rate,
        schedule=plan.schedule,
        to_flux_loss=lambda loss, is_validation: space.to_flux_loss(loss, unseen[int(is_validation)]),
        report=report,
        training_rows=train,
    )
    if config["architecture"] == "residual":
        watched = (batch.inputs, batch.targets, weight) if validation is None else validation
        start = _pca_loss(*watched, config["latent_dim"], space)
        monitor.start(space.to_flux_loss(start, unseen[int(validation is not None)]))
    data = batch.inputs, batch.targets, weight, validation
    try:
        monitor = _train_best_start(network, monitor, plan.n_init, data, rng)
        if monitor.best_weights is None:
            raise ValueError(
                "The training of ConvAutoencoderEmbedder diverged: its loss was never finite. "
                f"Lower `learning_rate` (it was {plan.learning_rate!r}) or normalise the spectra."
            )
        network.set_state(monitor.best_weights)
        whitening = None
        if plan.whiten:
            latents = space.to_latent(network.encode(batch.inputs))
            whitening = fit_whitening(latents, weight, draw_in_tails=plan.whiten == "robust")
    except BaseException:
        discard_network(network)
        raise
    return AutoencoderModel(config, monitor.best_weights, space, whitening), monitor


def _train_best_start(network, monitor, n_init, data, rng):
    """Train from `n_init` initial weights for a 20th of the epochs each, then go on from the best of them."""
    short, starts = monitor.epochs // SHORT, []
    if n_init > 1 and short:
        monitor.epochs -= n_init * short
        for _ in range(n_init):
            network.initialise(rng)
            start = replace(monitor, epochs=short, patience=short, history={})
            train_network(network, start, *data, seed=int(rng.integers(2**31)))
            starts.append(start)
            if start.is_told_to_stop:
                break
        best = min(starts, key=lambda start: start.best_loss)
        monitor = replace(monitor, best_loss=best.best_loss, best_weights=best.best_weights, history=best.history)
        network.set_state(best.best_weights)
    else:
        network.initialise(rng)
    if not (starts and starts[-1].is_told_to_stop):
        train_network(network, monitor, *data, seed=int(rng.integers(2**31)))
    return monitor


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
    batch = space.measure(X[rows], None if ivar is None else ivar[rows])
    if ivar is None and row_weight is None:
        return batch, None, float(np.mean(batch.unseen))
    weight = batch.quality if row_weight is None else batch.quality * row_weight[rows]
    weight = weight / weight.mean()
    return batch, weight.astype(np.float32), float(np.mean(weight * batch.unseen))


def _pca_loss(inputs, targets, weight, latent_dim, space):
    """Return the mean squared error of the network before training, which is that of PCA."""
    missed = np.sum(np.asarray(targets[:, latent_dim:], dtype=np.float64) ** 2, axis=1)
    return float(np.mean(missed if weight is None else weight * missed) / targets.shape[1])
