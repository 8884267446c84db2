"""Derivatives of a network by its inputs, on each Keras backend."""

from __future__ import annotations

import numpy as np

from sklearn_sedzoo.embedding._backend import load_keras
from sklearn_sedzoo.embedding._scanned_models import record


def make_differentiator(model):
    """Return a function of the inputs that gives the outputs and their derivatives, by forward differentiation.

    Inputs of shape (n, n_inputs) give arrays of shapes (n, n_outputs) and (n_inputs, n, n_outputs). The weights are
    those that the model has when the function is called.
    """
    makers = {"jax": _with_jax, "torch": _with_torch, "tensorflow": _with_tensorflow}
    return makers[load_keras().config.backend()](model)


def _tangents(inputs):
    """Return the direction of each input, for all rows: of shape (n_inputs, n, n_inputs)."""
    return np.repeat(np.eye(inputs.shape[1], dtype=inputs.dtype)[:, None], len(inputs), axis=1)


def _with_jax(model):
    import jax

    @jax.jit
    def push(weights, inputs, tangents):
        outputs, along = jax.linearize(lambda x: model.stateless_call(*weights, x)[0], inputs)
        return outputs, jax.vmap(along)(tangents)

    def differentiate(inputs):
        weights = [[each.value for each in kind] for kind in (model.trainable_variables, model.non_trainable_variables)]
        return tuple(np.asarray(each) for each in push(weights, inputs, _tangents(inputs)))

    return differentiate


def _with_torch(model):
    import torch

    draw = record(model)

    def differentiate(inputs):
        x = torch.from_numpy(inputs)
        push = torch.func.vmap(lambda tangent: torch.func.jvp(draw, (x,), (tangent,)), out_dims=(None, 0))
        with torch.no_grad():
            draw(x)  # recorded here: vmap and jvp would be recorded too
            return tuple(each.numpy() for each in push(torch.from_numpy(_tangents(inputs))))

    return differentiate


def _with_tensorflow(model):
    import tensorflow as tf

    @tf.function(jit_compile=True)
    def push(inputs, tangents):
        n_inputs, n, _ = tangents.shape
        copies = tf.tile(inputs, (n_inputs, 1))  # one pass for all directions
        with tf.autodiff.ForwardAccumulator(copies, tf.reshape(tangents, copies.shape)) as accumulator:
            outputs = model(copies, training=False)
        return outputs[:n], tf.reshape(accumulator.jvp(outputs), (n_inputs, n, -1))

    def differentiate(inputs):
        return tuple(each.numpy() for each in push(inputs, _tangents(inputs)))

    return differentiate
