"""SOMClassifier: classes carried through a map by the votes of its cells."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_blobs
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_sedzoo.mapping import Batch, SOMClassifier, SOMMapper

X, KIND = make_blobs(900, n_features=3, centers=4, cluster_std=2.0, random_state=1)
Y = np.array(["early", "late", "merger", "quasar"])[KIND]
X, NEW, Y, TRUE = X[:600], X[600:], Y[:600], Y[600:]
SOM = SOMMapper(6, 6, algorithm=Batch(n_epochs=8))


def test_probabilities_are_the_shares_of_the_cell():
    model = SOMClassifier(SOM).fit(X, Y)
    own, cells = model.som_.labels_, model.som_.predict(NEW)
    share = model.predict_proba(NEW)
    np.testing.assert_array_equal(model.classes_, np.unique(Y))
    np.testing.assert_allclose(share.sum(axis=1), 1)
    for row, cell in enumerate(cells):
        members = Y[own == cell]
        if len(members):
            np.testing.assert_allclose(share[row], [np.mean(members == kind) for kind in model.classes_])
    np.testing.assert_array_equal(model.predict(NEW), model.classes_[share.argmax(axis=1)])
    assert model.score(NEW, TRUE) == accuracy_score(TRUE, model.predict(NEW)) > 0.85


def test_soft_cells_mix_the_shares_of_cells_by_distance():
    model = SOMClassifier(SOM, n_near=3).fit(X, Y)
    distances, own = model.som_.transform(NEW), model.som_.labels_
    labeled = np.flatnonzero(model.label_counts_.ravel())
    for row in range(0, 300, 37):
        near = labeled[np.argsort(distances[row, labeled])[:3]]
        d = distances[row, near]
        weight = np.exp(-(d**2 - d[0] ** 2) / (2 * model.som_.quantization_error_**2))
        shares = [[np.mean(Y[own == cell] == kind) for kind in model.classes_] for cell in near]
        expected = np.average(shares, axis=0, weights=weight)
        np.testing.assert_allclose(model.predict_proba(NEW[row : row + 1])[0], expected)


@pytest.mark.parametrize("n_near", [1, 4])
def test_weights_are_repetitions(n_near):
    weight = np.random.default_rng(0).integers(0, 4, len(X))
    weighed = SOMClassifier(SOM, n_near=n_near).fit(X, Y, sample_weight=weight)
    repeated = SOMClassifier(SOM, n_near=n_near).fit(np.repeat(X, weight, axis=0), np.repeat(Y, weight))
    np.testing.assert_allclose(weighed.predict_proba(NEW), repeated.predict_proba(NEW), atol=1e-9)
    np.testing.assert_allclose(weighed.class_prior_, repeated.class_prior_)


@pytest.mark.parametrize("unknown", [None, np.nan])
@pytest.mark.parametrize("container", [np.asarray, pd.Series])
def test_samples_without_a_class_train_the_map_only(unknown, container):
    y = Y.astype(object)
    y[::2] = unknown
    model = SOMClassifier(SOM).fit(X, container(y))
    alone = SOMClassifier(FrozenEstimator(SOMMapper(6, 6, algorithm=Batch(n_epochs=8)).fit(X))).fit(X[1::2], Y[1::2])
    np.testing.assert_array_equal(model.predict_proba(NEW), alone.predict_proba(NEW))
    assert model.label_counts_.sum() == 300
    numbers = np.where(np.arange(600) % 2, KIND[:600], np.nan)
    assert SOMClassifier(SOM).fit(X, numbers).classes_.tolist() == [0, 1, 2, 3]
    for kind, classes in ((bool, [False, True]), (int, [0, 1])):
        y = (KIND[:600] > 1).astype(kind).astype(object)
        y[::2] = None
        assert SOMClassifier(SOM).fit(X, container(y)).predict(NEW).dtype == np.array(classes).dtype


def test_queries_in_cells_without_labels():
    som = FrozenEstimator(SOMMapper(8, 8).fit(np.vstack([X, NEW])))
    known = Y != "quasar"
    far = NEW[TRUE == "quasar"]
    options = {"min_count": 3}
    prior = SOMClassifier(som, fallback="prior", **options).fit(X[known], Y[known])
    lost = prior.label_counts_.ravel()[prior.som_.predict(far)] < 3
    assert lost.mean() > 0.5
    np.testing.assert_array_equal(prior.predict_proba(far)[lost], np.broadcast_to(prior.class_prior_, (lost.sum(), 3)))
    assert not prior.is_covered(far)[lost].any()
    near = SOMClassifier(som, **options).fit(X[known], Y[known])
    np.testing.assert_array_equal(near.predict_proba(far)[~lost], prior.predict_proba(far)[~lost])
    with pytest.raises(ValueError, match=r"of \d+ spectra lie in cells without labels; first at row"):
        SOMClassifier(som, fallback="raise", **options).fit(X[known], Y[known]).predict(far)


def test_several_maps_vote_together():
    one = SOMClassifier(SOM, random_state=0).fit(X, Y)
    many = SOMClassifier(SOM, n_maps=8, random_state=0).fit(X, Y)
    maps = [SOMClassifier(FrozenEstimator(som)).fit(X, Y).predict_proba(NEW) for som in many.soms_]
    np.testing.assert_allclose(many.predict_proba(NEW), np.mean(maps, axis=0), atol=1e-12)
    assert many.score(NEW, TRUE) >= one.score(NEW, TRUE)


def test_searches_and_pickles():
    pipeline = make_pipeline(StandardScaler(), SOMClassifier(SOM, random_state=0))
    search = GridSearchCV(pipeline, {"somclassifier__n_near": [1, 3], "somclassifier__som__n_rows": [2, 6]}, cv=2)
    search.fit(X, Y)
    assert search.best_params_["somclassifier__som__n_rows"] == 6
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    np.testing.assert_array_equal(again.predict_proba(NEW), search.predict_proba(NEW))


@pytest.mark.parametrize(
    ("params", "y", "message"),
    [
        ({"fallback": "nan"}, Y, "`fallback` of SOMClassifier must be one of"),
        ({"n_near": 0}, Y, "`n_near` of SOMClassifier must be >= 1"),
        ({"n_maps": 2, "som": FrozenEstimator(SOMMapper(2, 2).fit(X))}, Y, "`n_maps` .* frozen"),
        ({"min_count": 10_000}, Y, "`min_count` of SOMClassifier must leave a cell with labels"),
        ({}, np.full(600, np.nan), "must have labels: all are unknown"),
        ({}, Y[:-1], "inconsistent numbers of samples"),
        ({}, np.linspace(0, 1, 600), "Unknown label type"),
        ({}, None, "requires y to be passed"),
    ],
)
def test_wrong_arguments_are_named(params, y, message):
    with pytest.raises(ValueError, match=message):
        SOMClassifier(**params).fit(X, y).predict(X)
