"""The number of latents that spectra need, and the noise of each."""

from types import SimpleNamespace

import numpy as np
import pytest

from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder, Training
from sklearn_sedzoo.embedding._inputs import Spectra, fit_score_space
from sklearn_sedzoo.embedding._latent_dim import choose_size, find_intrinsic_dimension, search_size
from sklearn_sedzoo.plotting import LatentSizeDisplay
from tests.embedding.test_autoencoder import make_spectra, tiny
from tests.embedding.test_masks_and_weights import make_frame, punch


def test_stops_where_one_more_does_not_halve_the_error():
    none = [0.0] * 4
    assert choose_size([1, 2], [1.0, 0.1], none[:2], none[:2], none[:2]) is None
    assert choose_size([1, 2, 3], [1.0, 0.1, 0.08], none[:3], none[:3], none[:3]) == 2
    # 1.1 is .1 above the noise of 1, and that is good enough
    assert choose_size([1, 2], [2.0, 1.1], none[:2], [1.0, 1.0], [0.125, 0.125]) == 2


def test_noise_of_the_latents_is_what_noise_does_to_them():
    x = np.linspace(0, 1, 43)  # two straight axes: what PCA leaves is noise and nothing else
    X = 1 + np.random.default_rng(0).uniform(-1, 1, (400, 2)) @ np.array([x, 0.5 * x**2])
    still = tiny(n_epochs=1, learning_rate=1e-30)
    for sigma in (0.003, 0.03):
        noisy = X + sigma * np.random.default_rng(1).standard_normal(X.shape)
        embedder = ConvAutoencoderEmbedder(2, **still).fit(noisy)  # PCA: the noise of a score is that of a pixel
        again = X + sigma * np.random.default_rng(2).standard_normal(X.shape)
        truth = np.std(embedder.transform(again) - embedder.transform(X), axis=0)
        np.testing.assert_allclose(embedder.latent_noise_, truth, rtol=0.3)
        told = ConvAutoencoderEmbedder(2, **still).fit(make_frame(noisy, np.full_like(X, sigma**-2)))
        np.testing.assert_allclose(told.latent_noise_, truth, rtol=0.3)


def test_latents_in_the_noise_are_flagged():
    rng = np.random.default_rng(0)
    x = np.linspace(0, 1, 43)
    X = 1 + rng.uniform(0, 1, (2000, 1)) * x + 0.02 * rng.standard_normal((2000, 43))
    still = tiny(n_epochs=1, learning_rate=1e-30)
    assert ConvAutoencoderEmbedder(3, **still).fit(X).is_noisy_.tolist() == [False, True, True]


@pytest.mark.parametrize("signal_to_noise", [np.inf, 30, 10, 3])
def test_noise_of_the_latents_of_a_trained_network(signal_to_noise):
    truth = make_spectra(600)
    settings = tiny(n_epochs=30)

    def observe(seed):
        return truth * (1 + np.random.default_rng(seed).standard_normal(truth.shape) / signal_to_noise)

    embedder = ConvAutoencoderEmbedder(2, **settings).fit(observe(0))
    moved = np.std(embedder.transform(observe(1)) - embedder.transform(truth), axis=0)
    if np.isinf(signal_to_noise):
        assert (embedder.latent_noise_ < 0.2).all()  # what bends away from the network, scattered as if it were noise
        assert not embedder.is_noisy_.any()
    else:
        np.testing.assert_allclose(embedder.latent_noise_, moved, rtol=0.3)


class FakeModel:
    """As much of a model as the search for a size looks at, with 100 pixels and 20 axes."""

    def __init__(self, latent_dim):
        self.latent_dim, self.config = latent_dim, {"n_axes": 20}
        self.space = SimpleNamespace(n_pixels=100, frame=SimpleNamespace(spread=np.ones(20)))


@pytest.mark.parametrize(("n_noisy", "size"), [(0, 3), (1, 2), (2, 1), (3, 1)])
def test_latents_in_the_noise_are_dropped(n_noisy, size):
    losses = {1: 1.0, 2: 0.1, 3: 0.01, 4: 0.009}  # the fourth latent does not halve the error
    training = Training().resolve({"architecture": "residual"}, 100)

    def train(latent_dim, training):
        model = FakeModel(latent_dim)
        return SimpleNamespace(model=model, best_loss=losses[latent_dim], pca_loss=1.0, unseen=8e-5)

    found, search, model = search_size(train, lambda model: n_noisy, 16, training)
    assert found == size
    assert search["latent_dim"] == [1, 2, 3, 4]
    assert model.latent_dim == 4


def test_auto_keeps_no_latent_below_its_noise():
    rng = np.random.default_rng(0)
    x = np.linspace(0, 1, 120)
    X = 1 + rng.uniform(0, 1, (500, 1)) * x + 0.02 * rng.standard_normal((500, 120))
    embedder = ConvAutoencoderEmbedder("auto", **tiny(n_epochs=20)).fit(X)
    assert embedder.model_.latent_dim == 1
    assert not embedder.is_noisy_.any()
    assert embedder.intrinsic_dimension_ == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("sigma", [0, 0.003, 0.02])
@pytest.mark.parametrize("gap", [0, 0.1])
def test_intrinsic_dimension_does_not_count_the_noise(sigma, gap):
    truth = make_spectra(500, n_pixels=120)
    X = truth + sigma * np.random.default_rng(1).standard_normal(truth.shape)
    ivar = None
    if gap:
        X = punch(X, gap)
        ivar, X = np.where(np.isnan(X), 0.0, np.inf), np.nan_to_num(X)
    spectra = Spectra(X, ivar)
    space = fit_score_space(spectra, np.arange(500), np.arange(0), 3, 30, np.random.default_rng(0))
    assert find_intrinsic_dimension(space, spectra, np.random.default_rng(0)) == pytest.approx(2, abs=0.4)


def test_nothing_but_noise_has_no_intrinsic_dimension():
    spectra = Spectra(np.random.default_rng(0).standard_normal((400, 43)))
    space = fit_score_space(spectra, np.arange(400), np.arange(0), 3, 30, np.random.default_rng(0))
    assert np.isnan(find_intrinsic_dimension(space, spectra, np.random.default_rng(0)))


@pytest.mark.slow
def test_finds_two_numbers_behind_the_spectra():
    X = make_spectra(300)
    settings = tiny(n_epochs=500, batch_size=32)
    embedder = ConvAutoencoderEmbedder("auto", **settings).fit(X)
    assert embedder.model_.latent_dim in (2, 3)
    assert embedder.transform(X).shape[1] == embedder.model_.latent_dim
    display = LatentSizeDisplay.from_estimator(embedder)
    assert display.chosen == embedder.model_.latent_dim
    assert display.intrinsic_dimension == embedder.intrinsic_dimension_ == pytest.approx(2, abs=0.4)
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert f"intrinsic dimension: {embedder.intrinsic_dimension_:.1f}" in labels
    embedder.set_params(warm_start=True).fit(X)
    assert embedder.intrinsic_dimension_ == display.intrinsic_dimension


def test_display_needs_a_search():
    embedder = ConvAutoencoderEmbedder(2, **tiny()).fit(make_spectra())
    with pytest.raises(ValueError, match="has not searched for its number of latents"):
        LatentSizeDisplay.from_estimator(embedder)
