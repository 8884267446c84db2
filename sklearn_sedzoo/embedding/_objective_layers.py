"""The Keras layers of the objectives; Keras is imported when the first is asked for."""

from __future__ import annotations

from functools import lru_cache

import numpy as np


def make_objective_layer(config):
    """Return the layer between encoder and decoder that adds the penalty of the objective to the loss."""
    name, parameters = config["objective"]
    return load_objectives()[name](config["latent_dim"], **dict(parameters), name="objective")


@lru_cache(maxsize=1)
def load_objectives():
    """Return a dict of the layer classes by the name of their objective."""
    import keras
    from keras import ops

    class Objective(keras.layers.Layer):
        """Passes the latents on and adds a penalty; `progress` runs from 0 to 1 in a training."""

        def __init__(self, latent_dim, name):
            super().__init__(name=name)
            self.latent_dim = latent_dim
            self.seeds = keras.random.SeedGenerator(0)

        def build(self, input_shape):
            self.progress = self.add_weight(shape=(), initializer="zeros", trainable=False, name="progress")

        def compute_output_shape(self, input_shape):
            return input_shape

        def initialise(self):
            """Put the weights to their beginning."""

    class VAELayer(Objective):
        def __init__(self, latent_dim, beta, name):
            super().__init__(latent_dim, name)
            self.beta = beta

        def build(self, input_shape):
            super().build(input_shape)
            self.kernel = self.add_weight(shape=(self.latent_dim, self.latent_dim), initializer="zeros", name="kernel")
            self.bias = self.add_weight(shape=(self.latent_dim,), initializer="zeros", name="bias")

        def initialise(self):
            self.kernel.assign(np.zeros((self.latent_dim, self.latent_dim)))
            self.bias.assign(np.full(self.latent_dim, -4.0))  # a spread of .14: training starts near the mean

        def call(self, latent, training=None):
            log_variance = ops.clip(ops.matmul(latent, self.kernel) + self.bias, -20.0, 5.0)
            divergence = 0.5 * (ops.square(latent) + ops.exp(log_variance) - 1 - log_variance)
            self.add_loss(self.beta * ops.mean(divergence))
            drawn = latent
            if training:
                drawn = latent + ops.exp(0.5 * log_variance) * keras.random.normal(ops.shape(latent), seed=self.seeds)
            self.add_more(drawn)
            return drawn

        def add_more(self, drawn):
            """Add what else is asked of the drawn latents."""

    class InfoVAELayer(VAELayer):
        def __init__(self, latent_dim, beta, mmd, name):
            super().__init__(latent_dim, beta, name)
            self.mmd = mmd

        def add_more(self, drawn):
            prior = keras.random.normal(ops.shape(drawn), seed=self.seeds)

            def similarity(a, b):
                squares = ops.sum(a**2, axis=1)[:, None] + ops.sum(b**2, axis=1) - 2 * ops.matmul(a, ops.transpose(b))
                return ops.mean(ops.exp(-ops.maximum(squares, 0.0) / (2 * self.latent_dim)))

            self.add_loss(
                self.mmd * (similarity(prior, prior) + similarity(drawn, drawn) - 2 * similarity(prior, drawn))
            )

    class DESOMLayer(Objective):
        def __init__(self, latent_dim, n_rows, n_columns, gamma, radius, name):
            super().__init__(latent_dim, name)
            self.gamma, self.radius = gamma, radius
            rows, columns = np.divmod(np.arange(n_rows * n_columns), n_columns)
            self.places = np.column_stack([rows, columns]).astype(np.float32)

        def build(self, input_shape):
            super().build(input_shape)
            self.cells = self.add_weight(shape=(len(self.places), self.latent_dim), initializer="zeros", name="cells")

        def initialise(self):
            cells = np.zeros((len(self.places), self.latent_dim))  # a plane through the first two latents, -2 to 2
            size = np.maximum(self.places.max(axis=0), 1)
            cells[:, :2] = (4 * self.places / size - 2)[:, ::-1][:, : self.latent_dim]
            self.cells.assign(cells)

        def call(self, latent):
            squares = ops.sum(ops.square(latent[:, None, :] - self.cells), axis=2)
            best = ops.argmin(squares, axis=1)
            steps = ((self.places[:, None] - self.places) ** 2).sum(axis=2).astype(np.float32)
            first, last = self.radius
            radius = first * ops.power(last / first, self.progress)
            near = ops.exp(-ops.take(ops.convert_to_tensor(steps), best, axis=0) / ops.square(radius))
            self.add_loss(self.gamma * ops.mean(ops.sum(near * squares, axis=1)))
            return latent

    return {"VAE": VAELayer, "InfoVAE": InfoVAELayer, "DESOM": DESOMLayer}
