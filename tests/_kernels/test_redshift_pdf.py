import numpy as np
import pytest
from scipy import stats

from sklearn_sedzoo._kernels import redshift_pdf as pdf

ZGRID = np.linspace(0, 3, 601)


@pytest.fixture
def densities():
    rng = np.random.default_rng(0)
    centers, widths = rng.uniform(0.5, 2, 8), rng.uniform(0.05, 0.2, 8)
    return centers, widths, stats.norm.pdf(ZGRID, centers[:, None], widths[:, None])


def test_deposit_is_a_weighted_histogram():
    rng = np.random.default_rng(1)
    position, weight = rng.uniform(0, 1, (4, 50)), rng.uniform(0, 1, (4, 50))
    mass = pdf.deposit(position, weight, 0.05, 20)
    for row in range(4):
        expected, _ = np.histogram(position[row], np.arange(21) * 0.05, weights=weight[row])
        np.testing.assert_allclose(mass[row], expected / weight[row].sum())


def test_smoothing_keeps_mass_and_widens():
    mass = np.zeros((1, 400))
    mass[0, 200] = 1
    smooth = pdf.smooth_mass(mass, 5.0)
    assert smooth.sum() == pytest.approx(1)
    width = np.sqrt(np.sum(smooth[0] * (np.arange(400) - 200) ** 2))
    assert width == pytest.approx(5, rel=0.01)
    edge = np.zeros((1, 400))
    edge[0, 0] = 1
    assert pdf.smooth_mass(edge, 5.0).sum() == pytest.approx(1)
    np.testing.assert_array_equal(pdf.smooth_mass(mass, 0), mass)


def test_calibration_makes_pits_uniform():
    rng = np.random.default_rng(2)
    pits = rng.beta(1.5, 0.8, 20000)
    knots, values = pdf.calibration_curve(pits[:10000])
    assert (np.diff(values) > 0).all()
    assert pdf.measure_ks(np.interp(pits[10000:], knots, values)) < 0.03
    mass = np.full((2, 100), 0.01)
    np.testing.assert_allclose(pdf.remap_mass(mass, knots, values).sum(axis=1), 1)
    np.testing.assert_allclose(pdf.remap_mass(mass, knots, knots), mass)


def test_masses_to_densities():
    step = np.log(4.2) / 800
    edges = np.arange(801) * step
    mass = np.diff(stats.norm.cdf(np.expm1(edges), 1.0, 0.1))[None]
    density = pdf.mass_to_density(mass, step, ZGRID)
    np.testing.assert_allclose(density[0], stats.norm.pdf(ZGRID, 1.0, 0.1), atol=0.01)
    np.testing.assert_allclose(np.trapezoid(density, ZGRID, axis=1), 1)
    cut = np.linspace(2.5, 3.0, 51)  # nothing in it
    far = pdf.mass_to_density(np.eye(800)[[100]], step, cut)
    assert np.trapezoid(far, cut) == pytest.approx(1)
    assert far.argmax() == 0


def test_cdf_and_quantiles(densities):
    centers, widths, density = densities
    cdf = pdf.cumulate(density, ZGRID)
    np.testing.assert_allclose(cdf, stats.norm.cdf(ZGRID, centers[:, None], widths[:, None]), atol=1e-3)
    levels = np.array([0.16, 0.5, 0.84])
    expected = stats.norm.ppf(levels, centers[:, None], widths[:, None])
    np.testing.assert_allclose(pdf.find_quantiles(cdf, ZGRID, levels), expected, atol=2e-3)


def test_interpolation_is_numpys(densities):
    centers, _, density = densities
    x = centers + 0.033
    expected = [np.interp(a, ZGRID, row) for a, row in zip(x, density, strict=True)]
    np.testing.assert_allclose(pdf.interpolate_rows(x, ZGRID, density), expected)


def test_cde_loss_of_gaussians(densities):
    centers, widths, density = densities
    truth = centers + 0.5 * widths
    exact = np.mean(1 / (2 * np.sqrt(np.pi) * widths) - 2 * stats.norm.pdf(truth, centers, widths))
    assert pdf.measure_cde_loss(truth, density, ZGRID) == pytest.approx(exact, rel=2e-3)


def test_crps_of_gaussians_and_by_a_fine_sum(densities):
    centers, widths, density = densities
    truth = centers + 1.3 * widths
    cdf = pdf.cumulate(density, ZGRID)
    # Gneiting & Raftery (2007), eq. 21
    u = 1.3
    exact = widths * (u * (2 * stats.norm.cdf(u) - 1) + 2 * stats.norm.pdf(u) - 1 / np.sqrt(np.pi))
    np.testing.assert_allclose(pdf.measure_crps(truth, cdf, ZGRID), exact, rtol=2e-3)
    fine = np.linspace(0, 3, 300001)
    slow = [
        np.trapezoid((np.interp(fine, ZGRID, row) - (fine >= z)) ** 2, fine) for row, z in zip(cdf, truth, strict=True)
    ]
    np.testing.assert_allclose(pdf.measure_crps(truth, cdf, ZGRID), slow, rtol=1e-3)
    outside = pdf.measure_crps(np.array([4.0]), cdf[:1], ZGRID)[0]
    assert outside == pytest.approx(4.0 - np.trapezoid(density[0] * ZGRID, ZGRID) - np.trapezoid(
        cdf[0] * (1 - cdf[0]), ZGRID), rel=1e-2)  # fmt: skip


def test_ks_is_scipys():
    sample = np.random.default_rng(3).beta(0.8, 1, 500)
    assert pdf.measure_ks(sample) == pytest.approx(stats.kstest(sample, "uniform").statistic)
