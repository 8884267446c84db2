"""Weighted quantiles against repetition and numpy."""

import numpy as np
import pytest

from sklearn_sedzoo._kernels.weighted import weighted_moments, weighted_quantiles


def test_equal_weights_are_hazen_quantiles():
    values = np.random.default_rng(0).normal(size=(5, 17))
    levels = np.array([0.0, 0.16, 0.5, 0.84, 1.0])
    expected = np.quantile(values, levels, axis=1, method="hazen").T
    np.testing.assert_allclose(weighted_quantiles(values, np.ones_like(values), levels), expected)


def test_zero_weights_are_not_there():
    rng = np.random.default_rng(1)
    values, weights = rng.normal(size=(4, 12)), rng.uniform(size=(4, 12))
    weights[:, ::3] = 0
    values[:, ::3] = np.nan
    kept = weights[0] > 0
    levels = np.array([0.1, 0.5, 0.9])
    expected = weighted_quantiles(values[:, kept], weights[:, kept], levels)
    np.testing.assert_allclose(weighted_quantiles(values, weights, levels), expected)
    mean, scatter = weighted_moments(values, weights)
    assert mean[2] == pytest.approx(np.average(values[2, kept], weights=weights[2, kept]))
    variance = np.average((values[2, kept] - mean[2]) ** 2, weights=weights[2, kept])
    assert scatter[2] == pytest.approx(np.sqrt(variance))


def test_empty_and_single_rows():
    values, weights = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0, 0.0], [0.0, 2.0]])
    found = weighted_quantiles(values, weights, np.array([0.1, 0.9]))
    assert np.isnan(found[0]).all()
    np.testing.assert_array_equal(found[1], [4.0, 4.0])
    assert np.isnan(weighted_moments(values, weights)[0][0])


def test_quantiles_grow():
    rng = np.random.default_rng(2)
    found = weighted_quantiles(rng.normal(size=(50, 9)), rng.exponential(size=(50, 9)), np.linspace(0, 1, 21))
    assert (np.diff(found, axis=1) >= 0).all()
