"""Latent variables of spectra: from fluxes to a few numbers and back."""

from sklearn_sedzoo.embedding._autoencoder import ConvAutoencoderEmbedder

__all__ = ["ConvAutoencoderEmbedder"]
