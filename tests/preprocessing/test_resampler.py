import astropy.units as u
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from specutils import Spectrum
from specutils.manipulation import FluxConservingResampler

from sklearn_sedzoo._kernels.rebinning import bin_edges, fine_range, log_centers
from sklearn_sedzoo.exceptions import SedGridWarning
from sklearn_sedzoo.preprocessing import SpectrumResampler
from tests.reference.rebinning import edges_of, resample


def make_grid(seed, n=60, low=3000.0, high=9000.0):
    """A grid with steps that differ by a factor of 20."""
    steps = np.random.default_rng(seed).choice([1.0, 3.0, 20.0], size=n - 1)
    return low + np.concatenate([[0], np.cumsum(steps)]) * (high - low) / steps.sum()


def integral(flux, centers):
    return flux @ np.diff(bin_edges(centers))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.filterwarnings("ignore::sklearn_sedzoo.exceptions.SedGridWarning")
def test_equals_the_slow_twin_and_specutils_in_covered_bins(seed):
    rng = np.random.default_rng(seed)
    grid_in, grid_out = make_grid(seed), make_grid(seed + 100, n=45, low=3300.0, high=8500.0)
    flux = rng.lognormal(size=(3, len(grid_in)))
    result = SpectrumResampler(grid_out, wavelength=grid_in).fit_transform(flux)
    twin = [resample(row, grid_in, grid_out) for row in flux]
    np.testing.assert_allclose(result, twin, rtol=1e-12)
    spectrum = Spectrum(flux=flux[0] * u.Jy, spectral_axis=grid_in * u.AA)
    theirs = FluxConservingResampler()(spectrum, grid_out * u.AA).flux.value
    np.testing.assert_allclose(result[0], theirs, rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_bins=st.integers(2, 90), spacing=st.sampled_from(["linear", "log"]))
@pytest.mark.filterwarnings("ignore::sklearn_sedzoo.exceptions.SedGridWarning")
def test_flux_is_conserved(seed, n_bins, spacing):
    grid = make_grid(seed)
    flux = np.random.default_rng(seed).normal(size=(2, len(grid)))
    resampler = SpectrumResampler(n_bins, spacing=spacing, wavelength=grid)
    # rounding is relative to the sum of absolute flux, not to a sum that may cancel
    scale = integral(np.abs(flux), grid)
    np.testing.assert_array_less(
        np.abs(integral(resampler.fit_transform(flux), resampler.wavelength_out_) - integral(flux, grid)) / scale, 1e-12
    )


def test_flux_is_conserved_on_the_fsps_grid(fsps):
    with pytest.warns(SedGridWarning, match="47 % of the 4096 output bins"):
        resampler = SpectrumResampler(wavelength=fsps.wavelength).fit(fsps.flux)
    flux = fsps.flux[:20].astype(float)
    before = integral(flux, fsps.wavelength)
    np.testing.assert_allclose(integral(resampler.transform(flux), resampler.wavelength_out_), before, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", ">f8", "i4", "f2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_dtypes_and_layouts_give_the_same_numbers(dtype, order):
    grid = make_grid(0)
    flux = np.random.default_rng(0).integers(1, 100, size=(40, len(grid))).astype(dtype)
    expected = SpectrumResampler(20, wavelength=grid).fit_transform(flux.astype(float))
    result = SpectrumResampler(20, wavelength=grid).fit_transform(np.asarray(flux, order=order))
    assert result.dtype == (np.float32 if flux.dtype.kind == "f" and flux.dtype.itemsize == 4 else np.float64)
    np.testing.assert_allclose(result, expected, rtol=1e-6 if result.dtype == np.float32 else 1e-13)


def test_a_falling_grid_is_the_rising_one_reversed():
    grid = make_grid(1)
    flux = np.random.default_rng(1).normal(size=(4, len(grid)))
    rising = SpectrumResampler(30, wavelength=grid).fit(flux)
    falling = SpectrumResampler(30, wavelength=grid[::-1]).fit(flux[:, ::-1])
    np.testing.assert_allclose(falling.transform(flux[:, ::-1]), rising.transform(flux), rtol=1e-12)
    back = rising.inverse_transform(rising.transform(flux))
    np.testing.assert_allclose(falling.inverse_transform(rising.transform(flux)), back[:, ::-1], rtol=1e-12)


@pytest.mark.parametrize("unit", ["nm", "micron", "Hz", "eV", "1/cm"])
def test_spectral_units_give_the_same_result(unit):
    grid = make_grid(2)
    flux = np.random.default_rng(2).normal(size=(4, len(grid)))
    expected = SpectrumResampler(30, grid_range=(3100, 8900), wavelength=grid).fit_transform(flux)
    other = (grid * u.AA).to_value(unit, equivalencies=u.spectral())
    result = SpectrumResampler(30, grid_range=(3100, 8900), wavelength=other, unit=unit).fit(flux)
    np.testing.assert_allclose(result.transform(flux), expected, rtol=1e-9, atol=1e-9)
    as_quantity = SpectrumResampler(30, grid_range=(3100, 8900), wavelength=other * u.Unit(unit)).fit(flux)
    np.testing.assert_allclose(as_quantity.transform(flux), expected, rtol=1e-9, atol=1e-9)


def test_log_spacing_has_constant_ratio_and_fills_the_range():
    centers = log_centers(3000.0, 9000.0, 500)
    np.testing.assert_allclose(centers[1:] / centers[:-1], centers[1] / centers[0], rtol=1e-12)
    np.testing.assert_allclose(np.array(edges_of(centers))[[0, -1]], [3000, 9000], rtol=1e-12)


def test_masked_pixels_are_left_out_of_the_mean():
    grid = make_grid(3)
    flux = np.random.default_rng(3).normal(size=(5, len(grid)))
    flux[0, 10:40] = np.nan
    flux[1] = np.nan
    flux[2, 5] = np.inf
    with pytest.raises(ValueError, match="3 of 5 spectra are not finite; first at row 0"):
        SpectrumResampler(20, wavelength=grid, on_bad="raise").fit(flux)
    resampler = SpectrumResampler(20, wavelength=grid, min_coverage=0.3).fit(flux)
    twin = [resample(row, grid, resampler.wavelength_out_, 0.3) for row in flux]
    np.testing.assert_allclose(resampler.transform(flux), twin, rtol=1e-12, atol=1e-12)
    assert np.isnan(twin[0]).any()
    assert np.isnan(twin[1]).all()
    masked = np.ma.masked_invalid(flux)
    np.testing.assert_array_equal(resampler.transform(masked), resampler.transform(flux))


def test_bins_without_coverage_are_an_error_or_filled_never_stretched():
    grid = np.arange(4000.0, 5000.0, 10.0)
    flux = np.ones((2, 100))
    with pytest.raises(ValueError, match=r"101 of 200 bins of `grid` .*3505 to 3995.*Narrow grid_range"):
        SpectrumResampler(200, grid_range=(3500, 5500), wavelength=grid).fit(flux)
    filled = SpectrumResampler(200, grid_range=(3500, 5500), wavelength=grid, fill_value=-1.0).fit(flux)
    result = filled.transform(flux)
    inside = (filled.wavelength_out_ > 3995) & (filled.wavelength_out_ < 4995)
    np.testing.assert_array_equal(result[:, inside], 1)
    np.testing.assert_array_equal(result[:, ~inside], -1)
    np.testing.assert_allclose(filled.coverage_[inside], 1)
    assert filled.coverage_[[49, 149]].tolist() == [0.5, 0.5]  # bins across the ends of the input
    assert filled.coverage_.sum() == pytest.approx(inside.sum() + 1)
    with pytest.raises(ValueError, match="not covered by the input, 3995 to 4995 Angstrom"):
        SpectrumResampler(10, grid_range=(6000, 7000), wavelength=grid, fill_value=0.0).fit(flux)


def test_oversampling_is_announced_with_share_and_range():
    grid = np.concatenate([np.arange(3000, 4000, 20.0), np.arange(4000, 5000, 1.0)])
    with pytest.warns(
        SedGridWarning, match=r"50 % of the 500 output bins .*2992.* to 399.* grid_range=\(40[12]\d, 500"
    ):
        SpectrumResampler(500, wavelength=grid).fit(np.ones((1, len(grid))))
    low, high = fine_range(grid)
    assert 4000 < low < 4040
    assert high == pytest.approx(4999.5)


def test_pixels_without_a_grid_refuse_parameters_in_angstrom():
    X = np.ones((3, 50))
    for parameters in ({"grid_range": (4000, 5000)}, {"grid": [4000.0, 4010.0]}):
        for data in (X, pd.DataFrame(X), pd.DataFrame(X, columns=range(4000, 4050))):
            with pytest.raises(ValueError, match="carry no wavelengths"):
                SpectrumResampler(**parameters).fit(data)
    names = SpectrumResampler(10).fit(X).get_feature_names_out()
    assert names[0] == "pixel0"
    indexed = SpectrumResampler(10, grid_range=(5, 45), wavelength="index").fit(X)
    assert indexed.wavelength_out_[0] == 7


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"grid": 1}, "`grid` of SpectrumResampler must be >= 2, got 1"),
        ({"grid": 2.5}, "`grid` of SpectrumResampler must be an integer >= 2 or wavelengths in Angstrom, got 2.5"),
        ({"grid": [4010, 4000.0]}, "`grid` of SpectrumResampler must rise"),
        ({"grid": [4000.0, 4010.0], "grid_range": (1, 2)}, "goes with an integer"),
        ({"grid_range": (4150, 4050)}, "must satisfy low < high"),
        ({"grid_range": 4150}, "must be a pair"),
        ({"spacing": "cubic"}, "must be one of"),
        ({"min_coverage": 0}, r"must be in \(0, 1\]"),
        ({"unit": "kg"}, "must be a unit of wavelength"),
        ({"wavelength": [1.0, 2.0]}, "one value for each of the 50 columns"),
        ({"wavelength": np.r_[np.nan, np.arange(1.0, 50)]}, "finite and positive, got .*nan.* at index 0"),
        ({"wavelength": np.arange(50.0)}, "finite and positive, got .*0.0.* at index 0"),
        ({"wavelength": np.r_[np.arange(4000.0, 4049), 4048.0]}, "rise or fall strictly.*at index 48"),
        ({"wavelength": "loglam"}, "must be wavelengths, one for each column of X, 'index' or None"),
        ({"on_bad": "drop"}, "must be one of"),
    ],
)
def test_wrong_parameters_are_named(parameters, message):
    parameters = {"grid": 10, "wavelength": np.linspace(4000, 4500, 50), **parameters}
    with pytest.raises((ValueError, TypeError), match=message):
        SpectrumResampler(**parameters).fit(np.ones((2, 50)))


@pytest.mark.parametrize("X", [np.ones((2, 50), bool), np.full((2, 50), "1.0"), np.full((2, 50), "1.0", object)])
def test_booleans_and_strings_are_no_fluxes(X):
    with pytest.raises(ValueError, match="must hold numbers"):
        SpectrumResampler(10).fit(X)


def test_another_grid_at_transform_is_refused_even_without_names_at_fit():
    grid = np.linspace(4000, 4500, 50)
    X = np.ones((2, 50))
    resampler = SpectrumResampler(10, wavelength=grid).fit(X)
    resampler.transform(pd.DataFrame(X, columns=grid))
    with pytest.raises(ValueError, match="other wavelengths than SpectrumResampler was fitted on"):
        resampler.transform(pd.DataFrame(X, columns=grid + 1))
    with pytest.raises(ValueError, match="X has 49 features"):
        resampler.transform(X[:, 1:])
    named = clone(resampler).set_params(wavelength=None).fit(pd.DataFrame(X, columns=grid))
    with pytest.raises(ValueError, match="feature names"):
        named.transform(pd.DataFrame(X, columns=grid + 1))


def test_coming_back_keeps_smooth_spectra_and_marks_what_was_cut_off():
    grid = np.linspace(4000, 5000, 400)
    flux = 1 + 0.1 * np.sin(grid / 80)[None]
    resampler = SpectrumResampler(300, grid_range=(4100, 4900), wavelength=grid).fit(flux)
    back = resampler.inverse_transform(resampler.transform(flux))
    np.testing.assert_array_equal(np.isnan(back[0]), (grid < 4101.5) | (grid > 4898.5))
    # detail below the new bins (2.7 Angstrom) is lost: 3e-4 on a wave of 500 Angstrom
    np.testing.assert_allclose(back[~np.isnan(back)], flux[~np.isnan(back)], atol=3e-4)
    with pytest.raises(ValueError, match=r"must have shape \(n_samples, 300\)"):
        resampler.inverse_transform(flux)
