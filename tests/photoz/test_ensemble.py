from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from sklearn_sedzoo.mapping import SOMMapper
from sklearn_sedzoo.photoz import SOMRedshiftRegressor
from sklearn_sedzoo.photoz._ensemble import ROWS_PER_CELL, fit_members, fit_near, learn_metric


@pytest.fixture
def plane():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((800, 3)) * [1.0, 10.0, 1.0]
    t = 0.3 * X[:, 0] + 0.001 * rng.standard_normal(800)
    return X, t, SOMMapper(6, 6, random_state=0).fit(X)


def test_the_metric_stretches_what_tells_the_redshift(plane):
    X, t, som = plane
    metric = learn_metric(X, t, [som.map_], [som.predict(X)])
    stretch = np.linalg.norm(metric * X.std(axis=0)[:, None], axis=1)
    assert stretch[0] > 2 * stretch[1]
    assert stretch[0] == pytest.approx(1 + np.sqrt(3), rel=0.05)  # the trace is all in one direction
    np.testing.assert_allclose(stretch[1:], 1, rtol=0.1)


def test_the_metric_does_not_depend_on_units(plane):
    X, t, som = plane
    cells = som.predict(X)
    scaled = replace(som.map_, weights=som.map_.weights * [5.0, 0.1, 2.0])
    first = X @ learn_metric(X, t, [som.map_], [cells])
    second = X * [5.0, 0.1, 2.0] @ learn_metric(X * [5.0, 0.1, 2.0], t, [scaled], [cells])
    np.testing.assert_allclose(first, second, atol=1e-8)


def test_members_are_the_cells(plane):
    X, t, som = plane
    cells = som.predict(X)
    fits = fit_members(som.map_, X, t, cells, 1)
    for cell in np.unique(cells):
        assert fits.level[cell] == pytest.approx(np.median(t[cells == cell]))
    poor = fit_members(som.map_, X, t, cells, 500)
    assert (poor.weight[0] > 0).sum() == 500


def test_near_rows_are_the_nearest(plane):
    X, t, som = plane
    fits = fit_near(som.map_.codebook, X, t)
    distance = np.linalg.norm(X - som.map_.codebook[3], axis=1)
    assert set(fits.rows[3]) == set(np.argsort(distance)[:60])


def test_maps_differ_and_repeat(plane):
    X, t, _ = plane
    model = SOMRedshiftRegressor(SOMMapper(4, 4), n_maps=3, random_state=0).fit(X, np.abs(t))
    again = clone(model).fit(X, np.abs(t))
    assert not np.allclose(model.soms_[0].weights_, model.soms_[1].weights_)
    np.testing.assert_array_equal(model.soms_[2].weights_, again.soms_[2].weights_)


def test_a_single_map_is_the_users_own(plane):
    X, t, _ = plane
    alone = SOMRedshiftRegressor(SOMMapper(4, 4), n_maps=1, random_state=0).fit(X, np.abs(t)).som_
    np.testing.assert_allclose(alone.weights_, SOMMapper(4, 4).fit(X).weights_, atol=1e-9)


def test_default_size(plane):
    X, t, _ = plane
    assert SOMRedshiftRegressor(n_maps=1).fit(X, np.abs(t)).map_.n_cells == pytest.approx(
        len(X) / ROWS_PER_CELL, rel=0.3
    )


def test_frozen_maps_stay_as_they_are(plane):
    X, t, som = plane
    model = SOMRedshiftRegressor([FrozenEstimator(som), FrozenEstimator(som)]).fit(X[:50], np.abs(t[:50]))
    assert model.som_ is som
    assert len(model.soms_) == 2
