"""SOMMapper as a user meets it."""

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from minisom import MiniSom
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.datasets import make_blobs
from threadpoolctl import threadpool_limits

from sklearn_sedzoo.exceptions import SedDataWarning
from sklearn_sedzoo.mapping import Batch, Online, SOMMapper
from sklearn_sedzoo.metrics import distortion
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
        5, 4, algorithm=Online(radius_start=2.0, learning_rate=0.7, n_iterations=900), random_state=seed
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
    algorithm = Online(neighborhood=neighborhood, decay=decay, radius_start=2, n_iterations=500)
    ours = SOMMapper(4, 4, algorithm=algorithm, init="sample", topology=topology, random_state=1).fit(X)
    expected = theirs.get_weights()
    if topology == "hexagonal":  # MiniSom moves its columns by half a cell, from the last one; we move odd rows
        expected = expected.transpose(1, 0, 2)[::-1]
    np.testing.assert_array_equal(ours.weights_, expected)


def test_online_starts_where_it_is_told():
    start = np.random.default_rng(0).normal(size=(3, 3, 4))
    theirs = _minisom((3, 3), sigma=1.5, random_seed=7)
    theirs.get_weights()[...] = start
    theirs.train_random(X, 200)
    ours = SOMMapper(3, 3, algorithm=Online(radius_start=1.5, n_iterations=200), init=start, random_state=7).fit(X)
    np.testing.assert_array_equal(ours.weights_, theirs.get_weights())


def test_quality_of_a_rectangular_map_is_what_minisom_says():
    ours = SOMMapper(5, 4, algorithm=Online(), random_state=0).fit(X)
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
    algorithm = Batch(6, neighborhood=neighborhood, radius_start=2.5, radius_end=0.6)
    som = SOMMapper(4, 5, topology=topology, is_toroidal=is_toroidal, algorithm=algorithm, init=start).fit(X)
    weights = start.reshape(-1, 4)
    for radius in 2.5 * (0.6 / 2.5) ** np.linspace(0, 1, 6):
        weights = twin.batch_epoch(X, weights, radius, (4, 5), topology, is_toroidal, neighborhood)
    np.testing.assert_allclose(som.weights_, weights.reshape(4, 5, 4), rtol=1e-9)
    assert som.topographic_error_ == pytest.approx(
        twin.topographic_error(X, som.weights_, topology, is_toroidal), abs=1e-12
    )
    np.testing.assert_allclose(som.u_matrix_, twin.u_matrix(som.weights_, topology, is_toroidal), rtol=1e-12)


@pytest.mark.parametrize("algorithm", [Batch(), Online()])
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


@pytest.mark.parametrize("algorithm", [Batch(), Online()])
def test_same_seed_same_map_and_a_map_survives_pickling(algorithm):
    first = SOMMapper(4, 3, algorithm=algorithm, init="sample", random_state=3).fit(X)
    second = clone(first).fit(X)
    np.testing.assert_array_equal(first.weights_, second.weights_)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(first)).transform(X), first.transform(X))


def test_global_generators_are_left_alone():
    np.random.seed(0)  # noqa: NPY002 - the global generator is what is tested
    SOMMapper(3, 3, init="sample", n_init=2, random_state=0).fit(X)
    SOMMapper(3, 3, algorithm=Online(), random_state=0).fit(X)
    after = np.random.random_sample()  # noqa: NPY002 - as above
    assert after == np.random.RandomState(0).random_sample()


@pytest.mark.parametrize(("algorithm", "init"), [(Batch(4), "random"), (Batch(4), "pca"), (Online(4), "random")])
def test_the_map_of_least_distortion_is_kept(algorithm, init):
    params = {"algorithm": algorithm}
    best = SOMMapper(4, 4, init=init, random_state=0, n_init=6, **params).fit(X)
    seeds = np.random.RandomState(0).randint(2**31 - 1, size=6)
    seeds[0] = 0
    starts = [init, *(["sample" if init == "pca" else init] * 5)]
    runs = [SOMMapper(4, 4, init=s, random_state=int(n), **params).fit(X) for s, n in zip(starts, seeds, strict=True)]
    energies = [run.energy_ for run in runs]
    assert len(set(energies)) > 3
    assert best.energy_ == min(energies) == pytest.approx(distortion(best, X), rel=1e-12)
    np.testing.assert_array_equal(best.weights_, runs[np.argmin(energies)].weights_)


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


@pytest.mark.parametrize("algorithm", [Batch(4), Online(4)])
def test_callbacks_hear_of_every_epoch(algorithm):
    recorder = _Recorder()
    quiet = SOMMapper(3, 3, algorithm=algorithm, random_state=0).fit(X)
    som = clone(quiet).set_callbacks(recorder).fit(X)
    assert recorder.n_planned == recorder.n_begun == len(recorder.errors) == som.n_iter_ == 4
    np.testing.assert_array_equal(som.weights_, quiet.weights_)
    np.testing.assert_array_equal(recorder.maps[-1], som.predict(X[:3]))
    if isinstance(algorithm, Batch):
        assert [error["quantization_error"] for error in recorder.errors] == som.history_["quantization_error"]


@pytest.mark.parametrize("algorithm", [Batch(9), Online(9)])
def test_a_callback_can_stop_the_training(algorithm):
    som = SOMMapper(3, 3, algorithm=algorithm, random_state=0).set_callbacks(_Recorder(stop_after=3))
    assert som.fit(X).n_iter_ == 3
    if isinstance(algorithm, Batch):  # maps of n_init are compared at one radius, however far they came
        assert som.radius_ == som.algorithm_.radius_end < som.history_["radius"][-1]
        assert som.energy_ == pytest.approx(distortion(som, X))


def test_progress_bar_runs(capsys):
    SOMMapper(3, 3, algorithm=Batch(n_epochs=3)).set_callbacks(ProgressBar()).fit(X)
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


def test_partial_fit_on_the_same_data_is_fit():
    """Without memory of earlier parts each call is one epoch of the batch training."""
    whole = SOMMapper(4, 3, algorithm=Batch(n_epochs=6)).fit(X)
    parts = SOMMapper(4, 3, algorithm=Batch(n_epochs=6, memory=0))
    for _ in range(6):
        parts.partial_fit(X)
    np.testing.assert_allclose(parts.weights_, whole.weights_, rtol=1e-12)
    assert parts.history_["radius"] == pytest.approx(whole.history_["radius"])


def test_partial_fit_remembers_and_its_radius_never_starts_again():
    som = SOMMapper(4, 3, algorithm=Batch(n_epochs=5, memory=0.5))
    rng = np.random.default_rng(0)
    total = 0.0
    for _ in range(9):
        part = X[rng.choice(len(X), 100)]
        som.partial_fit(part)
        total = 0.5 * total + len(part)
        assert som._sums["counts"].sum() == pytest.approx(total)
    assert np.all(np.diff(som.history_["radius"]) <= 0)
    assert som.history_["radius"][4:] == [som.algorithm_.radius_end] * 5
    assert som.n_iter_ == 9
    start = SOMMapper(4, 3, algorithm=Batch(n_epochs=5)).fit(X)
    before = start.quantization_error_
    assert start.partial_fit(X).history_["radius"][-1] == start.algorithm_.radius_end
    assert start.quantization_error_ == pytest.approx(before, rel=0.05)


def test_partial_fit_approaches_fit_on_parts_of_the_data():
    whole = SOMMapper(5, 5).fit(X)
    parts = SOMMapper(5, 5, algorithm=Batch(n_epochs=30))
    order = np.random.default_rng(0)
    for _ in range(60):
        parts.partial_fit(X[order.choice(len(X), 100, replace=False)])
    assert -parts.score(X) < 1.1 * whole.quantization_error_


def test_a_fitted_map_keeps_its_shape_when_parameters_change():
    X = np.random.default_rng(0).normal(size=(200, 3))
    som = SOMMapper(3, 4).fit(X)
    cells, members, names = som.predict(X), som.win_map(X), som.get_feature_names_out()
    som.set_params(n_rows=5, n_columns=2)
    assert som.cell_shape == (3, 4)
    np.testing.assert_array_equal(som.predict(X), cells)
    assert som.win_map(X).keys() == members.keys()
    np.testing.assert_array_equal(som.get_feature_names_out(), names)
    with pytest.raises(ValueError, match=r"map of \(3, 4\) cells into one of \(5, 2\)"):
        som.partial_fit(X)
    assert som.fit(X).cell_shape == som.hits_.shape == (5, 2)


def test_a_map_of_one_algorithm_goes_on_with_the_other():
    som = SOMMapper(3, 3, algorithm=Online(), random_state=0).fit(X).set_params(algorithm=Batch())
    before = som.quantization_error_
    for _ in range(20):
        som.partial_fit(X)
    assert som.quantization_error_ < before
    assert len(som.history_["radius"]) == 20


def test_online_maps_have_no_partial_fit():
    assert not hasattr(SOMMapper(algorithm=Online()), "partial_fit")


def test_compression_changes_little_and_says_how_much_it_used():
    rng = np.random.default_rng(0)
    data = rng.normal(size=(900, 4)) @ rng.normal(size=(4, 200)) + 1e-4 * rng.normal(size=(900, 200)) + 50
    full = SOMMapper(6, 6).fit(data)
    packed = SOMMapper(6, 6, algorithm=Batch(compress=1e-6)).fit(data)
    assert packed.n_compressed_ == 4
    assert full.n_compressed_ is None
    assert packed.quantization_error_ == pytest.approx(full.quantization_error_, rel=1e-3)
    assert np.mean(packed.labels_ == full.labels_) > 0.98
    noise = SOMMapper(3, 3, algorithm=Batch(compress=1e-6)).fit(rng.normal(size=(300, 100)))
    assert noise.n_compressed_ is None


def test_all_starts_share_one_compression(monkeypatch):
    from sklearn_sedzoo.mapping import _train

    found, find_subspace = [], _train.find_subspace
    monkeypatch.setattr(
        _train, "find_subspace", lambda *args, **kw: found.append(find_subspace(*args, **kw)) or found[0]
    )
    data = np.random.default_rng(0).normal(size=(200, 2)) @ np.random.default_rng(1).normal(size=(2, 60))
    som = SOMMapper(3, 3, n_init=3, algorithm=Batch(n_epochs=3, compress=1e-6), random_state=0).fit(data)
    assert som.n_compressed_ == 2
    assert len(found) == 1


def test_compression_measures_what_it_leaves_out():
    """The residual is that of the projection, computed the long way."""
    from sklearn_sedzoo._kernels.som_subspace import find_subspace

    rng = np.random.default_rng(1)
    data = (rng.normal(size=(3000, 40)) * 0.5 ** np.arange(40)) @ np.linalg.qr(rng.normal(size=(40, 40)))[0]
    data = np.where(np.arange(3000)[:, None] % 7 == 3, data + rng.normal(size=(3000, 40)) * 1e-2, data) + 10
    space = find_subspace(data, 1e-3)
    centered = data - space.mean
    left = centered - centered @ space.components.T @ space.components
    assert space.residual == pytest.approx((left**2).sum() / (centered**2).sum(), rel=1e-9)
    assert space.residual < 1e-3
    np.testing.assert_allclose(space.components @ space.components.T, np.eye(len(space.components)), atol=1e-10)


@pytest.mark.parametrize("init", ["pca", "sample", "random"])
def test_missing_values_are_lived_with(init):
    rng = np.random.default_rng(0)
    holes = np.where(rng.uniform(size=X.shape) < 0.2, np.nan, X)
    holes[np.isnan(holes).all(axis=1), 0] = 1.0
    som = SOMMapper(4, 4, on_bad="mask", init=init, random_state=0).fit(holes)
    assert np.isfinite(som.weights_).all()
    full = SOMMapper(4, 4).fit(X)
    assert -som.score(X) < 1.3 * full.quantization_error_
    assert np.isfinite(som.transform(holes)).all()
    np.testing.assert_array_equal(som.predict(X), som.transform(X).argmin(axis=1))


def test_rows_without_values_get_no_cell():
    data = X.copy()
    data[[3, 7]] = np.nan
    with pytest.warns(SedDataWarning, match="2 of 300 spectra hold no value; first at row 3"):
        som = SOMMapper(3, 3, on_bad="mask").fit(data)
    rest = SOMMapper(3, 3).fit(np.delete(data, [3, 7], axis=0))
    np.testing.assert_allclose(som.weights_, rest.weights_, rtol=1e-12)
    assert som.hits_.sum() == 298
    assert set(som.predict(data)[[3, 7]]) == {-1}
    assert np.isnan(som.transform(data)[[3, 7]]).all()
    with pytest.warns(SedDataWarning, match="2 of 300 spectra hold no value"):
        places = clone(som).set_params(output="coordinates").fit_transform(data)
    assert np.isnan(places[[3, 7]]).all()
    assert all(3 not in rows for rows in som.win_map(data).values())


def test_cell_statistics_are_those_of_pandas():
    rng = np.random.default_rng(0)
    y = pd.DataFrame({"age": rng.uniform(size=len(X)), "metallicity": rng.normal(size=len(X))})
    y.loc[::5, "age"] = np.nan
    som = SOMMapper(6, 6).fit(X)
    table = som.cell_statistics(X, y)
    groups = y.groupby(som.predict(X))
    occupied = table["count"].to_numpy() > 0
    np.testing.assert_array_equal(table["count"].to_numpy().reshape(6, 6), som.hits_)
    for name in y:
        np.testing.assert_allclose(table[f"{name}_median"][occupied], groups[name].median())
        np.testing.assert_array_equal(table[f"{name}_count"][occupied], groups[name].count())
        scatter = (groups[name].quantile(0.84) - groups[name].quantile(0.16)) / 2
        np.testing.assert_allclose(table[f"{name}_scatter"][occupied], scatter)
    assert not occupied.all()
    assert table.loc[~occupied, "age_median"].isna().all()
    assert table.index.names == ["row", "column"]
    unknown = som.cell_statistics(X, np.full(len(X), np.nan))
    assert unknown[["0_median", "0_scatter"]].isna().all(axis=None)
    assert (unknown["0_count"] == 0).all()
    assert len(som.cell_statistics(X, y["age"])) == len(som.cell_statistics(X, y["age"].to_numpy())) == 36


def test_mexican_hat_stays_inside_the_data():
    som = SOMMapper(8, 8, algorithm=Batch(neighborhood="mexican_hat")).fit(X)
    assert (som.weights_.reshape(64, 4) >= X.min(axis=0)).all()
    assert (som.weights_.reshape(64, 4) <= X.max(axis=0)).all()


@pytest.mark.parametrize("exponent", [-300, -140, 126, 300])
@pytest.mark.parametrize("on_bad", ["raise", "mask"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_unit_of_weights_does_not_matter(dtype, on_bad, exponent):
    rng = np.random.default_rng(0)
    data, weight = rng.normal(size=(300, 5)).astype(dtype), rng.uniform(0.5, 1.5, 300)
    if on_bad == "mask":
        data[rng.uniform(size=data.shape) < 0.1] = np.nan
    som, scaled = (
        SOMMapper(3, 4, algorithm=Batch(n_epochs=5), on_bad=on_bad).fit(data, sample_weight=each)
        for each in (weight, weight * 2.0**exponent)
    )
    np.testing.assert_allclose(scaled.weights_, som.weights_, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(scaled.labels_, som.labels_)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("shape", "n_features", "params"),
    [
        ((8, 8), 60, {}),
        ((8, 8), 60, {"metric": "cosine"}),
        ((8, 8), 60, {"on_bad": "mask"}),
        ((8, 8), 60, {"algorithm": Batch(3, compress=0.4)}),
        ((8, 8), 60, {"init": "sample", "random_state": 3, "topology": "hexagonal"}),
        ((20, 20), 3, {}),  # few features and many cells: the k-d tree
        ((20, 20), 60, {}),  # a smooth codebook: in factors where the data is float32
    ],
)
def test_neither_threads_nor_repetition_change_a_bit(dtype, shape, n_features, params):
    rng = np.random.default_rng(0)
    data = (rng.normal(size=(9000, n_features)) * 0.9 ** np.arange(n_features)).astype(dtype)
    if "on_bad" in params:
        data[rng.uniform(size=data.shape) < 0.1] = np.nan
    maps = []
    for n_threads in (1, 2, 2):
        with threadpool_limits(n_threads, user_api="blas"):
            maps.append(SOMMapper(*shape, **{"algorithm": Batch(3), **params}).fit(data))
    assert (maps[0].n_compressed_ is not None) == ("algorithm" in params)
    for other in maps[1:]:
        np.testing.assert_array_equal(maps[0].weights_, other.weights_)
        np.testing.assert_array_equal(maps[0].labels_, other.labels_)
        assert maps[0].history_ == other.history_
        assert maps[0].energy_ == other.energy_


def test_memory_holds_no_samples_times_cells():
    """Training and predict hold the codebook, a few numbers per sample and blocks: no 20,000 x 1,600 distances."""
    data = np.random.default_rng(0).normal(size=(20_000, 20))
    som = SOMMapper(40, 40, algorithm=Batch(n_epochs=2))
    tracemalloc.start()
    som.fit(data)
    som.predict(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    n_bytes = 8 * (12 * 20_000 + 30 * 1600 * 20) + 2**24  # samples, codebook and its sums, blocks of two threads
    assert peak < n_bytes < 0.15 * 8 * 20_000 * 1600


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_memory_holds_no_second_copy_of_the_data(dtype):
    data = np.random.default_rng(0).normal(size=(40_000, 400)).astype(dtype)
    som = SOMMapper(6, 6, algorithm=Batch(n_epochs=2))
    tracemalloc.start()
    som.fit(data)
    som.predict(data)
    som.score(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**25 + 8 * 12 * len(data) < 0.6 * data.nbytes
