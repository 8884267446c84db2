"""Masked pixels, inverse variances and sample weights: left out, never propagated."""

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import KNeighborsRegressor

from sklearn_sedzoo._kernels._weighted_scores import solve_weighted_scores
from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder
from tests.embedding.test_autoencoder import BOTH, TINY, make_spectra, tiny


def test_scores_equal_row_by_row_least_squares():
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.standard_normal((30, 4)))[0].T
    mean, spread = rng.standard_normal(30), np.array([3.0, 1, 0.3, 0.1])
    X, weight = rng.standard_normal((70, 30)), rng.uniform(0, 2, (70, 30)) * (rng.random((70, 30)) > 0.2)
    X[weight == 0] = np.nan
    scores = solve_weighted_scores(X, weight, mean, axes, spread)
    for row, w, found in zip(X, weight, scores, strict=True):
        there = w > 0
        # the prior is four more measurements: score k is 0 with error spread k
        A = np.vstack([axes.T[there] * np.sqrt(w[there, None]), np.diag(1 / spread)])
        b = np.concatenate([(row - mean)[there] * np.sqrt(w[there]), np.zeros(4)])
        np.testing.assert_allclose(found, np.linalg.lstsq(A, b, rcond=None)[0], atol=1e-10)


def punch(X, share, seed=0):
    """Return a copy in which a contiguous stretch of each row is NaN."""
    gappy, width = X.copy(), int(share * X.shape[1])
    for row, start in zip(gappy, np.random.default_rng(seed).integers(0, X.shape[1] - width, len(X)), strict=True):
        row[start : start + width] = np.nan
    return gappy


@BOTH
def test_gaps_are_left_out(kind):
    X = make_spectra()
    embedder = ConvAutoencoderEmbedder(2, **TINY[kind], on_bad="mask", random_state=0).fit(punch(X, 0.1))
    Z = embedder.transform(punch(X, 0.1, seed=1))
    assert np.isfinite(Z).all()
    assert np.isfinite(embedder.score(punch(X, 0.1)))
    assert all(np.isfinite(values).all() for values in embedder.model_.weights.values())


def test_gap_hardly_moves_the_latents():
    X = make_spectra()
    embedder = ConvAutoencoderEmbedder(2, **TINY["residual"], on_bad="mask", random_state=0).fit(X)
    whole, gappy = embedder.transform(X), embedder.transform(punch(X, 0.1))
    assert np.sqrt(np.mean((whole - gappy) ** 2)) < 0.05
    with pytest.raises(ValueError, match="are not finite"):
        ConvAutoencoderEmbedder(2, **TINY["residual"], on_bad="raise").fit(punch(X, 0.1))


@pytest.mark.slow
@pytest.mark.parametrize("signal_to_noise", [np.inf, 30])
def test_gap_hardly_moves_the_properties_that_neighbors_tell(signal_to_noise):
    known, unknown = (observe(400, seed, signal_to_noise) for seed in (0, 1))
    settings = tiny(n_epochs=30)
    embedder = ConvAutoencoderEmbedder(2, **settings).fit(known[0])
    neighbors = KNeighborsRegressor(5, weights="distance").fit(embedder.transform(known[0]), known[1])
    whole, gappy = (
        np.median(np.abs(neighbors.predict(embedder.transform(X)) - unknown[1]), axis=0)
        for X in (unknown[0], punch(unknown[0], 0.1))
    )
    assert (whole < 0.02).all()
    assert gappy.mean() < 1.1 * whole.mean()


def observe(n_samples, seed, signal_to_noise):
    """Spectra that two numbers make, and the numbers."""
    rng = np.random.default_rng(seed)
    slope, width = rng.uniform(0, 1, (2, n_samples, 1))
    x = np.linspace(0, 1, 80)
    X = 1 + slope * x - np.exp(-((x - 0.5) ** 2) / (0.02 + 0.1 * width))
    return X * (1 + rng.standard_normal(X.shape) / signal_to_noise), np.hstack([slope, width])


@pytest.mark.parametrize("kind", TINY)
def test_an_empty_spectrum_teaches_nothing_and_is_refused_by_its_row(kind):
    X = make_spectra()
    hollow = np.vstack([X, np.full((1, X.shape[1]), np.nan)])
    embedder = ConvAutoencoderEmbedder(2, **TINY[kind], random_state=0).fit(hollow)
    with pytest.raises(ValueError, match=r"1 of 61 spectra have no valid pixel; first at row 60.*on_empty='nan'"):
        embedder.transform(hollow)
    Z = embedder.set_params(on_empty="nan").transform(hollow)
    assert np.isnan(Z[60]).all()
    np.testing.assert_allclose(Z[:60], embedder.transform(X), atol=1e-3)  # by weighted fits and by projection
    with pytest.raises(ValueError, match="`on_empty` of ConvAutoencoderEmbedder must be one of"):
        ConvAutoencoderEmbedder(2, on_empty="drop").fit(X)


def test_training_rows_are_rows_of_the_users_table():
    X, weight = make_spectra(), np.ones(60)
    X[0], weight[5] = np.nan, 0
    settings = tiny(validation_fraction=0.2)
    embedder = ConvAutoencoderEmbedder(2, **settings).fit(X, sample_weight=weight)
    assert embedder.best_loss_ < embedder.pca_loss_
    rows = embedder.training_rows_
    assert len(rows) == 46  # 12 of 58 validate
    assert not {0, 5} & set(rows)
    assert rows.max() > 57
    still = ConvAutoencoderEmbedder(2, **tiny(learning_rate=1e-30)).fit(X, sample_weight=weight)
    np.testing.assert_array_equal(still.training_rows_, np.delete(np.arange(60), [0, 5]))


@pytest.mark.parametrize("kind", TINY)
@pytest.mark.parametrize("with_ivar", [False, True])
def test_what_no_training_spectrum_has_is_nan_in_what_is_decoded(kind, with_ivar):
    X = make_spectra()
    gap = X.copy()
    gap[:, 20:30] = np.nan
    data = make_frame(gap, np.where(np.isnan(gap), 0.0, 1e4)) if with_ivar else gap
    embedder = ConvAutoencoderEmbedder(2, **TINY[kind], random_state=0).fit(data)
    decoded = embedder.inverse_transform(embedder.transform(data))
    assert np.isnan(decoded[:, 20:30]).all()
    assert np.isfinite(np.delete(decoded, range(20, 30), axis=1)).all()
    assert np.isfinite(embedder.score(data))
    assert np.isfinite(embedder.latent_noise_).all()
    full = make_frame(X, np.full_like(X, 1e4)) if with_ivar else X
    assert np.isfinite(embedder.score(full))  # of what the training knows


def test_a_flux_that_is_nan_is_masked_whatever_its_error():
    X = punch(make_spectra(), 0.1)
    masked, claimed = (make_frame(X, np.where(np.isnan(X), value, 1e4)) for value in (0.0, 1e4))
    settings = {**TINY["residual"], "random_state": 0}
    one, other = (ConvAutoencoderEmbedder(2, **settings).fit(data).transform(data) for data in (masked, claimed))
    np.testing.assert_array_equal(one, other)


def make_frame(X, ivar):
    names = [repr(4000.0 + i) for i in range(X.shape[1])]
    return pd.DataFrame(np.hstack([X, ivar]), columns=[*names, *(f"ivar_{name}" for name in names)])


@BOTH
def test_ivar_columns_are_weights(kind):
    X = make_spectra()
    rng = np.random.default_rng(1)
    sigma = np.where(rng.random(X.shape) < 0.2, 3.0, 0.01)
    noisy = X + sigma * rng.standard_normal(X.shape)
    frame = make_frame(noisy, sigma**-2)
    embedder = ConvAutoencoderEmbedder(2, **TINY[kind], random_state=0).fit(frame)
    Z = embedder.transform(frame)
    assert Z.shape == (60, 2)
    assert embedder.inverse_transform(Z).shape == X.shape
    shuffled = frame[list(frame.columns)]
    np.testing.assert_array_equal(embedder.transform(shuffled), Z)
    if kind == "residual":
        blind = ConvAutoencoderEmbedder(2, **TINY[kind], random_state=0).fit(noisy)
        error, blind_error = (
            np.mean((each.inverse_transform(each.transform(data)) - X) ** 2)
            for each, data in ((embedder, frame), (blind, noisy))
        )
        assert error < 0.3 * blind_error


def test_zero_ivar_is_a_mask():
    X = make_spectra()
    gappy = punch(X, 0.1)
    embedder = ConvAutoencoderEmbedder(2, **TINY["residual"], random_state=0).fit(make_frame(X, np.full_like(X, 1e8)))
    ivar = np.where(np.isnan(gappy), 0, 1e8)
    spoiled = np.where(np.isnan(gappy), 1e6, X)
    expected = np.where(np.isnan(gappy), 0, X)
    np.testing.assert_array_equal(
        embedder.transform(make_frame(spoiled, ivar)), embedder.transform(make_frame(expected, ivar))
    )


def test_bad_ivar_columns():
    X = make_spectra()
    frame = make_frame(X, np.ones_like(X))
    with pytest.raises(ValueError, match=r"must name the wavelengths of the fluxes, one for each: got 42 of them"):
        ConvAutoencoderEmbedder(2).fit(frame.drop(columns="ivar_4000.0"))
    frame.loc[7, "ivar_4003.0"] = -1
    with pytest.raises(ValueError, match="1 of 60 spectra have them; first at row 7, pixel 3"):
        ConvAutoencoderEmbedder(2).fit(frame)


@BOTH
def test_sample_weight(kind):
    X = make_spectra()
    weight = np.r_[np.ones(40), np.zeros(20)]
    weighted = ConvAutoencoderEmbedder(2, **TINY[kind], random_state=0).fit(X, sample_weight=weight)
    fewer = ConvAutoencoderEmbedder(2, **TINY[kind], random_state=0).fit(X[:40], sample_weight=np.full(40, 7.0))
    np.testing.assert_allclose(weighted.transform(X), fewer.transform(X), atol=1e-5)
    for wrong, message in (
        (weight[:-1], r"must have shape \(60,\), got \(59,\)"),
        (-weight, "must be finite, not negative"),
        (0 * weight, "not zero everywhere"),
    ):
        with pytest.raises(ValueError, match=message):
            ConvAutoencoderEmbedder(2, **TINY[kind]).fit(X, sample_weight=wrong)


def test_weighted_axes_follow_the_heavy_spectra():
    X = make_spectra()
    still = tiny(learning_rate=1e-30, validation_fraction=0)
    counts = np.random.default_rng(0).integers(1, 4, 60)
    weighted = ConvAutoencoderEmbedder(2, **still).fit(X, sample_weight=counts)
    repeated = ConvAutoencoderEmbedder(2, **still).fit(np.repeat(X, counts, axis=0))
    np.testing.assert_allclose(weighted.transform(X), repeated.transform(X), atol=1e-4)
    assert weighted.pca_loss_ == pytest.approx(repeated.pca_loss_, rel=1e-5)
