import warnings

import joblib
import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import silhouette_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_sedzoo import make_sed_pipeline
from sklearn_sedzoo.datasets import make_observed_catalog
from sklearn_sedzoo.model_selection import fit_reference, reconstruction_scorer, silhouette_scorer

GRID = np.linspace(4000.0, 4300.0, 80)


@pytest.fixture(scope="module")
def flux():
    """Three kinds of spectra with some scatter, at brightnesses over a factor of 100."""
    rng = np.random.default_rng(0)
    kinds = 1 + 0.5 * np.sin(GRID / np.array([[20.0], [35.0], [60.0]]))
    spectra = kinds[rng.integers(3, size=90)] + 0.02 * rng.normal(size=(90, 80))
    return spectra * 10 ** rng.uniform(0, 2, size=(90, 1))


def make_zoo(n_latents=2, **parameters):
    return make_sed_pipeline(wavelength=GRID, grid=64, band=(4050, 4150), embed=PCA(n_latents), **parameters)


def test_reconstruction_is_the_held_out_error_in_normalized_flux(flux):
    zoo = make_zoo(final=KMeans(3, random_state=0)).fit(flux[:60])
    normalized = np.asarray(zoo[:2].transform(flux[60:]))
    pca = zoo["embed"]
    centered = normalized - np.asarray(pca.mean_)
    expected = np.mean((centered - centered @ pca.components_.T @ pca.components_) ** 2)
    assert -reconstruction_scorer()(zoo, flux[60:]) == pytest.approx(expected, rel=1e-9)


def test_the_embedding_may_be_several_steps_and_have_any_name(flux):
    zoo = make_sed_pipeline(
        wavelength=GRID, grid=64, embed=make_pipeline(StandardScaler(), PCA(2), StandardScaler()), final=KMeans(3)
    ).fit(flux)
    normalized = zoo[:2].transform(flux)
    chain = zoo["embed"]
    expected = np.mean((normalized - chain.inverse_transform(chain.transform(normalized))) ** 2)
    assert -reconstruction_scorer()(zoo, flux) == pytest.approx(expected, rel=1e-9)
    flat = make_pipeline(zoo[0], zoo[1], *[step for _, step in chain.steps], zoo["cluster"])
    assert -reconstruction_scorer()(flat, flux) == pytest.approx(expected, rel=1e-9)
    beside = make_zoo(keep_brightness=True).fit(flux)
    assert -reconstruction_scorer()(beside, flux) == pytest.approx(
        -reconstruction_scorer()(make_zoo().fit(flux), flux), rel=1e-9
    )


def test_a_pipeline_without_an_embedding_is_an_error(flux):
    zoo = make_sed_pipeline(wavelength=GRID, grid=64, embed=PCA(1)).set_params(embed="passthrough").fit(flux)
    with pytest.raises(ValueError, match="has no embedding step"):
        reconstruction_scorer()(zoo, flux)


def test_grid_search_without_labels(flux):
    reference = make_sed_pipeline(wavelength=GRID, grid=64, embed=PCA(3, whiten=True)).fit(flux)
    zoo = make_zoo(final=KMeans(2, random_state=0), random_state=0)
    grid = {"embed__n_components": [1, 3], "cluster__n_clusters": [2, 3, 5]}
    search = GridSearchCV(
        zoo, grid, scoring=silhouette_scorer(reference=reference, random_state=0), cv=3, n_jobs=2
    ).fit(flux)
    assert search.best_params_["cluster__n_clusters"] == 3
    search = GridSearchCV(zoo, {"embed__n_components": [1, 2, 3]}, scoring=reconstruction_scorer(), cv=3).fit(flux)
    assert search.best_params_["embed__n_components"] == 3
    over_the_grid = {"resample__grid": [32, 64], "resample__grid_range": [(4010, 4290), None]}
    search = GridSearchCV(zoo, over_the_grid, scoring=silhouette_scorer(reference=reference, random_state=0), cv=3).fit(
        flux
    )
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_distances_are_taken_in_the_reference_space(flux):
    reference = make_zoo(3).fit(flux)
    zoo = make_zoo(1, final=KMeans(3, random_state=0)).fit(flux)
    labels = zoo.predict(flux)
    scorer = silhouette_scorer(reference=reference, random_state=0)
    assert scorer(zoo, flux) == pytest.approx(silhouette_score(reference.transform(flux), labels))
    own = silhouette_scorer(reference="own", random_state=0)
    assert own(zoo, flux) == pytest.approx(silhouette_score(zoo[:-1].transform(flux), labels))
    assert silhouette_scorer(reference=reference.transform, random_state=0)(zoo, flux) == scorer(zoo, flux)


def test_undefined_silhouettes_are_nan_and_wrong_references_errors(flux):
    zoo = make_zoo(final=KMeans(1, random_state=0)).fit(flux)
    with pytest.warns(UndefinedMetricWarning, match="needs 2 to 89 clusters among the 90 scored spectra, got 1"):
        assert np.isnan(silhouette_scorer(reference="own", random_state=0)(zoo, flux))
    for wrong in ("theirs", 3, np.ones((2, 2))):
        with pytest.raises((TypeError, ValueError), match="a function of X, 'own' or None"):
            silhouette_scorer(reference=wrong, random_state=0)


def test_the_pipeline_is_saved_and_cached(tmp_path, flux):
    zoo = make_zoo(final=KMeans(3, random_state=0), memory=str(tmp_path / "cache")).fit(flux)
    joblib.dump(zoo, tmp_path / "zoo.joblib")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = joblib.load(tmp_path / "zoo.joblib")
    np.testing.assert_array_equal(again.predict(flux), zoo.predict(flux))


def test_without_arguments_the_reference_is_fixed_by_the_spectra(flux):
    pipeline = make_zoo(final=KMeans(3, random_state=0)).fit(flux)
    scorer = silhouette_scorer()
    expected = silhouette_score(fit_reference(pipeline, flux, random_state=0).transform(flux), pipeline.predict(flux))
    assert scorer(pipeline, flux) == pytest.approx(expected)
    grid = {"embed__n_components": [1, 2], "cluster__n_clusters": [2, 3]}
    search = GridSearchCV(make_zoo(final=KMeans(random_state=0)), grid, scoring=scorer, cv=3).fit(flux)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_the_reference_heeds_masks_and_errors():
    catalog = make_observed_catalog(20, random_state=0)
    options = {"redshift": "redshift", "ebv": "ebv", "grid": 200, "embed": "pca", "latent_dim": 2}
    pipeline = make_sed_pipeline(**options, final=KMeans(2, random_state=0)).fit(catalog)
    reference = fit_reference(pipeline, catalog, random_state=0)
    np.testing.assert_allclose(np.std(np.asarray(reference.transform(catalog)), axis=0), 1, rtol=0.3)
    assert np.isfinite(silhouette_scorer()(pipeline, catalog))
