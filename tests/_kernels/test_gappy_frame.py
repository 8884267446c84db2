"""Principal axes of spectra with gaps and errors, and the loss of rows, against slow twins."""

import numpy as np
import pytest

from sklearn_sedzoo._kernels._gappy_frame import bound_spread, find_missed, fit_gappy_frame, scores_to_flux
from sklearn_sedzoo._kernels._principal import Frame, fit_principal_frame, project


def make_plane(n_rows=200, n_pixels=40, seed=0):
    """Spectra on three straight axes."""
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.standard_normal((n_pixels, 3)))[0].T
    return 2 + (rng.standard_normal((n_rows, 3)) * [5.0, 2.0, 1.0]) @ axes


def fit(X, ivar, **settings):
    return fit_gappy_frame(X, ivar, np.arange(len(X)), 3, np.random.default_rng(0), **settings)


@pytest.mark.parametrize("by_errors", [False, True])
def test_nothing_missing_is_plain_pca(by_errors):
    X = make_plane()
    plain = fit_principal_frame(X, np.arange(200), 3, np.random.default_rng(0))
    for ivar in (None, np.full(X.shape, np.inf)):
        frame, noise = fit(X, ivar, by_errors=by_errors)
        np.testing.assert_allclose(frame.axes, plain.axes, atol=1e-12)
        np.testing.assert_allclose(frame.spread, plain.spread, rtol=1e-12)
        assert noise == pytest.approx(1e-9 * np.sum(plain.spread**2) / 40)


@pytest.mark.parametrize("sigma", [0.3, 3.0])
def test_axes_of_noisy_pixels_are_those_of_the_truth(sigma):
    X, rng = make_plane(), np.random.default_rng(1)
    spread = np.where(rng.random(X.shape) < 0.2, sigma, 0.01)
    noisy, gaps = X + spread * rng.standard_normal(X.shape), np.where(spread > 0.01, 0.0, np.inf)
    truth = fit(X, None)[0]

    def miss(frame):
        """Return the sine of the largest angle between the axes and the true ones."""
        return np.sqrt(1 - np.linalg.svd(frame.axes @ truth.axes.T)[1].min() ** 2)

    told = miss(fit(noisy, spread**-2.0, by_errors=True)[0])
    assert told < 0.05
    assert told < 0.5 * miss(fit(noisy, None)[0])
    assert miss(fit(np.where(gaps > 0, X, 0), gaps)[0]) < 0.05


def test_scores_to_flux_is_the_product_row_by_row():
    X = make_plane(700)
    frame = fit(X, None)[0]
    hidden = np.arange(40) == 7
    flux = scores_to_flux(project(X, frame), frame, hidden, np.float64)
    assert np.isnan(flux[:, 7]).all()
    np.testing.assert_allclose(np.delete(flux, 7, axis=1), np.delete(X, 7, axis=1), atol=1e-10)
    assert scores_to_flux(project(X, frame), frame).dtype == np.float32


def test_spread_is_bounded_from_below():
    frame = Frame(np.zeros(3), np.eye(3), np.array([1.0, 1e-9, 0.0]))
    np.testing.assert_allclose(bound_spread(frame).spread, [1, 1e-7, 1e-7])
    np.testing.assert_array_equal(bound_spread(frame._replace(spread=np.zeros(3))).spread, np.ones(3))


@pytest.mark.parametrize("kind", ["plain", "diagonal", "matrix"])
def test_loss_of_rows_equals_the_sum(kind):
    rng = np.random.default_rng(0)
    decoded, target = rng.standard_normal((2, 5, 4))
    root = rng.standard_normal((5, 4, 4))
    matrices = {"plain": np.eye(4)[None].repeat(5, 0), "matrix": root @ root.transpose(0, 2, 1)}
    matrices["diagonal"] = matrices["matrix"] * np.eye(4)
    weight = {"plain": np.empty((5, 0)), "diagonal": np.einsum("ijj->ij", matrices["matrix"])}
    weight["matrix"] = matrices["matrix"].reshape(5, 16)
    expected = [(d - t) @ M @ (d - t) / 4 for d, t, M in zip(decoded, target, matrices[kind], strict=True)]
    np.testing.assert_allclose(find_missed(decoded, np.hstack([target, weight[kind]])), expected, rtol=1e-12)
