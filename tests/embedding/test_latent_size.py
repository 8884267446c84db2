"""The number of latents that spectra need, and the noise of each."""

import numpy as np
import pytest

from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder
from sklearn_sedzoo.embedding._size_search import choose_size
from sklearn_sedzoo.plotting import LatentSizeDisplay
from tests.embedding.test_autoencoder import TINY, make_spectra
from tests.embedding.test_masks_and_weights import make_frame


def test_stops_where_one_more_does_not_halve_the_error():
    none = [0.0] * 4
    assert choose_size([1, 2], [1.0, 0.1], none[:2], none[:2], none[:2]) is None
    assert choose_size([1, 2, 3], [1.0, 0.1, 0.08], none[:3], none[:3], none[:3]) == 2
    # 1.1 is .1 above the noise of 1, of which .5 could be seen
    assert choose_size([1, 2], [2.0, 1.1], none[:2], [1.0, 1.0], [0.5, 0.5]) == 2


def test_noise_of_the_latents_is_what_noise_does_to_them():
    x = np.linspace(0, 1, 43)  # two straight axes: what PCA leaves is noise and nothing else
    X = 1 + np.random.default_rng(0).uniform(-1, 1, (400, 2)) @ np.array([x, 0.5 * x**2])
    still = {**TINY["residual"], "epochs": 1, "learning_rate": 1e-30, "random_state": 0}
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
    still = {**TINY["residual"], "epochs": 1, "learning_rate": 1e-30, "random_state": 0}
    assert ConvAutoencoderEmbedder(3, **still).fit(X).is_noisy_.tolist() == [False, True, True]


@pytest.mark.slow
def test_finds_two_numbers_behind_the_spectra():
    X = make_spectra(300)
    settings = {**TINY["residual"], "epochs": 200, "batch_size": 32, "random_state": 0}
    embedder = ConvAutoencoderEmbedder("auto", **settings).fit(X)
    assert embedder.model_.latent_dim in (2, 3)
    assert embedder.transform(X).shape[1] == embedder.model_.latent_dim
    display = LatentSizeDisplay.from_estimator(embedder)
    assert display.chosen == embedder.model_.latent_dim


def test_display_needs_a_search():
    embedder = ConvAutoencoderEmbedder(2, **TINY["residual"], random_state=0).fit(make_spectra())
    with pytest.raises(ValueError, match="has not searched for its number of latents"):
        LatentSizeDisplay.from_estimator(embedder)
