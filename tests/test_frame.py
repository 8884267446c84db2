"""Which frame and medium spectra are in: stated, measured by their lines, or refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV

from sklearn_sedzoo import SpectrumResampler, SpectrumTable, decide_frame, make_sed_pipeline
from sklearn_sedzoo.datasets import make_sed_catalog
from sklearn_sedzoo.exceptions import SedDataWarning
from sklearn_sedzoo.preprocessing import ExtinctionCorrector, vacuum_to_air

GRID = 3800 * np.exp(2e-4 * np.arange(3800))


def make_observed(n=40, noise=0.1, seed=0):
    """Populations of the mock, moved to redshifts of their own, with noise; nothing is stated."""
    rng = np.random.default_rng(seed)
    mock, z = make_sed_catalog(n, random_state=seed), rng.uniform(0.02, 0.25, n)
    flux = np.array([np.interp(GRID / (1 + k), mock.wavelength, row) for k, row in zip(z, mock.flux, strict=True)])
    flux /= np.median(flux, axis=1, keepdims=True)
    flux += rng.normal(0, noise, flux.shape)
    return SpectrumTable(flux, GRID, pd.DataFrame({"redshift": z}), ivar=np.full(flux.shape, noise**-2))


@pytest.fixture(scope="module")
def observed():
    return make_observed()


@pytest.fixture(scope="module")
def rest():
    mock = make_sed_catalog(40, random_state=1)
    z = np.random.default_rng(1).uniform(0.02, 0.25, 40)
    return replace(mock, frame=None, medium=None, properties=mock.properties.assign(redshift=z))


@pytest.mark.parametrize("rows", [slice(None), slice(0, 8)])
def test_the_lines_tell_the_frame(observed, rest, rows):
    for table, frame in ((observed, "observed"), (rest, "rest")):
        decision = decide_frame(table[rows])
        assert decision.frame == frame
        assert "measured by its lines" in decision.reasons[0]


@pytest.mark.parametrize("noise", [0.3, 1.0])
def test_the_lines_of_many_faint_spectra_tell_it_too(noise):
    assert decide_frame(make_observed(300, noise, seed=3)).frame == "observed"


def test_what_is_given_counts_before_what_is_stated_and_what_is_measured(observed):
    assert decide_frame(replace(observed, frame="observed")).reasons[0] == "Frame: observed, as the file states."
    contradicted = decide_frame(replace(observed, frame="rest"))
    assert contradicted.frame == "rest"
    assert "its lines stand in the observed frame" in contradicted.warnings[0]
    assert decide_frame(replace(observed, frame="rest"), frame="observed").reasons[0].endswith("as you said.")
    with pytest.raises(ValueError, match="`frame` of decide_frame must be one of"):
        decide_frame(observed, frame="Observed")


@pytest.mark.parametrize("seed", range(5))
def test_noise_decides_nothing_and_is_refused_with_the_cure(observed, seed):
    noise = np.random.default_rng(seed).normal(1, 0.3, observed.shape)
    with pytest.raises(ValueError, match=r"Nothing tells the frame.*frame='observed' \(--frame observed\)"):
        decide_frame(replace(observed, flux=noise))
    assert decide_frame(replace(observed, flux=noise), frame="rest").frame == "rest"


def test_wrong_redshifts_are_not_taken_for_a_frame(observed):
    z = np.random.default_rng(2).permutation(observed.redshift)
    with pytest.raises(ValueError, match="Nothing tells the frame"):
        decide_frame(replace(observed, properties=pd.DataFrame({"redshift": z})))


def test_observed_spectra_without_redshifts_are_refused(observed):
    bare = replace(observed, properties=pd.DataFrame({"name": np.arange(40)}), frame="observed", survey="SDSS")
    with pytest.raises(ValueError, match=r"as SDSS states, and there are no redshifts \(columns: name\)\. Join them"):
        decide_frame(bare)
    unknown = replace(observed, properties=pd.DataFrame({"redshift": np.full(40, np.nan)}), frame="observed")
    with pytest.raises(ValueError, match="there are no redshifts"):
        decide_frame(unknown)


def test_redshifts_that_do_not_vary_need_no_word(rest):
    flat = replace(rest, flux=np.ones(rest.shape))
    assert decide_frame(replace(flat, properties=pd.DataFrame({"redshift": np.zeros(40)}))).frame == "rest"
    decision = decide_frame(replace(flat, properties=pd.DataFrame({"redshift": np.full(40, 0.3)})))
    assert decision.frame is None
    assert "taken as they stand" in decision.warnings[0]


def test_the_medium_is_measured_and_used(rest):
    in_air = replace(rest, wavelength=vacuum_to_air(rest.wavelength), frame="rest")
    assert decide_frame(in_air).medium == "air"
    assert decide_frame(replace(in_air, medium="vacuum")).warnings[0].startswith("But its lines stand")
    with pytest.warns(SedDataWarning, match="medium='air' is taken"):
        measured = SpectrumResampler(500, grid_range=(3700, 7300)).fit(in_air)
    stated = SpectrumResampler(500, grid_range=(3700, 7300)).fit(replace(in_air, medium="air"))
    assert measured.medium_ == stated.medium_ == "air"
    vacuum = SpectrumResampler(500, grid_range=(3700, 7300)).fit_transform(rest)
    np.testing.assert_allclose(measured.transform(in_air), vacuum, rtol=2e-2)  # the grid is not quite the same
    np.testing.assert_array_equal(measured.transform(in_air), stated.transform(in_air))


def test_observed_spectra_left_as_they_stand_bring_a_warning(observed):
    with pytest.warns(SedDataWarning, match=r"is in the observed frame, and redshift=None leaves it there"):
        resampler = SpectrumResampler(500).fit(observed)
    assert resampler.frame_ == "observed"
    assert SpectrumResampler(500, redshift="redshift", on_bad="mask").fit(observed).frame_ == "rest"


def test_a_second_shift_is_refused_also_after_csv_and_merge(tmp_path):
    observed = make_observed(60, 0.02)
    resampler = SpectrumResampler(1500, redshift="redshift", on_bad="mask")
    at_rest = resampler.fit_transform(replace(observed, ivar=None))
    again = SpectrumResampler(800, redshift="redshift", on_bad="mask")
    with pytest.raises(ValueError, match="in the rest frame already"):
        again.fit(at_rest.assign(redshift=observed.redshift))
    at_rest.assign(redshift=observed.redshift).to_csv(tmp_path / "rest.csv", index=False)
    read = pd.read_csv(tmp_path / "rest.csv")
    assert not read.attrs
    with pytest.raises(ValueError, match="in the rest frame already"):
        again.fit(read)
    merged = pd.DataFrame(at_rest.to_numpy(), columns=at_rest.columns).assign(n=range(60))
    merged = merged.merge(pd.DataFrame({"n": range(60), "redshift": observed.redshift}), on="n").drop(columns="n")
    with pytest.raises(ValueError, match="in the rest frame already"):
        again.fit(merged)


def test_the_rest_frame_range_is_what_half_of_the_spectra_cover(observed):
    resampler = SpectrumResampler(1000, redshift="redshift", on_bad="mask").fit(replace(observed, frame="observed"))
    half = np.exp(1e-4)  # of a pixel
    edges = np.median(GRID[0] / half / (1 + observed.redshift)), np.median(GRID[-1] * half / (1 + observed.redshift))
    width = np.diff(resampler.wavelength_out_[:2])[0]
    outer = resampler.wavelength_out_[0] - width / 2, resampler.wavelength_out_[-1] + width / 2
    np.testing.assert_allclose(outer, edges, rtol=1e-7)
    assert resampler.coverage_.min() >= 0.5 - 1 / 40
    assert resampler.coverage_.max() == 1
    padded = observed.flux.copy()
    padded[:, -300:] = np.nan  # a common grid reaches farther than the spectra do
    short = SpectrumResampler(1000, redshift="redshift", on_bad="mask").fit(replace(observed, flux=padded))
    assert short.wavelength_out_[-1] < resampler.wavelength_out_[-1] * 0.96


def test_what_a_spectrum_lacks_is_masked_and_the_rest_is_the_mean_over_each_bin(observed):
    table = replace(observed, frame="observed")
    result = SpectrumResampler(1000, redshift="redshift", on_bad="mask").fit(table).transform(table).to_numpy()
    resampler = SpectrumResampler(1000, redshift="redshift", on_bad="mask").fit(table)
    grid = resampler.wavelength_out_
    z = observed.redshift[:, None]
    covered = (grid > GRID[0] / (1 + z) + 3) & (grid < GRID[-1] / (1 + z) - 3)
    outside = (grid < GRID[0] / (1 + z) - 3) | (grid > GRID[-1] / (1 + z) + 3)
    assert (result[:, 1000:][covered] > 0).all()
    assert (result[:, 1000:][outside] == 0).all()


def test_a_pipeline_takes_the_catalog_itself_and_so_does_a_search(observed):
    table = replace(observed, frame="observed", ivar=None)
    pipeline = make_sed_pipeline(
        grid=200, grid_range=(4000, 6000), redshift="redshift", embed=PCA(2), final=KMeans(3, random_state=0)
    ).fit(table)
    np.testing.assert_array_equal(pipeline.predict(table), pipeline.predict(table.to_frame()))
    search = GridSearchCV(pipeline, {"cluster__n_clusters": [2, 3]}, cv=2).fit(table)
    assert search.best_estimator_.predict(table[:3]).shape == (3,)
    assert table[4].shape == (1, len(GRID))
    assert table[[1, 2], ...].frame == "observed"
    with pytest.raises(TypeError, match="an index of rows only"):
        table[:, 3]


def test_the_pipeline_corrects_for_dust_once(observed):
    ebv = np.linspace(0.0, 0.2, 40)
    table = replace(observed, frame="observed", properties=observed.properties.assign(ebv=ebv))
    pipeline = make_sed_pipeline(
        grid=100, grid_range=(4000, 6000), redshift="redshift", ebv="ebv", embed=PCA(2), on_bad="mask"
    )
    assert [name for name, _ in pipeline.steps] == ["deredden", "resample", "normalize", "embed"]
    corrected = pipeline[:1].fit_transform(table)
    assert (corrected["ebv"] == 0).all()
    np.testing.assert_array_equal(ExtinctionCorrector(on_bad="mask").fit_transform(corrected), corrected)
    np.testing.assert_array_equal(replace(table, is_dereddened=True).to_frame()["ebv"], 0)
    resampler = SpectrumResampler(100, grid_range=(4000, 6000), redshift="redshift", on_bad="mask")
    with pytest.warns(SedDataWarning, match="has a column ebv up to 0.2 mag and is not corrected"):
        resampler.fit(table)
    resampler.fit(corrected)


def test_the_pipeline_takes_a_resampler_of_your_own():
    own = SpectrumResampler(50, density="frequency", wavelength=GRID)
    assert make_sed_pipeline(resample=own, embed=PCA(2))["resample"].density == "frequency"
    with pytest.raises(ValueError, match="`resample` and `medium` of make_sed_pipeline are both given"):
        make_sed_pipeline(resample=own, medium="air", embed=PCA(2))


@pytest.mark.parametrize(("name", "value"), [("frame", "Rest"), ("medium", "water")])
def test_fields_of_a_table_are_checked(name, value):
    with pytest.raises(ValueError, match=f"`{name}` of SpectrumTable must be one of"):
        SpectrumTable(np.ones((1, 2)), np.array([1.0, 2.0]), **{name: value})
    with pytest.raises(ValueError, match=f"meta of SpectrumTable holds '{name}', which is a field"):
        SpectrumTable(np.ones((1, 2)), np.array([1.0, 2.0]), meta={name: value})
