"""Callbacks of estimators that are built on maps reach the maps inside."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.frozen import FrozenEstimator

from sklearn_sedzoo.mapping import Batch, SOMClassifier, SOMClusterer, SOMMapper, SOMRegressor
from sklearn_sedzoo.photoz import SOMRedshiftRegressor

X = np.random.default_rng(0).normal(size=(120, 3))
SOM = SOMMapper(3, 3, algorithm=Batch(n_epochs=4), init="sample", random_state=0)
MODELS = [
    (SOMClusterer(SOM, n_clusters=2), 1),
    (SOMRegressor(SOM, n_maps=2, random_state=0), 2),
    (SOMClassifier(SOM, n_maps=3, random_state=0), 3),
    (SOMRedshiftRegressor(SOM, n_maps=2, random_state=0), 2),
]


class _Listener:
    """A callback that sub-estimators inherit, and that writes down the tasks it hears of."""

    max_propagation_depth = None

    def __init__(self, stop=False):
        self.stop, self.ended, self.n_set_up, self.n_torn_down = stop, [], 0, 0

    def setup(self, estimator, context):
        self.n_set_up += 1

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, metadata, fitted_estimator):
        self.ended.append((type(estimator).__name__, context.task_name, metadata))
        if context.task_name == "epoch":
            fitted_estimator.predict(X)
        return self.stop and context.task_name == "epoch"

    def teardown(self, estimator, context):
        self.n_torn_down += 1


def _targets(model):
    return X[:, 0] > 0 if isinstance(model, SOMClassifier) else np.abs(X[:, 0])


@pytest.mark.parametrize(("model", "n_maps"), MODELS, ids=lambda value: type(value).__name__)
def test_every_epoch_of_every_map_is_heard_of(model, n_maps):
    listener = _Listener()
    quiet = clone(model).fit(X, _targets(model))
    heard = clone(model).set_callbacks(listener).fit(X, _targets(model))
    tasks = [(owner, name) for owner, name, _ in listener.ended]
    assert tasks.count(("SOMMapper", "epoch")) == 4 * n_maps
    assert tasks[-1] == (type(model).__name__, "fit")
    assert (listener.n_set_up, listener.n_torn_down) == (1, 1)
    assert all("quantization_error" in told for _, name, told in listener.ended if name == "epoch")
    np.testing.assert_array_equal(heard.predict(X), quiet.predict(X))
    assert not hasattr(heard.som_, "_parent_callback_ctx")


@pytest.mark.parametrize(("model", "n_maps"), MODELS, ids=lambda value: type(value).__name__)
def test_a_callback_stops_each_map(model, n_maps):
    stopped = clone(model).set_callbacks(_Listener(stop=True)).fit(X, _targets(model))
    assert [som.n_iter_ for som in getattr(stopped, "soms_", [stopped.som_])] == [1] * n_maps


@pytest.mark.parametrize(("model", "n_maps"), MODELS, ids=lambda value: type(value).__name__)
def test_progress_bars_run_and_frozen_maps_are_no_task(model, n_maps, capsys):
    clone(model).set_callbacks(ProgressBar()).fit(X, _targets(model))
    assert "100%" in capsys.readouterr().out
    params = {"som": FrozenEstimator(clone(SOM).fit(X)), **({"n_maps": 1} if n_maps > 1 else {})}
    listener = _Listener()
    clone(model).set_params(**params).set_callbacks(listener).fit(X, _targets(model))
    assert [name for _, name, _ in listener.ended] == ["fit"]
