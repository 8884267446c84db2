"""Latents of `transform` are the encoder's, refined: no spectrum is drawn worse, whatever is missing of it."""

import numpy as np
import pytest

from sklearn_sedzoo.embedding import VAE, ConvAutoencoderEmbedder
from sklearn_sedzoo.embedding._spaces import combine_ivar
from tests.embedding.test_autoencoder import TINY, make_spectra


@pytest.mark.parametrize("kind", ["complete", "gaps", "errors"])
def test_refined_latents_draw_no_spectrum_worse(kind):
    X, rng = make_spectra(), np.random.default_rng(0)
    embedder = ConvAutoencoderEmbedder(2, **TINY["residual"], on_bad="mask", random_state=0).fit(X)
    model, ivar = embedder.model_, None
    X = X + 0.05 * rng.standard_normal(X.shape)
    if kind == "gaps":
        ivar = np.where(rng.random(X.shape) < 0.2, 0.0, np.inf)
    if kind == "errors":
        ivar = rng.uniform(100, 1000, X.shape)
    network = model._load()
    encoded = model.space.to_flux(network.decode(network.encode(model.space.to_input(X, ivar))))
    weight = combine_ivar(np.full(X.shape, np.inf) if ivar is None else ivar, model.space.noise)
    before, after = (np.sum(weight * (X - drawn) ** 2, axis=1) for drawn in (encoded, model.reconstruct(X, ivar)))
    assert np.all(after <= before * (1 + 1e-5))  # the decoder computes in float32
    assert np.mean(after < before) > 0.5


@pytest.mark.parametrize(("latent_dim", "params"), [(2, {"objective": VAE()}), (65, {})])
def test_latents_of_an_objective_and_of_many_are_the_encoders(latent_dim, params):
    X = make_spectra() if latent_dim == 2 else np.random.default_rng(0).standard_normal((120, 90))
    settings = {**TINY["residual"], **params, "whiten": False, "random_state": 0}
    model = ConvAutoencoderEmbedder(latent_dim, **settings).fit(X).model_
    codes = model._load().encode(model.space.to_input(X))
    np.testing.assert_array_equal(model.encode(X), model.space.to_latent(codes))


def test_slopes_are_the_derivatives_of_the_decoder():
    X = make_spectra()
    network = ConvAutoencoderEmbedder(2, **TINY["residual"], random_state=0).fit(X).model_._load()
    Z, step = np.random.default_rng(0).standard_normal((5, 2)), 1e-2
    drawn, slopes = network.draw_with_slopes(Z)
    np.testing.assert_allclose(drawn, network.decode(Z), rtol=1e-5, atol=1e-5 * np.abs(drawn).max())
    for i in range(2):
        shift = step * np.eye(2)[i]
        numeric = (network.decode(Z + shift).astype(float) - network.decode(Z - shift)) / (2 * step)
        np.testing.assert_allclose(slopes[:, i], numeric, atol=1e-4 * np.abs(slopes).max())  # float32 and curvature
