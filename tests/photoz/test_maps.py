import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator

from sklearn_sedzoo.mapping import SOMMapper
from sklearn_sedzoo.photoz._maps import ROWS_PER_CELL, codebook, n_cells, train_maps

X = np.random.default_rng(0).standard_normal((300, 2))


def test_maps_differ_and_repeat():
    maps = train_maps("X", SOMMapper(4, 4), X, 3, np.random.RandomState(0))
    again = train_maps("X", SOMMapper(4, 4), X, 3, np.random.RandomState(0))
    assert not np.allclose(maps[0].weights_, maps[1].weights_)
    np.testing.assert_array_equal(maps[2].weights_, again[2].weights_)


def test_a_single_map_is_the_users_own():
    alone = train_maps("X", SOMMapper(4, 4), X, 1, np.random.RandomState(0))[0]
    np.testing.assert_array_equal(alone.weights_, SOMMapper(4, 4).fit(X).weights_)


def test_default_size():
    som = train_maps("X", None, X, 1, np.random.RandomState(0))[0]
    assert n_cells(som) == pytest.approx(len(X) / ROWS_PER_CELL, rel=0.3)
    assert codebook(som).shape == (n_cells(som), 2)


def test_frozen_maps_stay_as_they_are():
    som = SOMMapper(4, 4).fit(X)
    maps = train_maps("X", [FrozenEstimator(som), FrozenEstimator(som)], X[:10], 12, np.random.RandomState(0))
    assert maps[0] is som
    assert len(maps) == 2
