"""What a training minimizes: objectives with parameters to search, their Keras layers, and the losses."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from sklearn.base import BaseEstimator

from sklearn_sedzoo._parameters import check_parameters, integer, kinds, nothing, number, sequence_of


class VAE(BaseEstimator):
    r"""Variational autoencoder: the latents of a spectrum are a normal distribution, close to the unit normal.

    Parameters
    ----------
    beta : float, default=1e-3
        Weight of the Kullback-Leibler divergence beside the mean squared error.

    See Also
    --------
    DESOM : Pulls the latents towards the cells of a map that is trained with them.

    Notes
    -----
    The loss is :math:`\mathrm{MSE} + \beta / d \; \sum_i \mathrm{KL}(N(z_i, s_i^2) | N(0, 1))` in the units in which
    the network decodes: `ResidualNetwork` measures the squared error in what PCA with as many latents leaves out. The
    mean :math:`z` is the encoder's; the spread :math:`s` is a linear function of it. `transform` returns the mean.

    References
    ----------
    Kingma & Welling 2014, arXiv:1312.6114; Higgins et al. 2017 (beta).

    Examples
    --------
    >>> from sklearn_sedzoo.embedding import VAE, ConvAutoencoderEmbedder
    >>> ConvAutoencoderEmbedder(3, objective=VAE(beta=0.01)).get_params()["objective__beta"]
    0.01
    """

    _parameters = kinds(beta=[number(0)])

    def __init__(self, beta=1e-3):
        self.beta = beta

    def describe(self):
        """Return the name and the checked parameters, as plain numbers.

        Returns
        -------
        description : tuple
            ``(name, ((parameter, value), ...))``.
        """
        check_parameters(self)
        return "VAE", (("beta", float(self.beta)),)


class DESOM(BaseEstimator):
    r"""Deep embedded self-organizing map: autoencoder and map learn together.

    The fitted embedder has the map as ``map_``; a `SOMMapper` can start from it (``init=embedder.map_``).

    Parameters
    ----------
    n_rows, n_columns : int, default=10
        Size of the rectangular map.
    gamma : float, default=1e-3
        Weight of the map beside the mean squared error.
    radius : tuple of float, default=None
        Neighborhood radius in cells at the beginning and at the end of the training; None is
        ``(max(n_rows, n_columns) / 2, 0.5)``. It falls exponentially.

    See Also
    --------
    sklearn_sedzoo.mapping.SOMMapper : The map on its own.

    Notes
    -----
    The loss is :math:`\mathrm{MSE} + \gamma \frac{1}{n} \sum_i \sum_k h_{k b(i)} |z_i - m_k|^2`, where
    :math:`b(i)` is the best cell of spectrum i and :math:`h = \exp(-d^2 / r^2)`. All weights, those of the map too,
    follow its gradient.

    References
    ----------
    Forest et al. 2021, Neural Computing and Applications 33, 17439 (DESOM); Teimoorinia et al. 2022, AJ 163, 71.

    Examples
    --------
    >>> from sklearn_sedzoo.embedding import DESOM
    >>> DESOM(4, 5).describe()
    ('DESOM', (('n_rows', 4), ('n_columns', 5), ('gamma', 0.001), ('radius', (2.5, 0.5))))
    """

    _parameters = kinds(
        n_rows=[integer(1)],
        n_columns=[integer(1)],
        gamma=[number(0)],
        radius=[
            sequence_of(number(0, closed="neither"), "a pair (at first, at last) of radii > 0", length=2),
            nothing(),
        ],
    )

    def __init__(self, n_rows=10, n_columns=10, gamma=1e-3, radius=None):
        self.n_rows = n_rows
        self.n_columns = n_columns
        self.gamma = gamma
        self.radius = radius

    def describe(self):
        """Return the name and the checked parameters, as plain numbers.

        Returns
        -------
        description : tuple
            ``(name, ((parameter, value), ...))``.
        """
        check_parameters(self)
        first, last = (max(self.n_rows, self.n_columns) / 2, 0.5) if self.radius is None else self.radius
        sizes = ("n_rows", int(self.n_rows)), ("n_columns", int(self.n_columns))
        return "DESOM", (*sizes, ("gamma", float(self.gamma)), ("radius", (float(first), float(last))))


def make_objective_layer(config):
    """Return the layer between encoder and decoder that adds the penalty of the objective to the loss."""
    name, parameters = config["objective"]
    return load_objectives()[name](config["latent_dim"], **dict(parameters), name="objective")


@lru_cache(maxsize=1)
def load_objectives():
    """Return a dict of the Keras layer classes by the name of their objective."""
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

        def initialize(self):
            """Put the weights to their beginning."""

    class VAELayer(Objective):
        def __init__(self, latent_dim, beta, name):
            super().__init__(latent_dim, name)
            self.beta = beta

        def build(self, input_shape):
            super().build(input_shape)
            self.kernel = self.add_weight(shape=(self.latent_dim, self.latent_dim), initializer="zeros", name="kernel")
            self.bias = self.add_weight(shape=(self.latent_dim,), initializer="zeros", name="bias")

        def initialize(self):
            self.kernel.assign(np.zeros((self.latent_dim, self.latent_dim)))
            self.bias.assign(np.full(self.latent_dim, -4.0))  # a spread of .14: training starts near the mean

        def call(self, latent, training=None):
            log_variance = ops.clip(ops.matmul(latent, self.kernel) + self.bias, -20.0, 5.0)
            divergence = 0.5 * (ops.square(latent) + ops.exp(log_variance) - 1 - log_variance)
            self.add_loss(self.beta * ops.mean(divergence))
            if not training:
                return latent
            return latent + ops.exp(0.5 * log_variance) * keras.random.normal(ops.shape(latent), seed=self.seeds)

    class DESOMLayer(Objective):
        def __init__(self, latent_dim, n_rows, n_columns, gamma, radius, name):
            super().__init__(latent_dim, name)
            self.gamma, self.radius = gamma, radius
            rows, columns = np.divmod(np.arange(n_rows * n_columns), n_columns)
            self.places = np.column_stack([rows, columns]).astype(np.float32)

        def build(self, input_shape):
            super().build(input_shape)
            self.cells = self.add_weight(shape=(len(self.places), self.latent_dim), initializer="zeros", name="cells")

        def initialize(self):
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

    return {"VAE": VAELayer, "DESOM": DESOMLayer}


@lru_cache(maxsize=1)
def load_losses():
    """Return the losses that are no names of Keras: of targets with a block of weights behind them.

    ``"masked_mse"``: the squared error, each pixel with its weight. ``"chi_square"``: chi square per axis; behind the
    scores stands their weight, a matrix or its diagonal.
    """
    from keras import ops

    def masked_mse(target, drawn):
        flux, weight = ops.split(target, 2, axis=-1)
        return ops.sum(weight * ops.square(flux - drawn), axis=-1) / ops.maximum(ops.sum(weight, axis=-1), 1e-12)

    def chi_square(target, drawn):
        n_axes = drawn.shape[-1]
        off = drawn - target[:, :n_axes]
        weight = target[:, n_axes:]
        if weight.shape[-1] == n_axes:
            pulled = weight * off
        else:
            pulled = ops.matmul(ops.reshape(weight, (-1, n_axes, n_axes)), ops.expand_dims(off, -1))[:, :, 0]
        return ops.mean(off * pulled, axis=-1)

    return {"masked_mse": masked_mse, "chi_square": chi_square}
