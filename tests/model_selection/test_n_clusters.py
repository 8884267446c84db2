"""choose_n_clusters on data whose number of clusters is known."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.metrics import davies_bouldin_score

from sklearn_sedzoo.model_selection import choose_n_clusters

FAST = {"n_references": 4, "n_bootstraps": 4}


@pytest.mark.parametrize("n_blobs", [3, 5])
def test_blobs_are_counted(n_blobs):
    centers = 10 * np.column_stack(
        [np.cos(np.arange(n_blobs) * 2 * np.pi / n_blobs), np.sin(np.arange(n_blobs) * 2 * np.pi / n_blobs)]
    )
    X, _ = make_blobs(600, centers=centers, random_state=0)
    choice = choose_n_clusters(X, range(2, 8), **FAST)
    assert choice.n_clusters == n_blobs
    if n_blobs == 3:  # five on a ring are hidden from the gap's first-k rule: two groups of them are no better than one
        assert choice.gap_choice == n_blobs
    assert choice.table["silhouette"].idxmax() == n_blobs
    assert str(choice).startswith(f"{n_blobs} natural clusters")


def _bent(rng):
    t = rng.uniform(0, 2.5, 800)
    return np.column_stack([np.cos(t), np.sin(t)]) * 5 + rng.normal(0, 0.3, (800, 2))


@pytest.mark.parametrize("draw", [lambda rng: rng.uniform(size=(800, 2)), lambda rng: rng.normal(size=(800, 3)), _bent])
def test_a_continuum_is_called_one(draw):
    choice = choose_n_clusters(draw(np.random.default_rng(0)), range(2, 8), **FAST)
    assert choice.n_clusters is None
    assert "no natural number of clusters" in choice.sentence


def test_gap_of_a_uniform_box_finds_nothing():
    assert choose_n_clusters(np.random.default_rng(1).uniform(size=(500, 2)), range(2, 5), **FAST).gap_choice == 1


def test_columns_are_scikit_learns():
    from sklearn.cluster import KMeans

    X, _ = make_blobs(200, centers=[[0, 0], [9, 9]], random_state=0)
    choice = choose_n_clusters(X, [2], **FAST)
    labels = KMeans(2, n_init=5, random_state=0).fit_predict(X)
    assert choice.table.loc[2, "davies_bouldin"] == pytest.approx(davies_bouldin_score(X, labels))
    assert choice.table.loc[2, "ari"] == 1


def test_wrong_numbers_are_refused():
    with pytest.raises(ValueError, match="`n_clusters` of choose_n_clusters must be >= 2, got 1"):
        choose_n_clusters(np.zeros((10, 2)), [1, 2], random_state=0)
    with pytest.raises(ValueError, match="more rows than clusters"):
        choose_n_clusters(np.zeros((3, 2)), [2, 3], random_state=0)
