"""Latent variables of spectra: from fluxes to a few numbers and back."""

from sklearn_sedzoo.embedding._autoencoder import ConvAutoencoderEmbedder
from sklearn_sedzoo.embedding._checkpoint import TrainingCheckpoint
from sklearn_sedzoo.embedding._objectives import DESOM, VAE, InfoVAE

__all__ = ["DESOM", "VAE", "ConvAutoencoderEmbedder", "InfoVAE", "TrainingCheckpoint"]
