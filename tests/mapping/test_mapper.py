"""SOMMapper as a user meets it."""

import pickle

import numpy as np
import pytest
from minisom import MiniSom
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.datasets import make_blobs

from sklearn_sedzoo.mapping import SOMMapper
from tests.reference import som as twin

X = make_blobs(300, n_features=4, centers=5, random_state=0)[0]
GRIDS = [("rectangular", False), ("rectangular", True), ("hexagonal", False), ("hexagonal", True)]


def _minisom(shape, **params):
    return MiniSom(*shape, X.shape[1], **params)


@pytest.mark.parametrize("seed", [0, 42])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_online_weights_are_those_of_minisom(seed, dtype):
    data = X.astype(dtype)
    theirs = _minisom((5, 4), sigma=2.0, learning_rate=0.7, random_seed=seed)
    theirs.train_random(data, 900)
    ours = SOMMapper(
        5, 4, algorithm="online", radius_start=2.0, learning_rate=0.7, n_iterations=900, random_state=seed
    ).fit(data)
    np.testing.assert_array_equal(ours.weights_, theirs.get_weights())


@pytest.mark.parametrize("topology", ["rectangular", "hexagonal"])
@pytest.mark.parametrize("neighborhood", ["gaussian", "mexican_hat", "bubble"])
@pytest.mark.parametrize(
    ("decay", "rates", "radii"),
    [
        ("linear", "linear_decay_to_zero", "linear_decay_to_one"),
        ("inverse", "inverse_decay_to_zero", "inverse_decay_to_one"),
        ("asymptotic", "asymptotic_decay", "asymptotic_decay"),
    ],
)
def test_online_options_are_handed_to_minisom(topology, neighborhood, decay, rates, radii):
    theirs = _minisom(
        (4, 4), sigma=2, topology=topology, neighborhood_function=neighborhood, random_seed=1,
        decay_function=rates, sigma_decay_function=radii,
    )  # fmt: skip
    theirs.random_weights_init(X)
    theirs.train_random(X, 500)
    ours = SOMMapper(
        4, 4, algorithm="online", init="sample", topology=topology, neighborhood=neighborhood, decay=decay,
        radius_start=2, n_iterations=500, random_state=1,
    ).fit(X)  # fmt: skip
    np.testing.assert_array_equal(ours.weights_, theirs.get_weights())


def test_online_starts_where_it_is_told():
    start = np.random.default_rng(0).normal(size=(3, 3, 4))
    theirs = _minisom((3, 3), sigma=1.5, random_seed=7)
    theirs.get_weights()[...] = start
    theirs.train_random(X, 200)
    ours = SOMMapper(3, 3, algorithm="online", init=start, radius_start=1.5, n_iterations=200, random_state=7).fit(X)
    np.testing.assert_array_equal(ours.weights_, theirs.get_weights())


def test_quality_of_a_rectangular_map_is_what_minisom_says():
    ours = SOMMapper(5, 4, algorithm="online", random_state=0).fit(X)
    theirs = _minisom((5, 4))
    theirs.get_weights()[...] = ours.weights_
    assert ours.quantization_error_ == pytest.approx(theirs.quantization_error(X), rel=1e-12)
    assert ours.topographic_error_ == pytest.approx(theirs.topographic_error(X), abs=1e-12)
    np.testing.assert_array_equal(ours.hits_, theirs.activation_response(X))
    np.testing.assert_allclose(ours.u_matrix_ / ours.u_matrix_.max(), theirs.distance_map(scaling="mean"), rtol=1e-12)
    assert {place: len(rows) for place, rows in ours.win_map(X).items()} == {
        place: len(rows) for place, rows in theirs.win_map(X).items()
    }


@pytest.mark.parametrize(("topology", "is_toroidal"), GRIDS)
@pytest.mark.parametrize("neighborhood", ["gaussian", "bubble", "cut_gaussian"])
def test_batch_training_equals_its_twin(topology, is_toroidal, neighborhood):
    start = np.random.default_rng(1).normal(size=(4, 5, 4)) * 3
    som = SOMMapper(
        4, 5, topology=topology, is_toroidal=is_toroidal, neighborhood=neighborhood, init=start,
        radius_start=2.5, radius_end=0.6, n_epochs=6,
    ).fit(X)  # fmt: skip
    weights = start.reshape(-1, 4)
    for radius in 2.5 * (0.6 / 2.5) ** np.linspace(0, 1, 6):
        weights = twin.batch_epoch(X, weights, radius, (4, 5), topology, is_toroidal, neighborhood)
    np.testing.assert_allclose(som.weights_, weights.reshape(4, 5, 4), rtol=1e-9)
    assert som.topographic_error_ == pytest.approx(
        twin.topographic_error(X, som.weights_, topology, is_toroidal), abs=1e-12
    )
    np.testing.assert_allclose(som.u_matrix_, twin.u_matrix(som.weights_, topology, is_toroidal), rtol=1e-12)


@pytest.mark.parametrize("algorithm", ["batch", "online"])
def test_outputs_agree_with_each_other(algorithm):
    som = SOMMapper(4, 3, algorithm=algorithm, random_state=0).fit(X)
    cells = som.predict(X)
    np.testing.assert_array_equal(cells, som.labels_)
    np.testing.assert_array_equal(cells, som.transform(X).argmin(axis=1))
    np.testing.assert_array_equal(clone(som).fit_predict(X), cells)
    places = clone(som).set_params(output="coordinates").fit_transform(X)
    np.testing.assert_array_equal(places, np.column_stack(np.unravel_index(cells, som.cell_shape)))
    assert som.score(X) == pytest.approx(-som.transform(X).min(axis=1).mean(), rel=1e-9)
    assert som.hits_.sum() == len(X)
    assert som.cell_positions_.shape == (12, 2)
    assert som.u_matrix_.shape == (4, 3)


def test_names_come_out_as_a_frame():
    frame = SOMMapper(2, 3).set_output(transform="pandas").fit_transform(X)
    assert list(frame.columns) == ["cell0_0", "cell0_1", "cell0_2", "cell1_0", "cell1_1", "cell1_2"]
    frame = SOMMapper(2, 3, output="coordinates").set_output(transform="pandas").fit_transform(X)
    assert list(frame.columns) == ["row", "column"]


@pytest.mark.parametrize("algorithm", ["batch", "online"])
def test_same_seed_same_map_and_a_map_survives_pickling(algorithm):
    first = SOMMapper(4, 3, algorithm=algorithm, init="sample", random_state=3).fit(X)
    second = clone(first).fit(X)
    np.testing.assert_array_equal(first.weights_, second.weights_)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(first)).transform(X), first.transform(X))


def test_global_generators_are_left_alone():
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - the global generator is what is tested
    SOMMapper(3, 3, init="sample", n_init=2).fit(X)
    SOMMapper(3, 3, algorithm="online", random_state=0).fit(X)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002 - as above


def test_best_of_several_maps_is_kept():
    runs = [SOMMapper(4, 4, init="random", n_epochs=4, random_state=0, n_init=n).fit(X) for n in (1, 8)]
    assert runs[1].energy_ <= runs[0].energy_


class _Recorder:
    """A callback that writes down what it is told, and may ask to stop."""

    def __init__(self, stop_after=10**9):
        self.stop_after, self.errors, self.maps, self.n_begun = stop_after, [], [], 0

    def setup(self, estimator, context):
        self.n_planned = context.max_subtasks

    def on_fit_task_begin(self, estimator, context):
        self.n_begun += context.parent is not None

    def on_fit_task_end(self, estimator, context, *, metadata, fitted_estimator):
        if context.parent is None:
            return False
        self.errors.append(metadata)
        self.maps.append(fitted_estimator.predict(X[:3]))
        return len(self.errors) >= self.stop_after

    def teardown(self, estimator, context):
        pass


@pytest.mark.parametrize("algorithm", ["batch", "online"])
def test_callbacks_hear_of_every_epoch(algorithm):
    recorder = _Recorder()
    quiet = SOMMapper(3, 3, algorithm=algorithm, n_epochs=4, random_state=0).fit(X)
    som = clone(quiet).set_callbacks(recorder).fit(X)
    assert recorder.n_planned == recorder.n_begun == len(recorder.errors) == som.n_iter_ == 4
    np.testing.assert_array_equal(som.weights_, quiet.weights_)
    np.testing.assert_array_equal(recorder.maps[-1], som.predict(X[:3]))
    if algorithm == "batch":
        assert [error["quantization_error"] for error in recorder.errors] == som.history_["quantization_error"]


@pytest.mark.parametrize("algorithm", ["batch", "online"])
def test_a_callback_can_stop_the_training(algorithm):
    som = SOMMapper(3, 3, algorithm=algorithm, n_epochs=9, random_state=0).set_callbacks(_Recorder(stop_after=3))
    assert som.fit(X).n_iter_ == 3


def test_progress_bar_runs(capsys):
    SOMMapper(3, 3, n_epochs=3).set_callbacks(ProgressBar()).fit(X)
    assert "100%" in capsys.readouterr().out


def test_weights_of_samples_are_repetitions():
    w = np.random.default_rng(0).integers(0, 4, len(X))
    first = SOMMapper(4, 3).fit(X, sample_weight=w)
    second = SOMMapper(4, 3).fit(np.repeat(X, w, axis=0))
    np.testing.assert_allclose(first.weights_, second.weights_, rtol=1e-8)
    assert first.quantization_error_ == pytest.approx(second.quantization_error_)
    assert first.topographic_error_ == pytest.approx(second.topographic_error_)


def test_cosine_sees_directions_only():
    som = SOMMapper(4, 3, metric="cosine").fit(X)
    scaled = X * np.random.default_rng(0).uniform(0.1, 10, (len(X), 1))
    np.testing.assert_array_equal(som.predict(scaled), som.labels_)
    np.testing.assert_allclose(np.linalg.norm(som.weights_, axis=2), 1)
    cosine = (X @ som.weights_.reshape(12, 4).T) / np.linalg.norm(X, axis=1)[:, None]
    np.testing.assert_allclose(som.transform(X), 1 - cosine, atol=1e-9)
