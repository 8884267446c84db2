import numpy as np
import pandas as pd
import pytest

from sklearn_sedzoo import SpectrumTable
from sklearn_sedzoo.exceptions import SedDataWarning
from sklearn_sedzoo.preprocessing import FluxNormalizer, FluxScale

GRID = np.arange(4000.0, 4200.0, 7.0)


def spectra(seed=0, n=6):
    return np.random.default_rng(seed).lognormal(size=(n, len(GRID)))


def mean_in_band(flux, low, high):
    """Slow twin: the integral of the steps over the band, one pixel at a time, over its length."""
    total = 0.0
    for center, value in zip(GRID, flux, strict=True):
        total += value * max(0.0, min(high, center + 3.5) - max(low, center - 3.5))
    return total / (high - low)


@pytest.mark.parametrize("band", [(4050, 4150), (4051.3, 4052.9), (4000, 4189)])
def test_mean_counts_fractional_pixels(band):
    X = spectra()
    scale = FluxNormalizer(band, wavelength=GRID).fit(X).scale(X)
    np.testing.assert_allclose(scale, [mean_in_band(row, *band) for row in X], rtol=1e-12)


@pytest.mark.parametrize(
    ("statistic", "twin"),
    [
        ("pixel_mean", lambda x: x.mean()),
        ("median", np.median),
        ("max", np.max),
        ("l2", lambda x: np.sqrt((x**2).sum())),
    ],
)
def test_statistics_of_the_pixels_in_the_band(statistic, twin):
    X = spectra()
    inside = (GRID >= 4050) & (GRID <= 4150)
    normalizer = FluxNormalizer((4050, 4150), statistic=statistic, wavelength=GRID).fit(X)
    np.testing.assert_allclose(normalizer.scale(X), [twin(row[inside]) for row in X], rtol=1e-13)
    np.testing.assert_allclose(
        FluxNormalizer(statistic=statistic).fit(X).scale(X), [twin(row) for row in X], rtol=1e-13
    )


def test_integral_is_mean_times_width():
    X = spectra()
    integral = FluxNormalizer((4050, 4150), statistic="integral", wavelength=GRID).fit(X).scale(X)
    np.testing.assert_allclose(integral, [100 * mean_in_band(row, 4050, 4150) for row in X], rtol=1e-12)
    with pytest.raises(ValueError, match="carry no wavelengths"):
        FluxNormalizer(statistic="integral").fit(X)


@pytest.mark.parametrize("factor", [1e-38, 1e-17, 1e3, 1e30])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_brightness_is_divided_out_at_any_scale(factor, dtype):
    X = spectra(1).astype(dtype)
    expected = FluxNormalizer((4050, 4150), wavelength=GRID).fit_transform(X)
    result = FluxNormalizer((4050, 4150), wavelength=GRID).fit_transform((X * dtype(factor)).astype(dtype))
    assert result.dtype == dtype
    # float32 numbers near 1e-38 are denormal and have lost digits before we see them
    np.testing.assert_allclose(result, expected, rtol=1e-5 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("statistic", ["mean", "pixel_mean", "median", "max", "l2", "integral"])
def test_rows_without_positive_flux_become_nan_with_one_warning(statistic):
    X = spectra(n=7)
    X[1] = 0
    X[3] = np.nan
    X[4] = -X[4]
    normalizer = FluxNormalizer((4050, 4150), statistic=statistic, wavelength=GRID).fit(X)
    bad = [1, 3] if statistic == "l2" else [1, 3, 4]
    with pytest.warns(SedDataWarning, match=rf"{len(bad)} of 7 spectra .*first at row 1.*rows \[1, 3") as caught:
        result = normalizer.transform(X)
    assert len(caught) == 1
    np.testing.assert_array_equal(np.isnan(result).all(axis=1), np.isin(range(7), bad))
    with pytest.raises(ValueError, match="NaN or infinity: 1 of 7"):
        FluxNormalizer((4050, 4150), wavelength=GRID, on_bad="raise").fit(X)
    fine = np.where(np.isnan(X), 1.0, X)
    with pytest.raises(ValueError, match=r"2 of 7 spectra have no positive mean flux in the band \(4050, 4150\)"):
        FluxNormalizer((4050, 4150), wavelength=GRID, on_bad="raise").fit(fine).transform(fine)


def test_nan_pixels_are_left_out_of_the_scale():
    X = spectra()
    X[0, 10] = np.nan
    full = FluxNormalizer((4050, 4150), wavelength=GRID).fit(X)
    weights = np.clip(np.minimum(GRID + 3.5, 4150) - np.maximum(GRID - 3.5, 4050), 0, None)
    valid = np.isfinite(X[0])
    expected = (X[0, valid] @ weights[valid]) / weights[valid].sum()
    np.testing.assert_allclose(full.scale(X)[0], expected, rtol=1e-12)


def test_a_band_outside_or_between_pixels_is_an_error_at_fit():
    for band in [(3000, 3100), (3990, 4100), (4150, 4300)]:
        with pytest.raises(ValueError, match=r"`band` of FluxNormalizer is .* but X has 3996.5 to 4199.5 Angstrom"):
            FluxNormalizer(band, wavelength=GRID).fit(spectra())
    with pytest.raises(ValueError, match="0 pixels in the band"):
        FluxNormalizer((4051, 4052), statistic="median", wavelength=GRID).fit(spectra())
    with pytest.raises(ValueError, match="carry no wavelengths"):
        FluxNormalizer((4050, 4150)).fit(spectra())
    with pytest.raises(ValueError, match="must satisfy low < high"):
        FluxNormalizer((4150, 4050), wavelength=GRID).fit(spectra())


def test_the_inverse_needs_the_scale():
    X = spectra()
    normalizer = FluxNormalizer((4050, 4150), wavelength=GRID).fit(X)
    normalized = normalizer.transform(X)
    np.testing.assert_allclose(normalizer.inverse_transform(normalized, normalizer.scale(X)), X, rtol=1e-13)
    np.testing.assert_array_equal(normalizer.inverse_transform(normalized), normalized)
    with pytest.raises(ValueError, match="one value for each of the 6 spectra"):
        normalizer.inverse_transform(normalized, [1.0])
    with pytest.raises(ValueError, match="must have shape"):
        normalizer.inverse_transform(normalized[:, 1:])


def test_falling_grids_and_names_come_out_in_angstrom():
    X = spectra()
    rising = FluxNormalizer((4050, 4150), wavelength=GRID).fit(X)
    falling = FluxNormalizer((4050, 4150), wavelength=GRID[::-1]).fit(X[:, ::-1])
    np.testing.assert_allclose(falling.transform(X[:, ::-1])[:, ::-1], rising.transform(X), rtol=1e-12)
    in_nm = FluxNormalizer((4050, 4150), unit="nm").fit(pd.DataFrame(X, columns=GRID / 10))
    np.testing.assert_allclose(in_nm.get_feature_names_out().astype(float), GRID, rtol=1e-12)
    np.testing.assert_allclose(in_nm.scale(pd.DataFrame(X, columns=GRID / 10)), rising.scale(X), rtol=1e-9)


def test_flux_scale_is_the_logarithm_of_what_the_normalizer_divides_by():
    X = spectra()
    scale = FluxNormalizer((4050, 4150), wavelength=GRID).fit(X).scale(X)
    log_scale = FluxScale((4050, 4150), wavelength=GRID).set_output(transform="pandas").fit_transform(X)
    assert list(log_scale.columns) == ["log10_scale"]
    np.testing.assert_allclose(10 ** log_scale["log10_scale"], scale, rtol=1e-12)


def observed(snr, seed=0, n=200, gap=None):
    """Spectra of two shapes and their noise-free mean in the band, seen at one signal-to-noise."""
    rng = np.random.default_rng(seed)
    scores, slope = rng.normal(size=(n, 2)), (GRID - 4100) / 100
    shape = 3 + scores @ [0.3 * slope, 0.2 * slope**2]
    flux = shape * 10 ** rng.uniform(-18, -16, (n, 1))
    sigma = flux.mean(axis=1, keepdims=True) / snr * np.ones_like(flux)
    truth = np.array([mean_in_band(row, 4050, 4150) for row in flux])
    flux = flux + sigma * rng.standard_normal(flux.shape)
    ivar = 1 / sigma**2
    if gap is not None:
        flux[:, gap], ivar[:, gap] = np.nan, 0
    return SpectrumTable(flux, GRID, ivar=ivar), truth


def test_auto_is_the_model_where_there_are_inverse_variances():
    table, _ = observed(20)
    assert FluxNormalizer((4050, 4150)).fit(table).statistic_ == "model"
    assert FluxScale().fit(table).statistic_ == "model"
    bare = FluxNormalizer((4050, 4150), wavelength=GRID).fit(table.flux)
    assert bare.statistic_ == "mean"
    assert FluxNormalizer((4050, 4150), statistic="median").fit(table).statistic_ == "median"
    with pytest.raises(ValueError, match="statistic='model' of FluxNormalizer needs inverse variances: columns ivar_"):
        FluxNormalizer(statistic="model").fit(table.flux)
    model = FluxNormalizer((4050, 4150)).fit(table.to_frame())
    with pytest.raises(ValueError, match="feature names should match"):
        model.transform(table.to_frame().iloc[:, : len(GRID)])


@pytest.mark.parametrize("band", [(4050, 4150), None])
def test_without_noise_model_and_mean_are_the_same(band):
    table, _ = observed(1e6)
    model, mean = (FluxNormalizer(band, statistic=name).fit(table) for name in ("model", "mean"))
    np.testing.assert_allclose(model.scale(table), mean.scale(table), rtol=1e-3)
    np.testing.assert_allclose(10 ** FluxScale(band).fit_transform(table)[:, 0], mean.scale(table), rtol=1e-3)


def test_the_model_is_less_noisy_than_the_mean_and_knows_its_error():
    table, truth = observed(2)
    model, mean = (FluxNormalizer((4050, 4150), statistic=name).fit(table) for name in ("model", "mean"))
    error = {name: step.scale(table) / truth - 1 for name, step in (("model", model), ("mean", mean))}
    assert np.std(error["model"]) < 0.8 * np.std(error["mean"])
    for step, name in ((model, "model"), (mean, "mean")):
        assert 0.8 < np.std(error[name] * truth / step.scale_error(table)) < 1.2


def test_the_model_fills_a_band_that_is_masked():
    table, _ = observed(20)
    hidden, truth = observed(20, seed=1, gap=(GRID > 4040) & (GRID < 4160))
    normalizer = FluxNormalizer((4050, 4150)).fit(table)
    scale, error = normalizer.scale(hidden), normalizer.scale_error(hidden)
    assert np.abs(scale / truth - 1).max() < 0.3
    assert 0.8 < np.std((scale - truth) / error) < 1.2
    result = normalizer.transform(hidden)
    np.testing.assert_allclose(result.iloc[:, 0] * scale, hidden.flux[:, 0])


def test_what_is_not_above_three_sigma_is_not_divided_by():
    table, _ = observed(20)
    flux, ivar = table.flux.copy(), table.ivar.copy()
    rng = np.random.default_rng(0)
    flux[4] = rng.standard_normal(len(GRID)) / np.sqrt(ivar[4])
    flux[7] *= -1
    ivar[9] = 0
    table = SpectrumTable(flux, GRID, ivar=ivar)
    normalizer = FluxNormalizer((4050, 4150)).fit(table)
    fault = r"3 of 200 spectra have no positive model flux of 3 sigma or more in the band \(4050, 4150\)"
    with pytest.warns(SedDataWarning, match=fault) as caught:
        result = normalizer.transform(table).to_numpy()
    assert len(caught) == 1
    bad = [4, 7, 9]
    np.testing.assert_array_equal(np.isnan(result[:, : len(GRID)]).all(axis=1), np.isin(range(200), bad))
    assert (result[bad, len(GRID) :] == 0).all()
    with pytest.warns(SedDataWarning, match=fault):
        assert np.isnan(normalizer.scale_error(table)[bad]).all()
    with pytest.raises(ValueError, match=r"3 of 200 spectra .* or pass on_bad='mask'"):
        FluxNormalizer((4050, 4150), on_bad="raise").fit(observed(20)[0]).transform(table)


@pytest.mark.parametrize("statistic", ["mean", "pixel_mean", "integral", "ivar_mean"])
def test_errors_of_sums_are_those_of_repeated_noise(statistic):
    table, _ = observed(30, n=1)
    rng = np.random.default_rng(5)
    sigma = rng.uniform(0.5, 2, len(GRID)) / np.sqrt(table.ivar[0, 0])
    again = SpectrumTable(
        table.flux + sigma * rng.standard_normal((3000, len(GRID))), GRID, ivar=np.tile(sigma**-2.0, (3000, 1))
    )
    normalizer = FluxNormalizer((4050, 4150), statistic=statistic).fit(again)
    np.testing.assert_allclose(normalizer.scale_error(again), np.std(normalizer.scale(again)), rtol=0.05)


def test_only_sums_have_errors():
    table, _ = observed(30)
    for normalizer, X in ((FluxNormalizer(statistic="median"), table), (FluxNormalizer(), table.flux)):
        with pytest.raises(ValueError, match="scale_error of FluxNormalizer needs columns ivar_"):
            normalizer.fit(X).scale_error(X)
