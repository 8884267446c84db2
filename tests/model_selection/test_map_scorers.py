"""Scores of maps: the sign, pipelines, and the trap of the quantization error."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_sedzoo.mapping import Batch, SOMMapper
from sklearn_sedzoo.metrics import combined_error, map_trustworthiness
from sklearn_sedzoo.model_selection import map_scorer

RNG = np.random.default_rng(0)
X = np.tanh(RNG.normal(size=(400, 2)) @ RNG.normal(size=(2, 6))) + 0.05 * RNG.normal(size=(400, 6))


def test_errors_are_negated_and_ranks_are_not():
    som = SOMMapper(5, 5).fit(X)
    assert map_scorer()(som, X) == -combined_error(som, X)
    assert map_scorer("trustworthiness", n_neighbors=5)(som, X) == map_trustworthiness(som, X, 5)
    assert repr(map_scorer("trustworthiness", n_neighbors=5)) == "map_scorer('trustworthiness', n_neighbors=5)"


def test_a_pipeline_is_scored_in_the_space_of_its_map():
    zoo = make_pipeline(PCA(2), SOMMapper(5, 5)).fit(X)
    assert map_scorer()(zoo, X) == -combined_error(zoo[-1], zoo[:-1].transform(X))


def test_quantization_error_alone_picks_the_map_without_order():
    radii = {"algorithm__radius_end": [0.2, 1.0]}
    search = GridSearchCV(
        SOMMapper(8, 8, init="random", algorithm=Batch(radius_start=2.0), random_state=0),
        radii,
        scoring={name: map_scorer(name) for name in ("quantization", "combined", "topographic")},
        refit=False,
        cv=3,
    ).fit(X)
    best = {name: search.cv_results_[f"mean_test_{name}"].argmax() for name in ("quantization", "combined")}
    assert best == {"quantization": 0, "combined": 1}
    assert np.diff(search.cv_results_["mean_test_topographic"])[0] > 0


def test_unknown_measure():
    with pytest.raises(ValueError, match="`measure` of map_scorer must be one of"):
        map_scorer("purity")
