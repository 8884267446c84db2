"""Batch and Online: parameter objects that a search reaches, and that a fit does not share."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_sedzoo.mapping import Batch, Online, SOMMapper, SOMRegressor

X = np.random.default_rng(0).normal(size=(200, 3))


@pytest.mark.parametrize(
    "grid",
    [
        {"algorithm": [Batch(3), Online(3)]},
        {"algorithm__n_epochs": [2, 9]},
        [{"algorithm": [Online(2)], "algorithm__learning_rate": [0.1, 0.9]}, {"algorithm": [Batch(2)]}],
    ],
)
def test_a_search_goes_over_algorithms_and_their_parameters(grid):
    search = GridSearchCV(SOMMapper(4, 4, algorithm=Batch(), random_state=0), grid, cv=2).fit(X)
    scores = search.cv_results_["mean_test_score"]
    assert len(set(scores)) == len(scores) > 1
    assert search.best_estimator_.algorithm_.get_params() == search.best_estimator_.algorithm.get_params()


def test_parameters_are_reached_through_steps_and_estimators():
    model = make_pipeline(StandardScaler(), SOMRegressor(SOMMapper(3, 3, algorithm=Batch())))
    model.set_params(somregressor__som__algorithm__radius_end=0.3).fit(X, X[:, 0])
    assert model[-1].som_.radius_ == 0.3


def test_a_fit_keeps_its_own_algorithm():
    shared = Batch(4)
    som = SOMMapper(3, 3, algorithm=shared).fit(X)
    shared.n_epochs = 9
    assert som.algorithm_.n_epochs == som.n_iter_ == 4
    assert isinstance(SOMMapper(3, 3).fit(X).algorithm_, Batch)
    assert clone(som).fit(X).n_iter_ == 9
