"""stability: what is stable, what is not, and the difference between labels and what they tell."""

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans

from sklearn_sedzoo.mapping import Batch, SOMMapper
from sklearn_sedzoo.model_selection import stability


@pytest.fixture(scope="module")
def continuum():
    return np.random.default_rng(0).uniform(size=(600, 2))


def test_blobs_are_stable():
    rng = np.random.default_rng(1)
    group = rng.integers(0, 3, 300)
    X = rng.normal(size=(300, 2)) + 20 * group[:, None]
    table = stability(KMeans(3, n_init=3), X, pd.DataFrame({"group": group}), random_state=0)
    assert list(table.index) == ["seed", "bootstrap", "subset"]
    np.testing.assert_allclose(table, 1)


def test_cells_differ_and_what_they_tell_agrees(continuum):
    som = SOMMapper(6, 6, init="random", algorithm=Batch(n_epochs=10))
    table = stability(
        som, continuum, pd.DataFrame({"x": continuum[:, 0], "luck": np.zeros(600)}), vary=["seed"], random_state=0
    )
    assert table.loc["seed", "ari"] < 0.8
    assert table.loc["seed", "r_x"] > 0.97
    assert np.isnan(table.loc["seed", "r_luck"])


def test_noise_is_not_propagated(continuum):
    noise = pd.DataFrame({"noise": np.random.default_rng(2).normal(size=600)})
    assert (
        abs(
            stability(KMeans(5, n_init=1), continuum, noise, vary=["subset"], n_runs=5, random_state=0).loc[
                "subset", "r_noise"
            ]
        )
        < 1
    )
    assert stability(KMeans(5, n_init=1), continuum, vary=["subset"], random_state=0).columns.tolist() == [
        "ari",
        "ari_min",
    ]


def test_runs_that_are_fitted_are_compared_as_they_are(continuum):
    runs = [KMeans(4, n_init=1, random_state=0).fit(continuum) for _ in range(2)]
    table = stability(runs, continuum, random_state=0)
    assert table.loc["given", "ari"] == 1


def test_wrong_arguments_are_refused(continuum):
    with pytest.raises(ValueError, match="`vary` of stability must be one of"):
        stability(KMeans(2), continuum, vary=["weather"], random_state=0)
    with pytest.raises(ValueError, match="must have 600 rows"):
        stability(KMeans(2), continuum, pd.DataFrame({"x": [1.0]}), random_state=0)
