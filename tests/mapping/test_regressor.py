"""SOMRegressor: labels carried through a map, against loops, and against held-out truth."""

import pickle

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression

from sklearn_sedzoo._kernels.som_donors import correct_linearly
from sklearn_sedzoo.mapping import Batch, SOMMapper, SOMRegressor

RNG = np.random.default_rng(0)
X = RNG.uniform(size=(1500, 3))
Y = np.sin(3 * X[:, 0]) + X[:, 1] ** 2
NEW = RNG.uniform(size=(400, 3))
TRUE = np.sin(3 * NEW[:, 0]) + NEW[:, 1] ** 2
SOM = SOMMapper(8, 8, algorithm=Batch(n_epochs=8))


def test_median_and_quantiles_are_those_of_the_cell():
    model = SOMRegressor(SOM).fit(X, Y)
    cells, own = model.som_.predict(NEW), model.som_.labels_
    predicted, scatter = model.predict(NEW, return_std=True)
    quantiles = model.predict_quantiles(NEW, [0.1, 0.9])
    for row, cell in enumerate(cells):
        members = Y[own == cell]
        if len(members):
            assert predicted[row] == pytest.approx(np.median(members))
            assert scatter[row] == pytest.approx(members.std())
            np.testing.assert_allclose(quantiles[row], np.quantile(members, [0.1, 0.9], method="hazen"))


def test_soft_cells_weigh_cell_means_by_distance():
    model = SOMRegressor(SOM, statistic="mean", n_near=3).fit(X, Y)
    distances = model.som_.transform(NEW)
    labeled = np.flatnonzero(model.label_counts_.ravel())
    means = {cell: Y[model.som_.labels_ == cell].mean() for cell in labeled}
    for row in range(0, 400, 37):
        near = labeled[np.argsort(distances[row, labeled])[:3]]
        d = distances[row, near]
        share = np.exp(-(d**2 - d[0] ** 2) / (2 * model.som_.quantization_error_**2))
        expected = np.average([means[cell] for cell in near], weights=share)
        assert model.predict(NEW[row : row + 1])[0] == pytest.approx(expected)


def test_a_linear_law_is_carried_exactly():
    y = np.column_stack([X @ [1.0, -2.0, 0.5] + 3, X[:, 2]])
    model = SOMRegressor(SOM, statistic="local_linear", n_calibration=0).fit(X, y)
    predicted = model.predict(NEW)
    np.testing.assert_allclose(predicted[:, 0], NEW @ [1.0, -2.0, 0.5] + 3, atol=1e-5)
    np.testing.assert_allclose(predicted[:, 1], NEW[:, 2], atol=1e-5)


def test_local_fits_beat_cells_and_soft_cells_beat_hard_ones():
    error = {
        name: np.abs(SOMRegressor(SOM, n_calibration=0, **params).fit(X, Y).predict(NEW) - TRUE).mean()
        for name, params in {
            "hard": {"statistic": "mean"},
            "soft": {"statistic": "mean", "n_near": 5},
            "linear": {"statistic": "local_linear"},
        }.items()
    }
    assert error["linear"] < 0.5 * error["soft"] < 0.5 * error["hard"]


def test_correction_equals_least_squares():
    """The weighted mean of the moved values is the weighted linear fit at the query."""
    rng = np.random.default_rng(1)
    offsets, values, weights = rng.normal(size=(1, 20, 4)), rng.normal(size=(1, 20, 1)), rng.uniform(size=(1, 20))
    moved = correct_linearly(offsets, values, weights, ridge=0)
    fit = LinearRegression().fit(offsets[0], values[0, :, 0], sample_weight=weights[0])
    assert np.average(moved[0, :, 0], weights=weights[0]) == pytest.approx(fit.intercept_)
    np.testing.assert_allclose(moved[0, :, 0], values[0, :, 0] - offsets[0] @ fit.coef_)


def test_more_features_than_donors():
    rng = np.random.default_rng(1)
    hidden = rng.uniform(size=(800, 2))
    data = np.hstack([np.sin(hidden @ rng.normal(size=(2, 60))), 1e-3 * rng.normal(size=(800, 20))])
    model = SOMRegressor(SOM, statistic="local_linear", n_neighbors=15).fit(data[:700], hidden[:700])
    assert np.abs(model.predict(data[700:]) - hidden[700:]).mean() < 0.01


@pytest.mark.parametrize("statistic", ["median", "mean", "local_linear"])
@pytest.mark.parametrize("n_maps", [1, 3])
def test_intervals_hold_the_truth(statistic, n_maps):
    """68 % of held-out values inside, to the error of 8 splits."""
    inside = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        data = rng.uniform(size=(1600, 2))
        y = np.sin(4 * data[:, 0]) + rng.normal(size=1600) * (0.05 + 0.3 * data[:, 1])
        model = SOMRegressor(
            SOMMapper(7, 7, algorithm=Batch(n_epochs=5)), statistic=statistic, n_maps=n_maps, random_state=seed
        ).fit(data[:800], y[:800])
        low, high = model.predict_interval(data[800:], 0.68).T
        inside.append(np.mean((low <= y[800:]) & (y[800:] <= high)))
    assert np.mean(inside) == pytest.approx(0.68, abs=0.03)


def test_missing_labels_are_left_out_output_by_output():
    y = np.column_stack([Y, X[:, 2], Y**2])
    y[::2, 0] = np.nan
    y[::2, 2] = np.nan
    y[:100, 1] = np.nan
    model = SOMRegressor(SOM).fit(X, y)
    assert model.predict(NEW).shape == (400, 3)
    assert np.isfinite(model.predict(NEW)).all()
    alone = SOMRegressor(FrozenEstimator(model.som_)).fit(X[100:], X[100:, 2])
    np.testing.assert_allclose(model.predict(NEW)[:, 1], alone.predict(NEW))
    np.testing.assert_array_equal(model.label_counts_.sum(axis=(0, 1)), [750, 1400, 750])
    assert model.predict_interval(NEW).shape == (400, 2, 3)


def test_a_frozen_map_of_more_samples():
    som = SOMMapper(8, 8).fit(np.vstack([X, NEW]))
    model = SOMRegressor(FrozenEstimator(som)).fit(X, Y)
    assert model.som_ is som
    assert np.abs(model.predict(NEW) - TRUE).mean() < 0.5 * np.abs(TRUE - TRUE.mean()).mean()


def test_cells_without_labels():
    som = SOMMapper(8, 8).fit(X)
    known = X[:, 0] < 0.5
    y = np.where(known, Y, np.nan)
    far = NEW[NEW[:, 0] > 0.75]
    frozen = FrozenEstimator(som)
    assert np.isfinite(SOMRegressor(frozen).fit(X, y).predict(far)).all()
    assert np.isnan(SOMRegressor(frozen, fallback="nan").fit(X, y).predict(far)).all()
    with pytest.raises(ValueError, match=r"of \d+ spectra lie in cells without labels; first at row 0"):
        SOMRegressor(frozen, fallback="raise").fit(X, y).predict(far)
    with pytest.raises(ValueError, match=r"`min_count` .* the fullest has"):
        SOMRegressor(frozen, min_count=10_000, n_calibration=0).fit(X, y).predict(far)


def test_coverage_flags_what_the_labels_do_not_reach():
    known = X[:, 0] < 0.5
    model = SOMRegressor(SOMMapper(10, 10)).fit(X, np.where(known, Y, np.nan))
    covered = model.is_covered(NEW)
    assert covered[NEW[:, 0] < 0.35].mean() > 0.95
    assert covered[NEW[:, 0] > 0.65].mean() < 0.05
    assert not model.is_covered(NEW + 20).any()


def test_ensembles_smooth_the_cells():
    one = SOMRegressor(SOM, random_state=0, n_calibration=0).fit(X, Y).predict(NEW)
    many = SOMRegressor(SOM, random_state=0, n_maps=6, n_calibration=0).fit(X, Y).predict(NEW)
    assert np.abs(many - TRUE).mean() < 0.9 * np.abs(one - TRUE).mean()


def test_batch_of_queries_and_order_of_rows_do_not_matter():
    for statistic in ("median", "local_linear"):
        model = SOMRegressor(SOM, statistic=statistic, n_calibration=0).fit(X, Y)
        whole = model.predict(NEW)
        np.testing.assert_allclose(np.concatenate([model.predict(part) for part in np.split(NEW, 8)]), whole)
        order = np.random.default_rng(3).permutation(len(X))
        again = SOMRegressor(FrozenEstimator(model.som_), statistic=statistic, n_calibration=0).fit(X[order], Y[order])
        np.testing.assert_allclose(again.predict(NEW), whole, atol=1e-9)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(NEW), whole)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"statistic": "mode"}, "`statistic` of SOMRegressor must be one of"),
        ({"fallback": "zero"}, "`fallback`"),
        ({"n_near": 0}, "`n_near`"),
        ({"n_neighbors": 1}, "`n_neighbors` of SOMRegressor must be >= 2"),
        ({"n_maps": 2, "som": FrozenEstimator(SOMMapper(2, 2).fit(X))}, "`n_maps` .* frozen"),
    ],
)
def test_wrong_parameters_are_named(params, message):
    with pytest.raises(ValueError, match=message):
        SOMRegressor(**params).fit(X, Y)


def test_wrong_labels_are_named():
    with pytest.raises(ValueError, match="y of SOMRegressor must have labels: output 1 has none"):
        SOMRegressor(SOM).fit(X, np.column_stack([Y, np.full(1500, np.nan)]))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        SOMRegressor(SOM).fit(X, Y[:-1])
    with pytest.raises(ValueError, match=r"`n_calibration` .* above 0 at the fit for predict_interval"):
        SOMRegressor(SOM, n_calibration=0).fit(X, Y).predict_interval(NEW)
    with pytest.raises(ValueError, match=r"`coverage` .* in \(0, 1\)"):
        SOMRegressor(SOM).fit(X, Y).predict_interval(NEW, 1.0)


def test_too_few_calibration_samples_give_infinite_intervals():
    low, high = SOMRegressor(SOM, n_calibration=3).fit(X, Y).predict_interval(NEW, 0.9).T
    assert np.isinf(low).all()
    assert np.isinf(high).all()
