"""VAE and DESOM: what each asks of the latents, and that its parameters can be searched."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sklearn_sedzoo.embedding import DESOM, VAE, ConvAutoencoderEmbedder
from sklearn_sedzoo.mapping import SOMMapper
from tests.embedding.test_autoencoder import BOTH, TINY, make_spectra, tiny

SETTINGS = {"n_epochs": 19, "batch_size": 16, "learning_rate": 1e-2}


@BOTH
@pytest.mark.parametrize("objective", [VAE(), DESOM(3, 4)])
def test_trains_and_repeats(kind, objective):
    X = make_spectra()
    first, again = (
        ConvAutoencoderEmbedder(2, **TINY[kind], objective=clone(objective), random_state=0).fit(X) for _ in range(2)
    )
    Z = first.transform(X)
    np.testing.assert_array_equal(Z, again.transform(X))
    np.testing.assert_array_equal(Z, first.transform(X))  # the mean, not a draw
    assert first.history_ == again.history_
    assert np.isfinite(first.inverse_transform(Z)).all()


def test_divergence_pulls_the_latents_together():
    X = make_spectra()
    loose, tight = (
        ConvAutoencoderEmbedder(2, **tiny(**SETTINGS), objective=VAE(beta), whiten=False).fit(X)
        for beta in (1e-6, 10.0)
    )
    assert np.std(tight.transform(X)) < 0.5 * np.std(loose.transform(X))
    assert loose.score(X) > tight.score(X)


def train_desom(X, random_state=0, **settings):
    """Return the embedder, its latents and their mean distance to the map, as a share of their spread."""
    settings = {**tiny(**{**SETTINGS, **settings}), "random_state": random_state}
    embedder = ConvAutoencoderEmbedder(2, **settings, objective=DESOM(3, 4, gamma=0.1)).fit(X)
    Z = embedder.transform(X)
    nearest = np.linalg.norm(Z[:, None] - embedder.map_.reshape(-1, 2), axis=2).min(axis=1)
    return embedder, Z, nearest.mean() / np.linalg.norm(Z - Z.mean(axis=0), axis=1).mean()


def test_desom_has_a_map_to_start_from():
    X = make_spectra()
    embedder, Z, _ = train_desom(X, n_epochs=1)
    assert embedder.map_.shape == (3, 4, 2)
    mapper = SOMMapper(3, 4, init=embedder.map_, random_state=0).fit(Z)
    assert mapper.weights_.shape == (3, 4, 2)
    assert ConvAutoencoderEmbedder(2, **TINY["residual"], random_state=0).fit(X).map_ is None


def test_map_of_desom_learns():
    X = make_spectra()
    short, long = (
        np.mean([train_desom(X, seed, n_epochs=n_epochs, patience=n_epochs)[2] for seed in range(3)])
        for n_epochs in (1, 60)
    )
    assert long < 0.85 * short


def test_parameters_of_an_objective_are_searched():
    search = GridSearchCV(
        ConvAutoencoderEmbedder(2, **TINY["residual"], objective=VAE(), random_state=0),
        {"objective__beta": [1e-6, 100.0]},
        cv=2,
    ).fit(make_spectra())
    assert search.best_params_ == {"objective__beta": 1e-6}


@pytest.mark.parametrize(
    ("objective", "error", "message"),
    [
        ("vae", TypeError, r"`objective` of ConvAutoencoderEmbedder must be VAE\(...\), DESOM\(...\) or None"),
        (VAE(beta=-1), ValueError, "`beta` of VAE must be"),
        (DESOM(0), ValueError, "`n_rows` of DESOM must be >= 1, got 0"),
        (VAE, TypeError, "`objective` of ConvAutoencoderEmbedder must be VAE"),
        (VAE("strong"), TypeError, "`beta` of VAE must be a number >= 0, got 'strong'"),
        (
            DESOM(radius=3),
            TypeError,
            r"`radius` of DESOM must be a pair \(at first, at last\) of radii > 0 or None",
        ),
        (DESOM(gamma=np.inf), ValueError, "`gamma` of DESOM must be"),
        (DESOM(radius=(1, 0)), ValueError, "`radius` of DESOM must be"),
    ],
)
def test_bad_objective(objective, error, message):
    with pytest.raises(error, match=message):
        ConvAutoencoderEmbedder(2, objective=objective).fit(make_spectra())
