"""Train a network through scikeras, watch its validation loss and keep the best weights."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from sklearn_sedzoo.embedding._backend import load_keras, seed_globals
from sklearn_sedzoo.embedding._layers import load_chi_square, load_masked_loss

WEIGHT_DECAY = 1e-2  # keeps a network of a few thousand weights from learning a few hundred spectra by heart


@dataclass
class Monitor:
    """What is looked at after each epoch: losses, best weights, patience and the learning rate.

    Parameters
    ----------
    network : Network
        The network in training.
    epochs, patience : int
        At most this many epochs; stop after `patience` epochs without a better loss.
    learning_rate : float
        At the start; with ``schedule="cosine"`` it falls to zero over `epochs`.
    to_flux_loss : callable
        ``(loss, is_validation) -> float``, the loss in the units of the user.
    report : callable
        ``(losses) -> bool``, told after each epoch; a true answer stops the training.
    training_rows : ndarray of int
        Which rows of X the network learns from.
    held_out_rows : ndarray of int
        Which rows measure the validation loss.
    unseen : float
        Part of the validation loss that no network changes.
    pca_loss : float
        Validation loss of PCA with as many components.
    least_gain : float
        Share of it that weights have to gain to be preferred; minus infinity where PCA is no alternative.
    """

    network: object
    epochs: int
    patience: int
    learning_rate: float
    schedule: str
    to_flux_loss: Callable
    report: Callable
    training_rows: np.ndarray | None = None
    held_out_rows: np.ndarray | None = None
    unseen: float = 0.0
    pca_loss: float = math.nan
    least_gain: float = -math.inf
    best_loss: float = math.inf
    best_weights: list | None = None
    history: dict = field(default_factory=dict)
    stale: int = 0
    n_epochs: int = 0
    is_told_to_stop: bool = False

    @property
    def is_pca(self):
        """Whether no weights are worth more than PCA, which the network was before the training."""
        return self.best_loss >= self.pca_loss * (1 - self.least_gain)

    def start(self, loss, weights):
        """Remember weights that are known before the training, as the first to beat."""
        self.best_loss, self.best_weights = loss, weights

    def take_up(self, kept, n_epochs):
        """Go on where an earlier monitor of the same training was after `n_epochs`."""
        for name, value in kept.items():
            setattr(self, name, value)
        self.n_epochs = n_epochs

    def end_epoch(self, epoch, logs):
        """Record the losses of an epoch and decide what comes next."""
        self.n_epochs = epoch + 1
        losses = {
            name: float(self.to_flux_loss(logs[name], name == "val_loss"))
            for name in ("loss", "val_loss")
            if name in logs
        }
        for name, value in losses.items():
            self.history.setdefault(name, []).append(value)
        watched = losses.get("val_loss", losses["loss"])
        model = self.network.autoencoder
        self.network.end_epoch(self.n_epochs / self.epochs)
        if watched < self.best_loss:
            self.best_loss, self.best_weights, self.stale = watched, self.network.get_state(), 0
        else:
            self.stale += 1
        if self.schedule == "cosine":
            model.optimizer.learning_rate = self.learning_rate * (1 + math.cos(math.pi * (epoch + 1) / self.epochs)) / 2
        self.is_told_to_stop = bool(self.report(losses))
        if self.is_told_to_stop or self.stale >= self.patience or not np.isfinite(losses["loss"]):
            model.stop_training = True


def train_network(network, monitor, inputs, targets, weight, validation, *, seed, state=None):
    """Train through scikeras; afterwards `monitor` holds the history and the best weights.

    Parameters
    ----------
    network : Network
        With its initial weights loaded.
    monitor : Monitor
        Told after each epoch.
    inputs, targets : ndarray of shape (n_samples, n_inputs)
        What the encoder reads and what the decoder has to draw.
    weight : ndarray of shape (n_samples,) or None
        Weights of the spectra in the loss, of mean one.
    validation : tuple of (inputs, targets, weight) or None
        The same of the validation split.
    seed : int
        Of the order of the spectra.
    state : dict, optional
        Of an earlier training with the same arguments, as `Course.get_state` writes it: go on from there.
    """
    keras = load_keras()
    from scikeras.wrappers import BaseWrapper

    model, loss = network.autoencoder, network.config["loss"]
    loss = {"masked_mse": load_masked_loss, "chi_square": load_chi_square}.get(loss, lambda: loss)()
    if not model.compiled:
        decay = WEIGHT_DECAY if network.config["architecture"] == "residual" else None
        model.compile(optimizer=keras.optimizers.Adam(monitor.learning_rate, weight_decay=decay), loss=loss)
        model.optimizer.build(model.trainable_variables)
    batch_size = network.batch_size
    if network.is_scanned:  # all full batches of an epoch in one call
        batch_size *= max(1, len(inputs) // batch_size)
    network.reset_training(seed)
    model.optimizer.learning_rate = monitor.learning_rate
    if state is not None:
        network.set_training_state(state["variables"])
        monitor.take_up(state["stage"], state["n_epochs"])
    done = monitor.n_epochs
    if done >= monitor.epochs or monitor.stale >= monitor.patience:
        return

    def hand_over():
        return model

    wrapper = BaseWrapper(
        model=hand_over,
        loss=loss,
        batch_size=batch_size,
        epochs=monitor.epochs - done,
        callbacks=[
            keras.callbacks.LambdaCallback(
                # Keras draws the order of an epoch when it begins, and once more when it compiles
                on_epoch_begin=lambda epoch, logs: seed_globals(seed, done + epoch),
                on_epoch_end=lambda epoch, logs: monitor.end_epoch(done + epoch, logs),
            )
        ],
        random_state=seed,
        verbose=0,
    )
    if validation is not None and validation[2] is None:
        validation = validation[:2]
    wrapper.fit(inputs, targets, sample_weight=weight, validation_data=validation)
