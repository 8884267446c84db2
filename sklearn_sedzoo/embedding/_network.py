"""A network by its configuration: built once per thread, filled with weights, run in batches of one size."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict

import numpy as np

from sklearn_sedzoo._kernels._latent_refinement import refine_latents
from sklearn_sedzoo.embedding._architectures import BUILDERS
from sklearn_sedzoo.embedding._backend import load_keras
from sklearn_sedzoo.embedding._derivatives import make_differentiator
from sklearn_sedzoo.embedding._objective_layers import make_objective_layer
from sklearn_sedzoo.embedding._scanned_models import load_scanned_model

CACHE_SIZE = 16
MOST_REFINED = 64  # latents: 1 ms for a spectrum of 64, 25 ms for one of 256
CHUNK = 64  # rows are padded to this, so that a function is compiled once and rows do not depend on their company
_CACHE = threading.local()


class Network:
    """Encoder, decoder and both in a row, for one configuration.

    Parameters
    ----------
    config : dict
        ``architecture``, ``n_pixels``, ``n_axes``, ``latent_dim`` and the shape of the layers.
    batch_size : int, optional
        Spectra per training step; not needed for prediction.
    """

    def __init__(self, config, batch_size=None):
        keras = load_keras()
        self.config = config
        if callable(config["architecture"]):
            self.encoder, self.decoder = config["architecture"](config["n_pixels"], config["latent_dim"])
        else:
            self.encoder, self.decoder = BUILDERS[config["architecture"]](config)
        source = keras.Input(self.encoder.input_shape[1:], name="source")
        self.batch_size = batch_size
        self.is_scanned = config["architecture"] == "residual"
        code, self.objective = self.encoder(source), None
        if config.get("objective"):
            self.objective = make_objective_layer(config)
            code = self.objective(code)
        self.autoencoder = load_scanned_model()(source, self.decoder(code), name="autoencoder")
        self.autoencoder.part = batch_size if self.is_scanned else None
        self._differentiate = None

    def initialise(self, rng):
        """Draw the weights: Glorot uniform kernels, zero biases, zero for the layers named ``*_zero``.

        A user's own network keeps the initial weights of its layers.
        """
        if self.objective is not None:
            self.objective.initialise()
        if callable(self.config["architecture"]):
            return
        kept = () if self.objective is None else [id(variable) for variable in self.objective.variables]
        for variable in self.autoencoder.trainable_variables:
            if id(variable) in kept:
                continue
            shape = tuple(variable.shape)
            if len(shape) == 1 or "_zero" in variable.path:
                variable.assign(np.zeros(shape, dtype=np.float32))
            else:
                field = math.prod(shape[:-2])
                limit = math.sqrt(6 / (field * (shape[-2] + shape[-1])))
                variable.assign(rng.uniform(-limit, limit, shape).astype(np.float32))

    def load_frame(self, space):
        """Hand the residual network its principal axes, in pixels, and the spread of the scores along them."""
        axes, spread = space.frame.axes, space.frame.spread
        self.decoder.get_layer("spread").factor.assign((spread / space.unit).astype(np.float32))
        if not self.config["filters"]:
            return
        patch = self.config["strides"]
        padded = np.zeros((len(axes), math.ceil(axes.shape[1] / patch) * patch), dtype=np.float32)
        padded[:, : axes.shape[1]] = axes
        damping = np.sqrt(spread / spread[0] * axes.shape[1])[:, None].astype(np.float32)
        self.encoder.get_layer("patch_in").axes.assign((padded * damping).reshape(-1, patch))
        self.decoder.get_layer("patch_zero").axes.assign(padded.reshape(-1, patch))

    @property
    def variables(self):
        """The variables that make up the state; the frame is loaded apart from it."""
        if self.config["architecture"] == "residual":
            return self.autoencoder.trainable_variables
        parts = [self.encoder, self.decoder, *([] if self.objective is None else [self.objective])]
        return [
            variable
            for part in parts
            for variable in (part.trainable_variables if part is self.objective else part.weights)
        ]

    def get_state(self):
        """Return the weights as a list of arrays."""
        convert = load_keras().ops.convert_to_numpy
        return [np.array(convert(variable.value)) for variable in self.variables]

    def set_state(self, weights):
        """Load the weights from a list of arrays."""
        for variable, value in zip(self.variables, weights, strict=True):
            variable.assign(value)

    def reset_training(self, seed):
        """Put everything that a training changes beside the weights to its beginning."""
        for variable in self.autoencoder.optimizer.variables:
            variable.assign(np.zeros(tuple(variable.shape), dtype=variable.dtype))
        self.end_epoch(0.0)
        for i, variable in enumerate(self._seeds()):
            variable.assign(np.random.SeedSequence([seed, i]).generate_state(2).astype(variable.dtype))

    def end_epoch(self, progress):
        """Tell an objective how much of the training is over, from 0 to 1."""
        if self.objective is not None:
            self.objective.progress.assign(progress)

    def get_training_state(self):
        """Return all that a training changes, as a list of arrays."""
        convert = load_keras().ops.convert_to_numpy
        return [np.array(convert(variable.value)) for variable in self._training_variables()]

    def set_training_state(self, values):
        """Load what `get_training_state` returned."""
        for variable, value in zip(self._training_variables(), values, strict=True):
            variable.assign(value)

    def _training_variables(self):
        progress = [] if self.objective is None else [self.objective.progress]
        return [*self.variables, *self.autoencoder.optimizer.variables, *self._seeds(), *progress]

    def _seeds(self):
        return [] if self.objective is None else [self.objective.seeds.state]

    def encode(self, X):
        """Return the latents of X."""
        return _run(self.encoder, X, self.config["latent_dim"])

    def decode(self, Z):
        """Return what the decoder draws from the latents Z."""
        return _run(self.decoder, Z, self.decoder.output_shape[-1])

    def embed(self, X, space, ivar=None):
        """Return the latents of spectra as `transform` gives them: the encoder's, refined for the decoder."""
        return self.refine(self.encode(space.to_input(X, ivar)), space, X, np.arange(len(X)), ivar)

    def refine(self, codes, space, X, rows, ivar=None):
        """Return the latents from which the decoder draws some rows of X better than from the encoder's.

        Under an objective, where the network reads pixels, and where they are many, they are the encoder's.
        """
        is_residual = self.config["architecture"] == "residual" and self.config["objective"] is None
        if not is_residual or codes.shape[1] > MOST_REFINED:
            return codes
        refined = np.empty_like(codes)
        for start in range(0, len(rows), CHUNK):
            block = slice(start, start + CHUNK)
            weighed = space.weigh(X[rows[block]], None if ivar is None else ivar[rows[block]])
            refined[block] = refine_latents(codes[block].astype(np.float64), self.draw_with_slopes, *weighed)
        return refined

    def draw_with_slopes(self, Z):
        """Return what the decoder draws from at most 64 latents, and its derivative by each of them."""
        if self._differentiate is None:
            self._differentiate = make_differentiator(self.decoder)
        padded = np.zeros((CHUNK, Z.shape[1]), dtype=np.float32)
        padded[: len(Z)] = Z
        drawn, slopes = self._differentiate(padded)
        return drawn[: len(Z)].astype(np.float64), slopes[:, : len(Z)].transpose(1, 0, 2).astype(np.float64)


def borrow_network(config, role, batch_size=None):
    """Return the network of this configuration and role ("train" or "predict") from this thread's cache.

    Building and compiling a network costs more than training a small one; the cross-validation folds of a
    search, clones and copies share one. Weights live on the estimator, so whoever borrows loads them first.
    """
    if callable(config["architecture"]):
        return Network(config, batch_size)
    cache = _CACHE.__dict__.setdefault("networks", OrderedDict())
    key = (role, batch_size, *sorted((name, value) for name, value in config.items()))
    if key not in cache:
        cache[key] = Network(config, batch_size)
        while len(cache) > CACHE_SIZE:
            cache.popitem(last=False)
    cache.move_to_end(key)
    return cache[key]


def discard_network(network):
    """Forget a network whose training was broken off: its compiled state may be half written."""
    cache = _CACHE.__dict__.get("networks", {})
    for key in [key for key, value in cache.items() if value is network]:
        del cache[key]


def _run(model, X, n_columns):
    out = np.empty((len(X), n_columns), dtype=np.float32)
    for start in range(0, len(X), CHUNK):
        rows = X[start : start + CHUNK]
        padded = np.zeros((CHUNK, rows.shape[1]), dtype=np.float32)
        padded[: len(rows)] = rows
        out[start : start + len(rows)] = load_keras().ops.convert_to_numpy(model.predict_on_batch(padded))[: len(rows)]
    return out
