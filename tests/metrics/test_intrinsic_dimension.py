"""The intrinsic dimension of manifolds that are known, and against a slow twin."""

import math

import numpy as np
import pytest
from sklearn.datasets import make_swiss_roll

from sklearn_sedzoo.metrics import intrinsic_dimension

SEEDS = pytest.mark.parametrize("seed", range(5))
NEIGHBORS = pytest.mark.parametrize("n_neighbors", [2, 5, 10])


def make_sphere(n_dimensions, rng):
    X = rng.standard_normal((1500, n_dimensions + 1))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


MANIFOLDS = {  # points, dimension, and how much of it the border and curvature hide
    "swiss roll": (lambda seed: make_swiss_roll(1500, random_state=seed)[0], 2, 0.06),
    "sphere": (lambda seed: make_sphere(2, np.random.default_rng(seed)), 2, 0.0),
    "sphere in 5": (lambda seed: make_sphere(4, np.random.default_rng(seed)), 4, 0.1),
    "line": (lambda seed: np.random.default_rng(seed).uniform(size=(1500, 1)) @ np.ones((1, 20)), 1, 0.01),
    "gaussian": (lambda seed: np.random.default_rng(seed).standard_normal((1500, 5)), 5, 0.6),
}


@SEEDS
@NEIGHBORS
@pytest.mark.parametrize("name", list(MANIFOLDS))
def test_known_manifolds(name, n_neighbors, seed):
    make, dimension, bias = MANIFOLDS[name]
    found = intrinsic_dimension(make(seed), n_neighbors=n_neighbors)
    assert abs(found - dimension) < bias + 4 * dimension / math.sqrt(1500)


def test_gaussians_of_one_to_six_dimensions_in_forty():
    rng = np.random.default_rng(0)
    frame = np.linalg.qr(rng.standard_normal((40, 6)))[0].T
    found = [intrinsic_dimension(rng.standard_normal((2000, d)) @ frame[:d]) for d in range(1, 7)]
    np.testing.assert_allclose(found, range(1, 7), rtol=0.12)


def estimate_slowly(X, k):
    logs = []
    for i, point in enumerate(X):
        r = sorted(math.dist(point, other) for j, other in enumerate(X) if j != i)[:k]
        logs += [math.log(r[k - 1] / r[j]) for j in range(k - 1)]
    return len(logs) / sum(logs)


@NEIGHBORS
@pytest.mark.parametrize("n_features", [3, 40])
def test_equals_its_slow_twin(n_neighbors, n_features):
    X = np.random.default_rng(0).standard_normal((60, n_features))
    assert intrinsic_dimension(X, n_neighbors=n_neighbors) == pytest.approx(estimate_slowly(X, n_neighbors), rel=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, ">f4", ">f8"])
def test_scale_order_place_type_and_copies_do_not_matter(dtype):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 30)).astype(dtype)
    plain = intrinsic_dimension(X.astype(np.float64))
    assert intrinsic_dimension(X) == pytest.approx(plain)
    X = X.astype(np.float64)
    assert intrinsic_dimension(1e-17 * X[::-1]) == pytest.approx(plain)
    assert intrinsic_dimension(np.vstack([X, X[:100], X[:100]])) == pytest.approx(plain)
    assert intrinsic_dimension(X + 1e4) == pytest.approx(plain, rel=1e-6)


def test_noise_is_seen_at_the_smallest_scale():
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(1500, 2)) @ rng.standard_normal((2, 30)) + 0.02 * rng.standard_normal((1500, 30))
    assert intrinsic_dimension(X) > 4 > intrinsic_dimension(X, n_neighbors=100)


@pytest.mark.parametrize(
    ("X", "n_neighbors", "error", "message"),
    [
        (np.ones((5, 2)), 2, ValueError, "less than the number of different rows of X, 1, got 2"),
        (np.eye(4), 4, ValueError, "less than the number of different rows of X, 4, got 4"),
        (np.eye(4), 1, ValueError, "`n_neighbors` of intrinsic_dimension must be >= 2, got 1"),
        (np.eye(4), 2.0, TypeError, "`n_neighbors` of intrinsic_dimension must be an integer"),
        ([[1.0, np.nan]] * 4, 2, ValueError, "X contains NaN"),
        ([[1.0, np.inf]] * 4, 2, ValueError, "X contains infinity"),
        ([1.0, 2.0, 3.0], 2, ValueError, "Expected 2D array"),
        (np.eye(2), 2, ValueError, "minimum of 3"),
    ],
)
def test_bad_input(X, n_neighbors, error, message):
    with pytest.raises(error, match=message):
        intrinsic_dimension(X, n_neighbors=n_neighbors)


def test_points_all_equally_far_have_no_end_of_dimensions():
    assert intrinsic_dimension(np.eye(6)) == np.inf
