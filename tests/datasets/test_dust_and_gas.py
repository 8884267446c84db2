import numpy as np
import pytest

from sklearn_sedzoo.datasets import make_sed_catalog
from sklearn_sedzoo.datasets._dust_and_gas import add_emission_lines, calzetti_attenuation, line_ratios


def test_attenuation_is_that_of_the_paper():
    assert calzetti_attenuation(5500.0) == pytest.approx(1.0, abs=0.01)
    colour_excess = calzetti_attenuation(4400.0) - calzetti_attenuation(5500.0)
    assert colour_excess == pytest.approx(1 / 4.05, abs=0.02)
    assert calzetti_attenuation(1500.0) * 4.05 == pytest.approx(10.33, abs=0.05)  # k(1500), a common check value
    grid = np.geomspace(912, 25000, 500)
    assert np.all(np.diff(calzetti_attenuation(grid)) <= 1e-12 + 1e-3)


def test_ratios_follow_the_metallicity():
    lines, strengths = line_ratios(np.array([-0.4, 0.0, 0.2]))
    nii = strengths[:, np.flatnonzero(lines == 6585.27)[0]]
    oiii = strengths[:, np.flatnonzero(lines == 5008.24)[0]]
    assert np.all(np.diff(nii) > 0)
    assert np.all(np.diff(oiii) < 0)
    # solar, Pettini & Pagel (2004): N2 = -0.37, O3N2 = 0.125
    assert np.log10(nii[1] / 2.86) == pytest.approx(-0.368, abs=0.01)


def test_lines_hold_the_asked_equivalent_width():
    wavelength = np.arange(3500.0, 7400.0, 0.9)
    flux = np.full((3, len(wavelength)), 2.0)
    ew = np.array([1.0, 10.0, 80.0])
    lit = add_emission_lines(flux.copy(), wavelength, np.zeros(3), np.array([100.0, 200.0, 300.0]), ew)
    added = lit - flux
    _, strengths = line_ratios(np.zeros(3))
    np.testing.assert_allclose(added.sum(axis=1) * 0.9, ew * 2.0 * strengths.sum(axis=1) / 2.86, rtol=1e-6)
    near = abs(wavelength - 4862.69) < 30
    np.testing.assert_allclose(added[:, near].sum(axis=1) * 0.9 / 2.0, ew / 2.86, rtol=1e-6)


def test_coarse_pixels_keep_the_light_of_a_line():
    wavelength = np.arange(6000.0, 7000.0, 20.0)
    lit = add_emission_lines(np.ones((1, 50)), wavelength, np.zeros(1), np.array([150.0]), np.array([10.0]))
    _, strengths = line_ratios(np.zeros(1))
    red = np.array([2.86, strengths[0, 4], strengths[0, 5], 0.45, 0.35]).sum() / 2.86
    assert (lit - 1).sum() * 20 == pytest.approx(10 * red, rel=1e-6)


def test_lines_stand_above_the_stars():
    plain, lit = (make_sed_catalog(20, random_state=3, emission_lines=on) for on in (False, True))
    assert np.all(lit.flux >= plain.flux)
    peak = np.argmin(abs(plain.wavelength - 6564.6))
    rise = (lit.flux / plain.flux)[:, peak]
    assert np.corrcoef(np.log(rise - 1), np.log(lit.properties["halpha_ew"]))[0, 1] > 0.9
