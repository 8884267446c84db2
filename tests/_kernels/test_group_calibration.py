import numpy as np
import pytest

from sklearn_sedzoo._kernels.group_calibration import draw_curve, fit_common_curve, fit_group_curves

WAVELENGTH = np.linspace(3500.0, 7000.0, 300)
SPAN = (3800.0, 8200.0)


def make_spectra(n=400, n_groups=4, seed=0, noise=0.05):
    """Spectra at rest of two numbers, in groups with curves of their own in observed wavelength, and gaps."""
    rng = np.random.default_rng(seed)
    redshift, group = rng.uniform(0.02, 0.25, n), rng.integers(0, n_groups, n)
    x = (WAVELENGTH - 5250) / 1750
    amount = rng.normal(size=(n, 2)) * [0.3, 0.1]
    flux = 1 + amount[:, :1] * x + amount[:, 1:] * np.sin(9 * x) - 0.4 * np.exp(-0.5 * ((WAVELENGTH - 5180) / 12) ** 2)
    observed = WAVELENGTH * (1 + redshift)[:, None]
    truth = rng.normal(0, 0.03, (n_groups, 4))
    truth -= truth.mean(axis=0)
    curve = np.array([draw_curve(truth[g], row, SPAN) for g, row in zip(group, observed, strict=True)])
    ivar = np.where((observed > SPAN[0]) & (observed < SPAN[1]), noise**-2, 0.0)
    flux = flux * curve + noise * rng.normal(size=flux.shape)
    return np.where(ivar > 0, flux, 0.0), ivar, 1 + redshift, group, truth


def test_the_curves_of_groups_are_found():
    flux, ivar, stretch, group, truth = make_spectra()
    found = fit_group_curves(flux, ivar, WAVELENGTH, stretch, group, SPAN, n_axes=4)
    grid = np.linspace(*SPAN, 50)
    curves = [np.array([draw_curve(each, grid, SPAN) for each in part]) for part in (found, truth)]
    assert np.std(curves[1] - 1) > 0.02
    assert np.std(curves[0] - curves[1]) < 0.006


def test_spectra_of_no_group_do_not_count():
    flux, ivar, stretch, group, truth = make_spectra()
    group[:40] = -1
    flux[:40] *= np.linspace(0.9, 1.1, 300)
    found = fit_group_curves(flux, ivar, WAVELENGTH, stretch, group, SPAN, n_axes=4)
    grid = np.linspace(*SPAN, 50)
    curves = [np.array([draw_curve(each, grid, SPAN) for each in part]) for part in (found, truth)]
    assert np.std(curves[0] - curves[1]) < 0.008


def test_groups_without_faults_of_their_own_get_flat_curves():
    flux, ivar, stretch, group, _ = make_spectra(400)
    shuffled = np.random.default_rng(1).permutation(group)  # the faults now belong to no group
    found = fit_group_curves(flux, ivar, WAVELENGTH, stretch, shuffled, SPAN, n_axes=4)
    grid = np.linspace(*SPAN, 50)
    assert np.std([draw_curve(each, grid, SPAN) for each in found]) < 0.006


@pytest.mark.parametrize("coefficients", [[0.0, 0.0], [0.1, 0.05, -0.02, 0.01]])
def test_a_curve_has_mean_one(coefficients):
    grid = np.exp(np.linspace(*np.log(SPAN), 2001))
    assert np.mean(draw_curve(np.array(coefficients), grid, SPAN)) == pytest.approx(1, abs=1e-3)


def make_galaxies(curve, n=600, seed=3):
    """Galaxies whose lines tell their continuum, at redshifts that tell nothing, seen through one curve."""
    rng = np.random.default_rng(seed)
    redshift, kind = rng.uniform(0.02, 0.25, n), rng.uniform(-1, 1, n)
    x = (WAVELENGTH - 5250) / 1750
    depth = sum(np.exp(-0.5 * ((WAVELENGTH - line) / 15) ** 2) for line in (4300, 4860, 5180, 5890))
    tilt = 0.3 * kind + rng.normal(0, 0.02, n)
    flux = np.exp(tilt[:, None] * x) * (1 - 0.3 * (1 + kind)[:, None] * depth)
    observed = WAVELENGTH * (1 + redshift)[:, None]
    flux *= np.array([draw_curve(np.array(curve), row, SPAN) for row in observed])
    ivar = np.where((observed > SPAN[0]) & (observed < SPAN[1]), 0.03**-2, 0.0)
    return np.where(ivar > 0, flux + 0.03 * rng.normal(size=flux.shape), 0.0), ivar, 1 + redshift


def test_the_curve_that_all_share_is_found_from_galaxies_at_other_redshifts():
    truth = [0.0, 0.0, 0.03, -0.02]
    flux, ivar, stretch = make_galaxies(truth)
    found = fit_common_curve(flux, ivar, WAVELENGTH, stretch, SPAN)
    np.testing.assert_allclose(found, truth, atol=0.006)


def test_good_calibration_is_left_alone():
    flux, ivar, stretch = make_galaxies([0.0, 0.0, 0.0, 0.0])
    assert np.abs(fit_common_curve(flux, ivar, WAVELENGTH, stretch, SPAN)).max() < 0.004


@pytest.mark.parametrize("fault", ["few", "faint", "apart"])
def test_too_little_to_compare_is_no_curve(fault):
    flux, ivar, stretch = make_galaxies([0.0, 0.0, 0.03, -0.02])
    if fault == "few":
        flux, ivar, stretch = flux[:150], ivar[:150], stretch[:150]
    elif fault == "faint":
        ivar *= 1e-4
    else:
        ivar[::2, :200] = ivar[1::2, 100:] = 0
    np.testing.assert_array_equal(fit_common_curve(flux, ivar, WAVELENGTH, stretch, SPAN), 0)
