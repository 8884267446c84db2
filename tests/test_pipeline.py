"""The whole method as one Pipeline: grids, bad input, search, saving."""

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from sklearn_sedzoo import ConvAutoencoderEmbedder, SOMMapper, make_sed_pipeline
from sklearn_sedzoo.embedding import Training
from sklearn_sedzoo.exceptions import SedDataWarning
from sklearn_sedzoo.model_selection import reconstruction_scorer, silhouette_scorer
from sklearn_sedzoo.pipeline import split_at_embedding

GRID = np.linspace(4000.0, 4299.3, 90)


def make_flux(n=60, seed=0, dtype=np.float32):
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(size=(2, n, 1))
    flux = 1 + a * np.sin(GRID / 40) ** 2 + 0.4 * b**2 * np.cos(GRID / 11) + 0.2 * a * b
    return (flux * 10 ** rng.uniform(-18, -16, size=(n, 1))).astype(dtype)


def make_zoo(final=None, **parameters):
    parameters = {"wavelength": GRID, "grid": 64, "band": (4050, 4150), "latent_dim": 2, **parameters}
    embed = ConvAutoencoderEmbedder(parameters.pop("latent_dim"), training=Training(n_epochs=3), random_state=0)
    return make_sed_pipeline(embed=embed, final=KMeans(3, random_state=0) if final is None else final, **parameters)


FLUX = make_flux()
FRAME = pd.DataFrame(FLUX, columns=GRID)
WAYS = {
    "float columns": (FRAME, {"wavelength": None}),
    "string columns": (FRAME.set_axis([str(w) for w in GRID], axis=1), {"wavelength": None}),
    "flux_ prefix": (FRAME.set_axis([f"flux_{w}" for w in GRID], axis=1), {"wavelength": None}),
    "nm": (FLUX, {"wavelength": GRID / 10, "unit": "nm"}),
    "falling": (FLUX[:, ::-1], {"wavelength": GRID[::-1]}),
    "big-endian": (FLUX.astype(">f4"), {}),
    "Fortran order": (np.asfortranarray(FLUX), {}),
}


@pytest.fixture(scope="module")
def zoo():
    return make_zoo().fit(FLUX)


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_hand_over_the_grid_gives_the_same_zoo(zoo, way):
    data, parameters = WAYS[way]
    other = make_zoo(**parameters).fit(data)
    np.testing.assert_array_equal(other.predict(data), zoo.predict(FLUX))
    # nm and reversed sums round differently; float32 training carries that on
    np.testing.assert_allclose(other[:-1].transform(data), zoo[:-1].transform(FLUX), atol=2e-3)


@pytest.mark.parametrize("forgotten", [FLUX, pd.DataFrame(FLUX), FRAME.set_axis([f"p{i}" for i in range(90)], axis=1)])
def test_a_forgotten_grid_is_an_error_in_every_step_that_needs_one(forgotten):
    with pytest.raises(ValueError, match=r"`band` of FluxNormalizer .* carry no wavelengths"):
        make_zoo(wavelength=None).fit(forgotten)
    with pytest.raises(ValueError, match=r"`grid_range` of SpectrumResampler .* carry no wavelengths"):
        make_zoo(wavelength=None, grid_range=(4010, 4200)).fit(forgotten)
    assert make_zoo(wavelength=None, band=None).fit(forgotten).predict(forgotten).shape == (60,)


def test_it_is_a_plain_pipeline_with_the_agreed_names(zoo):
    assert type(zoo) is Pipeline
    assert list(zoo.named_steps) == ["resample", "normalize", "embed", "cluster"]
    assert list(make_zoo(SOMMapper()).named_steps)[-1] == "map"
    assert list(make_sed_pipeline().named_steps) == ["resample", "normalize", "embed"]
    latents = zoo[:-1].transform(FLUX)
    assert list(latents.columns) == ["latent0", "latent1"]
    assert list(zoo[:1].transform(FLUX).columns[:1]) == [repr(float(zoo["resample"].wavelength_out_[0]))]
    for name in ("resample__grid", "normalize__statistic", "embed__latent_dim", "cluster__n_clusters"):
        assert name in zoo.get_params()


def test_the_same_seed_gives_the_same_zoo_and_the_globals_stay(zoo):
    np.random.seed(7)  # noqa: NPY002 - the global generator is what is tested
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    again = clone(zoo).fit(FLUX)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    np.testing.assert_array_equal(again[:-1].transform(FLUX), zoo[:-1].transform(FLUX))
    seeded = make_zoo(KMeans(3), random_state=5)
    assert seeded["cluster"].random_state == 5


def test_saved_and_loaded_in_another_process(zoo, tmp_path, run_python):
    joblib.dump(zoo, tmp_path / "zoo.joblib")
    np.save(tmp_path / "flux.npy", FLUX)
    code = (
        "import joblib, numpy as np; "
        f"zoo = joblib.load({str(tmp_path / 'zoo.joblib')!r}); print(zoo.predict(np.load("
        f"{str(tmp_path / 'flux.npy')!r})).tolist())"
    )
    assert run_python(code) == str(zoo.predict(FLUX).tolist())


def test_grid_search_over_every_step_without_y():
    reference = make_sed_pipeline(wavelength=GRID, grid=64, embed=PCA(2, whiten=True)).fit(FLUX)
    search = GridSearchCV(
        make_zoo(),
        {"embed__latent_dim": [1, 2], "cluster__n_clusters": [3], "resample__grid": [48, 64]},
        scoring=silhouette_scorer(reference=reference, random_state=0),
        cv=2,
    ).fit(FLUX)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    search = GridSearchCV(make_zoo(), {"embed__latent_dim": [1, 2]}, scoring=reconstruction_scorer(), cv=2).fit(FRAME)
    assert search.best_params_ == {"embed__latent_dim": 2}


def test_bad_rows_are_named_or_masked():
    flux = make_flux(30)
    flux[4] = np.nan
    with pytest.raises(ValueError, match="1 of 30 spectra are not finite; first at row 4"):
        make_zoo(on_bad="raise").fit(flux)
    flux = make_flux(30)
    flux[9] = 0
    with pytest.raises(ValueError, match=r"1 of 30 spectra have no positive mean flux in the band.*first at row 9"):
        make_zoo(on_bad="raise").fit(flux)
    masked = make_zoo()
    with pytest.warns(SedDataWarning, match="first at row 9"), pytest.raises(ValueError, match="first at row 9"):
        masked.fit(flux)  # the embedder learns from the others and refuses to place what the normalizer has masked


def test_an_embedding_that_knows_no_errors_never_sees_them():
    names = [repr(float(w)) for w in GRID]
    frame = pd.DataFrame(
        np.hstack([FLUX, np.full_like(FLUX, 1e38)]), columns=[*names, *(f"ivar_{name}" for name in names)]
    )
    parameters = {"grid": 64, "embed": PCA(2), "final": KMeans(3, random_state=0)}
    with_errors = make_sed_pipeline(**parameters).set_params(normalize__statistic="mean").fit(frame)
    bare = make_sed_pipeline(**parameters).fit(frame[names])
    assert with_errors["embed"].n_features_in_ == 64
    np.testing.assert_allclose(with_errors[:-1].transform(frame), bare[:-1].transform(frame[names]), atol=1e-5)
    frame.iloc[3, 90:93] = 0  # three masked pixels
    with pytest.raises(ValueError, match="contains NaN"):
        make_sed_pipeline(**parameters).set_params(normalize__statistic="mean").fit(frame)


def test_errors_and_masks_reach_the_scorers():
    rng = np.random.default_rng(1)
    sigma = np.where(rng.random(FLUX.shape) < 0.1, 0.5, 0.01) * FLUX.mean(axis=1, keepdims=True)
    names = [repr(float(w)) for w in GRID]
    ivar = 1 / sigma.astype(float) ** 2
    ivar[:, 40:42] = 0
    noisy = FLUX + sigma * rng.standard_normal(FLUX.shape)
    noisy[:, 40:42] = 1.0  # whatever stands in a masked pixel
    frame = pd.DataFrame(np.hstack([noisy, ivar]), columns=[*names, *(f"ivar_{name}" for name in names)])
    zoo = make_zoo(wavelength=None, grid=GRID).fit(frame)
    normalized = zoo[:2].transform(frame).to_numpy()
    drawn = np.asarray(zoo["embed"].inverse_transform(zoo[:3].transform(frame)))
    total = weight = 0.0
    for row in range(len(frame)):
        for pixel in range(90):
            if normalized[row, 90 + pixel] > 0:
                total += normalized[row, 90 + pixel] * (normalized[row, pixel] - drawn[row, pixel]) ** 2
                weight += normalized[row, 90 + pixel]
    assert reconstruction_scorer()(zoo, frame) == pytest.approx(-total / weight, rel=1e-4)
    search = GridSearchCV(zoo, {"embed__latent_dim": [1, 2]}, scoring=reconstruction_scorer(), cv=2).fit(frame)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_two_spectra_and_constant_spectra_give_finite_latents():
    two = make_sed_pipeline(
        wavelength=GRID, grid=64, embed=ConvAutoencoderEmbedder(1, training=Training(n_epochs=1), random_state=0)
    ).fit_transform(FLUX[:2])
    assert np.isfinite(two).all(axis=None)
    constant = make_zoo(latent_dim=1).fit(np.vstack([FLUX, np.full((3, 90), 1e-17)]))
    assert np.isfinite(constant[:-1].transform(FLUX)).all(axis=None)
    with pytest.raises(ValueError, match="minimum of 2"):
        make_zoo().fit(FLUX[:1])


def test_brightness_can_be_kept_beside_the_latents():
    zoo = make_zoo(keep_brightness=True).fit(FLUX)
    joined = zoo[:-1].transform(FLUX)
    assert joined.shape == (60, 3)
    brightness = np.log10(zoo.named_steps["features"].transformer_list[1][1]["scale"].scale(zoo[:1].transform(FLUX)))
    expected = (brightness - brightness.mean()) / brightness.std()
    np.testing.assert_allclose(np.asarray(joined)[:, 2], expected, rtol=1e-5)
    assert "features__latent__embed__latent_dim" in zoo.get_params()


def test_the_front_and_the_embedding_are_found(zoo):
    front, embedding = split_at_embedding(zoo)
    assert list(front.named_steps) == ["resample", "normalize"]
    assert list(embedding.named_steps) == ["embed"]
    assert split_at_embedding(zoo["embed"])[0] is None
    with pytest.raises(ValueError, match="has no embedding step"):
        split_at_embedding(zoo[:2])


def test_brightness_and_units_do_not_change_the_labels(zoo):
    np.testing.assert_array_equal(zoo.predict(FLUX * np.float32(1000)), zoo.predict(FLUX))
