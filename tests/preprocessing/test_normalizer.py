import numpy as np
import pandas as pd
import pytest

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
