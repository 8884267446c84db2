"""A training that is broken off, resumed, continued or fed in batches."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sklearn_sedzoo.embedding import VAE, ConvAutoencoderEmbedder, TrainingCheckpoint
from tests.embedding.test_autoencoder import TINY, make_spectra


class Kill:
    """Whoever pulls the plug after so many epochs."""

    def __init__(self, n_epochs):
        self.n_left = n_epochs

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        if context.task_name == "epoch":
            self.n_left -= 1
            if self.n_left == 0:
                raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("kind", "objective", "n_epochs"),
    [("residual", None, 3), ("residual", None, 13), ("residual", VAE(), 12), ("thesis", None, 5)],
)
def test_killed_and_restarted_equals_uninterrupted(tmp_path, kind, objective, n_epochs):
    X = make_spectra()
    settings = {**TINY[kind], "epochs": 20, "patience": 20, "objective": objective, "random_state": 0}
    whole, checkpoint = ConvAutoencoderEmbedder(2, **settings).fit(X), TrainingCheckpoint(tmp_path, every=1)
    with pytest.raises(KeyboardInterrupt):
        ConvAutoencoderEmbedder(2, **settings).set_callbacks(checkpoint, Kill(n_epochs)).fit(X)
    counted = Kill(10**6)
    resumed = ConvAutoencoderEmbedder(2, **settings).set_callbacks(checkpoint, counted).fit(X)
    np.testing.assert_array_equal(resumed.transform(X), whole.transform(X))
    assert resumed.history_ == whole.history_
    assert 10**6 - counted.n_left < 20  # it did not simply start anew
    again = ConvAutoencoderEmbedder(2, **settings).set_callbacks(checkpoint).fit(X)
    np.testing.assert_array_equal(again.transform(X), whole.transform(X))


def test_other_parameters_or_data_have_their_own_checkpoint(tmp_path):
    X, settings = make_spectra(), {**TINY["residual"], "random_state": 0}
    for each, data in ((settings, X), ({**settings, "random_state": 1}, X), (settings, X + 1)):
        kept = ConvAutoencoderEmbedder(2, **each).set_callbacks(TrainingCheckpoint(tmp_path)).fit(data)
        plain = ConvAutoencoderEmbedder(2, **each).fit(data)
        np.testing.assert_array_equal(kept.transform(data), plain.transform(data))
    assert len(list(tmp_path.iterdir())) == 3
    with pytest.raises(ValueError, match="TrainingCheckpoint needs an integer `random_state`"):
        ConvAutoencoderEmbedder(2, **TINY["residual"]).set_callbacks(TrainingCheckpoint(tmp_path)).fit(X)


def test_other_weights_or_another_beginning_have_their_own_checkpoint(tmp_path):
    X, settings = make_spectra(), {**TINY["residual"], "epochs": 20, "batch_size": 16, "random_state": 0}
    keep = TrainingCheckpoint(tmp_path)
    weight = np.linspace(1, 9, len(X))
    plain = ConvAutoencoderEmbedder(2, **settings).set_callbacks(keep).fit(X)
    heavy = ConvAutoencoderEmbedder(2, **settings).set_callbacks(keep).fit(X, sample_weight=weight)
    again = ConvAutoencoderEmbedder(2, **settings).fit(X, sample_weight=weight)
    np.testing.assert_array_equal(heavy.transform(X), again.transform(X))
    warm, free = (ConvAutoencoderEmbedder(2, **settings) for _ in range(2))
    warm.set_callbacks(keep)
    for _ in range(3):
        warm.partial_fit(X)
        free.partial_fit(X)
    np.testing.assert_array_equal(warm.transform(X), free.transform(X))
    assert not np.array_equal(warm.model_.weights[0], plain.model_.weights[0])


def test_bad_checkpoints(tmp_path):
    X, settings = make_spectra(), {**TINY["residual"], "random_state": 0}
    with pytest.raises(ValueError, match="`every` of TrainingCheckpoint must be >= 1, got 0"):
        ConvAutoencoderEmbedder(2, **settings).set_callbacks(TrainingCheckpoint(tmp_path, every=0)).fit(X)
    keep = TrainingCheckpoint(tmp_path)
    ConvAutoencoderEmbedder(2, **settings).set_callbacks(keep).fit(X)
    [path] = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    fitted = ConvAutoencoderEmbedder(2, **settings).fit(X)
    Z = fitted.transform(X)
    with pytest.raises(ValueError, match=r"TrainingCheckpoint cannot read .*\.skops.* Delete it to start anew"):
        fitted.set_callbacks(keep).fit(X)
    np.testing.assert_array_equal(fitted.transform(X), Z)


@pytest.mark.slow
def test_search_in_processes_shares_one_folder(tmp_path):
    X = make_spectra()
    embedder = ConvAutoencoderEmbedder(2, **TINY["residual"], random_state=0)
    plain = GridSearchCV(embedder, {"latent_dim": [1, 2]}, cv=2, n_jobs=1).fit(X)
    kept = GridSearchCV(
        clone(embedder).set_callbacks(TrainingCheckpoint(tmp_path)), {"latent_dim": [1, 2]}, cv=2, n_jobs=2
    ).fit(X)
    np.testing.assert_allclose(kept.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"], rtol=1e-5)
    assert len(list(tmp_path.glob("*.skops"))) == 5
    assert len(list(tmp_path.iterdir())) == 5  # nothing half-written


def test_warm_start_goes_on():
    X = make_spectra()
    settings = {**TINY["residual"], "epochs": 20, "batch_size": 16, "random_state": 0}
    embedder = ConvAutoencoderEmbedder(2, **settings, warm_start=True).fit(X)
    first, Z = embedder.best_loss_, embedder.transform(X)
    second = embedder.fit(X).best_loss_
    assert second <= first * (1 + 1e-6)
    correlation = np.corrcoef(Z.T, embedder.transform(X).T)[:2, 2:]
    assert np.all(np.abs(np.diag(correlation)) > 0.9)  # the latents keep their meaning
    cold = clone(embedder).set_params(warm_start=False).fit(X)
    assert cold.fit(X).best_loss_ == pytest.approx(first)
    with pytest.raises(ValueError, match=r"cannot go on with its training: filters was \(2,\) and is now \(3,\)"):
        embedder.set_params(filters=(3,)).fit(X)


def test_partial_fit_learns_from_batches():
    X = make_spectra(240)
    settings = {**TINY["residual"], "epochs": 20, "batch_size": 32, "random_state": 0}
    embedder = ConvAutoencoderEmbedder(2, **settings)
    scores = [embedder.partial_fit(X[start : start + 80]).score(X) for start in (0, 80, 160)]
    assert scores[2] > scores[0]
    once = ConvAutoencoderEmbedder(2, **settings).fit(X[:80])
    assert once.score(X) == pytest.approx(scores[0])
    Z = embedder.transform(X)
    for wrong, message in (
        (X[:, :40], "expecting 43 features"),
        (X[:1], "minimum of 2"),
        (X * np.nan, "needs 2 spectra"),
    ):
        with pytest.raises(ValueError, match=message):
            embedder.partial_fit(wrong)
    np.testing.assert_array_equal(embedder.transform(X), Z)
