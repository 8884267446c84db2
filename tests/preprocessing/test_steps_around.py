"""Extinction, line masks, smoothing and continuum: one column in, one column out."""

import pickle

import astropy.units as u
import numpy as np
import pandas as pd
import pytest
from dust_extinction.parameter_averages import F99
from scipy.ndimage import gaussian_filter1d
from sklearn.base import clone

from sklearn_sedzoo import SpectrumTable
from sklearn_sedzoo._kernels.line_kernel import SPEED_OF_LIGHT
from sklearn_sedzoo.exceptions import SedGridWarning
from sklearn_sedzoo.preprocessing import (
    SKY_LINES,
    ContinuumRemover,
    ExtinctionCorrector,
    LineMasker,
    SpectrumResampler,
    SpectrumSmoother,
)

GRID = 3800 * np.exp(np.arange(600) * 7e-4)
STEPS = [
    ExtinctionCorrector(),
    ExtinctionCorrector(0.2, law="CCM89"),
    LineMasker(redshift="redshift"),
    LineMasker(fill="interpolate", with_sky=True),
    SpectrumSmoother(250.0),
    ContinuumRemover(),
    ContinuumRemover("polynomial"),
]


def make_table(n=4, dtype=float):
    random = np.random.default_rng(0)
    flux = (3 + random.lognormal(size=(n, len(GRID)))).astype(dtype)
    ivar = random.uniform(1, 5, flux.shape).astype(dtype)
    ivar[1, 50:90] = 0
    flux[1, 60] = np.nan
    properties = pd.DataFrame({"redshift": np.linspace(0, 0.06, n), "ebv": np.linspace(0, 0.3, n)})
    return SpectrumTable(flux, GRID, properties, "erg / (s cm2 Angstrom)", ivar=ivar)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_columns_stay_and_masked_pixels_stay_masked(step, dtype):
    table = make_table(dtype=dtype)
    frame = table.to_frame()
    fitted = clone(step).fit(table)
    result = fitted.transform(frame)
    assert list(result.columns) == list(frame.columns) == list(fitted.get_feature_names_out())
    np.testing.assert_array_equal(result["redshift"], frame["redshift"])
    is_corrected = isinstance(step, ExtinctionCorrector) and step.ebv == "ebv"
    np.testing.assert_array_equal(result["ebv"], 0 * frame["ebv"] if is_corrected else frame["ebv"])
    assert set(result.dtypes[:-2]) == {np.dtype(dtype)}
    ivar = result.to_numpy()[:, 600:1200]
    assert np.isfinite(ivar).all()
    if not isinstance(step, SpectrumSmoother):  # it reaches across gaps
        assert (ivar[1, 50:90] == 0).all()
    assert np.isfinite(result.to_numpy()[:, :600][ivar > 0]).all()
    again = pickle.loads(pickle.dumps(fitted)).transform(frame.iloc[::-1]).iloc[::-1]
    pd.testing.assert_frame_equal(again, result, rtol=1e-6)
    result["ebv"] = 0.0
    SpectrumResampler(50, redshift="redshift", grid_range=(4200, 5200)).fit(result).transform(result)


@pytest.mark.parametrize("step", STEPS)
def test_plain_arrays_need_wavelengths(step):
    flux = make_table().flux[:1]
    step = clone(step).set_params(**{k: 0.1 for k in ("redshift", "ebv") if k in step.get_params()})
    with pytest.raises(ValueError, match="carry no wavelengths"):
        step.fit(flux)
    result = step.set_params(wavelength=GRID).fit_transform(flux)
    assert isinstance(result, np.ndarray)
    falling = clone(step).set_params(wavelength=GRID[::-1]).fit_transform(flux[:, ::-1])
    np.testing.assert_allclose(falling[:, ::-1], result, rtol=1e-9)
    with pytest.raises(ValueError, match="NaN or infinity"):
        clone(step).set_params(on_bad="raise").fit(np.where(flux == flux.max(), np.nan, flux))
    with pytest.raises(ValueError, match="X has 599 features"):
        step.transform(flux[:, 1:])


def test_extinction_is_that_of_the_library():
    table = make_table()
    result = ExtinctionCorrector().fit_transform(table).to_numpy()
    for i, ebv in enumerate(table.properties["ebv"]):
        factor = 1 / F99(Rv=3.1).extinguish(GRID * u.AA, Ebv=ebv)
        np.testing.assert_allclose(result[i, :600], table.flux[i] * factor, rtol=1e-12)
        np.testing.assert_allclose(result[i, 600:1200], table.ivar[i] / factor**2, rtol=1e-12)
    with pytest.raises(ValueError, match=r"holds from 1000 to 33333\.3 Angstrom"):
        ExtinctionCorrector(0.1, law="F99", wavelength=[40000.0, 50000.0]).fit([[1.0, 2.0]])
    frame = table.to_frame().assign(ebv=[0, 0, -1.0, 0])
    with pytest.raises(ValueError, match=r"1 of 4 spectra have another; first at row 2, -1\.0"):
        ExtinctionCorrector().fit(frame).transform(frame)
    with pytest.raises(ValueError, match=r"`ebv` .* is 'ebv', but X has no column"):
        ExtinctionCorrector().fit(frame.drop(columns="ebv")).transform(frame.drop(columns="ebv"))


def test_lines_are_masked_where_they_are_observed():
    table = make_table()
    result = LineMasker([5008.24], half_width=600, redshift="redshift", with_sky=True).fit_transform(table).to_numpy()
    for row, z in enumerate(table.redshift):
        for pixel, wavelength in enumerate(GRID):
            velocity = (wavelength / (5008.24 * (1 + z)) - 1) * SPEED_OF_LIGHT
            sky = min(abs(wavelength - line) for line in SKY_LINES.values())
            masked = abs(velocity) <= 600 or sky <= 6
            assert masked == np.isnan(result[row, pixel]) or (row, pixel) == (1, 60)
            assert not masked or result[row, 600 + pixel] == 0


def test_smoothing_adds_dispersions_in_squares():
    line = np.exp(-0.5 * (np.arange(600) - 300) ** 2 / 4**2)[None]
    pixel = 7e-4 * SPEED_OF_LIGHT  # km/s
    result = SpectrumSmoother(5 * pixel, sigma_in=4 * pixel, wavelength=GRID).fit_transform(line)
    expected = gaussian_filter1d(line[0], 3.0, mode="nearest", truncate=6)
    # integrated over pixels, not sampled at their centers: 1/12 of a squared pixel more, twice 1/9 of it
    np.testing.assert_allclose(result[0, 200:400], expected[200:400], atol=3e-3)
    position = np.arange(600)
    spread = np.sqrt((result[0] @ (position - 300) ** 2) / result[0].sum())
    np.testing.assert_allclose(spread, np.sqrt(25 + 1 / 12), rtol=1e-3)
    np.testing.assert_allclose(result.sum(), line.sum(), rtol=1e-3)
    with pytest.warns(SedGridWarning, match="600 of 600 columns .* stay as they are"):
        unchanged = SpectrumSmoother(100.0, sigma_in=200.0, wavelength=GRID).fit_transform(line)
    np.testing.assert_allclose(unchanged, line, rtol=1e-12)


@pytest.mark.parametrize("method", ["median", "polynomial"])
def test_a_smooth_continuum_is_divided_out(method):
    shape = 5 + np.sin(GRID / 900)
    line = 1 - 0.6 * np.exp(-0.5 * ((GRID - 4600) / 6) ** 2)
    result = ContinuumRemover(method, width=200.0, degree=7, wavelength=GRID).fit_transform((shape * line)[None])
    # the continuum bends under the line by its own width over that of the median or polynomial
    np.testing.assert_allclose(result[0, 40:-40], line[40:-40], atol=0.05)
    dark = ContinuumRemover(method, wavelength=GRID).fit_transform(np.zeros((1, 600)))
    assert np.isnan(dark).all()
