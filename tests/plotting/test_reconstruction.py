"""What ReconstructionDisplay draws."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from sklearn_sedzoo.plotting import ReconstructionDisplay


def _curves(ax):
    return {line.get_label(): np.asarray(line.get_ydata()) for line in ax.lines}


def test_residual_is_reconstruction_minus_original(clusters, flux):
    display = ReconstructionDisplay.from_estimator(clusters, flux, rows=[1, 26, 34])
    normalized = clusters[:2].transform(flux[[1, 26, 34]])
    pca = clusters.named_steps["embed"]
    for i, (upper, lower) in enumerate(display.axes_):
        curves = _curves(upper)
        back = pca.mean_ + (normalized[i] - pca.mean_) @ pca.components_.T @ pca.components_
        np.testing.assert_allclose(curves["original"], normalized[i])
        np.testing.assert_allclose(curves["reconstruction"], back)
        np.testing.assert_allclose(_curves(lower)["residual"], back - normalized[i], atol=1e-12)
        assert upper.get_title(loc="left") == f"row {[1, 26, 34][i]}"
    expected = np.sqrt(np.mean((back - normalized[2]) ** 2))
    np.testing.assert_allclose(display.rms_[2], expected, atol=1e-12)


def test_residuals_share_one_scale():
    original = np.zeros((2, 4))
    display = ReconstructionDisplay.from_predictions(original, [[0.1, 0, 0, 0], [0, 0, 3.0, 0]])
    assert len({lower.get_ylim() for lower in display.axes_[:, 1]}) == 1
    assert display.axes_[0, 1].get_ylim()[1] > 3


def test_one_axes_is_divided_and_several_are_used():
    original = np.zeros((2, 4))
    ax = plt.figure().add_subplot()
    display = ReconstructionDisplay.from_predictions(original, original, ax=ax)
    assert display.figure_ is ax.figure
    assert not ax.axison
    axes = plt.figure().subplots(2, 2)
    display = ReconstructionDisplay.from_predictions(original, original, ax=axes)
    assert display.axes_[1, 1] is axes[1, 1]
    with pytest.raises(ValueError, match="one Axes or 4 Axes, got 2"):
        ReconstructionDisplay.from_predictions(original, original, ax=axes[0])


def test_shapes_must_agree():
    with pytest.raises(ValueError, match=r"same shape, got \(2, 4\) and \(2, 3\)"):
        ReconstructionDisplay.from_predictions(np.zeros((2, 4)), np.zeros((2, 3)))
