"""Bad or odd input to maps: a clear error, or the right answer."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from sklearn_sedzoo.mapping import Batch, Online, SOMClassifier, SOMClusterer, SOMMapper, SOMRegressor
from sklearn_sedzoo.photoz import SOMRedshiftRegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 5))


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"n_rows": 0}, ValueError, r"`n_rows` of SOMMapper must be >= 1, got 0"),
        ({"n_columns": 2.5}, TypeError, r"`n_columns` of SOMMapper must be an integer >= 1, got 2.5"),
        ({"n_init": 0}, ValueError, r"`n_init` of SOMMapper must be >= 1"),
        (
            {"algorithm": "online"},
            TypeError,
            r"`algorithm` of SOMMapper must be Batch\(...\), Online",
        ),
        ({"output": "cell"}, ValueError, r"`output` of SOMMapper must be one of \('distance', 'coordinates'\)"),
        ({"topology": "triangle"}, ValueError, r"`topology`"),
        ({"metric": "manhattan"}, ValueError, r"`metric`"),
        ({"init": "zeros"}, ValueError, r"`init` of SOMMapper must be one of"),
        ({"init": np.zeros((2, 2, 5))}, ValueError, r"`init` .* shape \(3, 4, 5\), got shape \(2, 2, 5\)"),
        ({"init": np.full((3, 4, 5), np.nan)}, ValueError, r"`init` .* finite"),
        ({"on_bad": "drop"}, ValueError, r"`on_bad`"),
        ({"is_toroidal": True, "topology": "hexagonal"}, ValueError, r"`n_rows` .* must be even"),
        ({"algorithm": Batch(0)}, ValueError, r"`n_epochs` of Batch must be >= 1"),
        ({"algorithm": Batch(neighborhood="triangle")}, ValueError, r"`neighborhood` of Batch"),
        ({"algorithm": Batch(decay="sudden")}, ValueError, r"`decay` of Batch"),
        (
            {"algorithm": Batch(decay=lambda start, end, fraction: -1.0)},
            ValueError,
            r"`decay` of Batch must be >= 0, got -1",
        ),
        ({"algorithm": Batch(radius_start=-1)}, ValueError, r"`radius_start` of Batch"),
        ({"algorithm": Batch(radius_start=0.2)}, ValueError, r"`radius_start` .* less than radius_end, got 0.2 < 0.5"),
        ({"algorithm": Batch(radius_end=0)}, ValueError, r"`radius_end` .* above 0 .* decay='linear'"),
        ({"algorithm": Batch(radius_end=np.inf)}, ValueError, r"`radius_end` of Batch"),
        ({"algorithm": Batch(compress=1.0)}, ValueError, r"`compress` of Batch"),
        ({"algorithm": Batch(compress=0.1), "metric": "cosine"}, ValueError, r"`compress` .* must be None"),
        ({"algorithm": Batch(memory=2)}, ValueError, r"`memory` of Batch"),
        ({"algorithm": Online(), "is_toroidal": True}, ValueError, r"`is_toroidal` .* Pass algorithm=Batch\(\)"),
        ({"algorithm": Online(0)}, ValueError, r"`n_epochs` of Online"),
        ({"algorithm": Online(neighborhood="cut_gaussian")}, ValueError, r"`neighborhood` of Online"),
        ({"algorithm": Online(decay="exponential")}, ValueError, r"`decay` of Online"),
        ({"algorithm": Online(learning_rate=0)}, ValueError, r"`learning_rate` of Online"),
        ({"algorithm": Online(n_iterations=0)}, ValueError, r"`n_iterations` of Online"),
        ({"algorithm": Online(radius_start=0)}, ValueError, r"`radius_start` of Online"),
    ],
)
def test_wrong_parameters_are_named(params, error, message):
    with pytest.raises(error, match=message):
        SOMMapper(3, 4).set_params(**params).fit(X)


_QUICK = SOMMapper(3, 3, algorithm=Batch(1))
_OWNERS = {
    "batch": (SOMMapper(3, 3, algorithm=Batch(1)), "algorithm__"),
    "online": (SOMMapper(3, 3, algorithm=Online(1)), "algorithm__"),
    "map": (_QUICK, ""),
    "clusterer": (SOMClusterer(_QUICK), ""),
    "classifier": (SOMClassifier(_QUICK), ""),
    "regressor": (SOMRegressor(_QUICK), ""),
    "redshift": (SOMRedshiftRegressor(_QUICK, n_maps=1), ""),
}
_PARAMETERS = [
    (owner, prefix + name)
    for owner, (model, prefix) in _OWNERS.items()
    for name in (model.algorithm if prefix else model).get_params(deep=False)
]
_STRANGE = ["nonsense", [], {}, -1, -0.5, np.nan, np.inf, 1e300, object(), (1, 2), np.array([1.0, 2.0])]


@pytest.mark.parametrize(("owner", "name"), _PARAMETERS)
@pytest.mark.filterwarnings("ignore")
def test_no_strange_value_ends_in_an_obscure_error(owner, name):
    """It is fitted with, or the message names the parameter."""
    model, y = _OWNERS[owner][0], X[:, 0] > 0 if owner == "classifier" else np.abs(X[:, 0])
    refusals = []
    for value in _STRANGE:
        try:
            clone(model).set_params(**{name: value}).fit(X, y)
        except (ValueError, TypeError) as error:
            refusals.append(str(error))
    assert len(refusals) >= 6
    assert [message for message in refusals if f"`{name.removeprefix('algorithm__')}`" not in message] == []


@pytest.mark.parametrize("value", [0.5, 1, "False", None])
def test_flags_are_true_or_false(value):
    with pytest.raises(TypeError, match="`is_toroidal` of SOMMapper must be True or False, got"):
        SOMMapper(3, 4, is_toroidal=value).fit(X)


def _with(value, row=3):
    data = X.copy()
    data[row, 2] = value
    return data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (_with(np.nan), r"1 of 60 spectra are not finite; first at row 3"),
        (_with(np.inf), r"1 of 60 spectra are not finite; first at row 3"),
        (X[:0], r"Found array with 0 sample"),
        (X[0], r"Expected 2D array"),
        (X.astype(str), r"must hold numbers"),
        (X > 0, r"must hold numbers"),
        (X + 1j, r"Complex data not supported"),
    ],
)
def test_wrong_data_is_located(data, message):
    with pytest.raises(ValueError, match=message):
        SOMMapper(3, 3, on_bad="raise").fit(data)


def test_the_online_algorithm_refuses_missing_values_always():
    with pytest.raises(ValueError, match="1 of 60 spectra are not finite; first at row 3"):
        SOMMapper(3, 3, algorithm=Online()).fit(_with(np.nan))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (X * 1e300, r"at most 1e\+150 and not all below 1e-150, whose squares float64 can hold; got up to 3.11e\+300"),
        (X * 1e-300, r"Multiply X by a constant"),
        ((X * 1e31).astype(np.float32), r"at most 1e\+30 .* float32"),
    ],
)
def test_numbers_whose_squares_cannot_be_held(data, message):
    with pytest.raises(ValueError, match=message):
        SOMMapper(3, 3).fit(data)
    with pytest.raises(ValueError, match=message):
        SOMMapper(3, 3).fit(X.astype(data.dtype)).predict(data)


def test_the_plane_of_minisom_needs_a_plane():
    with pytest.raises(ValueError, match=r"`init` .* 'pca' for algorithm=Online\(\) .* got X of shape \(1, 5\)"):
        SOMMapper(3, 3, algorithm=Online(), init="pca").fit(X[:1])


def test_data_without_a_single_value():
    with pytest.raises(ValueError, match="every row is missing"):
        SOMMapper(3, 3, on_bad="mask").fit(np.full((4, 2), np.nan))
    with pytest.raises(ValueError, match="every value of column 1 is missing"):
        SOMMapper(3, 3, on_bad="mask").fit(np.where([True, False], X[:, :2], np.nan))


@pytest.mark.parametrize("weight", [np.ones(5), -np.ones(60), np.zeros(60), np.full(60, np.nan)])
def test_wrong_weights(weight):
    with pytest.raises(ValueError, match="`sample_weight` of SOMMapper must"):
        SOMMapper(3, 3).fit(X, sample_weight=weight)


def test_zero_rows_have_no_direction():
    with pytest.raises(ValueError, match="1 of 60 spectra are zero and have no direction; first at row 5"):
        SOMMapper(3, 3, metric="cosine").fit(np.where(np.arange(60)[:, None] == 5, 0, X))


def test_other_feature_names_are_refused():
    frame = pd.DataFrame(X, columns=list("abcde"))
    som = SOMMapper(3, 3).fit(frame)
    with pytest.raises(ValueError, match="feature names"):
        som.predict(frame[list("edcba")])
    with pytest.raises(ValueError, match="expecting 5 features"):
        SOMMapper(3, 3).fit(X).predict(X[:, :4])


def test_statistics_of_another_table():
    with pytest.raises(ValueError, match="one row for each of 60 samples, got 7"):
        SOMMapper(3, 3).fit(X).cell_statistics(X, np.ones(7))


@pytest.mark.parametrize("algorithm", [Batch(), Online()])
@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (6, 1), (20, 20)])
def test_lines_single_cells_and_more_cells_than_samples(algorithm, shape):
    som = SOMMapper(*shape, algorithm=algorithm, random_state=0).fit(X)
    assert np.isfinite(som.weights_).all()
    assert som.hits_.shape == som.u_matrix_.shape == shape
    assert 0 <= som.topographic_error_ <= 1
    if shape == (1, 1) and isinstance(algorithm, Batch):
        np.testing.assert_allclose(som.weights_[0, 0], X.mean(axis=0), atol=1e-12)
        assert som.topographic_error_ == 0


@pytest.mark.parametrize("data", [np.ones((1, 3)), np.ones((7, 3)), np.full((7, 1), -2.5)])
def test_one_unique_row_is_where_all_cells_are(data):
    som = SOMMapper(3, 3).fit(data)
    np.testing.assert_allclose(som.weights_, np.broadcast_to(data[0], som.weights_.shape))
    assert som.quantization_error_ == pytest.approx(0, abs=1e-12)
    assert set(som.labels_) == {0}


def test_constant_columns_change_nothing():
    plain = SOMMapper(4, 4).fit(X)
    more = SOMMapper(4, 4).fit(np.column_stack([np.full(60, 7.0), X, np.zeros(60)]))
    np.testing.assert_array_equal(plain.labels_, more.labels_)
    np.testing.assert_allclose(more.weights_[..., 1:-1], plain.weights_, rtol=1e-9)


def test_radius_zero_is_k_means():
    """Cells move to the mean of their members and of nothing else."""
    start = X[:12].reshape(3, 4, 5)
    som = SOMMapper(3, 4, init=start, algorithm=Batch(radius_start=0, radius_end=0, n_epochs=1)).fit(X)
    nearest = ((X[:, None] - X[:12]) ** 2).sum(axis=2).argmin(axis=1)
    expected = np.array([X[nearest == cell].mean(axis=0) for cell in range(12)])
    np.testing.assert_allclose(som.weights_.reshape(12, 5), expected, rtol=1e-12)


@pytest.mark.parametrize(("offset", "size"), [(1e6, 1.0), (0.0, 1e-17), (0.0, 1e12), (1e-16, 1e-17)])
def test_offsets_and_scales_change_nothing(offset, size):
    plain = SOMMapper(4, 4).fit(X)
    moved = SOMMapper(4, 4).fit(X * size + offset)
    np.testing.assert_array_equal(plain.labels_, moved.labels_)
    np.testing.assert_allclose((moved.weights_ - offset) / size, plain.weights_, atol=1e-8)


@pytest.mark.parametrize(("offset", "outlier"), [(0, 0), (1e3, 0), (1e6, 0), (0, 1e3), (0, 1e4)])
def test_float32_of_an_offset_or_spoilt_catalog(offset, outlier):
    """Trainings differ by rounding (beside 1e4 float32 has few digits left); cells of a map are those of float64."""
    data = (X + offset).astype(np.float32)
    data[3, 2] += outlier
    exact, found = SOMMapper(4, 4).fit(data.astype(float)), SOMMapper(4, 4).fit(data)
    if outlier < 1e4:
        assert np.mean(found.labels_ == exact.labels_) > 0.95
    assert found.quantization_error_ == pytest.approx(exact.quantization_error_, rel=0.03)
    np.testing.assert_array_equal(found.labels_, found.predict(data))
    np.testing.assert_array_equal(found.labels_, found.predict(data.astype(float)))


@pytest.mark.parametrize("algorithm", [Batch(), Online()])
@pytest.mark.parametrize("dtype", [">f4", ">f8", np.float16, np.int16, ">i2", np.longdouble])
def test_kinds_of_numbers(dtype, algorithm):
    data = np.round(X * 100).astype(dtype)
    som = SOMMapper(4, 4, algorithm=algorithm, random_state=0)
    expected = som.fit(data.astype(float)).labels_
    np.testing.assert_array_equal(som.fit(data).labels_, expected)


def test_training_that_ran_away_is_an_error():
    with pytest.raises(ValueError, match=r"MiniSom's training .* ran away"), np.errstate(all="ignore"):
        SOMMapper(
            10, 10, algorithm=Online(neighborhood="mexican_hat", radius_start=3, n_iterations=40_000), random_state=0
        ).fit(X * 100)
