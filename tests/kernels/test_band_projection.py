import itertools

import numpy as np
import pytest
from scipy.integrate import quad

from sklearn_sedzoo._kernels.band_projection import (
    AB_ZERO,
    SPEED_OF_LIGHT_AA,
    ab_denominator,
    luptitude,
    madau_transmission,
    project_band,
    trim_response,
)
from tests.photometry.curves import make_bands, make_spectra
from tests.reference.photometry import magnitude_by_quadrature


@pytest.mark.parametrize("detector", ["photon", "energy"])
def test_denominator_against_quadrature(detector):
    wavelength, response = make_bands()["g"]
    power = 1 if detector == "photon" else 0
    expected = sum(
        quad(lambda x: AB_ZERO * SPEED_OF_LIGHT_AA / x**2 * np.interp(x, wavelength, response) * x**power, a, b)[0]
        for a, b in itertools.pairwise(wavelength)
    )
    assert ab_denominator(wavelength, response, detector) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("detector", ["photon", "energy"])
@pytest.mark.parametrize("redshift", [0.0, 0.7])
def test_projection_against_quadrature(detector, redshift):
    wavelength, flux = make_spectra(2)
    for band in make_bands().values():
        weights = project_band(wavelength, *band, detector, redshift)
        ours = -2.5 * np.log10(flux @ weights)
        slow = [magnitude_by_quadrature(wavelength, row, *band, redshift, detector) for row in flux]
        np.testing.assert_allclose(ours, slow, rtol=0, atol=1e-10)


def test_projection_with_the_intergalactic_medium():
    wavelength, flux = make_spectra(1)
    band = make_bands()["u"]
    ours = -2.5 * np.log10(flux @ project_band(wavelength, *band, "photon", 1.2, lambda x, z: 0.3 + 1e-4 * x))
    slow = magnitude_by_quadrature(wavelength, flux[0], *band, 1.2, "photon", lambda x, z: 0.3 + 1e-4 * x)
    # the product has one power more than the rule is exact for
    np.testing.assert_allclose(ours, slow, rtol=0, atol=1e-6)


def test_no_overlap_gives_no_weight():
    assert not project_band(np.array([100.0, 200.0]), *make_bands()["g"], "photon").any()


def test_trimming_keeps_the_signal():
    wavelength = np.linspace(3000, 9000, 601)
    response = np.exp(-0.5 * ((wavelength - 6000) / 300) ** 2)
    cut, kept = trim_response(wavelength, response)
    assert len(cut) < 300
    assert ab_denominator(cut, kept, "photon") == pytest.approx(
        ab_denominator(wavelength, response, "photon"), rel=1e-3
    )
    assert (kept[1:-1] > 1e-3).all()


def test_intergalactic_medium():
    assert madau_transmission(np.array([1300.0 * 4]), 3.0) == pytest.approx(1.0)  # red of Lyman alpha
    blue, bluer = madau_transmission(np.array([1100.0, 900.0]) * 4, 3.0)
    # the forest alone between the lines Lyman alpha and beta, eq. 12
    forest = madau_transmission(np.linspace(1050, 1170, 200) * 4, 3.0).mean()
    assert 1 - forest == pytest.approx(1 - np.exp(-0.0036 * (4 * 1110 / 1215.67) ** 3.46), abs=0.02)
    assert bluer < blue < 1
    higher = madau_transmission(np.array([1100.0 * 5]), 4.0)
    assert higher < blue


def test_luptitudes_are_magnitudes_of_the_bright():
    flux = np.array([1e-6, 1e-7])
    np.testing.assert_allclose(luptitude(flux, 1e-10), -2.5 * np.log10(flux), atol=1e-6)
    assert np.isfinite(luptitude(np.array([-1e-9, 0.0]), 1e-10)).all()
    assert luptitude(np.array([0.0]), 1e-10) == pytest.approx(25.0)
