"""The networks: plain functions from a configuration to a Keras encoder and decoder."""

from __future__ import annotations

import math
from functools import partial

from sklearn_sedzoo.embedding._backend import load_keras
from sklearn_sedzoo.embedding._layers import load_layers

# What a parameter that is left at None means, by architecture.
DEFAULTS = {
    "residual": {
        "filters": (4,),
        "kernel_size": 3,
        "strides": 128,
        "pool_size": 1,
        "activation": "gelu",
        "epochs": None,
        "patience": None,
        "n_init": 4,
        "batch_size": None,
        "learning_rate": 2e-3,
    },
    "thesis": {
        "filters": (32, 16),
        "kernel_size": 5,
        "strides": 1,
        "pool_size": 4,
        "activation": "leaky_relu",
        "epochs": 50,
        "patience": 10,
        "n_init": 1,
        "batch_size": 100,
        "learning_rate": 1e-3,
    },
}


def find_default(architecture, name):
    """Return what a parameter means that is left at None; a user's own network trains as the thesis's does."""
    return DEFAULTS["residual" if architecture == "residual" else "thesis"][name]


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
    skip takes the first `latent_dim` of them. Convolutions run over patches of `strides` pixels.
    """
    from keras import Input, Model, layers

    patch_in, patch_out, spread = load_layers()
    n_axes, latent_dim, filters = config["n_axes"], config["latent_dim"], config["filters"]
    n_patches = math.ceil(config["n_pixels"] / config["strides"])
    sizes = {"n_axes": n_axes, "n_patches": n_patches, "patch": config["strides"]}

    scores = Input((n_axes,), name="scores")
    x = layers.Dense(config["width"], name="read", **_plain())(_add_squashed(scores))
    if filters:
        patches = patch_in(**sizes, filters=filters[0], name="patch_in")(scores)
        for i, width in enumerate(filters):
            patches = _activate(_mix_neighbours(_activate(patches, config), width, config, f"conv{i}"), config)
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
            x = _activate(_mix_neighbours(x, width, config, f"deconv{i}"), config)
        drawn = layers.Add()([drawn, patch_out(**sizes, filters=filters[0], name="patch_zero")(x)])
    return Model(scores, latent, name="encoder"), Model(code, drawn, name="decoder")


BUILDERS = {"residual": build_residual, "thesis": build_thesis}


def _plain():
    """Weights start at zero; `Network.initialise` draws them, the same on every backend."""
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


def _mix_neighbours(x, filters, config, name):
    """Convolve over patches by shifted copies and one matrix product: faster than a convolution on every CPU."""
    from keras import layers

    size, n_patches = config["kernel_size"], x.shape[1]
    if size > 1:
        padded = layers.ZeroPadding1D(((size - 1) // 2, size // 2))(x)
        x = layers.Concatenate()([padded[:, i : i + n_patches] for i in range(size)])
    return layers.Dense(filters, name=name, **_plain())(x)
