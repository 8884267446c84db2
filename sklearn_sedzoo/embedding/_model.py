"""A trained autoencoder as plain arrays: spectra to latents and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sklearn_sedzoo._kernels._principal import Whitening, unwhiten, whiten
from sklearn_sedzoo.embedding._backend import load_keras
from sklearn_sedzoo.embedding._network import Network, borrow_network
from sklearn_sedzoo.embedding._spaces import PixelSpace, ScoreSpace


@dataclass
class AutoencoderModel:
    """Everything that is needed to embed spectra, and nothing of Keras.

    Parameters
    ----------
    config : dict
        Shape of the network.
    weights : list of ndarray
        Weights of the network in its own order, the same on every Keras backend.
    space : PixelSpace or ScoreSpace
        What the network sees of a spectrum.
    whitening : Whitening or None
        Principal axes of the latents.
    spread : ndarray of shape (latent_dim,) or None
        Standard deviation of the latents as the network has them.
    """

    config: dict
    weights: list
    space: PixelSpace | ScoreSpace
    whitening: Whitening | None = None
    spread: np.ndarray | None = None

    @property
    def latent_dim(self):
        """Number of latent variables."""
        return self.config["latent_dim"]

    def encode(self, X, ivar=None):
        """Return the latents of spectra, float64; NaN for a spectrum without any usable pixel."""
        latents = self.space.to_latent(self._load().embed(X, self.space, ivar))
        if self.whitening is not None:
            latents = whiten(latents, self.whitening)
        if ivar is not None:
            latents[~(ivar > 0).any(axis=1)] = np.nan
        return latents

    def decode(self, latents):
        """Return the spectra that latents stand for."""
        if self.whitening is not None:
            latents = unwhiten(latents, self.whitening)
        return self.space.to_flux(self._load().decode(self.space.from_latent(latents)))

    def reconstruct(self, X, ivar=None):
        """Return the spectra as the autoencoder draws them."""
        network = self._load()
        return self.space.to_flux(network.decode(network.embed(X, self.space, ivar)))

    @property
    def latent_spread(self):
        """Standard deviation of each latent over the training spectra: one where they are whitened."""
        if self.whitening is not None:
            return np.ones(self.latent_dim)
        return self.spread

    def find_map(self):
        """Return the map of a `DESOM` in the space of the latents, None without one."""
        if not self.config.get("objective") or self.config["objective"][0] != "DESOM":
            return None
        shape = dict(self.config["objective"][1])
        cells = self.space.to_latent(load_keras().ops.convert_to_numpy(self._load().objective.cells.value))
        if self.whitening is not None:
            cells = whiten(cells, self.whitening)
        return cells.reshape(shape["n_rows"], shape["n_columns"], self.latent_dim)

    def summary(self):
        """Return the layers, their shapes and numbers of weights as text."""
        network, lines = self._load(), []
        for part in (network.encoder, network.decoder):
            part.summary(line_length=100, print_fn=lines.append)
        return "\n".join(lines)

    def _load(self) -> Network:
        network = borrow_network(self.config, "predict")
        network.set_state(self.weights)
        if isinstance(self.space, ScoreSpace):
            network.load_frame(self.space)
        return network
