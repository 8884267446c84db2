"""An autoencoder as a configuration and arrays: spectra to latents and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sklearn_sedzoo._kernels._latent_refinement import refine_latents
from sklearn_sedzoo._kernels._principal import Whitening, unwhiten, whiten
from sklearn_sedzoo._kernels.residual_network import ResidualArrays, decode, encode, make_decoder_with_slopes
from sklearn_sedzoo.embedding._inputs import PixelSpace, ScoreSpace
from sklearn_sedzoo.embedding._networks import Network

MOST_REFINED = 64  # latents: 1 ms for a spectrum of 64, 25 ms for one of 256
BLOCK_ROWS = 64  # spectra that are refined at a time


@dataclass
class AutoencoderModel:
    """Everything that is needed to embed spectra, and nothing of Keras.

    The residual network is computed with numpy; the others are built by Keras when they are first asked for.

    Parameters
    ----------
    config : dict
        Shape of the network.
    weights : dict of str to ndarray
        Weights of the network by the names of its layers, the same on every Keras backend.
    space : PixelSpace or ScoreSpace
        What the network sees of a spectrum.
    whitening : Whitening or None
        Principal axes of the latents.
    spread : ndarray of shape (latent_dim,) or None
        Standard deviation of the latents as the network has them.
    """

    config: dict
    weights: dict
    space: PixelSpace | ScoreSpace
    whitening: Whitening | None = None
    spread: np.ndarray | None = None

    @property
    def latent_dim(self):
        """Number of latent variables."""
        return self.config["latent_dim"]

    @property
    def latent_spread(self):
        """Standard deviation of each latent over the training spectra: one where they are whitened."""
        return np.ones(self.latent_dim) if self.whitening is not None else self.spread

    @property
    def is_refined(self):
        """Whether latents are those from which the decoder gives the spectra best, and not the encoder's."""
        is_plain = self.config["architecture"] == "residual" and self.config["objective"] is None
        return is_plain and self.latent_dim <= MOST_REFINED

    def encode(self, spectra):
        """Return the latents of spectra, float64."""
        latents = self.space.to_latent(self.embed(spectra))
        return latents if self.whitening is None else whiten(latents, self.whitening)

    def decode(self, latents):
        """Return the spectra that latents stand for, float32."""
        if self.whitening is not None:
            latents = unwhiten(latents, self.whitening)
        return self.space.to_flux(self.decode_codes(self.space.from_latent(latents)))

    def reconstruct(self, spectra):
        """Return the spectra as decoded from their latents, float32."""
        return self.space.to_flux(self.decode_codes(self.embed(spectra)))

    def embed(self, spectra):
        """Return the latents in the units of the network: the encoder's, refined for the decoder."""
        return self.refine(self.space.to_input(spectra), spectra)

    def refine(self, inputs, spectra, rows=None):
        """Return the latents from which the decoder gives spectra better than from those of the encoder.

        `inputs` are what the encoder reads of (some rows of) the spectra. Under an objective, where the network reads
        pixels, and where they are many, latents are the encoder's.
        """
        codes = self.encode_inputs(inputs)
        if not self.is_refined:
            return codes
        decode_with_slopes = make_decoder_with_slopes(self._arrays)
        refined = np.empty(codes.shape)
        for start in range(0, len(codes), BLOCK_ROWS):
            block = slice(start, start + BLOCK_ROWS)
            weighed = self.space.weigh(inputs[block], spectra.take(block if rows is None else rows[block]))
            refined[block] = refine_latents(codes[block], decode_with_slopes, *weighed)
        return refined

    def encode_inputs(self, inputs):
        """Return the encoder's answer to what it reads."""
        return encode(self._arrays, inputs) if self._is_residual else self._network.encode(inputs)

    def decode_codes(self, codes):
        """Return the decoder's answer to latents in the units of the network."""
        return decode(self._arrays, codes) if self._is_residual else self._network.decode(codes)

    def find_map(self):
        """Return the map of a `DESOM` in the space of the latents, None without one."""
        name, parameters = self.config["objective"] or (None, ())
        if name != "DESOM":
            return None
        shape = dict(parameters)
        cells = self.space.to_latent(self.weights["objective/cells"])
        if self.whitening is not None:
            cells = whiten(cells, self.whitening)
        return cells.reshape(shape["n_rows"], shape["n_columns"], self.latent_dim)

    def summary(self):
        """Return the layers, their shapes and numbers of weights as text."""
        return Network(self.config).summary()

    @property
    def _is_residual(self):
        return self.config["architecture"] == "residual"

    @property
    def _arrays(self):
        shape = {name: self.config[name] for name in ("filters", "kernel_size", "patch", "depth", "activation")}
        return ResidualArrays(self.weights, self.space.frame.axes, self.space.frame.spread, self.space.unit, **shape)

    @property
    def _network(self):
        """The network as Keras models: kept with this model while it lives, and in no file or copy of it."""
        if "_built" not in vars(self):
            network = Network(self.config)
            network.set_state(self.weights)
            self._built = network
        return self._built

    def __getstate__(self):
        return {name: value for name, value in vars(self).items() if name != "_built"}
