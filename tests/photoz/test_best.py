"""The point estimate of least risk, against a slow twin and densities whose answer is known."""

import numpy as np
import pytest

from sklearn_sedzoo.photoz import best_redshift


def peaks(z, *parts):
    return sum(share * np.exp(-0.5 * ((z - center) / width) ** 2) / width for share, center, width in parts)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_is_the_least_of_the_expected_losses(seed):
    rng = np.random.default_rng(seed)
    z = np.sort(rng.uniform(0, 3, 60))  # no even grid
    density = rng.gamma(0.3, size=(20, 60))
    for row, found in zip(density, best_redshift(density, z, gamma=0.1, window=0), strict=True):
        risks = []
        for guess in z:
            loss = 1 - 1 / (1 + ((z - guess) / (1 + guess) / 0.1) ** 2)
            risks.append(np.trapezoid(row * loss, z) / np.trapezoid(row, z))
        assert found == z[np.argmin(risks)]


def test_of_two_peaks_it_takes_the_one_with_more_mass_and_centers_on_it():
    z = np.linspace(0, 4, 801)
    density = np.array(
        [peaks(z, (0.55, 0.633, 0.02), (0.45, 2.5, 0.02)), peaks(z, (0.45, 0.633, 0.02), (0.55, 2.5, 0.04))]
    )
    np.testing.assert_allclose(best_redshift(density, z), [0.633, 2.5], atol=5e-4)


def test_it_has_fewer_outliers_than_the_median_of_the_densities():
    """Galaxies drawn from their own densities, of two peaks each; the expected shares are those of the peaks."""
    rng, z = np.random.default_rng(3), np.linspace(0, 5, 1001)
    first, second, share = rng.uniform(0.2, 1, 400), rng.uniform(2.5, 4, 400), rng.uniform(0.3, 0.7, 400)
    density = np.array([peaks(z, (s, a, 0.03), (1 - s, b, 0.03)) for s, a, b in zip(share, first, second, strict=True)])
    truth = np.where(rng.uniform(size=400) < share, first, second)
    found = best_redshift(density, z)
    outliers = np.mean(np.abs(found - truth) > 0.15 * (1 + truth))
    assert abs(outliers - np.minimum(share, 1 - share).mean()) < 3 * np.sqrt(0.4 * 0.6 / 400)
    np.testing.assert_array_less(np.minimum(abs(found - first), abs(found - second)), 0.02)


def test_rows_of_nan_stay_and_scale_does_not_matter():
    z = np.linspace(0, 2, 201)
    density = np.array([peaks(z, (1, 0.7, 0.05)), np.full(201, np.nan)])
    found = best_redshift(density, z)
    assert np.isnan(found[1])
    np.testing.assert_allclose(best_redshift(1e3 * density, z), found, rtol=1e-12)
    assert best_redshift(np.empty((0, 201)), z).shape == (0,)


@pytest.mark.parametrize(
    ("density", "zgrid", "params", "message"),
    [
        (np.ones((2, 3)), [0, 2, 1], {}, "increasing redshifts"),
        (np.ones((2, 3)), [0, 1, np.inf], {}, "finite, increasing redshifts, got .* inf"),
        (np.ones((2, 4)), [0, 1, 2], {}, r"shape \(n_samples, 3\), as zgrid has it, got \(2, 4\)"),
        (np.ones(3), [0, 1, 2], {}, r"got \(3,\)"),
        ([[1, -1, 1]], [0, 1, 2], {}, "1 of 1 densities are negative or infinite; first at row 0"),
        ([[1, 1, 1], [0, 0, 0]], [0, 1, 2], {}, "1 of 2 densities are zero; first at row 1"),
        (np.ones((1, 3)), [0, 1, 2], {"gamma": 0}, "`gamma` of best_redshift"),
        (np.ones((1, 3)), [0, 1, 2], {"window": -1}, "`window` of best_redshift"),
    ],
)
def test_bad_input_is_named(density, zgrid, params, message):
    with pytest.raises(ValueError, match=message):
        best_redshift(density, zgrid, **params)
