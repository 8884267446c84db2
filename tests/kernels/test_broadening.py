import numpy as np
import pytest

from sklearn_sedzoo._kernels._broadening import SPEED_OF_LIGHT, broaden, interpolation_weights
from tests.reference.broadening import broaden_by_sum


@pytest.fixture
def spectra():
    rng = np.random.default_rng(3)
    wavelength = np.concatenate(
        [np.arange(3500.0, 3600, 20), np.arange(3600.0, 4400, 0.9), np.arange(4400.0, 4600, 20)]
    )
    lines = sum(np.exp(-0.5 * ((wavelength - c) / 3.0) ** 2) for c in rng.uniform(3700, 4300, 20))
    return wavelength, np.stack([1 + 0.3 * lines, 2 - 0.2 * lines])


@pytest.mark.parametrize("sigma", [60.0, 150.0, 300.0])
def test_equals_the_sum_over_velocities(spectra, sigma):
    wavelength, flux = spectra
    out = np.linspace(3650.0, 4300.0, 60)
    fast = broaden(wavelength, flux, [sigma, sigma], out, step=2e-5)
    slow = broaden_by_sum(wavelength, flux, [sigma, sigma], out)
    np.testing.assert_allclose(fast, slow, rtol=2e-5)  # the step of the log grid limits both


def test_keeps_a_constant_and_the_order_of_rows(spectra):
    wavelength, flux = spectra
    out = np.linspace(3650.0, 4300.0, 60)
    flat = broaden(wavelength, np.full((1, len(wavelength)), 7.0), [200.0], out)
    np.testing.assert_allclose(flat, 7.0, rtol=1e-12)
    both = broaden(wavelength, flux, [100.0, 250.0], out)
    swapped = broaden(wavelength, flux[::-1], [250.0, 100.0], out)
    np.testing.assert_allclose(both, swapped[::-1], rtol=1e-12)


def test_a_line_has_the_width_of_the_velocities():
    wavelength = np.arange(4800.0, 5200.0, 0.2)
    line = np.exp(-0.5 * ((wavelength - 5000) / 0.4) ** 2)[None]
    out = np.arange(4900.0, 5100.0, 0.2)
    broad = broaden(wavelength, line, [200.0], out)[0]
    width = np.sqrt(np.sum(broad * (out - 5000) ** 2) / broad.sum())
    assert width == pytest.approx(np.hypot(5000 * 200 / SPEED_OF_LIGHT, 0.4), rel=5e-3)


def test_interpolation_weights_agree_with_numpy():
    grid, x = np.array([0.0, 1.0, 3.0, 7.0]), np.array([0.0, 0.5, 2.9, 7.0])
    i, f = interpolation_weights(grid, x)
    y = np.array([1.0, -1.0, 4.0, 2.0])
    np.testing.assert_allclose((1 - f) * y[i] + f * y[i + 1], np.interp(x, grid, y))
