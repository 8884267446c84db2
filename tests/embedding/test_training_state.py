"""A training that goes on from an earlier one, or is fed in batches."""

import numpy as np
import pytest
from sklearn.base import clone

from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder
from tests.embedding.test_autoencoder import make_spectra, tiny


def test_warm_start_goes_on():
    X = make_spectra()
    settings = tiny(n_epochs=20, batch_size=16)
    embedder = ConvAutoencoderEmbedder(2, **settings, warm_start=True).fit(X)
    first, Z = embedder.best_loss_, embedder.transform(X)
    second = embedder.fit(X).best_loss_
    assert second <= first * (1 + 1e-6)
    correlation = np.corrcoef(Z.T, embedder.transform(X).T)[:2, 2:]
    assert np.all(np.abs(np.diag(correlation)) > 0.9)  # the latents keep their meaning
    cold = clone(embedder).set_params(warm_start=False).fit(X)
    assert cold.fit(X).best_loss_ == pytest.approx(first)
    with pytest.raises(ValueError, match=r"cannot go on with its training: filters was \(2,\) and is now \(3,\)"):
        embedder.set_params(architecture__filters=(3,)).fit(X)


def test_partial_fit_learns_from_batches():
    X = make_spectra(240)
    settings = tiny(n_epochs=20, batch_size=32)
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
