"""A training that cannot win is given up, and what remains is PCA of all spectra."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder, _training
from tests.embedding.test_autoencoder import make_spectra, tiny


class CountEpochs:
    """A callback that counts."""

    n_epochs = 0

    def setup(self, estimator, context): ...

    def teardown(self, estimator, context): ...

    def on_fit_task_begin(self, estimator, context): ...

    def on_fit_task_end(self, estimator, context):
        self.n_epochs += context.task_name == "epoch"


@pytest.mark.parametrize(
    ("learning_rate", "many", "enough", "n_epochs"),
    [(1e-30, 1, 2, 2), (1e-30, 1, 3, 32), (1e-30, 2, 2, 32), (1e-2, 1, 2, 32)],
)
def test_a_start_without_success_is_the_end_with_many_latents(monkeypatch, learning_rate, many, enough, n_epochs):
    monkeypatch.setattr(_training, "MANY_LATENTS", many)
    monkeypatch.setattr(_training, "ENOUGH_STEPS", enough)  # a start has two epochs of one step
    counter, settings = CountEpochs(), tiny(n_epochs=32, n_init=3, learning_rate=learning_rate)
    embedder = ConvAutoencoderEmbedder(2, **settings)
    embedder.set_callbacks(counter).fit(make_spectra())
    assert counter.n_epochs == n_epochs
    assert (embedder.best_loss_ == embedder.pca_loss_) == (learning_rate == 1e-30)


@pytest.mark.parametrize("latent_dim", [2, 20])
def test_pca_that_remains_is_that_of_all_spectra(latent_dim):
    rng = np.random.default_rng(0)
    X = make_spectra() + 0.1 * rng.standard_normal((60, 43))
    new = make_spectra(seed=1) + 0.1 * rng.standard_normal((60, 43))
    embedder = ConvAutoencoderEmbedder(latent_dim, **tiny(learning_rate=1e-30)).fit(X)
    pca = PCA(latent_dim, whiten=True).fit(X)
    drawn = embedder.inverse_transform(embedder.transform(new))
    np.testing.assert_allclose(drawn, pca.inverse_transform(pca.transform(new)), atol=2e-5)
    np.testing.assert_allclose(np.std(embedder.transform(X), axis=0), 1, rtol=1e-3)
    np.testing.assert_array_equal(embedder.training_rows_, np.arange(60))
    learned = ConvAutoencoderEmbedder(2, **tiny()).fit(make_spectra())
    assert learned.best_loss_ < learned.pca_loss_
    assert len(learned.training_rows_) == 54
