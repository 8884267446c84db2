"""Inverse variances, masks and redshifts through resampler and normalizer."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from sklearn_sedzoo import SpectrumTable
from sklearn_sedzoo._containers import name_wavelengths, parse_columns
from sklearn_sedzoo.preprocessing import (
    ContinuumRemover,
    ExtinctionCorrector,
    FluxNormalizer,
    FluxScale,
    LineMasker,
    SpectrumResampler,
    SpectrumSmoother,
)
from tests.reference.rebinning import edges_of, resample, resample_variance

pytestmark = pytest.mark.filterwarnings("ignore:.*oversampled:sklearn_sedzoo.exceptions.SedGridWarning")

rng = np.random.default_rng(3)
GRID = 4000 + np.concatenate([[0], np.cumsum(rng.choice([1.0, 2.0, 7.0], 119))])
BINS = np.arange(4020.0, 4300.0, 5.5)


def make_table(n=6, *, masked=True, redshift=None, dtype=float, grid=GRID):
    random = np.random.default_rng(n)
    flux = random.lognormal(size=(n, len(grid))).astype(dtype)
    ivar = random.uniform(1, 9, size=flux.shape).astype(dtype)
    if masked:
        ivar[0, 20:60] = 0
        flux[0, 25:30] = np.nan
        ivar[1, ::7] = 0
    properties = pd.DataFrame({"age": range(n)})
    if redshift is not None:
        properties["redshift"] = redshift
    return SpectrumTable(flux, grid, properties, ivar=ivar)


def twin(table, centers, min_coverage=1.0, redshift=None, density="wavelength"):
    """Flux and inverse variance spectrum by spectrum: shift the grid, then resample with the slow twin."""
    redshift = np.zeros(len(table)) if redshift is None else redshift
    flux, ivar = [], []
    for row, inverse, z in zip(table.flux, table.ivar, redshift, strict=True):
        grid, factor = table.wavelength / (1 + z), 1 + z if density == "wavelength" else 1 / (1 + z)
        valid = inverse > 0
        values = np.where(valid, row, np.nan)
        variance = np.where(valid, 1 / np.where(valid, inverse, 1), np.nan)
        flux.append(factor * resample(values, grid, centers, min_coverage, density))
        variance = resample_variance(variance, grid, centers, min_coverage, density)
        ivar.append(np.where(np.isnan(variance), 0.0, 1 / variance) / factor**2)
    return np.array(flux), np.array(ivar)


def halves(frame):
    values = frame.to_numpy()
    return values[:, : values.shape[1] // 2], values[:, values.shape[1] // 2 :]


@pytest.mark.parametrize("min_coverage", [1.0, 0.4])
def test_inverse_variances_follow_the_fluxes(min_coverage):
    table = make_table()
    resampler = SpectrumResampler(BINS, min_coverage=min_coverage).fit(table)
    result = resampler.transform(table)
    flux, ivar = halves(result)
    expected = twin(table, BINS, min_coverage)
    np.testing.assert_allclose(flux, expected[0], rtol=1e-12)
    np.testing.assert_allclose(ivar, expected[1], rtol=1e-12)
    assert np.isnan(flux).any()
    np.testing.assert_array_equal(np.isnan(flux), ivar == 0)
    assert list(result.columns) == list(resampler.get_feature_names_out())
    assert result.columns[-1] == f"ivar_{BINS[-1]}"
    np.testing.assert_allclose(halves(resampler.set_output(transform="pandas").transform(table))[0], flux)


@pytest.mark.parametrize("n_equal", [0, 12])
@pytest.mark.parametrize("density", ["wavelength", "frequency"])
def test_each_spectrum_goes_to_its_own_rest_frame(n_equal, density):
    redshift = np.r_[np.full(n_equal, 0.013), np.linspace(0, 0.05, 15)]
    table = make_table(len(redshift), redshift=redshift)
    bins = np.arange(4000.0, 4200.0, 3.0)
    resampler = SpectrumResampler(bins, redshift="redshift", density=density).fit(table)
    flux, ivar = halves(resampler.transform(table))
    expected = twin(table, bins, redshift=redshift, density=density)
    assert np.isnan(expected[0][:, -1]).any()
    np.testing.assert_allclose(flux, expected[0], rtol=1e-10)
    np.testing.assert_allclose(ivar, expected[1], rtol=1e-10)


@pytest.mark.parametrize("density", ["wavelength", "frequency"])
@pytest.mark.parametrize("min_coverage", [1.0, 0.3])
def test_logarithmic_grids_of_one_step_take_the_shortcut_and_agree(density, min_coverage):
    step = 1e-3
    grid, bins = 4000 * np.exp(step * np.arange(300)), 4010 * np.exp(step * np.arange(200))
    redshift = np.r_[0.0, np.expm1(step * np.array([7, 7.5])), np.linspace(-0.02, 0.4, 12)]  # the last are outside
    table = make_table(len(redshift), redshift=redshift, grid=grid)
    parameters = {"density": density, "min_coverage": min_coverage, "redshift": "redshift"}
    flux, ivar = halves(SpectrumResampler(bins, **parameters).fit(table).transform(table))
    expected = twin(table, bins, min_coverage, redshift, density)
    assert 0 < np.isnan(expected[0]).all(axis=1).sum() < 4
    np.testing.assert_allclose(flux, expected[0], rtol=1e-10)
    np.testing.assert_allclose(ivar, expected[1], rtol=1e-10)


def test_one_redshift_for_all_is_the_same_as_a_column_of_it():
    table = make_table(5, redshift=np.full(5, 0.02))
    bins = np.arange(4000.0, 4200.0, 3.0)
    column = SpectrumResampler(bins, redshift="redshift", on_bad="mask").fit_transform(table)
    number = SpectrumResampler(bins, redshift=0.02, on_bad="mask").fit_transform(table)
    np.testing.assert_allclose(column, number, rtol=1e-10)
    resampler = SpectrumResampler(bins, redshift=0.02, wavelength=GRID).fit(np.ones((1, len(GRID))))
    back = resampler.inverse_transform(resampler.transform(np.ones((1, len(GRID)))))
    np.testing.assert_allclose(back[~np.isnan(back)], 1.0, rtol=1e-12)
    assert not np.isnan(back).all()


def test_integrated_flux_stays_under_the_shift():
    grid = np.arange(4000.0, 5000.0, 2.0)
    line = np.exp(-0.5 * ((grid - 4500) / 8) ** 2)[None]
    resampler = SpectrumResampler(700, redshift=0.3, wavelength=grid).fit(line)
    shifted = resampler.transform(line)[0]
    total = shifted @ np.diff(edges_of(resampler.wavelength_out_))
    np.testing.assert_allclose(total, line[0].sum() * 2, rtol=1e-12)
    assert resampler.wavelength_out_[shifted.argmax()] == pytest.approx(4500 / 1.3, abs=1)


@pytest.mark.parametrize(
    "step",
    [
        SpectrumResampler(BINS, redshift="redshift"),
        SpectrumResampler(BINS),
        FluxNormalizer((4050, 4150)),
        FluxNormalizer(statistic="median"),
        ExtinctionCorrector(0.1),
        LineMasker(),
        SpectrumSmoother(300.0),
        ContinuumRemover(width=40.0),
        ContinuumRemover("polynomial"),
    ],
)
def test_a_flux_that_is_nan_is_masked_whatever_its_error(step):
    table = make_table(5, redshift=np.full(5, 0.01), masked=False)
    table.flux[1:4, 30:34] = np.nan
    claimed = table.to_frame()
    declared = SpectrumTable(
        table.flux, GRID, table.properties, ivar=np.where(np.isnan(table.flux), 0, table.ivar)
    ).to_frame()
    results = (clone(step).fit(X).transform(X) for X in (claimed, declared))
    one, other = (halves(result.drop(columns="redshift", errors="ignore")) for result in results)
    np.testing.assert_array_equal(one[1] > 0, other[1] > 0)
    known = other[1] > 0
    np.testing.assert_allclose(one[0][known], other[0][known], rtol=1e-12)
    np.testing.assert_allclose(one[1], other[1], rtol=1e-12)


def test_without_masks_uncovered_bins_need_a_word():
    redshift = np.array([0.0, 0.01, 0.02])
    table = make_table(3, redshift=redshift, masked=False)
    frame = SpectrumTable(table.flux, GRID, table.properties).to_frame()
    wide = {"grid": 50, "grid_range": (3500, 4300), "redshift": "redshift"}
    with pytest.raises(ValueError, match="are not covered by the input"):
        SpectrumResampler(**wide, on_bad="raise").fit(frame)
    common = SpectrumResampler(20, redshift="redshift", on_bad="raise", grid_range=(4000, 4250)).fit(frame)
    assert (common.coverage_ == 1).all()
    far = frame.assign(redshift=0.4)
    with pytest.raises(ValueError, match="3 of 3 spectra do not cover it; first at row 0"):
        common.transform(far)
    masked = SpectrumResampler(**wide, on_bad="mask").fit_transform(frame).to_numpy()
    filled = SpectrumResampler(**wide, fill_value=-1.0).fit_transform(frame).to_numpy()
    np.testing.assert_array_equal(np.isnan(masked), filled == -1)
    np.testing.assert_allclose(filled[filled != -1], masked[filled != -1])
    assert np.isnan(masked).any(axis=1).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="redshift"), "redshift"),
        (lambda f: f.assign(redshift=np.nan), "Redshifts of SpectrumResampler must be finite"),
        (lambda f: f.assign(redshift=[0.0, 0.0, 21, 0, 0, 0]), "1 of 6 spectra have others; first at row 2, 21.0"),
        (lambda f: f.assign(redshift=-0.5), "above -0.1"),
        (lambda f: f.assign(**{f"ivar_{GRID[3]}": -1.0}), "inverse variances that are negative.*6 of 6.*pixel 3: -1.0"),
        (lambda f: f.assign(**{f"ivar_{GRID[3]}": np.nan}), "negative or not finite"),
        (lambda f: f.drop(columns=f"ivar_{GRID[3]}"), "ivar_"),
        (lambda f: f.assign(**{str(GRID[100]): np.nan}), "NaN or infinity: 6 of 6.*first at row 0, column 100"),
    ],
)
def test_bad_redshifts_and_variances_are_pointed_at(change, message):
    frame = make_table(6, redshift=np.zeros(6), masked=False).to_frame()
    resampler = SpectrumResampler(BINS, redshift="redshift", on_bad="raise")
    with pytest.raises(ValueError, match=message):
        resampler.fit(change(frame)).transform(change(frame))
    with pytest.raises(ValueError, match=message):
        resampler.fit(frame).transform(change(frame))


def test_float_labels_beside_names_and_any_order_of_columns():
    table = make_table(4, redshift=np.full(4, 0.01))
    frame = table.to_frame()
    floats = frame.rename(columns={name: float(name) for name in name_wavelengths(GRID)})
    bins = np.arange(4000.0, 4200.0, 3.0)
    expected = SpectrumResampler(bins, redshift="redshift").fit_transform(frame)
    pd.testing.assert_frame_equal(SpectrumResampler(bins, redshift="redshift").fit_transform(floats), expected)
    names = list(frame.columns)
    order = [names[-1], *names[len(GRID) : -1][::-1], *names[: len(GRID)]]
    shuffled = SpectrumResampler(bins, redshift="redshift").fit_transform(frame[order])
    pd.testing.assert_frame_equal(shuffled, expected)
    columns = parse_columns(frame.columns)
    assert (columns.flux, columns.scalars) == (slice(0, 120), {"redshift": 240})


def test_float32_stays_float32_beside_a_float64_redshift():
    table = make_table(4, redshift=np.full(4, 0.01), dtype=np.float32)
    result = SpectrumResampler(np.arange(4000.0, 4200, 3), redshift="redshift").fit_transform(table)
    assert set(result.dtypes) == {np.dtype("f4")}


def test_the_normalizer_scales_both_blocks():
    table = make_table()
    normalizer = FluxNormalizer((4050, 4150), statistic="mean", on_bad="raise").fit(table)
    flux, ivar = halves(normalizer.transform(table))
    scale = normalizer.scale(table)
    np.testing.assert_allclose(flux, table.flux / scale[:, None], rtol=1e-12)
    np.testing.assert_allclose(ivar, table.ivar * scale[:, None] ** 2, rtol=1e-12)
    np.testing.assert_allclose(np.sqrt(ivar[2]) * flux[2], np.sqrt(table.ivar[2]) * table.flux[2])  # S/N stays
    masked = table.flux.copy()
    masked[table.ivar == 0] = np.nan
    np.testing.assert_allclose(scale, FluxNormalizer((4050, 4150), wavelength=GRID).fit(masked).scale(masked))
    np.testing.assert_allclose(FluxScale((4050, 4150), statistic="mean").fit_transform(table)[:, 0], np.log10(scale))


def test_weighted_mean_and_value_at_a_wavelength():
    table = make_table()
    weighted = FluxNormalizer((4050, 4150), statistic="ivar_mean").fit(table).scale(table)
    inside = (GRID >= 4050) & (GRID <= 4150)
    flux = np.nan_to_num(table.flux)[:, inside]
    np.testing.assert_allclose(weighted, np.average(flux, axis=1, weights=table.ivar[:, inside]), rtol=1e-12)
    value = FluxNormalizer(4101.3, statistic="value").fit(table).scale(table[2:])
    np.testing.assert_allclose(value, [np.interp(4101.3, GRID, row) for row in table.flux[2:]], rtol=1e-12)
    with pytest.raises(ValueError, match="needs inverse variances"):
        FluxNormalizer(statistic="ivar_mean").fit(table.flux)
    with pytest.raises(ValueError, match="inside the grid"):
        FluxNormalizer(9000.0, statistic="value").fit(table)


def test_both_steps_in_a_row_hand_on_flux_and_ivar_only():
    table = make_table(8, redshift=np.linspace(0, 0.02, 8))
    steps = make_pipeline(
        SpectrumResampler(np.arange(4030.0, 4200, 3), redshift="redshift"), FluxNormalizer((4050, 4150))
    )
    for output in ("default", "pandas"):
        result = steps.set_output(transform=output).fit_transform(table.to_frame())
        assert result.shape == (8, 2 * 57)
        flux, ivar = halves(result)
        np.testing.assert_array_equal(np.isnan(flux), ivar == 0)


def test_covariance_is_that_of_the_operator():
    table = make_table(3, masked=False)
    resampler = SpectrumResampler(BINS).fit(table)
    operator = resampler.transform(SpectrumTable(np.eye(120), GRID, ivar=np.ones((120, 120)))).to_numpy()[
        :, : len(BINS)
    ]
    for row in range(3):
        full = operator.T @ np.diag(1 / table.ivar[row]) @ operator
        for lag in (0, 1, 2):
            np.testing.assert_allclose(
                resampler.covariance(table, lag=lag)[row], np.diagonal(full, lag), rtol=1e-10, atol=1e-15
            )
    diagonal = 1 / halves(resampler.transform(table))[1]
    np.testing.assert_allclose(resampler.covariance(table, lag=0), diagonal, rtol=1e-12)


@pytest.mark.parametrize("redshift", ["redshift", 0.02])
@pytest.mark.parametrize("as_table", [True, False])
def test_what_acts_on_observed_wavelengths_refuses_those_at_rest(redshift, as_table):
    table = make_table(4, redshift=np.full(4, 0.02), masked=False)
    X = table if as_table else SpectrumTable(table.flux, GRID, table.properties).to_frame()
    rest = make_pipeline(SpectrumResampler(np.arange(4020.0, 4200, 3), redshift=redshift), FluxNormalizer((4050, 4150)))
    at_rest = rest.set_output(transform="pandas").fit_transform(X)
    for step, what in [
        (ExtinctionCorrector(0.1), "the dust of our Galaxy"),
        (LineMasker(with_sky=True), "the night sky"),
        (LineMasker(redshift=0.02), "a redshift"),
        (SpectrumResampler(20, redshift=0.02), "a second time"),
        (SpectrumResampler(20, medium="air"), "the refraction of air"),
    ]:
        with pytest.raises(ValueError, match=f"in the rest frame already.*{what}"):
            step.fit(at_rest)
    LineMasker().fit(at_rest)
    SpectrumResampler(20).fit(at_rest)
    early = make_pipeline(
        ExtinctionCorrector(0.1), LineMasker(with_sky=True, redshift=redshift, fill="interpolate"), rest
    )
    assert early.fit_transform(X).shape == at_rest.shape
