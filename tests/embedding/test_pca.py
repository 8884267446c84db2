"""SpectrumPCA: scikit-learn's PCA where all is there, and close to it where pixels are masked or uncertain."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError

from sklearn_sedzoo import make_sed_pipeline
from sklearn_sedzoo.embedding import SpectrumPCA
from sklearn_sedzoo.io import load_model, save_model
from tests.embedding.test_autoencoder import make_spectra
from tests.embedding.test_masks_and_weights import make_frame, punch


def measure_miss(embedder, data, truth):
    """Return the root mean square of what the reconstruction misses of the truth."""
    return np.sqrt(np.mean((embedder.inverse_transform(embedder.transform(data)) - truth) ** 2))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, ">f4", ">f8"])
@pytest.mark.parametrize("shape", [(300, 43), (30, 43), (700, 600)])
def test_equals_scikit_learn_on_full_spectra(dtype, shape):
    X = make_spectra(*shape).astype(dtype)
    own, theirs = SpectrumPCA(3).fit(X), PCA(3).fit(X.astype(float))
    Z = own.transform(X)
    assert Z.dtype == np.float32
    assert list(own.get_feature_names_out()) == ["latent0", "latent1", "latent2"]
    np.testing.assert_allclose(np.abs(Z), np.abs(theirs.transform(X.astype(float))), atol=1e-4)
    expected = theirs.inverse_transform(theirs.transform(X.astype(float)))
    np.testing.assert_allclose(own.inverse_transform(Z), expected, atol=2e-5)
    np.testing.assert_allclose(own.explained_variance_, theirs.explained_variance_ * (1 - 1 / len(X)), rtol=1e-3)
    assert own.score(X) == pytest.approx(-np.mean((X - expected) ** 2), rel=1e-3)
    np.testing.assert_array_equal(SpectrumPCA(3).fit(X).transform(X), Z)


@pytest.mark.parametrize("with_gaps", [False, True])
def test_whitened_latents_have_unit_variance(with_gaps):
    X = punch(make_spectra(200), 0.05) if with_gaps else make_spectra(200)
    plain, white, robust = (SpectrumPCA(3, whiten=whiten).fit(X) for whiten in (False, True, "robust"))
    np.testing.assert_allclose(np.cov(white.transform(X).astype(float).T, bias=True), np.eye(3), atol=1e-3)
    np.testing.assert_allclose(np.std(robust.transform(X), axis=0), 1, rtol=1e-3)
    expected = plain.inverse_transform(plain.transform(X))
    for each in (white, robust):
        np.testing.assert_allclose(each.inverse_transform(each.transform(X)), expected, atol=1e-4)


def test_gaps_are_left_out():
    truth = make_spectra(300)
    complete = measure_miss(SpectrumPCA(3).fit(truth), truth, truth)
    gappy = punch(truth, 0.1)
    assert measure_miss(SpectrumPCA(3).fit(gappy), gappy, truth) < 1.1 * complete
    assert measure_miss(SpectrumPCA(3).fit(truth), gappy, truth) < 1.1 * complete
    with pytest.raises(ValueError, match="are not finite"):
        SpectrumPCA(3, on_bad="raise").fit(gappy)


@pytest.mark.parametrize("sigma", [0.3, 3.0])
def test_errors_are_weights(sigma):
    truth, rng = make_spectra(300), np.random.default_rng(1)
    spread = np.where(rng.random(truth.shape) < 0.2, sigma, 0.01)
    X = truth + spread * rng.standard_normal(truth.shape)
    frame = make_frame(X, spread**-2)
    told = measure_miss(SpectrumPCA(3).fit(frame), frame, truth)
    assert told < 0.01  # the good pixels alone allow 0.004
    assert told < 0.2 * measure_miss(SpectrumPCA(3).fit(X), X, truth)


def test_sample_weight_is_a_number_of_copies():
    X, counts = make_spectra(), np.random.default_rng(0).integers(0, 4, 60)
    weighted, repeated = SpectrumPCA(2).fit(X, sample_weight=counts), SpectrumPCA(2).fit(np.repeat(X, counts, axis=0))
    np.testing.assert_allclose(weighted.transform(X), repeated.transform(X), atol=1e-5)
    np.testing.assert_array_equal(weighted.training_rows_, np.flatnonzero(counts))


def test_empty_spectra_and_pixels():
    X = make_spectra()
    X[:, 20:25] = np.nan
    X[0] = np.nan
    embedder = SpectrumPCA(2).fit(X)
    np.testing.assert_array_equal(embedder.training_rows_, np.arange(1, 60))
    with pytest.raises(ValueError, match="1 of 60 spectra have no valid pixel; first at row 0"):
        embedder.transform(X)
    Z = embedder.set_params(on_empty="nan").transform(X)
    assert np.isnan(Z[0]).all()
    decoded = embedder.inverse_transform(Z[1:])
    assert np.isnan(decoded[:, 20:25]).all()
    assert np.isfinite(np.delete(decoded, range(20, 25), axis=1)).all()
    assert np.isfinite(embedder.score(X[1:]))


def test_constant_spectra_and_tiny_fluxes_stay_finite():
    flat = SpectrumPCA(2, whiten=True).fit(np.full((30, 10), 2.0))
    assert np.isfinite(flat.transform(np.full((3, 10), 2.0))).all()
    X = make_spectra()
    small, usual = SpectrumPCA(2, whiten=True).fit(X * 1e-17), SpectrumPCA(2, whiten=True).fit(X)
    np.testing.assert_allclose(small.transform(X * 1e-17), usual.transform(X), atol=1e-4)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"latent_dim": 0}, ValueError, "`latent_dim` of SpectrumPCA must be >= 1, got 0"),
        ({"latent_dim": 44}, ValueError, "`latent_dim` of SpectrumPCA must be at most 43, got 44"),
        ({"latent_dim": "auto"}, TypeError, "`latent_dim` of SpectrumPCA must be an integer >= 1, got 'auto'"),
        ({"whiten": "yes"}, ValueError, "`whiten` of SpectrumPCA must be True or False or 'robust'"),
        ({"on_empty": "drop"}, ValueError, "`on_empty` of SpectrumPCA must be one of"),
        ({"on_bad": "drop"}, ValueError, "`on_bad` of SpectrumPCA must be one of"),
    ],
)
def test_bad_parameters(params, error, message):
    embedder = SpectrumPCA(**{"latent_dim": 2, **params})
    with pytest.raises(error, match=message):
        embedder.fit(make_spectra())
    with pytest.raises(NotFittedError):
        embedder.transform(make_spectra())


def test_pipeline_by_name_takes_masks_and_errors(tmp_path):
    wavelength = np.linspace(4000, 4300, 43)
    X = punch(make_spectra(80), 0.1)
    pipeline = make_sed_pipeline(
        wavelength=wavelength, grid=30, band=None, latent_dim=2, embed="pca", final=KMeans(3, random_state=0)
    )
    labels = pipeline.fit_predict(X)
    assert set(labels) == {0, 1, 2}
    assert isinstance(pipeline["embed"], SpectrumPCA)
    save_model(pipeline, tmp_path / "pca.skops")
    np.testing.assert_array_equal(load_model(tmp_path / "pca.skops").predict(X), labels)
    with pytest.raises(ValueError, match="`embed` of make_sed_pipeline must be 'pca', a transformer or None"):
        make_sed_pipeline(embed="umap")
