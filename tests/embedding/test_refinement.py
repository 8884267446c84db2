"""Latents of `transform` are the encoder's, refined: no spectrum is decoded worse, whatever is missing of it."""

import numpy as np
import pytest

from sklearn_sedzoo._kernels._gappy_frame import combine_ivar
from sklearn_sedzoo.embedding import VAE, ConvAutoencoderEmbedder
from sklearn_sedzoo.embedding._inputs import Spectra
from tests.embedding.test_autoencoder import make_spectra, tiny


@pytest.mark.parametrize("kind", ["complete", "gaps", "errors"])
def test_refined_latents_decode_no_spectrum_worse(kind):
    X, rng = make_spectra(), np.random.default_rng(0)
    embedder = ConvAutoencoderEmbedder(2, **tiny()).fit(X)
    model, ivar = embedder.model_, None
    X = X + 0.05 * rng.standard_normal(X.shape)
    if kind == "gaps":
        ivar = np.where(rng.random(X.shape) < 0.2, 0.0, np.inf)
    if kind == "errors":
        ivar = rng.uniform(100, 1000, X.shape)
    spectra = Spectra(X, ivar)
    encoded = model.space.to_flux(model.decode_codes(model.encode_inputs(model.space.to_input(spectra))))
    weight = combine_ivar(np.full(X.shape, np.inf) if ivar is None else ivar, model.space.noise)
    before, after = (np.sum(weight * (X - drawn) ** 2, axis=1) for drawn in (encoded, model.reconstruct(spectra)))
    assert np.all(after <= before * (1 + 1e-5))  # spectra are float32
    assert np.mean(after < before) > 0.5


@pytest.mark.parametrize(("latent_dim", "params"), [(2, {"objective": VAE()}), (65, {})])
def test_latents_of_an_objective_and_of_many_are_the_encoders(latent_dim, params):
    X = make_spectra() if latent_dim == 2 else np.random.default_rng(0).standard_normal((120, 90))
    model = ConvAutoencoderEmbedder(latent_dim, **tiny(), **params, whiten=False).fit(X).model_
    codes = model.encode_inputs(model.space.to_input(Spectra(X)))
    np.testing.assert_array_equal(model.encode(Spectra(X)), model.space.to_latent(codes))
