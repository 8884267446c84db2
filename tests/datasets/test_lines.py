import astropy.units as u
import numpy as np
import pytest
from specutils.utils.wcs_utils import air_to_vac

from sklearn_sedzoo.datasets import _lines


def test_air_to_vacuum_agrees_with_specutils():
    air = np.array([3700.0, 4101.7, 5183.6, 6562.8])
    theirs = air_to_vac(air * u.AA, method="Morton2000", scheme="iteration").to_value(u.AA)
    np.testing.assert_allclose(_lines.air_to_vacuum(air), theirs, atol=2e-3)


def test_balmer_strengths_join():
    kramers = 0.87 * 1.960 / 32 * (0.25 - 1 / 64) ** -3.0 / 512
    assert _lines.balmer_strength(8) == pytest.approx(kramers, rel=0.02)
    assert _lines.balmer_strength(9) == pytest.approx(5.429e-3, rel=0.02)  # Wiese, Smith & Glennon (1966)


@pytest.fixture
def star():
    wavelength = np.arange(3600.0, 5400.0, 0.9)
    return wavelength, np.array([[9500.0], [5000.0]]), np.array([[300.0], [3.0]]), np.array([[1e3], [1e5]])


def test_balmer_lines_are_stronger_in_the_hotter_star(star):
    wavelength, teff, pressure_e, _ = star
    opacity = np.zeros((2, len(wavelength)))
    _lines.add_balmer(opacity, wavelength, teff, pressure_e)
    assert opacity[0].sum() > 20 * opacity[1].sum()
    near = abs(wavelength - 4862) < 100
    assert wavelength[near][np.argmax(opacity[0, near])] == pytest.approx(4862.7, abs=1)


def test_metal_lines_follow_the_metallicity_and_the_cool_star(star):
    wavelength, teff, pressure_e, pressure = star
    rich, poor = np.zeros((2, 2, len(wavelength)))
    _lines.add_metals(rich, wavelength, teff, pressure_e, pressure, 0.3)
    _lines.add_metals(poor, wavelength, teff, pressure_e, pressure, 0.0)
    lit = poor > 0
    np.testing.assert_allclose(rich[lit] / poor[lit], 10**0.3)
    magnesium = abs(wavelength - 5185.0) < 2
    assert rich[1, magnesium].max() > 10 * rich[0, magnesium].max()


def test_declared_parts_only_add(star):
    wavelength, teff, pressure_e, _ = star
    opacity = np.ones((2, len(wavelength))) * 1e-26
    _lines.add_declared(opacity, wavelength, teff, pressure_e, 0.0)
    assert (opacity >= 1e-26).all()
    blue, red = opacity[1, wavelength < 3950], opacity[1, wavelength > 4050]
    assert np.median(blue) > np.median(red)
