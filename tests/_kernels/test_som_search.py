"""The blocked search and the batch update, against plain differences."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from sklearn_sedzoo._kernels import som_codebook, som_search
from sklearn_sedzoo._kernels.som_distance import measure_distances, measure_own
from sklearn_sedzoo._kernels.som_search import find_best_cells
from sklearn_sedzoo._kernels.som_update import measure_energy, update_weights
from tests.reference import som as twin


def _made(n=700, n_features=7, n_cells=30, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, n_features)).astype(dtype), rng.normal(size=(n_cells, n_features))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [0, 1e3])
@pytest.mark.parametrize("order", ["C", "F"])
def test_best_cells_equal_the_nearest(dtype, offset, order):
    X, weights = _made(dtype=dtype)
    X, weights = np.asarray(X + dtype(offset), order=order), weights + offset
    distance = cdist(X.astype(float), weights)
    found = find_best_cells(X, weights, with_second=True)
    ranked = np.sort(distance, axis=1)
    clear = ranked[:, 1] - ranked[:, 0] > 1e-3 * (dtype is np.float32)
    assert clear.mean() > 0.99
    np.testing.assert_array_equal(found.best[clear], distance.argmin(axis=1)[clear])
    if dtype is np.float64:
        np.testing.assert_array_equal(found.second, distance.argsort(axis=1)[:, 1])
        np.testing.assert_allclose(np.sqrt(found.squared), distance.min(axis=1), rtol=1e-9)


def test_float32_far_from_zero_still_finds_the_right_cells():
    """Without centring only 4 % of these are right."""
    X, weights = _made(n=2000, n_features=16)
    near = (X * 0.1 + 1000).astype(np.float32)
    weights = weights * 0.1 + 1000
    right = find_best_cells(near, weights).best == cdist(near.astype(float), weights).argmin(axis=1)
    assert right.mean() > 0.999


@pytest.mark.parametrize("case", ["plain", "offset", "outlier", "overflow", "tiny", "missing", "normalized", "tree"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_float32_finds_the_cells_of_float64(case, seed):
    """To the last sample: what float32 cannot decide is searched again in float64."""
    X, weights = _made(n=5000, n_features=4 if case == "tree" else 20, n_cells=300, seed=seed)
    weights = np.concatenate([weights, weights[:20] * (1 + 1e-7), weights[:5]])  # close calls and ties
    X[:200] = (X[200:400] + X[:200]) / 2
    if case == "offset":
        X, weights = X + 1000, weights + 1000
    if case == "outlier":
        X[7], weights[3] = 1e5, 1e4
    if case == "overflow":
        X[7:20] *= 1e25
    if case == "tiny":
        X, weights = X * 1e-36, weights * 1e-36
    X = X.astype(np.float32)
    if case == "missing":
        X[np.random.default_rng(seed).uniform(size=X.shape) < 0.3] = np.nan
    options = {"with_second": True, "has_missing": case == "missing", "is_normalized": case == "normalized"}
    if case == "normalized":
        weights = weights / np.linalg.norm(weights, axis=1, keepdims=True)
    found = find_best_cells(X, weights, **options)
    expected = find_best_cells(X.astype(np.float64), weights, **options)
    np.testing.assert_array_equal(found.best, expected.best)
    np.testing.assert_array_equal(found.second, expected.second)
    assert found.best.max() < 320


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e-25, 1.0, 1e25])
def test_directions_do_not_depend_on_the_size_of_a_row(dtype, size):
    X, weights = _made(dtype=dtype)
    weights = weights / np.linalg.norm(weights, axis=1, keepdims=True)
    X[5, 2] = np.nan
    found = find_best_cells(X * dtype(size), weights, is_normalized=True, has_missing=True)
    kept = np.arange(len(X)) != 5
    cosine = np.nan_to_num(X).astype(float) @ weights.T
    np.testing.assert_array_equal(found.best[kept], cosine.argmax(axis=1)[kept])
    squared = 2 - 2 * cosine.max(axis=1) / np.linalg.norm(np.nan_to_num(X).astype(float), axis=1)
    np.testing.assert_allclose(found.squared[kept], squared[kept], atol=1e-5)
    # the row with a hole: as if its observed part had its share of the norm
    seen = np.delete(np.arange(7), 2)
    part = X[5, seen].astype(float)
    part *= np.sqrt(6 / 7) / np.linalg.norm(part)
    expected = ((part - weights[:, seen]) ** 2).sum(axis=1) * 7 / 6
    assert found.best[5] == expected.argmin()
    np.testing.assert_allclose(found.squared[5], expected.min(), atol=1e-5)


@pytest.mark.parametrize("size", [1e-17, 1e-150, 1e30])
def test_tiny_and_huge_scales(size):
    X, weights = _made()
    dtype = np.float32 if 1e-20 < size < 1e35 else np.float64
    expected = find_best_cells(X.astype(dtype), weights)
    found = find_best_cells((X * size).astype(dtype), weights * size)
    np.testing.assert_array_equal(found.best, expected.best)
    np.testing.assert_allclose(found.squared, expected.squared * size**2, rtol=1e-3)


def test_ties_go_to_the_lowest_cell():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 40)) + 1e4
    weights = X[:5] + 1e-3
    twice = np.concatenate([weights, weights * (1 + 1e-15), weights])
    found = find_best_cells(X, twice, with_second=True)
    assert found.best.max() < 5
    np.testing.assert_array_equal(found.best, find_best_cells(X, weights).best)
    np.testing.assert_array_equal(found.second, found.best + 5)


def test_threads_and_blocks_change_nothing(monkeypatch):
    X, weights = _made(n=3000)
    monkeypatch.setattr(som_codebook, "_SLAB_ENTRIES", 256 * 8)
    one = find_best_cells(X, weights, with_sums=True)
    with ThreadPoolExecutor(2) as pool:
        two = find_best_cells(X, weights, with_sums=True, map_slabs=pool.map)
    np.testing.assert_array_equal(one.best, two.best)
    np.testing.assert_array_equal(one.sums, two.sums)
    monkeypatch.undo()
    whole = find_best_cells(X, weights, with_sums=True)
    np.testing.assert_array_equal(one.best, whole.best)
    np.testing.assert_allclose(one.sums, whole.sums, atol=1e-10)


@pytest.mark.parametrize("n_features", [7, 40])
@pytest.mark.parametrize("offset", [0, 5])
def test_sums_count_the_members(n_features, offset):
    X, weights = (part + offset for part in _made(n_features=n_features))
    before, w = X.copy(), np.random.default_rng(3).uniform(size=len(X))
    found = find_best_cells(X, weights, sample_weight=w, with_sums=True)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_allclose(found.center, weights.mean(axis=0) if offset else 0)
    for cell in range(len(weights)):
        members = found.best == cell
        part = X[members] - found.center
        np.testing.assert_allclose(found.sums[cell], w[members] @ part, atol=1e-12)
        np.testing.assert_allclose(found.counts[cell], w[members].sum(), atol=1e-12)
        np.testing.assert_allclose(found.squared_sums[cell], w[members] @ (part**2).sum(axis=1), atol=1e-12)


def test_missing_values_are_left_out_of_the_distance():
    X, weights = _made()
    X[np.random.default_rng(4).uniform(size=X.shape) < 0.3] = np.nan
    X[5] = np.nan
    observed = ~np.isnan(X)
    differences = np.where(observed[:, None], X[:, None] - weights, 0)
    with np.errstate(invalid="ignore"):
        expected = np.sqrt((differences**2).sum(axis=2) * (X.shape[1] / np.maximum(observed.sum(axis=1), 1))[:, None])
    found = find_best_cells(X, weights, with_sums=True, has_missing=True)
    kept = np.arange(len(X)) != 5
    assert found.best[5] == -1
    np.testing.assert_array_equal(found.best[kept], expected.argmin(axis=1)[kept])
    np.testing.assert_allclose(np.sqrt(found.squared[kept]), expected.min(axis=1)[kept], atol=1e-7)
    np.testing.assert_allclose(measure_distances(X, weights, has_missing=True)[kept], expected[kept], atol=1e-7)
    own = measure_own(X, weights, found.best, has_missing=True)
    np.testing.assert_allclose(own[kept], expected.min(axis=1)[kept], atol=1e-12)
    for cell in range(len(weights)):
        np.testing.assert_allclose(found.counts[cell], observed[found.best == cell].sum(axis=0))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distances_equal_the_differences(dtype):
    X, weights = _made(dtype=dtype)
    distances = measure_distances(X, weights)
    assert distances.dtype == dtype
    np.testing.assert_allclose(distances, cdist(X.astype(float), weights), rtol=1e-6 if dtype is np.float32 else 1e-12)


@pytest.mark.parametrize("kind", ["gaussian", "bubble", "cut_gaussian"])
@pytest.mark.parametrize(("topology", "is_toroidal"), [("rectangular", False), ("hexagonal", True)])
def test_epoch_and_energy_equal_their_twins(kind, topology, is_toroidal):
    X, weights = _made(n=200)
    w = np.random.default_rng(5).uniform(size=len(X))
    grid = {"shape": (6, 5), "topology": topology, "is_toroidal": is_toroidal, "neighborhood": kind}
    layout = ((6, 5), topology, is_toroidal, kind)
    found = find_best_cells(X, weights, sample_weight=w, with_sums=True)
    expected = twin.batch_epoch(X, weights, 1.5, *layout, sample_weight=w)
    np.testing.assert_allclose(update_weights(weights, found, 1.5, **grid), expected, atol=1e-12)
    found = find_best_cells(X, weights, with_sums=True)
    expected = twin.distortion(X, weights, 1.5, *layout)
    np.testing.assert_allclose(measure_energy(weights, found, 1.5, **grid), expected, rtol=1e-12)


def test_epoch_with_missing_values_averages_the_observed():
    X, weights = _made(n=400)
    X[np.random.default_rng(4).uniform(size=X.shape) < 0.2] = np.nan
    found = find_best_cells(X, weights, with_sums=True, has_missing=True)
    updated = update_weights(weights, found, 1.0, shape=(6, 5))
    h = twin.neighborhood(twin.all_distances((6, 5), "rectangular", False), 1.0, "gaussian")
    for j, i in [(0, 0), (7, 3), (29, 6)]:
        pull = h[j, found.best] * ~np.isnan(X[:, i])
        np.testing.assert_allclose(updated[j, i], (pull * np.nan_to_num(X[:, i])).sum() / pull.sum(), rtol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_tree_changes_nothing(monkeypatch, dtype):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 3)).astype(dtype)
    weights = np.concatenate([rng.normal(size=(400, 3)), X[:50], X[:50]])  # with ties
    found = []
    for n_features in (0, 8):
        monkeypatch.setattr(som_search, "_TREE_FEATURES", n_features)
        monkeypatch.setattr(som_search, "perf_counter", iter(range(0, -9, -1)).__next__)  # the tree always wins
        found.append(find_best_cells(X, weights, with_second=True, with_sums=True))
    np.testing.assert_array_equal(found[0].best, found[1].best)
    np.testing.assert_array_equal(found[0].second, found[1].second)
    np.testing.assert_array_equal(found[0].sums, found[1].sums)
    np.testing.assert_allclose(found[0].squared, found[1].squared, atol=1e-5 if dtype is np.float32 else 1e-12)
    if dtype is np.float64:
        np.testing.assert_array_equal(found[1].best, cdist(X, weights).argmin(axis=1))


def test_step_of_the_mexican_hat():
    X, weights = _made(n=300)
    found = find_best_cells(X, weights, with_sums=True)
    h = twin.neighborhood(twin.all_distances((6, 5), "rectangular", False), 1.2, "mexican_hat")
    g = twin.neighborhood(twin.all_distances((6, 5), "rectangular", False), 1.2, "mexican_hat_bound")
    updated = update_weights(weights, found, 1.2, shape=(6, 5), neighborhood="mexican_hat")
    means = np.array([X[found.best == cell].mean(axis=0) for cell in np.unique(found.best)])
    low, high = (
        np.minimum(means.min(axis=0), weights.mean(axis=0)),
        np.maximum(means.max(axis=0), weights.mean(axis=0)),
    )
    for j in range(len(weights)):
        step = (h[j, found.best][:, None] * (X - weights[j])).sum(axis=0) / g[j, found.best].sum()
        np.testing.assert_allclose(updated[j], np.clip(weights[j] + step, low, high), atol=1e-12)
