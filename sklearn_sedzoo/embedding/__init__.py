"""Latent variables of spectra: from fluxes to a few numbers and back."""

from sklearn_sedzoo.embedding._autoencoder import ConvAutoencoderEmbedder
from sklearn_sedzoo.embedding._networks import ResidualNetwork, ThesisNetwork
from sklearn_sedzoo.embedding._objectives import DESOM, VAE
from sklearn_sedzoo.embedding._pca import SpectrumPCA
from sklearn_sedzoo.embedding._training import Training

__all__ = ["DESOM", "VAE", "ConvAutoencoderEmbedder", "ResidualNetwork", "SpectrumPCA", "ThesisNetwork", "Training"]
