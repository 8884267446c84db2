"""First weights, and the radius from epoch to epoch."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from sklearn_sedzoo._kernels.som_start import make_weights
from sklearn_sedzoo.mapping import Batch, SOMMapper

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 5)) * [9, 4, 1, 1, 1] @ np.linalg.qr(RNG.normal(size=(5, 5)))[0] + 20


def _lay(X, shape, init="pca", sample_weight=None, seed=0):
    return make_weights(X, init, shape, sample_weight=sample_weight, seed=seed).reshape(*shape, -1)


@pytest.mark.parametrize("shape", [(4, 7), (7, 4), (5, 5)])
def test_principal_plane_reaches_two_standard_deviations(shape):
    """Compare scikit-learn's PCA: the first component runs along the longer side."""
    weights = _lay(X, shape)
    pca = PCA(2).fit(X)
    deviations = np.sqrt(pca.explained_variance_ * (len(X) - 1) / len(X))
    along, across = weights[-1, 0] - weights[0, 0], weights[0, -1] - weights[0, 0]
    first, second = (along, across) if shape[0] > shape[1] else (across, along)
    for step, deviation, component in zip((first, second), deviations, pca.components_, strict=True):
        np.testing.assert_allclose(np.abs(step @ component), 4 * deviation, rtol=1e-9)
        np.testing.assert_allclose(np.linalg.norm(step), 4 * deviation, rtol=1e-9)
        assert step[np.abs(step).argmax()] > 0  # the sign is fixed
    np.testing.assert_allclose(weights.mean(axis=(0, 1)), X.mean(axis=0))


def test_principal_plane_of_wide_data_and_of_weighted_samples():
    wide = RNG.normal(size=(12, 40))
    padded = np.pad(wide, ((0, 40), (0, 0)), mode="wrap")[:48]  # each row four times: more rows than columns
    np.testing.assert_allclose(_lay(wide, (3, 4)), _lay(padded, (3, 4)), atol=1e-9)
    weight = RNG.integers(0, 3, len(X))
    repeated = np.repeat(X, weight, axis=0)
    np.testing.assert_allclose(_lay(X, (3, 4), sample_weight=weight), _lay(repeated, (3, 4)), atol=1e-9)


def test_samples_and_random_weights():
    chosen = _lay(X, (3, 4), "sample").reshape(12, 5)
    rows = [int(np.flatnonzero((weights == X).all(axis=1))[0]) for weights in chosen]
    assert len(set(rows)) == 12
    only = np.arange(len(X)) < 2
    assert np.isin(_lay(X, (3, 4), "sample", sample_weight=only * 1.0), X[:2]).all()
    drawn = _lay(X, (30, 40), "random")
    low, high = X.min(axis=0), X.max(axis=0)
    assert ((drawn >= low) & (drawn <= high)).all()
    np.testing.assert_allclose(drawn.mean(axis=(0, 1)), (low + high) / 2, atol=0.05 * np.ptp(X))


FRACTION = np.linspace(0, 1, 6)


@pytest.mark.parametrize(
    ("decay", "expected"),
    [
        ("exponential", 4 * (0.5 / 4) ** FRACTION),
        ("linear", 4 + (0.5 - 4) * FRACTION),
        ("asymptotic", 4 / (1 + 7 * FRACTION)),
        (lambda start, end, fraction: start if fraction < 0.5 else end, [4, 4, 4, 0.5, 0.5, 0.5]),
    ],
)
def test_radius_goes_from_start_to_end(decay, expected):
    som = SOMMapper(5, 5, algorithm=Batch(radius_start=4, radius_end=0.5, decay=decay, n_epochs=6)).fit(X)
    np.testing.assert_allclose(som.history_["radius"], expected)
    assert som.radius_ == 0.5


def test_radius_starts_at_half_the_longer_side():
    assert SOMMapper(4, 12, algorithm=Batch(n_epochs=3)).fit(X).history_["radius"][0] == 6
    assert SOMMapper(4, 12, algorithm=Batch(n_epochs=1)).fit(X).history_["radius"] == [0.5]
