import numpy as np
import pytest

from sklearn_sedzoo.datasets._atmosphere import stellar_spectra
from tests.datasets.indices import H_DELTA_A, MG_B, d4000, line_index

WAVELENGTH = np.concatenate([np.arange(900.0, 3540, 10), np.arange(3540.0, 7400, 0.9), np.arange(7400.0, 25000, 30)])


@pytest.fixture(scope="module")
def spectra():
    return stellar_spectra(WAVELENGTH, np.array([4500.0, 5772.0, 9500.0, 20000.0]), np.array([2.5, 4.4, 4.0, 4.0]), 0.0)


def test_totals_stay_below_one(spectra):
    totals = np.trapezoid(spectra, WAVELENGTH, axis=1)
    assert (totals < 1).all()
    assert (totals[:3] > 0.9).all()  # a hot star shines outside, too
    assert (spectra > 0).all()


def test_colors_follow_the_temperature(spectra):
    blue, red = spectra[:, WAVELENGTH < 4500].sum(axis=1), spectra[:, WAVELENGTH > 6000].sum(axis=1)
    assert np.all(np.diff(blue / red) > 0)


def test_stars_of_each_type_show_their_features(spectra):
    breaks = [d4000(WAVELENGTH, s) for s in spectra]
    balmer = [line_index(WAVELENGTH, s, H_DELTA_A) for s in spectra]
    magnesium = [line_index(WAVELENGTH, s, MG_B) for s in spectra]
    assert breaks[0] > breaks[1] > breaks[3]
    assert np.argmax(balmer) == 2  # A stars
    assert np.argmax(magnesium) == 0
