"""Keras layers and a loss of our own; Keras is imported when they are first asked for."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=1)
def load_layers():
    """Return the classes ``(PatchIn, PatchOut, Spread)``."""
    import keras
    from keras import ops

    class PatchIn(keras.layers.Layer):
        """Strided convolution of a spectrum that is given by its scores on principal axes.

        The convolution with a stride as long as its kernel is a matrix product of patches; by associativity it is
        carried out on the axes instead of on every spectrum: ``(scores @ axes) * kernel = scores @ (axes * kernel)``.
        """

        def __init__(self, n_axes, n_patches, patch, filters, **kwargs):
            super().__init__(**kwargs)
            self.sizes = n_axes, n_patches, patch, filters

        def build(self, input_shape):
            n_axes, n_patches, patch, filters = self.sizes
            self.kernel = self.add_weight(shape=(patch, filters), initializer="zeros", name="kernel")
            self.bias = self.add_weight(shape=(filters,), initializer="zeros", name="bias")
            self.axes = self.add_weight(
                shape=(n_axes * n_patches, patch), initializer="zeros", trainable=False, name="axes"
            )

        def call(self, scores):
            n_axes, n_patches, _, filters = self.sizes
            kernel = ops.reshape(ops.matmul(self.axes, self.kernel), (n_axes, n_patches * filters))
            return ops.reshape(ops.matmul(scores, kernel), (-1, n_patches, filters)) + self.bias

        def compute_output_shape(self, input_shape):
            return (input_shape[0], self.sizes[1], self.sizes[3])

    class PatchOut(keras.layers.Layer):
        """Transposed twin of `PatchIn`: features of patches to the scores of the spectrum they draw."""

        def __init__(self, n_axes, n_patches, patch, filters, **kwargs):
            super().__init__(**kwargs)
            self.sizes = n_axes, n_patches, patch, filters

        def build(self, input_shape):
            n_axes, n_patches, patch, filters = self.sizes
            self.kernel = self.add_weight(shape=(patch, filters), initializer="zeros", name="kernel")
            self.axes = self.add_weight(
                shape=(n_axes * n_patches, patch), initializer="zeros", trainable=False, name="axes"
            )

        def call(self, features):
            n_axes, n_patches, _, filters = self.sizes
            kernel = ops.reshape(ops.matmul(self.axes, self.kernel), (n_axes, n_patches * filters))
            return ops.matmul(ops.reshape(features, (-1, n_patches * filters)), ops.transpose(kernel))

        def compute_output_shape(self, input_shape):
            return (input_shape[0], self.sizes[0])

    class Spread(keras.layers.Layer):
        """Multiply each column by a fixed number that is loaded with the weights."""

        def build(self, input_shape):
            self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", trainable=False, name="factor")

        def call(self, x):
            return x * self.factor

        def compute_output_shape(self, input_shape):
            return input_shape

    return PatchIn, PatchOut, Spread


@lru_cache(maxsize=1)
def load_masked_loss():
    """Return the squared error whose weights are the second block of the target's columns."""
    from keras import ops

    def masked_mse(target, drawn):
        flux, weight = ops.split(target, 2, axis=-1)
        return ops.sum(weight * ops.square(flux - drawn), axis=-1) / ops.maximum(ops.sum(weight, axis=-1), 1e-12)

    return masked_mse


@lru_cache(maxsize=1)
def load_chi_square():
    """Return chi square per axis: behind the scores of the target stands their weight, a matrix or its diagonal."""
    from keras import ops

    def chi_square(target, drawn):
        n_axes = drawn.shape[-1]
        off = drawn - target[:, :n_axes]
        weight = target[:, n_axes:]
        if weight.shape[-1] == n_axes:
            pulled = weight * off
        else:
            pulled = ops.matmul(ops.reshape(weight, (-1, n_axes, n_axes)), ops.expand_dims(off, -1))[:, :, 0]
        return ops.mean(off * pulled, axis=-1)

    return chi_square
