"""The low-rank model of spectra with errors and gaps, against spectra made from a known one."""

import numpy as np
import pytest

from sklearn_sedzoo._kernels.heteroscedastic_pca import fit_spectrum_model, measure_flux, open_band

GRID = np.linspace(3500.0, 7000.0, 150)
BAND = ((GRID > 4050) & (GRID < 4150)).astype(float)


def make_truth(n=400, seed=0):
    """Spectra of three shapes with amplitudes over four decades; their mean in the band is the amplitude."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n, 3)) * [0.3, 0.1, 0.1]
    slope = (GRID - 5000) / 2000
    shapes = np.array([slope, slope**2 - 0.3, np.exp(-(((GRID - 5007) / 150) ** 2))])
    flux = 2 + scores @ shapes
    amplitude = 10 ** rng.uniform(-19, -15, n)
    return flux * (amplitude / (flux @ BAND / BAND.sum()))[:, None], amplitude, rng


def observe(flux, snr, rng, gaps=True):
    """Noise of one level a spectrum, and gaps of a quarter of the pixels, in place of which something else stands."""
    sigma = np.median(flux, axis=1, keepdims=True) / np.reshape(snr, (-1, 1)) * np.ones(flux.shape)
    noisy, ivar = flux + sigma * rng.standard_normal(flux.shape), 1 / sigma**2
    if gaps:
        first = rng.integers(0, flux.shape[1] * 3 // 4, len(flux))[:, None]
        hidden = (np.arange(flux.shape[1]) >= first) & (np.arange(flux.shape[1]) < first + flux.shape[1] // 4)
        noisy[hidden], ivar[hidden] = 1e3, 0
    return noisy, ivar


def learn(flux, ivar, **parameters):
    return open_band(flux, ivar, fit_spectrum_model(flux, ivar, **parameters), BAND)


def width(values):
    return 1.4826 * np.median(np.abs(values))


def test_the_axes_span_those_of_the_truth():
    flux, amplitude, rng = make_truth()
    model = fit_spectrum_model(*observe(flux, rng.uniform(50, 500, len(flux)), rng), n_axes=3)
    found = np.linalg.qr(np.vstack([model.mean, model.axes]).T)[0]
    truth = np.linalg.svd(flux / amplitude[:, None], full_matrices=False)[2][:4]  # without noise: rank 4
    np.testing.assert_allclose(np.linalg.svd(truth @ found, compute_uv=False), 1, atol=0.002)


@pytest.mark.parametrize("snr", [1, 3, 30])
def test_the_flux_in_the_band_is_right_within_its_error(snr):
    flux, amplitude, rng = make_truth()
    model = learn(*observe(flux, rng.uniform(5, 50, len(flux)), rng))
    flux, amplitude, rng = make_truth(seed=1)
    noisy, ivar = observe(flux, snr, rng)
    found, error = measure_flux(noisy, ivar, model, BAND)
    assert 0.85 < width((found - amplitude) / error) < 1.15
    hidden = (ivar[:, BAND > 0] == 0).all(axis=1)
    assert hidden.sum() > 20  # rows whose band is masked
    assert 0.7 < width(((found - amplitude) / error)[hidden]) < 1.3
    pixel_error = np.median(flux / amplitude[:, None]) / snr / np.sqrt(BAND.sum())
    assert width(found / amplitude - 1) < (0.6 if snr < 10 else 1.0) * pixel_error


def test_without_noise_it_is_the_mean_of_the_pixels():
    rng = np.random.default_rng(3)
    flux = make_truth(200)[0] * rng.lognormal(0, 0.02, (200, len(GRID)))  # more than any few axes know
    ivar = np.broadcast_to(1e12 / flux.mean(axis=1, keepdims=True) ** 2, flux.shape)
    found, error = measure_flux(flux, ivar, learn(flux, ivar), BAND)
    np.testing.assert_allclose(found, flux @ BAND / BAND.sum(), rtol=1e-3)
    assert (error < 1e-3 * found).all()


def test_one_spectrum_owns_no_axis_and_a_cosmic_ray_no_amplitude():
    flux, amplitude, rng = make_truth()
    noisy, ivar = observe(flux, 20, rng, gaps=False)
    clean = learn(noisy, ivar, n_axes=6)
    spoiled = noisy.copy()
    spoiled[7] = noisy[7].mean() * (1 + 30 * np.sin(GRID / 20) ** 2)
    shape = np.sin(GRID / 20) ** 2 - 0.5
    owned = [np.abs(learn(data, ivar, n_axes=6).axes @ shape).max() for data in (noisy, spoiled)]
    assert owned[1] < 3 * owned[0] + 0.05 * shape @ shape
    spoiled = noisy.copy()
    spoiled[:, 20] += 1e4 * amplitude
    found, error = measure_flux(spoiled, ivar, clean, BAND)
    assert np.median(np.abs(found - amplitude) / error) < 1.5


def test_the_order_of_rows_and_their_unit_are_irrelevant():
    flux, _, rng = make_truth(60)
    noisy, ivar = observe(flux, 5, rng)
    model = learn(noisy, ivar)
    found = np.array(measure_flux(noisy, ivar, model, BAND))
    np.testing.assert_allclose(np.array(measure_flux(noisy[::-1], ivar[::-1], model, BAND))[:, ::-1], found, rtol=1e-9)
    factor = 1e17
    scaled = measure_flux(noisy * factor, ivar / factor**2, learn(noisy * factor, ivar / factor**2), BAND)
    np.testing.assert_allclose(np.array(scaled), found * factor, rtol=1e-6)


def test_correlated_noise_counts():
    flux, _, rng = make_truth()
    sigma = 0.1 * flux.mean(axis=1, keepdims=True) * np.ones(flux.shape)
    white = rng.standard_normal((len(flux), len(GRID) + 1))
    noisy = flux + sigma * (white[:, 1:] + white[:, :-1]) / np.sqrt(2)  # variance of a mean twice that of white noise
    model = learn(noisy, 1 / sigma**2, n_axes=3)
    assert 1.6 < model.inflation < 2.1  # four coefficients follow a part of the noise
    white = flux + sigma * white[:, 1:]
    assert learn(white, 1 / sigma**2, n_axes=3).inflation < 1.1


def test_nothing_to_learn_from_gives_nothing_positive():
    empty = np.zeros((3, len(GRID)))
    found, error = measure_flux(empty, empty, learn(empty, empty), BAND)
    assert np.isnan(found).all()
    assert np.isnan(error).all()
    ones = np.ones_like(empty)
    found, _ = measure_flux(empty, ones, learn(empty, ones), BAND)
    assert not (found > 0).any()
    found, _ = measure_flux(ones, ones * 100, learn(ones[:1], ones[:1] * 100), BAND)
    np.testing.assert_allclose(found, 1)
