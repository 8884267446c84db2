import numpy as np
import pytest
from scipy import stats

from sklearn_sedzoo import metrics

ZGRID = np.linspace(0, 3, 301)


@pytest.fixture
def redshifts():
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.2, 2, 5000)
    return truth, truth + (1 + truth) * (0.01 + 0.03 * rng.standard_normal(5000))


def test_gaussian_errors(redshifts):
    assert metrics.photoz_bias(*redshifts) == pytest.approx(0.01, abs=0.002)
    assert metrics.sigma_nmad(*redshifts) == pytest.approx(0.03, rel=0.05)
    assert metrics.sigma_iqr(*redshifts) == pytest.approx(0.03, rel=0.05)
    assert metrics.outlier_rate(*redshifts, threshold=0.06) == pytest.approx(
        stats.norm.sf(0.05 / 0.03) + stats.norm.cdf(-0.07 / 0.03), abs=0.01
    )


def test_nmad_is_scipys(redshifts):
    d = metrics.scaled_residual(*redshifts)
    assert metrics.sigma_nmad(*redshifts) == pytest.approx(stats.median_abs_deviation(d, scale="normal"), rel=1e-4)


def test_outliers_are_counted_not_averaged(redshifts):
    truth, phot = redshifts
    phot = phot.copy()
    phot[:100] += 2
    assert metrics.outlier_rate(truth, phot) == pytest.approx(0.02, abs=1e-3)
    assert metrics.sigma_nmad(truth, phot) == pytest.approx(0.03, rel=0.1)
    rail = max(0.06, 3 * metrics.sigma_iqr(truth, phot))
    assert metrics.outlier_rate(truth, phot, "rail") == metrics.outlier_rate(truth, phot, rail)


def test_calibrated_densities(redshifts):
    truth, _ = redshifts
    rng = np.random.default_rng(1)
    sigma = 0.05 * (1 + truth)
    center = truth + sigma * rng.standard_normal(len(truth))
    density = stats.norm.pdf(ZGRID, center[:, None], sigma[:, None])
    assert metrics.pit_ks(truth, density, ZGRID) < 0.03
    narrow = stats.norm.pdf(ZGRID, center[:, None], sigma[:, None] / 3)
    assert metrics.pit_ks(truth, narrow, ZGRID) > 0.1
    for score in (metrics.cde_loss, metrics.crps):
        assert score(truth, density, ZGRID) < score(truth, narrow, ZGRID)
    np.testing.assert_allclose(metrics.cde_loss(truth, 7 * density, ZGRID), metrics.cde_loss(truth, density, ZGRID))


def test_crps_of_a_point_is_its_error():
    density = np.zeros((1, 301))
    density[0, 100] = 1.0
    assert metrics.crps([1.5], density, ZGRID) == pytest.approx(0.5, abs=0.01)


def test_mean_shift():
    truth = np.random.default_rng(2).normal(1.0, 0.2, 20000)
    nz = stats.norm.pdf(ZGRID, 1.1, 0.2)
    assert metrics.nz_mean_shift(truth, nz, ZGRID) == pytest.approx(0.1 / 2.0, abs=2e-3)
    weighted = metrics.nz_mean_shift(truth, nz, ZGRID, weights=(truth > 1).astype(float))
    assert weighted < 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.sigma_nmad([1.0], [1.0, 2.0]), "two lists of one length"),
        (lambda: metrics.sigma_nmad([], []), "two lists of one length"),
        (
            lambda: metrics.photoz_bias([1.0, np.nan], [1.0, 2.0]),
            "z_true must be finite: 1 of 2 are not, first at row 1",
        ),
        (lambda: metrics.photoz_bias([1.0], [np.nan]), "z_phot must be finite"),
        (lambda: metrics.photoz_bias([-2.0], [1.0]), "z_true must be above -1"),
        (lambda: metrics.outlier_rate([1.0], [1.0], "desc"), "must be a number > 0 or 'rail'"),
        (lambda: metrics.outlier_rate([1.0], [1.0], 0), "must be > 0, got 0"),
        (lambda: metrics.cde_loss([1.0], np.ones((1, 3)), [0, 1, 1]), "zgrid must be at least 2 finite, increasing"),
        (lambda: metrics.crps([1.0], np.ones((2, 3)), [0, 1, 2]), "a row for each of 1 redshifts, got 2"),
        (lambda: metrics.crps([1.0], np.ones((1, 4)), [0, 1, 2]), r"density must have shape \(n_samples, 3\)"),
        (lambda: metrics.pit([1.0], [[1.0, -1.0, 1.0]], [0, 1, 2]), "negative or infinite; first at row 0"),
        (lambda: metrics.pit([1.0], [[0.0, 0.0, 0.0]], [0, 1, 2]), "1 of 1 densities are zero"),
        (lambda: metrics.nz_mean_shift([1.0], [0.0, 0.0], [0, 1]), "positive integral"),
        (lambda: metrics.nz_mean_shift([1.0], [1.0, 1.0], [1, 0]), "zgrid increasing"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
