import numpy as np
import pytest

from sklearn_sedzoo.datasets import _stellar


def test_zero_age_sun_is_that_of_the_paper():
    # Tout et al. (1996), at Z = 0.02 and 1 Msun: L = 0.698 Lsun, R = 0.888 Rsun (their figures 1 and 2)
    assert _stellar.zams_luminosity(1, 0.0) == pytest.approx(0.698, abs=0.001)
    assert _stellar.zams_radius(1, 0.0) == pytest.approx(0.888, abs=0.001)


def test_integer_masses_do_not_overflow():
    mass = np.array([1, 40, 100])
    np.testing.assert_allclose(_stellar.zams_radius(mass, 0.0), _stellar.zams_radius(mass.astype(float), 0.0))


def test_lifetimes():
    times = _stellar.main_sequence_time(np.array([1.0, 2.0, 5.0]), 0.0)
    np.testing.assert_allclose(times, [11003, 1115, 99], rtol=0.01)  # the SSE code (Hurley et al. 2000): Myr
    assert np.all(_stellar.giant_base_time(np.array([1.0, 5.0]), 0.0) > times[[0, 2]])


def test_stars_leave_the_main_sequence_brighter_larger_and_cooler():
    mass = np.geomspace(0.8, 50, 30)
    assert np.all(_stellar.terminal_luminosity(mass, 0.0) > _stellar.zams_luminosity(mass, 0.0))
    assert np.all(_stellar.terminal_radius(mass, 0.0) > _stellar.zams_radius(mass, 0.0))


def test_the_giant_branch_has_the_radii_of_giants():
    # Aldebaran: 1.16 Msun, 439 Lsun, 45 Rsun, [Fe/H] = -0.15 (Reffert et al. 2015; Piau et al. 2011)
    assert _stellar.giant_radius(1.16, 439.0, -0.15) == pytest.approx(45, rel=0.1)


def test_the_mass_function_holds_one_solar_mass():
    mass = np.geomspace(0.1, 100, 20001)
    assert np.trapezoid(mass * _stellar.kroupa_imf(mass), mass) == pytest.approx(1, rel=1e-3)
    slope = np.log(_stellar.kroupa_imf(20) / _stellar.kroupa_imf(2)) / np.log(10)
    assert slope == pytest.approx(-2.3)


@pytest.mark.parametrize("metallicity", [-0.5, 0.0, 0.2])
def test_a_population_fades_and_never_has_more_stars_than_formed(metallicity):
    previous = np.inf
    for age in (0.01, 0.1, 1.0, 10.0):
        log_teff, log_g, luminosity, number = _stellar.populate(age, metallicity)
        assert np.isfinite([log_teff, log_g, luminosity, number]).all()
        assert (number >= 0).all()
        assert np.sum(luminosity * number) < previous
        previous = np.sum(luminosity * number)
        formed = np.trapezoid(_stellar.kroupa_imf(np.geomspace(0.1, 100, 4000)), np.geomspace(0.1, 100, 4000))
        assert number.sum() < 1.01 * formed
        assert log_teff.min() > np.log10(2300)
        assert log_teff.max() < np.log10(60000)


def test_the_turnoff_cools_with_age():
    hottest = [10 ** _stellar.populate(age, 0.0)[0].max() for age in (0.01, 0.1, 1.0, 10.0)]
    assert np.all(np.diff(hottest) < 0)
    assert 5500 < hottest[-1] < 6600
