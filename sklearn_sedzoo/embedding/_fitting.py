"""From a matrix of spectra to a trained autoencoder: split, space, training, whitening."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sklearn_sedzoo._kernels._principal import fit_whitening
from sklearn_sedzoo.embedding._model import AutoencoderModel
from sklearn_sedzoo.embedding._network import borrow_network, discard_network
from sklearn_sedzoo.embedding._spaces import PixelSpace, fit_score_space
from sklearn_sedzoo.embedding._training import Monitor, train_network


@dataclass(frozen=True)
class Plan:
    """How to train: the resolved parameters of the embedder that are not the network's shape."""

    epochs: int
    patience: int
    learning_rate: float
    schedule: str
    batch_size: int
    validation_fraction: float
    whiten: bool


def fit_autoencoder(X, config, plan, rng, report):
    """Train the network of `config` on X and return the model and the monitor of its training."""
    train, held_out = split_rows(len(X), plan.validation_fraction, rng)
    space = _fit_space(X, config, train, held_out, rng)
    inputs, unseen = space.measure(X[train])
    targets = space.to_target(inputs)
    validation, unseen_held_out = None, np.zeros(1)
    if len(held_out):
        held_out_inputs, unseen_held_out = space.measure(X[held_out])
        validation = held_out_inputs, space.to_target(held_out_inputs)
    unseen = float(np.mean(unseen)), float(np.mean(unseen_held_out))

    network = borrow_network(config, "train")
    network.initialise(rng)
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
        watched = (inputs, targets) if validation is None else validation
        start = _pca_loss(*watched, config["latent_dim"], space)
        monitor.start(space.to_flux_loss(start, unseen[int(validation is not None)]))
    try:
        train_network(
            network,
            monitor,
            inputs,
            targets,
            validation,
            loss=config["loss"],
            batch_size=plan.batch_size,
            seed=int(rng.integers(2**31)),
        )
        if monitor.best_weights is None:
            raise ValueError(
                "The training of ConvAutoencoderEmbedder diverged: its loss was never finite. "
                f"Lower `learning_rate` (it was {plan.learning_rate!r}) or normalise the spectra."
            )
        network.set_state(monitor.best_weights)
        whitening = fit_whitening(space.to_latent(network.encode(inputs))) if plan.whiten else None
    except BaseException:
        discard_network(network)
        raise
    return AutoencoderModel(config, monitor.best_weights, space, whitening), monitor


def split_rows(n_rows, fraction, rng):
    """Return the rows to train on and the rows to validate on; the latter at least one unless `fraction` is 0."""
    order = rng.permutation(n_rows)
    n_held_out = min(math.ceil(fraction * n_rows), n_rows - 1)
    return np.sort(order[n_held_out:]), np.sort(order[:n_held_out])


def count_training_rows(n_rows, fraction):
    """Return how many rows `split_rows` leaves to train on."""
    return n_rows - min(math.ceil(fraction * n_rows), n_rows - 1)


def _fit_space(X, config, train, held_out, rng):
    if config["architecture"] == "residual":
        return fit_score_space(X, train, held_out, config["latent_dim"], config["n_axes"], rng)
    return PixelSpace(X.shape[1])


def _pca_loss(inputs, targets, latent_dim, space):
    """Return the mean squared error of the network before training, which is that of PCA."""
    missed = np.asarray(targets[:, latent_dim:], dtype=np.float64)
    return float(np.sum(missed**2) / targets.size)
