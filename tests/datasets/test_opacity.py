import numpy as np
import pytest

from sklearn_sedzoo.datasets import _opacity


def column(*values):
    return np.array(values, float)[:, None]


def test_saha_solves_its_own_equation():
    # n_ion n_e / n_atom = 2 u_ion / u_atom (2 pi m k T)^1.5 / h^3 exp(-E / kT), in cgs
    teff, pressure_e = 9000.0, 100.0
    n_e = pressure_e / (1.380649e-16 * teff)
    constant = (2 * np.pi * 9.1093837e-28 * 1.380649e-16 * teff) ** 1.5 / 6.62607e-27**3
    for name, (energy, atom, ion, _) in _opacity.ATOMS.items():
        ratio = 2 * ion / atom * constant * np.exp(-energy * 1.602177e-12 / (1.380649e-16 * teff)) / n_e
        share = _opacity.ionised_fraction(name, teff, pressure_e)
        assert share == pytest.approx(ratio / (1 + ratio), rel=3e-3), name


def test_negative_hydrogen_peaks_where_it_does():
    wavelength = np.arange(2500.0, 16000.0, 10.0)
    opacity = _opacity.negative_hydrogen(wavelength, column(6300.0), column(1.0))[0]
    assert 8000 < wavelength[np.argmax(opacity)] < 9000
    assert 15000 < wavelength[wavelength > 9000][np.argmin(opacity[wavelength > 9000])] <= 16500


def test_the_photosphere_of_the_sun():
    # HSRA and VAL-C at optical depth 2/3: log Pgas 5.0 to 5.1, log Pe 1.3 to 1.6
    pressure_e, pressure, _ = _opacity.photosphere(column(5772.0), column(4.438), 0.0)
    assert np.log10(pressure[0, 0]) == pytest.approx(5.05, abs=0.15)
    assert np.log10(pressure_e[0, 0]) == pytest.approx(1.4, abs=0.3)


def test_the_photosphere_holds_its_condition():
    teff, log_g = column(4000, 6000, 10000, 30000), column(2, 4, 4, 4)
    _, pressure, mean = _opacity.photosphere(teff, log_g, 0.0)
    grams = 1.6726e-24 * (1 + 4 * _opacity.HELIUM)
    np.testing.assert_allclose(pressure * mean / grams, 2 / 3 * 10**log_g, rtol=1e-3)


def test_the_rosseland_mean_of_a_constant():
    wavelength = np.geomspace(300, 1e5, 200)
    mean = _opacity.rosseland_mean(wavelength, column(6000.0, 20000.0), np.full((2, 200), 3.0))
    np.testing.assert_allclose(mean, 3.0)


def test_planck_peaks_by_wien():
    wavelength = np.geomspace(1000, 30000, 20000)
    for temperature in (4000.0, 12000.0):
        peak = wavelength[np.argmax(_opacity.planck(wavelength, temperature))]
        assert peak == pytest.approx(2.8978e7 / temperature, rel=1e-3)


def test_the_balmer_jump_of_neutral_hydrogen():
    below, above = _opacity.neutral_hydrogen(np.array([3640.0, 3675.0]), column(10000.0))[0]
    assert below > 5 * above
