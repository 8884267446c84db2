"""One fitted map: found in any estimator that holds one, the same for all that ask it, changed by no parameter."""

import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest
from minisom import MiniSom
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_sedzoo.mapping import Batch, FittedMap, Online, SOMClassifier, SOMClusterer, SOMMapper, SOMRegressor
from sklearn_sedzoo.metrics import topographic_error
from sklearn_sedzoo.photoz import SOMRedshiftRegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 3)) + 0.5
Y = X[:, 0] + 0.1 * RNG.normal(size=400)
SOM = SOMMapper(5, 4, algorithm=Batch(n_epochs=5))


@pytest.mark.parametrize(
    "estimator",
    [
        SOM,
        SOMClusterer(SOM),
        SOMRegressor(SOM),
        SOMClassifier(SOM),
        SOMRedshiftRegressor(SOM, n_maps=2),
        make_pipeline(StandardScaler(), SOM),
        make_pipeline(StandardScaler(), PCA(2), SOMClusterer(SOM)),
    ],
    ids=lambda estimator: type(getattr(estimator, "steps", [(0, estimator)])[-1][1]).__name__,
)
def test_a_map_is_found_in_every_estimator_that_holds_one(estimator):
    y = (Y > 0) if isinstance(estimator, SOMClassifier) else np.abs(Y)
    estimator = clone(estimator).fit(X, y)
    fitted = FittedMap.of(estimator)
    assert fitted is FittedMap.of(FrozenEstimator(estimator)) is FittedMap.of(fitted)
    assert fitted is FittedMap.of(make_pipeline(FrozenEstimator(estimator)))
    assert (fitted.shape, fitted.n_cells) == ((5, 4), 20)
    cells = FittedMap.locate(FrozenEstimator(estimator), X)
    assert fitted.distances(fitted.read(_before(estimator).transform(X))).argmin(axis=1).tolist() == cells.tolist()


def _before(estimator):
    return estimator[:-1] if hasattr(estimator, "steps") else StandardScaler(with_mean=False, with_std=False).fit(X)


@pytest.mark.parametrize("estimator", [SOM, PCA(2).fit(X), make_pipeline(SOM, PCA(2)), FrozenEstimator(SOM), 3])
def test_one_message_where_there_is_no_map(estimator):
    with pytest.raises(ValueError, match="holds no fitted map: pass a fitted SOMMapper, an estimator that was"):
        FittedMap.of(estimator)


def test_a_map_cannot_be_changed():
    fitted = clone(SOM).fit(X).map_
    with pytest.raises(dataclasses.FrozenInstanceError):
        fitted.metric = "cosine"
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.find(X).best, fitted.find(X).best)


def test_features_are_those_of_the_fit():
    fitted = clone(SOM).fit(pd.DataFrame(X, columns=list("abc"))).map_
    with pytest.raises(ValueError, match="fitted on 3 features, but X has 2 features"):
        fitted.read(X[:, :2])
    with pytest.raises(ValueError, match=r"fitted on the features \['a', 'b', 'c'\], but X has \['c', 'b', 'a'\]"):
        fitted.read(pd.DataFrame(X, columns=list("cba")))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, ">f4"])
def test_data_are_read_as_the_estimator_reads_them(dtype):
    som = clone(SOM).fit(X)
    holes = X.astype(dtype)
    holes[3, 1], holes[5, 2], holes[7] = np.inf, np.nan, np.nan
    cells = som.predict(holes)
    np.testing.assert_array_equal(FittedMap.locate(som, holes), cells)
    np.testing.assert_array_equal(FittedMap.locate(som, np.ma.masked_invalid(holes)), cells)
    assert cells[7] == -1
    strict = clone(SOM).set_params(on_bad="raise").fit(X)
    with pytest.raises(ValueError, match="3 of 400 spectra are not finite; first at row 3"):
        FittedMap.locate(strict, holes)


def test_statistics_by_cell_are_those_of_pandas():
    fitted = clone(SOM).fit(X).map_
    cells = fitted.find(X).best
    cells[:7] = -1
    values, weights = np.where(RNG.uniform(size=400) < 0.1, np.nan, Y), RNG.uniform(size=400)
    table = pd.DataFrame({"cell": cells, "value": values, "weight": weights})
    table = table[table["cell"] >= 0]
    groups, every = table.groupby("cell"), range(20)
    np.testing.assert_array_equal(fitted.aggregate(cells), groups.size().reindex(every, fill_value=0))
    np.testing.assert_allclose(
        fitted.aggregate(cells, weights=weights), groups["weight"].sum().reindex(every, fill_value=0)
    )
    np.testing.assert_allclose(fitted.aggregate(cells, values), groups["value"].mean().reindex(every))
    np.testing.assert_allclose(
        fitted.aggregate(cells, values, statistic=np.median), groups["value"].median().reindex(every)
    )
    known = table.dropna()
    weighted = (known["value"] * known["weight"]).groupby(known["cell"]).sum() / known.groupby("cell")["weight"].sum()
    np.testing.assert_allclose(fitted.aggregate(cells, values, weights), weighted.reindex(every))
    both = fitted.aggregate(cells, np.column_stack([values, Y]), weights)
    np.testing.assert_allclose(both[:, 0], weighted.reindex(every))
    assert np.isnan(fitted.aggregate(np.full(400, 3), Y)).sum() == 19


@pytest.mark.parametrize("algorithm", [Batch(), Online()])
def test_a_frozen_cosine_map_answers_from_the_cell_of_predict(algorithm):
    """MiniSom's cosine weights are of any length: as they stand, the longest of them are nearest to nothing."""
    som = SOMMapper(6, 6, metric="cosine", algorithm=algorithm, random_state=0).fit(X)
    cells = som.predict(X)
    model = SOMRegressor(FrozenEstimator(som), statistic="mean", n_calibration=0).fit(X, Y)
    own = np.array([Y[cells == cell].mean() for cell in cells])
    np.testing.assert_allclose(model.predict(X), own)
    np.testing.assert_array_equal(FittedMap.of(model).find(X).best, cells)


@pytest.mark.parametrize("shape", [(5, 8), (6, 8), (8, 5), (7, 7)])
def test_online_hexagons_are_judged_on_the_neighbors_they_were_trained_with(shape):
    """The distances on the map, cell by cell, are those of MiniSom's own hexagons."""
    som = SOMMapper(*shape, algorithm=Online(n_iterations=3000), topology="hexagonal", random_state=0).fit(X)
    theirs = MiniSom(*shape[::-1], 3, topology="hexagonal")
    theirs.get_weights()[...] = som.weights_[::-1].transpose(1, 0, 2)
    places = np.stack(theirs.get_euclidean_coordinates(), axis=2).transpose(1, 0, 2)[::-1].reshape(-1, 2)
    steps = np.linalg.norm(places[:, None] - places, axis=2)
    cell, near = som.map_.neighbors
    expected = np.argwhere(np.abs(steps - 1) < 1e-6)
    np.testing.assert_array_equal(np.column_stack([cell, near]), expected)
    own = som.cell_positions_
    np.testing.assert_allclose(np.linalg.norm(own[:, None] - own, axis=2), steps, atol=1e-9)
    assert som.topographic_error_ == pytest.approx(theirs.topographic_error(X), abs=1e-12)


def test_online_hexagons_start_where_they_are_told():
    start = RNG.normal(size=(4, 6, 3))
    som = SOMMapper(
        4, 6, algorithm=Online(n_iterations=1, learning_rate=1e-9), topology="hexagonal", init=start, random_state=0
    ).fit(X)
    np.testing.assert_allclose(som.weights_, start, atol=1e-6)


@pytest.mark.parametrize("shape", [(10, 10), (4, 9), (9, 4)])
def test_data_on_a_line_fill_the_map(shape):
    line = np.random.default_rng(0).normal(size=(2000, 1))
    for data in (line, line @ [[1.0, 2.0, -1.0]]):
        som = SOMMapper(*shape).fit(data)
        assert (som.hits_ > 0).mean() > 0.95
        assert som.quantization_error_ < 4 * np.ptp(data) / som.hits_.size / 2
        assert som.topographic_error_ > 0.1  # a line that fills a plane has neighbors that do not touch
        assert som.topographic_error_ == topographic_error(som, data)
    alone = SOMMapper(1, 12).fit(line)
    assert (alone.hits_ > 0).all()
    assert alone.topographic_error_ == 0


OTHER = {  # another legal value for every parameter
    "n_rows": 3, "n_columns": 7, "algorithm": Online(2), "output": "coordinates", "topology": "hexagonal",
    "is_toroidal": True, "metric": "cosine", "init": "random", "neighborhood": "bubble", "radius_start": 3.0,
    "radius_end": 0.1, "decay": "linear", "n_epochs": 2, "n_iterations": 10, "learning_rate": 0.1, "n_init": 3,
    "compress": 0.1, "memory": 0.1, "on_bad": "raise", "random_state": 5, "som": SOMMapper(2, 2), "clusterer": PCA(),
    "n_clusters": 2, "statistic": "median", "n_near": 3, "n_neighbors": 3, "min_count": 30, "fallback": "raise",
    "n_maps": 3, "n_calibration": 0, "zgrid": np.linspace(0, 9, 5), "smooth": 0.5,
}  # fmt: skip
METHODS = {
    "predict": {}, "transform": {}, "score": {}, "predict_proba": {}, "predict_dist": {}, "predict_quantiles": {},
    "predict_interval": {}, "is_covered": {}, "cell_statistics": {"y": Y}, "win_map": {}, "summarize_nz": {},
}  # fmt: skip


def _ask(model):
    answers = {}
    for name, more in METHODS.items():
        if hasattr(model, name) and not (name == "score" and not isinstance(model, SOMMapper)):
            answers[name] = getattr(model, name)(X, **more)
    if isinstance(model, SOMMapper):
        answers["names"] = model.get_feature_names_out()
    if hasattr(model, "predict_interval"):
        answers["std"] = model.predict(X, return_std=True)[1]
    return {name: _flatten(answer) for name, answer in answers.items()}


def _flatten(answer):
    values = answer.values() if isinstance(answer, dict) else [answer]
    return [np.asarray(value) for value in values]


@pytest.mark.parametrize(
    "model",
    [
        SOMMapper(5, 4, algorithm=Batch(n_epochs=5)),
        SOMMapper(5, 4, algorithm=Batch(n_epochs=5), metric="cosine", output="coordinates", topology="hexagonal"),
        SOMMapper(5, 4, algorithm=Online(), topology="hexagonal", random_state=0),
        SOMClusterer(SOM),
        SOMClassifier(SOM),
        SOMRegressor(SOM, statistic="mean"),
        SOMRegressor(SOM, statistic="local_linear", fallback="nan"),
        SOMRedshiftRegressor(SOM, n_maps=2, random_state=0),
        SOMRedshiftRegressor(SOM, n_maps=1, fallback="nan", random_state=0),
    ],
    ids=str,
)
def test_results_belong_to_the_last_fit(model):
    """Whatever `set_params` changes, answers stay as they are until the next fit."""
    y = (Y > 0) if isinstance(model, SOMClassifier) else np.abs(Y)
    model = clone(model).fit(X, y)
    before, params = _ask(model), model.get_params(deep=False)
    for name, value in {**params, "all": None}.items():
        changed = {each: OTHER[each] for each in (params if name == "all" else [name])}
        model.set_params(**changed)
        after = _ask(model)
        assert after.keys() == before.keys()
        for method, answer in before.items():
            for first, second in zip(answer, after[method], strict=True):
                np.testing.assert_array_equal(first, second, err_msg=f"{method} after {changed}")
        if name != "all":
            model.set_params(**{name: value})


def test_a_second_fit_of_a_frozen_map_changes_no_regressor():
    som = clone(SOM).fit(X)
    model = SOMRegressor(FrozenEstimator(som), statistic="local_linear").fit(X, Y)
    before = model.predict(X)
    som.set_params(n_rows=2).fit(X[:50])
    np.testing.assert_array_equal(model.predict(X), before)


def test_a_map_on_missing_values_stays_one_that_masks():
    holes = np.where(RNG.uniform(size=X.shape) < 0.05, np.nan, X)
    holes[:, 0] = X[:, 0]
    som = clone(SOM).fit(holes)
    cells = som.predict(holes)
    np.testing.assert_array_equal(som.set_params(on_bad="raise").predict(holes), cells)
    strict = clone(SOM).set_params(on_bad="raise").fit(X)
    with pytest.raises(ValueError, match="are not finite"):
        strict.set_params(on_bad="mask").predict(holes)
