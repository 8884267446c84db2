import numpy as np
import pytest

from sklearn_sedzoo.mapping import SOMMapper
from sklearn_sedzoo.photoz._cell_fits import fit_members, fit_near, learn_metric
from sklearn_sedzoo.photoz._maps import codebook


@pytest.fixture
def plane():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((800, 3)) * [1.0, 10.0, 1.0]
    t = 0.3 * X[:, 0] + 0.001 * rng.standard_normal(800)
    return X, t, SOMMapper(6, 6, random_state=0).fit(X)


def test_the_metric_stretches_what_tells_the_redshift(plane):
    X, t, som = plane
    metric = learn_metric(X, t, [som], [som.predict(X)])
    stretch = np.linalg.norm(metric * X.std(axis=0)[:, None], axis=1)
    assert stretch[0] > 2 * stretch[1]
    assert stretch[0] == pytest.approx(1 + np.sqrt(3), rel=0.05)  # the trace is all in one direction
    np.testing.assert_allclose(stretch[1:], 1, rtol=0.1)


def test_the_metric_does_not_depend_on_units(plane):
    X, t, som = plane
    cells = som.predict(X)
    scaled = SOMMapper(6, 6, random_state=0).fit(X)
    scaled.weights_ = scaled.weights_ * [5.0, 0.1, 2.0]
    first = X @ learn_metric(X, t, [som], [cells])
    second = X * [5.0, 0.1, 2.0] @ learn_metric(X * [5.0, 0.1, 2.0], t, [scaled], [cells])
    np.testing.assert_allclose(first, second, atol=1e-8)


def test_members_are_the_cells(plane):
    X, t, som = plane
    cells = som.predict(X)
    fits = fit_members(som, X, t, cells, 1)
    for cell in np.unique(cells):
        assert fits.level[cell] == pytest.approx(np.median(t[cells == cell]))
    poor = fit_members(som, X, t, cells, 500)
    assert (poor.weight[0] > 0).sum() == 500


def test_near_rows_are_the_nearest(plane):
    X, t, som = plane
    fits = fit_near(codebook(som), X, t)
    distance = np.linalg.norm(X - codebook(som)[3], axis=1)
    assert set(fits.rows[3]) == set(np.argsort(distance)[:60])
