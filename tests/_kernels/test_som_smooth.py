"""A smooth codebook in factors, against the codebook as it is."""

import numpy as np
import pytest

from sklearn_sedzoo._kernels import som_search
from sklearn_sedzoo._kernels.som_grid import smooth_cells
from sklearn_sedzoo._kernels.som_search import find_best_cells
from sklearn_sedzoo._kernels.som_smooth import factor_codebook
from sklearn_sedzoo.mapping import Batch, SOMMapper

SHAPE = (40, 32)
TOLERANCE = 5e-7  # of the weights' spread: some roundings of float32
TOPOLOGIES = ["rectangular", "hexagonal"]


def smooth_weights(topology="rectangular", seed=0, n_features=400, radius=8.0):
    """Return weights as an epoch makes them."""
    values = np.random.default_rng(seed).normal(size=(*SHAPE, n_features))
    counts = smooth_cells(np.ones((*SHAPE, 1)), radius, "gaussian", topology)
    return (smooth_cells(values, radius, "gaussian", topology) / counts).reshape(-1, n_features)


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_product_of_the_factors_is_the_codebook(topology, seed):
    weights = smooth_weights(topology, seed)
    factors = factor_codebook(weights, SHAPE)
    assert factors is not None
    assert len(factors.parts) < 0.7 / (1 / 1280 + 1 / 400)
    left = np.linalg.norm(weights - factors.functions @ factors.parts, axis=1)
    assert left.max() < TOLERANCE * np.linalg.norm(weights, axis=1).max()


@pytest.mark.parametrize("weights", [np.random.default_rng(0).normal(size=(1280, 400)), np.zeros((1280, 400))])
def test_what_is_not_smooth_is_left_as_it_is(weights):
    assert factor_codebook(weights, SHAPE) is None


def test_a_far_cell_costs_the_others_no_digits():
    weights = smooth_weights()
    values = np.zeros((*SHAPE, 1))
    values[3, 4] = 1e5
    far = weights + smooth_cells(values, 3.0).reshape(-1, 1)
    assert factor_codebook(far - far.mean(axis=0), SHAPE) is None


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("offset", [0.0, 30.0])
@pytest.mark.parametrize("scale", [1.0, 1e-12])
def test_cells_and_distances_are_those_of_the_codebook(topology, offset, scale):
    weights = (smooth_weights(topology) + offset) * scale
    rng = np.random.default_rng(1)
    X = (weights[rng.integers(0, len(weights), 2000)] + scale * rng.normal(size=(2000, 400))).astype(np.float32)
    plain = find_best_cells(X, weights, with_sums=True, is_exact=False)
    found = find_best_cells(X, weights, with_sums=True, is_exact=False, shape=SHAPE)
    assert found.is_smooth
    assert not plain.is_smooth
    exact = ((X[:, None, :].astype(float) - weights[found.best][:, None]) ** 2).sum(axis=(1, 2))
    best = find_best_cells(X, weights).squared
    np.testing.assert_allclose(found.squared, exact, rtol=2e-5)
    assert (exact <= best * (1 + 2e-5)).all()  # where another cell is taken, both are as near as float32 can tell
    assert (found.best == plain.best).mean() > 0.99
    np.testing.assert_allclose(found.counts.sum(), 2000)


def test_exact_searches_and_float64_are_never_factored():
    weights = smooth_weights()
    X = np.random.default_rng(0).normal(size=(100, 400))
    assert not find_best_cells(X, weights, is_exact=False, shape=SHAPE).is_smooth
    assert not find_best_cells(X.astype(np.float32), weights, shape=SHAPE).is_smooth


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_map_is_the_same_with_and_without_factors(monkeypatch, seed):
    rng = np.random.default_rng(seed)
    X = (np.tanh(rng.normal(size=(3000, 4)) @ rng.normal(size=(4, 64))) + 0.1 * rng.normal(size=(3000, 64))).astype(
        "f4"
    )
    smooth, searched = [], som_search.prepare_codebook

    def watch(*args):
        smooth.append((book := searched(*args)).parts is not None)
        return book

    monkeypatch.setattr(som_search, "prepare_codebook", watch)
    factored = SOMMapper(24, 24, algorithm=Batch(n_epochs=12)).fit(X)
    assert sum(smooth) >= 2
    monkeypatch.setattr(som_search, "_FACTORED_CELLS", 10_000)
    smooth.clear()
    plain = SOMMapper(24, 24, algorithm=Batch(n_epochs=12)).fit(X)
    assert not any(smooth)
    assert (factored.labels_ == plain.labels_).mean() > 0.99
    assert factored.quantization_error_ == pytest.approx(plain.quantization_error_, rel=1e-3)
