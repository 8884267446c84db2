"""SOMClusterer: groups of cells."""

import numpy as np
import pytest
from sklearn.cluster import DBSCAN, KMeans, ward_tree
from sklearn.datasets import make_blobs
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import adjusted_rand_score

from sklearn_sedzoo.mapping import Batch, SOMClusterer, SOMMapper

X, TRUTH = make_blobs(400, n_features=3, centers=4, cluster_std=0.6, random_state=1)


def test_groups_are_the_true_ones():
    model = SOMClusterer(SOMMapper(6, 6), n_clusters=4).fit(X)
    assert adjusted_rand_score(TRUTH, model.labels_) > 0.99
    np.testing.assert_array_equal(np.unique(model.labels_), np.arange(4))
    np.testing.assert_array_equal(model.predict(X), model.labels_)
    np.testing.assert_array_equal(model.labels_, model.cell_labels_.ravel()[model.som_.labels_])


def test_ward_runs_on_occupied_cells_only():
    model = SOMClusterer(SOMMapper(12, 12), n_clusters=4).fit(X)
    occupied = np.flatnonzero(model.som_.hits_.ravel())
    assert 4 < len(occupied) < 144
    children, *_ = ward_tree(model.som_.weights_.reshape(144, 3)[occupied])
    groups = {cell: {cell} for cell in range(len(occupied))}
    for number, (first, second) in enumerate(children[:-3]):
        groups[len(occupied) + number] = groups.pop(first) | groups.pop(second)
    for members in groups.values():
        assert len(set(model.cell_labels_.ravel()[occupied[list(members)]])) == 1


def test_empty_cells_take_the_group_of_the_nearest_occupied_one():
    model = SOMClusterer(SOMMapper(12, 12), n_clusters=4).fit(X)
    weights, hits = model.som_.weights_.reshape(144, 3), model.som_.hits_.ravel()
    for cell in np.flatnonzero(hits == 0)[:20]:
        near = np.flatnonzero(hits)[((weights[hits > 0] - weights[cell]) ** 2).sum(axis=1).argmin()]
        assert model.cell_labels_.ravel()[cell] == model.cell_labels_.ravel()[near]


def test_a_frozen_map_stays_as_it_is():
    som = SOMMapper(6, 6).fit(X)
    model = SOMClusterer(FrozenEstimator(som), KMeans(4, n_init=3, random_state=0)).fit(X[:100])
    assert model.som_ is som
    assert adjusted_rand_score(TRUTH, model.predict(X)) > 0.99
    assert not hasattr(model.clusterer, "labels_")


def test_noise_stays_minus_one():
    data = np.vstack([X, [[100.0, 100.0, 100.0]]])
    model = SOMClusterer(SOMMapper(8, 8, algorithm=Batch(radius_end=0.2)), DBSCAN(eps=2.0, min_samples=3)).fit(data)
    assert model.labels_[-1] == -1
    kept = model.labels_ >= 0
    np.testing.assert_array_equal(np.unique(model.labels_[kept]), np.arange(model.labels_.max() + 1))


def test_fewer_cells_than_groups():
    model = SOMClusterer(SOMMapper(2, 2), n_clusters=9).fit(X)
    assert len(np.unique(model.labels_)) == len(np.unique(model.som_.labels_))
    assert set(SOMClusterer(SOMMapper(1, 1)).fit_predict(X)) == {0}


@pytest.mark.parametrize("som", [KMeans(), "som", FrozenEstimator(KMeans())])
def test_what_is_no_map_is_refused(som):
    with pytest.raises(TypeError, match="`som` of SOMClusterer must"):
        SOMClusterer(som).fit(X)
