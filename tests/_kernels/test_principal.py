"""Principal frames and whitening against scikit-learn's PCA."""

import tracemalloc

import numpy as np
import pytest
from sklearn.decomposition import PCA

from sklearn_sedzoo._kernels import _principal
from sklearn_sedzoo._kernels._principal import (
    Whitening,
    fit_principal_frame,
    fit_whitening,
    project,
    residual_energy,
    unwhiten,
    whiten,
)


def make_matrix(n_rows, n_columns, rank=6, seed=0):
    rng = np.random.default_rng(seed)
    scores = rng.standard_normal((n_rows, rank)) * 0.5 ** np.arange(rank)
    return 3 + scores @ rng.standard_normal((rank, n_columns)) + 1e-3 * rng.standard_normal((n_rows, n_columns))


@pytest.mark.parametrize(("n_rows", "n_columns"), [(40, 90), (90, 40), (7, 3), (2, 5)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_frame_equals_pca(n_rows, n_columns, dtype):
    X = make_matrix(n_rows, n_columns).astype(dtype)
    n_axes = min(4, n_rows - 1, n_columns)
    frame = fit_principal_frame(X, np.arange(n_rows), n_axes, np.random.default_rng(0))
    pca = PCA(n_axes, svd_solver="full").fit(X.astype(float))
    np.testing.assert_allclose(frame.spread, pca.singular_values_ / np.sqrt(n_rows), rtol=1e-9)
    np.testing.assert_allclose(np.abs(frame.axes @ pca.components_.T), np.eye(n_axes), atol=1e-8)
    scores = project(X, frame)
    drawn = pca.inverse_transform(pca.transform(X.astype(float)))
    np.testing.assert_allclose(scores @ frame.axes + frame.mean, drawn, atol=1e-8)
    np.testing.assert_allclose(residual_energy(X, frame, scores), ((X - drawn) ** 2).sum(axis=1), atol=1e-8)


def test_subspace_iteration_equals_pca(monkeypatch):
    monkeypatch.setattr(_principal, "EXACT_SIZE", 10)
    monkeypatch.setattr(_principal, "BLOCK_ROWS", 13)
    X = make_matrix(120, 80)
    frame = fit_principal_frame(X, np.arange(120), 5, np.random.default_rng(1))
    pca = PCA(5, svd_solver="full").fit(X)
    np.testing.assert_allclose(frame.spread, pca.singular_values_ / np.sqrt(120), rtol=1e-6)
    np.testing.assert_allclose(np.abs(frame.axes @ pca.components_.T), np.eye(5), atol=1e-4)


def test_frame_looks_at_its_rows_only():
    X = make_matrix(50, 20)
    rows = np.array([30, 3, 12, 44, 8, 21])
    frame = fit_principal_frame(X, rows, 3, np.random.default_rng(0))
    alone = fit_principal_frame(X[np.sort(rows)], np.arange(6), 3, np.random.default_rng(0))
    np.testing.assert_array_equal(frame.axes, alone.axes)


def test_whitening_orders_and_scales():
    latents = (
        np.random.default_rng(0).standard_normal((200, 3))
        @ np.diag([0.1, 5, 1])
        @ np.array([[1, 0.5, 0], [0, 1, 0.3], [0.2, 0, 1]])
    )
    frame = fit_whitening(latents)
    white = whiten(latents, frame)
    np.testing.assert_allclose(white.T @ white / 200, np.eye(3), atol=1e-12)
    assert np.all(np.diff(frame.spread) < 0)
    np.testing.assert_allclose(unwhiten(white, frame), latents, atol=1e-12)
    sklearn_white = PCA(3, whiten=True).fit_transform(latents)
    np.testing.assert_allclose(np.abs(white), np.abs(sklearn_white) * np.sqrt(200 / 199), rtol=1e-9)


@pytest.mark.parametrize("draw_in_tails", [False, True])
@pytest.mark.parametrize("n_rows", [1, 2, 5])
def test_whitening_of_flat_latents_is_finite(n_rows, draw_in_tails):
    latents = np.full((n_rows, 3), 2.5)
    frame = fit_whitening(latents, draw_in_tails=draw_in_tails)
    assert isinstance(frame, Whitening)
    np.testing.assert_array_equal(whiten(latents, frame), np.zeros((n_rows, 3)))


def test_whitening_needs_no_square_of_the_number_of_rows():
    latents = np.random.default_rng(0).standard_normal((5000, 3))
    tracemalloc.start()
    fit_whitening(latents)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * latents.nbytes


def test_tails_are_drawn_in_and_let_out_again():
    """A few far-out rows set the scale of plain whitening, and not that of the robust one."""
    rng = np.random.default_rng(0)
    latents = rng.normal(size=(2000, 2)) * [3.0, 1.0]
    latents[:40, 1] += 30
    robust, plain = (fit_whitening(latents, draw_in_tails=draw_in) for draw_in in (True, False))
    white = whiten(latents, robust)
    np.testing.assert_allclose(white.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(white.std(axis=0), 1)
    np.testing.assert_allclose(unwhiten(white, robust), latents, atol=1e-9)
    bulk = slice(40, None)
    assert np.std(whiten(latents, plain)[bulk], axis=0).min() < 0.4
    assert np.std(white[bulk], axis=0).min() > 0.65


def test_tails_heed_weights():
    rng = np.random.default_rng(1)
    latents, weight = rng.normal(size=(60, 2)), rng.integers(0, 3, 60)
    repeated = fit_whitening(np.repeat(latents, weight, axis=0), draw_in_tails=True)
    weighted = fit_whitening(latents, weight, draw_in_tails=True)
    np.testing.assert_allclose(whiten(latents, weighted), whiten(latents, repeated), atol=0.05)  # quantiles differ


def test_far_latents_decode_to_something_finite():
    frame = fit_whitening(np.random.default_rng(2).normal(size=(50, 2)), draw_in_tails=True)
    assert np.isfinite(unwhiten(np.array([[1e3, -1e6]]), frame)).all()
