"""Forward pass of the residual network, and the derivatives of its decoder: plain arrays in, plain arrays out.

In float64, whatever the weights are: a row does not depend on its company, nor on the machine, beyond 1e-12.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

GELU, CUBE = np.sqrt(2 / np.pi), 0.044715
LEAK = 0.3  # slope of the leaky unit below zero
BLOCK_ROWS = 64


class ResidualArrays(NamedTuple):
    """Weights and shape of a network that reads and gives scores on principal axes.

    `weights` holds arrays by the names of the layers, such as ``"encoder/read/kernel"``; `axes` (n_axes, n_pixels) and
    `spread` (n_axes,) are those of the principal frame, `unit` the scale of what the decoder gives.
    """

    weights: Mapping
    axes: np.ndarray
    spread: np.ndarray
    unit: float
    filters: tuple
    kernel_size: int
    patch: int
    depth: int
    activation: str


def encode(network: ResidualArrays, scores) -> np.ndarray:
    """Return the latents of scores (n_samples, n_axes), each in units of its spread."""
    scores = np.asarray(scores, dtype=np.float64)
    n_latents = network.weights["encoder/latent_zero/bias"].shape[0]
    kernel = _patch_kernel(network, "encoder/patch_in") if network.filters else None
    latents = np.empty((len(scores), n_latents))
    for rows in _blocks(len(scores)):
        part = scores[None, rows]
        x = _dense(network, "encoder/read", _add_squashed(part))
        if kernel is not None:
            y = part @ kernel
            y = y.reshape(*y.shape[:2], -1, network.filters[0]) + network.weights["encoder/patch_in/bias"]
            for i in range(len(network.filters)):
                y = _mix_neighbors(network, f"encoder/conv{i}", _activate(y, network.activation))
                y = _activate(y, network.activation)
            x = x + _dense(network, "encoder/gather", y.reshape(*y.shape[:2], -1))
        x = _dense_blocks(network, "encoder/encode", _activate(x, network.activation))
        latents[rows] = part[0, :, :n_latents] + _dense(network, "encoder/latent_zero", x)[0]
    return latents


def decode(network: ResidualArrays, latents) -> np.ndarray:
    """Return the scores (n_samples, n_axes) that latents stand for, in units of `unit`."""
    kernel = _draw_kernel(network)
    latents = np.asarray(latents, dtype=np.float64)
    scores = np.empty((len(latents), len(network.axes)))
    for rows in _blocks(len(latents)):
        scores[rows] = _decode(network, kernel, latents[None, rows])[0]
    return scores


def make_decoder_with_slopes(network: ResidualArrays):
    """Return a function of latents (n_samples, n_latents) that gives scores and their derivatives by each latent.

    Their shapes are (n_samples, n_axes) and (n_samples, n_latents, n_axes). The derivatives are carried through the
    layers beside the values (forward differentiation): cost of n_latents + 1 passes.
    """
    kernel = _draw_kernel(network)

    def decode_with_slopes(latents):
        n_samples, n_latents = latents.shape
        stack = np.empty((n_latents + 1, n_samples, n_latents))
        stack[0] = latents
        stack[1:] = np.eye(n_latents)[:, None]
        decoded = _decode(network, kernel, stack)
        return decoded[0], decoded[1:].transpose(1, 0, 2)

    return decode_with_slopes


def _decode(network, kernel, x):
    """Decode a stack: values of shape (n_samples, n_latents) first, their derivatives behind."""
    n_latents = x.shape[2]
    code, n_axes = x, len(network.axes)
    x = _activate(_dense(network, "decoder/write", _add_squashed(x)), network.activation)
    x = _dense_blocks(network, "decoder/decode", x)
    scores = _dense(network, "decoder/scores_zero", x)
    scores[:, :, :n_latents] += code[:, :, :n_axes]
    scores *= network.spread / network.unit
    if kernel is not None:
        y = _dense(network, "decoder/scatter", x)
        y = _activate(y.reshape(*y.shape[:2], -1, network.filters[-1]), network.activation)
        for i in range(len(network.filters)):
            y = _activate(_mix_neighbors(network, f"decoder/deconv{i}", y), network.activation)
        scores += y.reshape(*y.shape[:2], -1) @ kernel
    return scores


def _draw_kernel(network):
    return _patch_kernel(network, "decoder/patch_zero").T if network.filters else None


def _patch_kernel(network, name):
    """Return the matrix from scores to features of patches: the strided convolution, carried out on the axes.

    The encoder sees the axes damped to the share of the variance that they have.
    """
    n_axes, n_pixels = network.axes.shape
    n_patches = -(-n_pixels // network.patch)
    padded = np.zeros((n_axes, n_patches * network.patch), dtype=network.axes.dtype)
    padded[:, :n_pixels] = network.axes
    kernel = padded.reshape(-1, network.patch) @ np.asarray(network.weights[f"{name}/kernel"], dtype=np.float64)
    kernel = kernel.reshape(n_axes, -1)
    if name.startswith("encoder"):
        kernel *= damp_axes(network.spread, n_pixels)[:, None]
    return kernel


def damp_axes(spread, n_pixels) -> np.ndarray:
    """Return the factor of each principal axis in the patches that the encoder reads."""
    return np.sqrt(spread / spread[0] * n_pixels)


def _dense(network, name, x):
    x = x @ np.asarray(network.weights[f"{name}/kernel"], dtype=np.float64)
    x[0] += network.weights[f"{name}/bias"]
    return x


def _dense_blocks(network, name, x):
    for i in range(network.depth):
        x = x + _activate(_dense(network, f"{name}{i}", x), network.activation)
    return x


def _mix_neighbors(network, name, x):
    """Convolve over patches: copies shifted by one patch each, side by side, and one matrix product."""
    size, n_patches = network.kernel_size, x.shape[2]
    if size > 1:
        padded = np.zeros((*x.shape[:2], n_patches + size - 1, x.shape[3]))
        first = (size - 1) // 2
        padded[:, :, first : first + n_patches] = x
        x = np.concatenate([padded[:, :, i : i + n_patches] for i in range(size)], axis=3)
    return _dense(network, name, x)


def _add_squashed(x):
    squashed = x / np.sqrt(1 + x[0] ** 2)
    squashed[0] = np.arcsinh(x[0])
    return np.concatenate([x, squashed], axis=-1)


def _activate(x, name):
    """Apply an activation to the values of a stack, and the chain rule to the derivatives behind them."""
    value, slope = ACTIVATIONS[name](x[0])
    if len(x) == 1:
        return value[None]
    x = x * slope
    x[0] = value
    return x


def _gelu(x):
    square = x * x
    bent = np.tanh(GELU * x * (1 + CUBE * square))
    half = 0.5 * (1 + bent)
    return x * half, half + half * (1 - bent) * x * (GELU * (1 + 3 * CUBE * square))


def _tanh(x):
    value = np.tanh(x)
    return value, 1 - value**2


def _sigmoid(x):
    value = 0.5 * (1 + np.tanh(0.5 * x))
    return value, value * (1 - value)


def _silu(x):
    gate, slope = _sigmoid(x)
    return x * gate, gate + x * slope


def _elu(x):
    below = np.expm1(np.minimum(x, 0))
    return np.where(x > 0, x, below), np.where(x > 0, 1.0, below + 1)


ACTIVATIONS = {
    "gelu": _gelu,
    "leaky_relu": lambda x: (np.where(x > 0, x, LEAK * x), np.where(x > 0, 1.0, LEAK)),
    "relu": lambda x: (np.maximum(x, 0), np.where(x > 0, 1.0, 0.0)),
    "silu": _silu,
    "elu": _elu,
    "softplus": lambda x: (np.logaddexp(x, 0), _sigmoid(x)[0]),
    "sigmoid": _sigmoid,
    "tanh": _tanh,
}


def _blocks(n_rows):
    return [slice(start, min(start + BLOCK_ROWS, n_rows)) for start in range(0, n_rows, BLOCK_ROWS)]
