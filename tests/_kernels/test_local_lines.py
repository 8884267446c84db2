import numpy as np
import pytest
from sklearn.linear_model import Ridge

from sklearn_sedzoo._kernels.local_lines import evaluate_fits, evaluate_without, fit_lines, fit_medians, weigh_rows


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 3))
    y = X @ [1.0, -2.0, 0.5] + 0.1 * rng.standard_normal(200)
    centers = rng.standard_normal((5, 3))
    distance = np.linalg.norm(X - centers[:, None], axis=2)
    rows = np.argsort(distance, axis=1)[:, :30]
    return X, y, rows, np.take_along_axis(distance, rows, axis=1)


def weights_of(distance):
    return np.clip(1 - distance**2 / (distance**2).max(axis=1, keepdims=True), 0.02, None)


def test_lines_are_weighted_ridge_fits(data):
    X, y, rows, distance = data
    fits = fit_lines(X, y, rows, distance, np.full(3, 0.7), n_robust=0)
    for k, weight in enumerate(weights_of(distance)):
        ridge = Ridge(alpha=0.7, tol=1e-12).fit(X[rows[k]], y[rows[k]], sample_weight=weight)
        np.testing.assert_allclose(fits.slope[k], ridge.coef_, rtol=1e-9)
        new = X[:4]
        expected = np.clip(ridge.predict(new), y[rows[k]].min(), y[rows[k]].max())
        np.testing.assert_allclose(evaluate_fits(fits, new, np.full(4, k)), expected, rtol=1e-9)


def test_residuals_are_those_of_fits_without_the_sample(data):
    X, y, rows, distance = data
    fits = fit_lines(X, y, rows, distance, np.full(3, 0.3), n_robust=0)
    for k, weight in enumerate(weights_of(distance)):
        for j in (0, 10, 29):
            others = np.delete(np.arange(30), j)
            ridge = Ridge(alpha=0.3, tol=1e-12).fit(
                X[rows[k, others]], y[rows[k, others]], sample_weight=weight[others]
            )
            left_out = y[rows[k, j]] - ridge.predict(X[rows[k, j]][None])[0]
            assert fits.residual[k, j] == pytest.approx(left_out, rel=1e-6)


def test_robust_fits_are_not_drawn_by_an_outlier(data):
    X, y, rows, distance = data
    y = y.copy()
    y[rows[0, 0]] += 20
    plain, robust = (fit_lines(X, y, rows, distance, np.full(3, 1e-3), n_robust=n) for n in (0, 3))
    truth = np.array([1.0, -2.0, 0.5])
    at = X[rows[0, 1:10]]
    error = [abs(evaluate_fits(f, at, np.zeros(9, int)) - at @ truth).mean() for f in (plain, robust)]
    assert error[1] < 0.5 * error[0]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_medians_and_their_left_out_twins(count):
    rng = np.random.default_rng(count)
    y, X = rng.uniform(size=20), rng.standard_normal((20, 2))
    rows = rng.permutation(20)[None, :9]
    fits = fit_medians(X, y, rows, np.array([count]))
    labels = y[rows[0, :count]]
    assert fits.level[0] == pytest.approx(np.median(labels))
    for j in range(count):
        others = np.delete(labels, j) if count > 1 else labels
        assert fits.residual[0, j] == pytest.approx(labels[j] - np.median(others))
    assert (fits.weight[0, count:] == 0).all()
    assert fits.weight[0].sum() == pytest.approx(1)
    assert (fits.rows[0, count:] == -1).all()


def test_evaluate_without(data):
    X, y, rows, distance = data
    fits = fit_lines(X, y, rows, distance, np.full(3, 0.3), n_robust=0)
    cells = np.arange(200) % 5
    chosen = np.arange(0, 200, 7)
    predicted, own = evaluate_without(fits, X, y, cells, chosen)
    plain = evaluate_fits(fits, X[chosen], cells[chosen])
    for i, row in enumerate(chosen):
        inside = np.flatnonzero(rows[cells[row]] == row)
        assert own[i].sum() == len(inside)
        if not len(inside):
            assert predicted[i] == plain[i]
        else:
            low, high = fits.low[cells[row]], fits.high[cells[row]]
            assert predicted[i] == pytest.approx(np.clip(y[row] - fits.residual[cells[row], inside[0]], low, high))


def test_weights_of_rows_by_hand(data):
    X, y, rows, distance = data
    fits = fit_lines(X, y, rows, distance, np.full(3, 0.3))
    cells = np.array([0, 3])
    weight = weigh_rows(fits, X[:2], X, cells, rank=5, width=0.5)
    for i, cell in enumerate(cells):
        square = ((X[rows[cell]] - X[i]) ** 2).sum(axis=1)
        expected = fits.weight[cell] * np.exp(-square / (2 * 0.25 * np.sort(square)[5]))
        np.testing.assert_allclose(weight[i], expected / expected.sum())
    own = np.zeros((2, 30), bool)
    own[0, 4] = True
    left_out = weigh_rows(fits, X[:2], X, cells, own, rank=5)
    assert left_out[0, 4] == 0
    np.testing.assert_allclose(left_out.sum(axis=1), 1)
