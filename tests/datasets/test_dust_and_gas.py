import numpy as np
import pytest

from sklearn_sedzoo.datasets import make_sed_catalog
from sklearn_sedzoo.datasets._dust_and_gas import (
    add_emission_lines,
    add_lines,
    calzetti_attenuation,
    line_ratios,
    line_strengths,
)


def test_attenuation_is_that_of_the_paper():
    assert calzetti_attenuation(5500.0) == pytest.approx(1.0, abs=0.01)
    color_excess = calzetti_attenuation(4400.0) - calzetti_attenuation(5500.0)
    assert color_excess == pytest.approx(1 / 4.05, abs=0.02)
    assert calzetti_attenuation(1500.0) * 4.05 == pytest.approx(10.33, abs=0.05)  # k(1500), a common check value
    grid = np.geomspace(912, 25000, 500)
    assert np.all(np.diff(calzetti_attenuation(grid)) <= 1e-12 + 1e-3)


def test_ratios_follow_the_metallicity():
    log_n2, log_o3 = line_ratios(np.array([-0.4, 0.0, 0.2]))
    assert np.all(np.diff(log_n2) > 0)
    assert np.all(np.diff(log_o3) < 0)
    # solar, Pettini & Pagel (2004): N2 = -0.37, O3N2 = 0.125
    assert log_n2[1] == pytest.approx(-0.368, abs=0.01)
    assert log_o3[1] - log_n2[1] == pytest.approx(0.125, abs=0.001)


def test_strengths_have_the_ratios_that_are_asked_for():
    lines, strengths = line_strengths(np.array([-0.3, 0.1]), np.array([0.8, 0.2]), np.array([1.6, 2.7]))
    of = dict(zip(lines, strengths.T, strict=True))
    np.testing.assert_allclose(np.log10(of[6585.27] / of[6564.61]), [-0.3, 0.1])
    np.testing.assert_allclose(np.log10(of[5008.24] / of[4862.69]), [0.8, 0.2])
    np.testing.assert_allclose((of[6718.29] + of[6732.68]) / of[4862.69], [1.6, 2.7])


def test_lines_hold_the_asked_equivalent_width():
    wavelength = np.arange(3500.0, 7400.0, 0.9)
    flux = np.full((3, len(wavelength)), 2.0)
    ew = np.array([1.0, 10.0, 80.0])
    lit = add_emission_lines(flux.copy(), wavelength, np.zeros(3), np.array([100.0, 200.0, 300.0]), ew)
    added = lit - flux
    _, strengths = line_strengths(*line_ratios(np.zeros(3)))
    np.testing.assert_allclose(added.sum(axis=1) * 0.9, ew * 2.0 * strengths.sum(axis=1) / 2.86, rtol=1e-6)
    near = abs(wavelength - 4862.69) < 30
    np.testing.assert_allclose(added[:, near].sum(axis=1) * 0.9 / 2.0, ew / 2.86, rtol=1e-6)


def test_coarse_pixels_keep_the_light_of_a_line():
    wavelength = np.arange(6000.0, 7000.0, 20.0)
    lit = add_emission_lines(np.ones((1, 50)), wavelength, np.zeros(1), np.array([150.0]), np.array([10.0]))
    _, strengths = line_strengths(*line_ratios(np.zeros(1)))
    red = np.array([2.86, strengths[0, 4], strengths[0, 5], 0.45, 0.35]).sum() / 2.86
    assert (lit - 1).sum() * 20 == pytest.approx(10 * red, rel=1e-6)


def test_each_spectrum_has_its_lines_where_they_are_asked_for():
    edges = np.exp(np.arange(np.log(3800.0), np.log(8200.0), 2.3e-4))
    middle, width = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    center, sigma = np.array([[4000.3, 7000.9], [5000.1, 9000.0]]), np.array([80.0, 200.0])
    lit = add_lines(np.zeros((2, len(middle))), edges, center, sigma, np.array([[3.0, 5.0], [7.0, 9.0]]))
    np.testing.assert_allclose(lit @ width, [8.0, 7.0], rtol=1e-9)  # the line at 9,000 is beyond the grid
    blue = lit * (middle < 6000)
    centroid = blue @ (width * middle) / (blue @ width)
    np.testing.assert_allclose(centroid, center[:, 0], rtol=2e-6)  # a hundredth of a pixel
    spread = np.sqrt((blue * (middle - centroid[:, None]) ** 2) @ width / (blue @ width))
    pixel = center[:, 0] * 2.3e-4 / np.sqrt(12)
    np.testing.assert_allclose(spread, np.hypot(center[:, 0] * sigma / 299792.458, pixel), rtol=1e-3)


def test_a_line_on_the_edge_leaves_half_of_its_light():
    edges = np.arange(4000.0, 4100.0)
    lit = add_lines(np.zeros((1, 99)), edges, np.array([[4000.0]]), np.array([100.0]), np.array([[2.0]]))
    assert lit.sum() == pytest.approx(1.0)


def test_lines_stand_above_the_stars():
    plain, lit = (make_sed_catalog(20, random_state=3, emission_lines=on) for on in (False, True))
    assert np.all(lit.flux >= plain.flux)
    peak = np.argmin(abs(plain.wavelength - 6564.6))
    rise = (lit.flux / plain.flux)[:, peak]
    assert np.corrcoef(np.log(rise - 1), np.log(lit.properties["halpha_ew"]))[0, 1] > 0.9
