"""Keras models that take all training steps of an epoch in one call; a backend is imported when it is asked for.

A step of a small network takes less time than Keras needs to call its layers one by one. Keras hands over a whole
epoch as one batch, and the model loops over its parts, each the size of ``part``; where that is None, the steps are
those of Keras.
"""

from __future__ import annotations

import itertools
import math
from functools import lru_cache

import numpy as np

from sklearn_sedzoo.embedding._backend import load_keras


def load_scanned_model():
    """Return the class for the backend at hand."""
    makers = {"jax": _load_for_jax, "torch": _load_for_torch, "tensorflow": _load_for_tensorflow}
    return makers[load_keras().config.backend()]()


def count_parts(n_rows, part):
    """Return into how many steps a batch falls: one where it is no whole number of parts."""
    return 1 if part is None or n_rows % part else n_rows // part


@lru_cache(maxsize=1)
def _load_for_jax():
    """Return a model whose loop over the parts is compiled with the step."""
    import jax
    import keras

    class ScannedModel(keras.Model):
        part = None

        def train_step(self, state, data):
            x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
            parts = tuple(each for each in (x, y, weight) if each is not None)
            if count_parts(len(x), self.part) == 1:
                return super().train_step(state, data)

            def step(state, rows):
                logs, state = keras.Model.train_step(self, state, rows)
                return state, logs

            state, logs = jax.lax.scan(
                step, state, tuple(each.reshape(-1, self.part, *each.shape[1:]) for each in parts)
            )
            return {name: value[-1] for name, value in logs.items()}, state

    return ScannedModel


@lru_cache(maxsize=1)
def _load_for_torch():
    """Return a model whose steps are recorded tensor operations and torch's own Adam."""
    import keras
    import torch

    class ScannedModel(keras.Model):
        part = None
        _measure = None

        def train_step(self, data):
            if self.part is None:
                return super().train_step(data)
            parts = [
                itertools.repeat(None) if each is None else each.split(self.part)
                for each in keras.utils.unpack_x_y_sample_weight(data)
            ]
            step, losses, sizes = start_adam(self.optimizer, self.trainable_variables), [], []
            weights = [variable.value for variable in self.trainable_variables]
            for rows in zip(*parts, strict=False):
                loss = self._find_loss(*rows, training=True)
                step(torch.autograd.grad(loss, weights))
                losses.append(loss.detach())
                sizes.append(len(rows[0]))
            self.optimizer.iterations.assign_add(len(losses))
            return self._report(torch.stack(losses), torch.tensor(sizes))

        def test_step(self, data):
            if self.part is None:
                return super().test_step(data)
            rows = keras.utils.unpack_x_y_sample_weight(data)
            return self._report(self._find_loss(*rows, training=False), len(rows[0]))

        def _find_loss(self, x, y, weight, training):
            if self._measure is None:
                self._measure = record_loss(self, keras.losses.get(self.loss))
            return self._measure(x, y, weight, training)

        def _report(self, losses, n_rows):
            self._loss_tracker.update_state(losses, sample_weight=n_rows)
            return self.get_metrics_result()

    return ScannedModel


@lru_cache(maxsize=1)
def _load_for_tensorflow():
    """Return a model whose loop over the parts is compiled with the step, and whose rows stay in one place.

    Keras would make its pipeline of rows four times an epoch, which takes as long as the steps of a small network, and
    would put them into the same order in every epoch once the random numbers are seeded.
    """
    import keras
    import tensorflow as tf

    class ScannedModel(keras.Model):
        part = None

        def fit(self, x, y, batch_size, sample_weight=None, validation_data=None, shuffle=True, **settings):
            self._batch_size, self._is_shuffled = batch_size, shuffle
            return super().fit(
                hold(x, y, sample_weight),
                validation_data=validation_data and hold(*validation_data),
                shuffle=False,  # `take_epoch` does
                steps_per_epoch=1,
                validation_steps=1,
                **settings,
            )

        def make_train_function(self, force=False):
            if self.train_function is not None and not force:
                return
            step = tf.function(self.train_step, jit_compile=self.jit_compile if self.part is None else True)

            def take_epoch(source):
                data = next(source)
                order = np.arange(len(data[0]))
                if self._is_shuffled:
                    np.random.shuffle(order)  # noqa: NPY002
                for rows in np.split(order, range(self._batch_size, len(order), self._batch_size)):
                    logs = step(tuple(tf.gather(each, rows) for each in data))
                return logs

            self.train_function = take_epoch

        def train_step(self, data):
            n_parts = count_parts(len(data[0]), self.part)
            if n_parts == 1:
                return super().train_step(data)
            parts = [tf.reshape(each, (n_parts, self.part, *each.shape[1:])) for each in data]

            def step(i):
                keras.Model.train_step(self, tuple(each[i] for each in parts))
                return (i + 1,)

            tf.while_loop(lambda i: i < n_parts, step, (0,))
            return self.get_metrics_result()

    def hold(*arrays):
        return tf.data.Dataset.from_tensors(tuple(each for each in arrays if each is not None)).repeat()

    return ScannedModel


def record_loss(model, compare):
    """Return a function ``(x, y, weight, training)`` that gives the loss of an autoencoder under torch.

    The layer "objective" is called as it is: it draws random numbers, which a record would repeat.
    """
    encode, decoder = record(model.get_layer("encoder")), model.get_layer("decoder")
    objectives = [layer for layer in model.layers if layer.name == "objective"]

    @record
    def draw_and_compare(code, y, weight=None):
        missed = compare(y, decoder(code))
        return (missed if weight is None else missed * weight).mean()

    def measure(x, y, weight, training):
        code = encode(x)
        for layer in objectives:
            code = layer(code, training=training)
        loss = draw_and_compare(code, y, *([] if weight is None else [weight]))
        return sum((penalty for layer in objectives for penalty in layer.losses), start=loss)

    return measure


def record(function):
    """Return a function that does what another does under torch, by its tensor operations alone.

    Keras takes several times as long to call its layers as their operations take. They are recorded once for each
    shape of the arguments; the weights are those that the layers have when the function is called.
    """
    from torch.fx.experimental.proxy_tensor import make_fx

    graphs = {}

    def run(*tensors):
        shapes = tuple(each.shape for each in tensors)
        if shapes not in graphs:
            graphs[shapes] = make_fx(lambda *tensors: function(*tensors))(*(each.detach() for each in tensors)).forward
        return graphs[shapes](*tensors)

    return run


def start_adam(optimizer, variables):
    """Return a function of the gradients that takes a step of a Keras Adam under torch, on the same variables.

    Torch's fused kernel needs a fifth of the time. Its epsilon is added after the correction of the second moment,
    that of Keras before.
    """
    import torch
    from torch.optim.adamw import adamw

    weights, n_steps = [variable.value for variable in variables], int(optimizer.iterations.value)
    momenta, velocities = (
        [each.value for each in optimizer.variables if each.name.endswith(name)] for name in ("momentum", "velocity")
    )
    settings = {
        "lr": float(optimizer.learning_rate.value),
        "beta1": optimizer.beta_1,
        "beta2": optimizer.beta_2,
        "weight_decay": optimizer.weight_decay or 0.0,
        "amsgrad": False,
        "maximize": False,
        "fused": True,
    }
    counts = [torch.tensor(float(n_steps)) for _ in weights]

    def step(gradients):
        nonlocal n_steps
        n_steps += 1
        epsilon = optimizer.epsilon / math.sqrt(1 - optimizer.beta_2**n_steps)
        with torch.no_grad():
            adamw(weights, list(gradients), momenta, velocities, [], counts, eps=epsilon, **settings)

    return step
