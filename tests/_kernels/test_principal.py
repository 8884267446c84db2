"""Principal frames and whitening against scikit-learn's PCA."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from sklearn_sedzoo._kernels import _principal
from sklearn_sedzoo._kernels._principal import (
    Frame,
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


@pytest.mark.parametrize("n_rows", [1, 2, 5])
def test_whitening_of_flat_latents_is_finite(n_rows):
    latents = np.full((n_rows, 3), 2.5)
    frame = fit_whitening(latents)
    assert isinstance(frame, Frame)
    np.testing.assert_array_equal(whiten(latents, frame), np.zeros((n_rows, 3)))
