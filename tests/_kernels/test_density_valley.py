"""Valleys between groups of points whose density is known."""

import numpy as np
import pytest

from sklearn_sedzoo._kernels.density_valley import deepest_valleys


def test_a_gap_is_empty_and_a_line_is_full():
    apart = np.r_[np.random.default_rng(0).uniform(-1, 1, 500), np.random.default_rng(1).uniform(9, 11, 500)][:, None]
    labels = np.repeat([0, 1], 500)
    np.testing.assert_array_equal(deepest_valleys(apart, labels, np.array([[0.0], [10.0]])), 0)
    line = np.linspace(-0.5, 1.5, 2001)[:, None]
    filled = deepest_valleys(line, (line[:, 0] > 0.5).astype(int), np.array([[0.0], [1.0]]))
    np.testing.assert_allclose(filled, 1, rtol=0.02)


@pytest.mark.parametrize("distance", [2.0, 4.0])
def test_two_gaussians_follow_their_density(distance):
    rng = np.random.default_rng(2)
    X = np.concatenate([rng.normal(size=(200_000, 1)), rng.normal(distance, 1, (200_000, 1))])
    labels = (X[:, 0] > distance / 2).astype(int)
    filled = deepest_valleys(X, labels, np.array([[0.0], [distance]]))[0]
    x = np.linspace(-0.1, 0.1, 1001) * distance
    density = lambda at: np.mean(np.exp(-0.5 * (x + at) ** 2) + np.exp(-0.5 * (x + at - distance) ** 2))  # noqa: E731
    assert filled == pytest.approx(density(distance / 2) / density(0), rel=0.03)


def test_the_worst_neighbor_counts():
    X = np.concatenate([np.linspace(-1, 1, 400), np.linspace(1, 3, 400), np.linspace(20, 22, 400)])[:, None]
    filled = deepest_valleys(X, np.repeat([0, 1, 2], 400), np.array([[0.0], [2.0], [21.0]]))
    assert filled[0] == filled[1] > 0.9 > 0.1 > filled[2]
