"""The networks: small parameter objects, and the Keras encoder and decoder that each describes."""

from __future__ import annotations

import math
from functools import lru_cache, partial
from threading import Lock

import numpy as np
from sklearn.base import BaseEstimator

from sklearn_sedzoo._kernels.residual_network import ACTIVATIONS, damp_axes
from sklearn_sedzoo._parameters import check_parameters, integer, kinds, option, sequence_of
from sklearn_sedzoo.embedding._backend import load_autoencoder, load_keras, load_programs
from sklearn_sedzoo.embedding._objectives import make_objective_layer

WIDTH, DEPTH = 64, 3  # of the dense blocks of the residual network
N_AXES = 48  # scores that the residual network reads and gives, at least
RUNNING = Lock()  # Keras hands the weights of a model to one call at a time
CHUNK = 64  # rows are padded to this, so that a function is compiled once and rows do not depend on their company


class ResidualNetwork(BaseEstimator):
    """Principal component analysis with a convolutional and dense residual that starts at zero.

    Parameters
    ----------
    filters : tuple of int, default=(4,)
        Filters of the convolution of each block; with ``()`` there are no convolutions.
    kernel_size : int, default=3
        Width of the convolutions, in patches.
    patch : int, default=128
        Pixels of a patch; the first convolution has this width and stride.
    activation : str, default="gelu"
        One of "gelu", "leaky_relu", "relu", "silu", "elu", "softplus", "sigmoid" and "tanh".

    See Also
    --------
    ThesisNetwork : Convolution and pooling over pixels.
    ConvAutoencoderEmbedder : The estimator that trains it; its notes have the formula.

    Examples
    --------
    >>> from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder, ResidualNetwork
    >>> embedder = ConvAutoencoderEmbedder(3, architecture=ResidualNetwork(filters=(8,)))
    >>> embedder.get_params()["architecture__filters"]
    (8,)
    """

    _parameters = kinds(
        filters=[sequence_of(integer(1), "a tuple of integers >= 1", empty=True)],
        kernel_size=[integer(1)],
        patch=[integer(1)],
        activation=[option(*ACTIVATIONS)],
    )

    def __init__(self, filters=(4,), kernel_size=3, patch=128, activation="gelu"):
        self.filters = filters
        self.kernel_size = kernel_size
        self.patch = patch
        self.activation = activation

    def describe(self):
        """Return the checked parameters and the fixed sizes, as plain numbers.

        Returns
        -------
        description : dict
            The part of the configuration of a model that this network decides.
        """
        sizes = _read_sizes(self, ("kernel_size", "patch"))
        return {"architecture": "residual", **sizes, "width": WIDTH, "depth": DEPTH}


class ThesisNetwork(BaseEstimator):
    """Conv1D and max-pooling blocks, a dense bottleneck, Conv1DTranspose and up-sampling blocks, a final Conv1D.

    Parameters
    ----------
    filters : tuple of int, default=(32, 16)
        Filters of the convolution of each block, at least one.
    kernel_size : int, default=5
        Width of the convolutions, in pixels.
    strides : int, default=1
        Stride of the convolutions.
    pool_size : int, default=4
        Pooling of each block.
    activation : str, default="leaky_relu"
        One of "gelu", "leaky_relu", "relu", "silu", "elu", "softplus", "sigmoid" and "tanh".

    See Also
    --------
    ResidualNetwork : The default, which starts as a principal component analysis.

    Examples
    --------
    >>> from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder, ThesisNetwork
    >>> ConvAutoencoderEmbedder(256, architecture=ThesisNetwork()).get_params()["architecture__pool_size"]
    4
    """

    _parameters = kinds(
        filters=[sequence_of(integer(1), "a tuple of integers >= 1")],
        kernel_size=[integer(1)],
        strides=[integer(1)],
        pool_size=[integer(1)],
        activation=[option(*ACTIVATIONS)],
    )

    def __init__(self, filters=(32, 16), kernel_size=5, strides=1, pool_size=4, activation="leaky_relu"):
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.pool_size = pool_size
        self.activation = activation

    def describe(self):
        """Return the checked parameters, as plain numbers.

        Returns
        -------
        description : dict
            The part of the configuration of a model that this network decides.
        """
        return {"architecture": "thesis", **_read_sizes(self, ("kernel_size", "strides", "pool_size"))}


def _read_sizes(network, names):
    """Return the checked parameters of a network as plain numbers."""
    check_parameters(network)
    sizes = {name: int(getattr(network, name)) for name in names}
    return {"filters": tuple(int(width) for width in network.filters), **sizes, "activation": network.activation}


def make_config(architecture, n_train, n_pixels, latent_dim, loss, objective):
    """Return all that decides the shape of a model, as a dict of plain values (and the callable, where it is one)."""
    known = {"architecture": architecture} if not hasattr(architecture, "describe") else architecture.describe()
    return {
        **known,
        "n_pixels": int(n_pixels),
        "n_axes": int(min(n_train, n_pixels, max(N_AXES, 2 * latent_dim))),
        "latent_dim": int(latent_dim),
        "loss": loss,
        "objective": None if objective is None else objective.describe(),
    }


class Network:
    """Encoder, decoder and both in a row as Keras models, for one configuration.

    Parameters
    ----------
    config : dict
        As `make_config` returns it.
    part : int, optional
        Spectra per training step where an epoch is handed over as one batch.
    """

    def __init__(self, config, part=None):
        keras = load_keras()
        self.config = config
        build = {"residual": build_residual, "thesis": build_thesis}.get(config["architecture"])
        if build is None:
            parts = config["architecture"](config["n_pixels"], config["latent_dim"])
            if not (isinstance(parts, (tuple, list)) and len(parts) == 2):
                raise TypeError(
                    f"`architecture` of ConvAutoencoderEmbedder must return (encoder, decoder), it returned {parts!r}."
                )
            self.encoder, self.decoder = parts
        else:
            self.encoder, self.decoder = build(config)
        source = keras.Input(self.encoder.input_shape[1:], name="source")
        code, self.objective = self.encoder(source), None
        if config["objective"] is not None:
            self.objective = make_objective_layer(config)
            code = self.objective(code)
        self.autoencoder = load_autoencoder()(source, self.decoder(code), name="autoencoder")
        self.autoencoder.part = part
        if build is not None:
            self.autoencoder.programs = load_programs((part, *sorted(config.items())))

    def initialize(self, rng):
        """Draw the weights: Glorot uniform kernels, zero biases, zero for the layers named ``*_zero``.

        A user's own network keeps the initial weights of its layers.
        """
        if self.objective is not None:
            self.objective.initialize()
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
        patch = self.config["patch"]
        padded = np.zeros((len(axes), math.ceil(axes.shape[1] / patch) * patch), dtype=np.float32)
        padded[:, : axes.shape[1]] = axes
        damping = damp_axes(spread, axes.shape[1])[:, None].astype(np.float32)
        self.encoder.get_layer("patch_in").axes.assign((padded * damping).reshape(-1, patch))
        self.decoder.get_layer("patch_zero").axes.assign(padded.reshape(-1, patch))

    @property
    def variables(self):
        """The variables that make up the state, by name; the frame is loaded apart from it."""
        is_residual = self.config["architecture"] == "residual"
        parts = {"encoder": self.encoder, "decoder": self.decoder}
        found = {
            f"{name}/{variable.path}": variable
            for name, part in parts.items()
            for variable in (part.trainable_variables if is_residual else part.weights)
        }
        if self.objective is not None:
            found |= {variable.path: variable for variable in self.objective.trainable_variables}
        return found

    def get_state(self):
        """Return the weights as a dict of arrays."""
        convert = load_keras().ops.convert_to_numpy
        return {name: np.array(convert(variable.value)) for name, variable in self.variables.items()}

    def set_state(self, weights):
        """Load the weights from a dict of arrays; those of a user's own network by their order."""
        for variable, value in zip(self.variables.values(), weights.values(), strict=True):
            variable.assign(value)

    def reset_training(self, seed):
        """Put everything that a training changes beside the weights to its beginning."""
        for variable in self.autoencoder.optimizer.variables if self.autoencoder.compiled else ():
            variable.assign(np.zeros(tuple(variable.shape), dtype=variable.dtype))
        self.end_epoch(0.0)
        if self.objective is not None:
            state = self.objective.seeds.state
            state.assign(np.random.SeedSequence([seed, 0]).generate_state(2).astype(state.dtype))

    def end_epoch(self, progress):
        """Tell an objective how much of the training is over, from 0 to 1."""
        if self.objective is not None:
            self.objective.progress.assign(progress)

    def encode(self, X):
        """Return the latents of what the encoder reads."""
        return _run(self.encoder, X, self.config["latent_dim"])

    def decode(self, latents):
        """Return what the decoder gives for latents."""
        return _run(self.decoder, latents, self.decoder.output_shape[-1])

    def summary(self):
        """Return the layers, their shapes and numbers of weights as text."""
        lines = []
        for part in (self.encoder, self.decoder):
            part.summary(line_length=100, print_fn=lines.append)
        return "\n".join(lines)


def _run(model, X, n_columns):
    convert = load_keras().ops.convert_to_numpy  # in a forked process this raises
    out = np.empty((len(X), n_columns), dtype=np.float32)
    for start in range(0, len(X), CHUNK):
        rows = X[start : start + CHUNK]
        padded = np.zeros((CHUNK, rows.shape[1]), dtype=np.float32)
        padded[: len(rows)] = rows
        with RUNNING:
            out[start : start + len(rows)] = convert(model.predict_on_batch(padded))[: len(rows)]
    return out


def build_thesis(config):
    """Conv1D + max-pooling blocks, dense bottleneck, Conv1DTranspose + up-sampling blocks, final Conv1D."""
    from keras import Input, Model, layers, ops

    is_turned = load_keras().config.backend() == "torch"  # reads channels first, and copies all else
    order = {"data_format": "channels_first" if is_turned else "channels_last"}

    def turn(x):
        return layers.Permute((2, 1))(x) if is_turned else x

    n_pixels, filters = config["n_pixels"], config["filters"]
    kernel_size, pool_size = config["kernel_size"], config["pool_size"]
    shrink = pool_size * config["strides"]
    reduced = math.ceil(n_pixels / shrink ** len(filters))
    padding = reduced * shrink ** len(filters) - n_pixels
    strided = {"strides": config["strides"], "padding": "same", **order, **_plain()}

    spectrum = Input((n_pixels,), name="spectrum")
    x = layers.Reshape((n_pixels, 1))(spectrum)
    if padding:
        x = layers.ZeroPadding1D((0, padding))(x)
    x = turn(x)
    for i, width in enumerate(filters):
        x = layers.Conv1D(width, kernel_size, name=f"conv{i}", **strided)(x)
        x = layers.MaxPooling1D(pool_size, padding="same", **order)(_activate(x, config))
    x = layers.Flatten()(turn(x))
    latent = layers.Dense(config["latent_dim"], name="latent", **_plain())(x)

    code = Input((config["latent_dim"],), name="code")
    x = layers.Dense(reduced * filters[-1], name="expand", **_plain())(code)
    x = turn(layers.Reshape((reduced, filters[-1]))(_activate(x, config)))
    for i, width in enumerate(reversed(filters)):
        x = layers.Conv1DTranspose(width, kernel_size, name=f"deconv{i}", **strided)(x)
        x = _activate(x, config)
        x = ops.repeat(x, pool_size, axis=2) if is_turned else layers.UpSampling1D(pool_size)(x)
    x = layers.Conv1D(1, kernel_size, padding="same", name="draw", **order, **_plain())(x)
    x = layers.Reshape((n_pixels + padding,))(x)
    if padding:
        x = x[:, :n_pixels]
    if config["loss"] == "binary_crossentropy":
        x = layers.Activation("sigmoid")(x)
    return Model(spectrum, latent, name="encoder"), Model(code, x, name="decoder")


def build_residual(config):
    """PCA and, added to it, a convolutional and a dense network whose last layers start at zero.

    Input and output are the scores of the spectrum on `n_axes` principal axes, each divided by its spread; the
    skip takes the first `latent_dim` of them. Convolutions run over patches of `patch` pixels. The same in plain
    arrays: `sklearn_sedzoo._kernels.residual_network`.
    """
    from keras import Input, Model, layers

    patch_in, patch_out, spread = load_layers()
    n_axes, latent_dim, filters = config["n_axes"], config["latent_dim"], config["filters"]
    n_patches = math.ceil(config["n_pixels"] / config["patch"])
    sizes = {"n_axes": n_axes, "n_patches": n_patches, "patch": config["patch"]}

    scores = Input((n_axes,), name="scores")
    x = layers.Dense(config["width"], name="read", **_plain())(_add_squashed(scores))
    if filters:
        patches = patch_in(**sizes, filters=filters[0], name="patch_in")(scores)
        for i, width in enumerate(filters):
            patches = _activate(_mix_neighbors(_activate(patches, config), width, config, f"conv{i}"), config)
        x = layers.Add()([x, layers.Dense(config["width"], name="gather", **_plain())(layers.Flatten()(patches))])
    x = _dense_blocks(_activate(x, config), config, "encode")
    shift = layers.Dense(latent_dim, name="latent_zero", **_plain())(x)
    latent = layers.Add()([scores[:, :latent_dim], shift])

    code = Input((latent_dim,), name="code")
    x = _activate(layers.Dense(config["width"], name="write", **_plain())(_add_squashed(code)), config)
    x = _dense_blocks(x, config, "decode")
    drawn = layers.Dense(n_axes, name="scores_zero", **_plain())(x)
    if n_axes > latent_dim:
        skip = layers.Flatten()(layers.ZeroPadding1D((0, n_axes - latent_dim))(layers.Reshape((latent_dim, 1))(code)))
    else:
        skip = code
    drawn = spread(name="spread")(layers.Add()([skip, drawn]))
    if filters:
        x = layers.Dense(n_patches * filters[-1], name="scatter", **_plain())(x)
        x = _activate(layers.Reshape((n_patches, filters[-1]))(x), config)
        for i, width in enumerate(reversed(filters)):
            x = _activate(_mix_neighbors(x, width, config, f"deconv{i}"), config)
        drawn = layers.Add()([drawn, patch_out(**sizes, filters=filters[0], name="patch_zero")(x)])
    return Model(scores, latent, name="encoder"), Model(code, drawn, name="decoder")


def _plain():
    """Weights start at zero; `Network.initialize` draws them, the same on every backend."""
    return {"kernel_initializer": "zeros", "bias_initializer": "zeros"}


def _activate(x, config):
    from keras import layers, ops

    if config["activation"] == "leaky_relu":
        return layers.LeakyReLU()(x)
    if config["activation"] == "gelu":
        return layers.Activation(partial(ops.gelu, approximate=True))(x)  # as good, and compiles in half the time
    return layers.Activation(config["activation"])(x)


def _add_squashed(x):
    """Put arsinh(x) beside x: a rare spectrum at twenty times the spread is then within reach of the weights."""
    from keras import layers, ops

    return layers.Concatenate()([x, ops.arcsinh(x)])


def _dense_blocks(x, config, name):
    from keras import layers

    for i in range(config["depth"]):
        step = _activate(layers.Dense(config["width"], name=f"{name}{i}", **_plain())(x), config)
        x = layers.Add()([x, step])
    return x


def _mix_neighbors(x, filters, config, name):
    """Convolve over patches by shifted copies and one matrix product: faster than a convolution on every CPU."""
    from keras import layers

    size, n_patches = config["kernel_size"], x.shape[1]
    if size > 1:
        padded = layers.ZeroPadding1D(((size - 1) // 2, size // 2))(x)
        x = layers.Concatenate()([padded[:, i : i + n_patches] for i in range(size)])
    return layers.Dense(filters, name=name, **_plain())(x)


@lru_cache(maxsize=1)
def load_layers():
    """Return the Keras layer classes ``(PatchIn, PatchOut, Spread)``; Keras is imported when they are asked for."""
    import keras
    from keras import ops

    class PatchIn(keras.layers.Layer):
        """Strided convolution of a spectrum that is given by its scores on principal axes.

        The convolution with a stride as long as its kernel is a matrix product of patches; by associativity it is
        carried out on the axes instead of on every spectrum: ``(scores @ axes) * kernel = scores @ (axes * kernel)``.
        """

        def __init__(self, n_axes, n_patches, patch, filters, name):
            super().__init__(name=name)
            self.sizes = n_axes, n_patches, patch, filters

        def build(self, input_shape):
            n_axes, n_patches, patch, filters = self.sizes
            self.kernel = self.add_weight(shape=(patch, filters), initializer="zeros", name="kernel")
            self.build_bias(filters)
            self.axes = self.add_weight(
                shape=(n_axes * n_patches, patch), initializer="zeros", trainable=False, name="axes"
            )

        def build_bias(self, filters):
            self.bias = self.add_weight(shape=(filters,), initializer="zeros", name="bias")

        def find_matrix(self):
            n_axes, n_patches, _, filters = self.sizes
            return ops.reshape(ops.matmul(self.axes, self.kernel), (n_axes, n_patches * filters))

        def call(self, scores):
            _, n_patches, _, filters = self.sizes
            return ops.reshape(ops.matmul(scores, self.find_matrix()), (-1, n_patches, filters)) + self.bias

        def compute_output_shape(self, input_shape):
            return (input_shape[0], self.sizes[1], self.sizes[3])

    class PatchOut(PatchIn):
        """Transposed twin of `PatchIn`: features of patches to the scores of the spectrum that they stand for."""

        def build_bias(self, filters):
            """The mean spectrum is no matter of the network."""

        def call(self, features):
            _, n_patches, _, filters = self.sizes
            flat = ops.reshape(features, (-1, n_patches * filters))
            return ops.matmul(flat, ops.transpose(self.find_matrix()))

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
