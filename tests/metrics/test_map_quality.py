"""Map quality against slow twins, against scikit-learn's trustworthiness, and against MiniSom."""

from dataclasses import replace

import numpy as np
import pytest
from minisom import MiniSom
from sklearn.frozen import FrozenEstimator
from sklearn.manifold import trustworthiness

from sklearn_sedzoo._kernels.som_quality import rank_penalties
from sklearn_sedzoo.mapping import Batch, SOMMapper
from sklearn_sedzoo.metrics import (
    combined_error,
    distortion,
    map_trustworthiness,
    neighborhood_preservation,
    quantization_error,
    topographic_error,
    topographic_product,
)
from tests.reference import som as twin

RNG = np.random.default_rng(0)
X = RNG.normal(size=(250, 4))
NEW = RNG.normal(size=(150, 4))
GRIDS = [("rectangular", False), ("rectangular", True), ("hexagonal", False), ("hexagonal", True)]


@pytest.fixture(scope="module", params=GRIDS, ids=lambda grid: f"{grid[0]}-{grid[1]}")
def som(request):
    topology, is_toroidal = request.param
    return SOMMapper(4, 5, topology=topology, is_toroidal=is_toroidal, algorithm=Batch(n_epochs=5, radius_end=0.3)).fit(
        X
    )


def test_errors_equal_their_twins(som):
    flat = som.weights_.reshape(-1, 4)
    own = np.mean([np.sqrt(((flat - x) ** 2).sum(axis=1)).min() for x in NEW])
    layout = (som.topology, som.is_toroidal)
    assert quantization_error(som, NEW) == pytest.approx(own, rel=1e-12)
    assert topographic_error(som, NEW) == pytest.approx(twin.topographic_error(NEW, som.weights_, *layout), abs=1e-12)
    assert combined_error(som, NEW) == pytest.approx(twin.combined_error(NEW, som.weights_, *layout), rel=1e-9)
    assert topographic_product(som) == pytest.approx(twin.topographic_product(som.weights_, *layout), rel=1e-9)
    expected = twin.distortion(NEW, flat, 0.8, som.cell_shape, *layout, "gaussian")
    assert distortion(som, NEW, radius=0.8) == pytest.approx(expected, rel=1e-9)


def test_errors_on_the_training_data_are_those_of_the_fit(som):
    frozen = FrozenEstimator(som)
    assert quantization_error(frozen, X) == som.quantization_error_
    assert topographic_error(frozen, X) == som.topographic_error_
    assert distortion(frozen, X) == pytest.approx(som.energy_)


def test_errors_equal_those_of_minisom():
    som = SOMMapper(4, 5).fit(X)
    theirs = MiniSom(4, 5, 4)
    theirs.get_weights()[...] = som.weights_
    assert quantization_error(som, NEW) == pytest.approx(theirs.quantization_error(NEW), rel=1e-12)
    assert topographic_error(som, NEW) == pytest.approx(theirs.topographic_error(NEW), abs=1e-12)


def test_ranks_without_ties_are_those_of_scikit_learn():
    """One sample per cell of a map that is one cell wide has ties only between left and right: move those apart."""
    data = RNG.normal(size=(60, 3))
    cells = RNG.permutation(60)
    places = np.column_stack(np.divmod(cells, 10)[::-1]).astype(float)
    found = rank_penalties(data, cells, 7, (6, 10))
    assert found[0] == pytest.approx(twin.trustworthiness(data, places, 7), abs=2e-3)  # 400 random orders of ties
    jittered = places + RNG.normal(size=places.shape) * 1e-3
    draws = [trustworthiness(data, places + RNG.normal(size=places.shape) * 1e-3, n_neighbors=7) for _ in range(50)]
    assert found[0] == pytest.approx(np.mean(draws), abs=3e-3)
    continuity = trustworthiness(jittered, data, n_neighbors=7)
    assert found[1] == pytest.approx(continuity, abs=0.02)


def test_blocks_change_nothing(monkeypatch):
    som = SOMMapper(4, 5).fit(X)
    whole = map_trustworthiness(som, X), neighborhood_preservation(som, X), combined_error(som, X)
    monkeypatch.setattr("sklearn_sedzoo._kernels.som_quality._BLOCK_ENTRIES", 250 * 7)
    parts = map_trustworthiness(som, X), neighborhood_preservation(som, X), combined_error(som, X)
    np.testing.assert_allclose(parts, whole, rtol=1e-12)


def test_a_good_map_scores_better_than_a_shuffled_one():
    plane = np.random.default_rng(1).uniform(size=(600, 2))
    good = SOMMapper(8, 8).fit(plane)
    mixed = SOMMapper(8, 8).fit(plane)
    order = np.random.default_rng(0).permutation(64)
    mixed = replace(mixed.map_, weights=mixed.map_.weights[order])
    assert quantization_error(good, plane) == pytest.approx(quantization_error(mixed, plane))
    for measure in (topographic_error, combined_error, distortion):
        assert measure(good, plane) < 0.5 * measure(mixed, plane)
    for measure in (map_trustworthiness, neighborhood_preservation):
        assert measure(good, plane, 60) > 0.97 > 0.75 > measure(mixed, plane, 60)


def test_a_map_of_too_few_dimensions_has_a_negative_product():
    cube = np.random.default_rng(0).uniform(size=(3000, 3))
    square = cube * [1, 1, 0.01]
    line = cube * [1, 0.01, 0.01]
    folded, flat, thin = (topographic_product(SOMMapper(8, 8).fit(data)) for data in (cube, square, line))
    assert folded < flat < thin
    assert folded < -0.01


def test_cosine_and_missing_values():
    som = SOMMapper(4, 4, metric="cosine").fit(X)
    cosine = (NEW @ som.weights_.reshape(16, 4).T) / np.linalg.norm(NEW, axis=1)[:, None]
    assert quantization_error(som, NEW) == pytest.approx((1 - cosine.max(axis=1)).mean())
    holes = NEW.copy()
    holes[::3, 1] = np.nan
    masked = SOMMapper(4, 4, on_bad="mask").fit(X)
    assert quantization_error(masked, holes) == pytest.approx(-masked.score(holes))
    with pytest.raises(ValueError, match="no missing values where neighbors are ranked"):
        map_trustworthiness(masked, holes)


def test_single_cells_and_wrong_arguments():
    som = SOMMapper(1, 1).fit(X)
    assert topographic_error(som, X) == 0
    assert topographic_product(som) == 0
    assert combined_error(som, X) == quantization_error(som, X)
    with pytest.raises(ValueError, match=r"`n_neighbors` of map_trustworthiness must be in \[1, 124\], got 200"):
        map_trustworthiness(som, X, 200)
    with pytest.raises(ValueError, match="`radius` of distortion"):
        distortion(som, X, radius=-1)
    with pytest.raises(ValueError, match="SOMMapper holds no fitted map"):
        quantization_error(SOMMapper(), X)
