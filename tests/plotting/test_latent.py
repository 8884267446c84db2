"""What LatentDisplay draws."""

import numpy as np
import pytest

from sklearn_sedzoo.plotting import LatentDisplay


def _as_set(points):
    return {tuple(point) for point in np.round(points, 12)}


def test_points_are_the_latents_of_each_pair(clusters, flux):
    display = LatentDisplay.from_estimator(clusters, flux, pairs=[(0, 1), (2, 0)])
    latents = clusters[:-1].transform(flux).to_numpy()
    for ax, pair in zip(display.axes_, [[0, 1], [2, 0]], strict=True):
        assert _as_set(ax.collections[0].get_offsets()) == _as_set(latents[:, pair])
    assert (display.axes_[1].get_xlabel(), display.axes_[1].get_ylabel()) == ("latent 2", "latent 0")


def test_a_clusterer_colors_by_its_labels_and_counts_them(clusters, flux):
    display = LatentDisplay.from_estimator(clusters, flux)
    labels = clusters.predict(flux)
    legend = display.axes_[0].get_legend()
    assert legend.get_title().get_text() == "cluster"
    expected = [f"{label}  (n = {np.sum(labels == label)})" for label in np.unique(labels)]
    assert [text.get_text() for text in legend.get_texts()] == expected
    points = display.axes_[0].collections[0]
    colors = dict(zip(map(tuple, np.round(points.get_offsets(), 12)), map(tuple, points.get_facecolor()), strict=True))
    latents = np.round(clusters[:-1].transform(flux).to_numpy()[:, :2], 12)
    drawn = [colors[tuple(point)] for point in latents]
    assert len(set(drawn)) == len(set(labels)) == len(set(zip(drawn, labels, strict=True)))


def test_a_measured_property_gets_a_color_bar(zoo, flux, properties):
    display = LatentDisplay.from_estimator(zoo, flux, values=properties["velocity_dispersion"])
    bar = display.figure_.axes[-1]
    assert bar.get_ylabel().startswith("velocity dispersion [")
    assert "km" in bar.get_ylabel()
    assert display.axes_[0].get_legend() is None


def test_an_embedding_alone_is_drawn_too(clusters, flux):
    display = LatentDisplay.from_estimator(clusters[:-1], flux)
    assert len(display.axes_[0].collections[0].get_offsets()) == len(flux)


@pytest.mark.parametrize("pair", [(0, 3), (-1, 0), (0, 1, 2)])
def test_pairs_outside_the_latents_are_named(pair):
    with pytest.raises(ValueError, match=r"pairs of latents in \[0, 2\], got"):
        LatentDisplay.from_predictions(np.zeros((5, 3)), pairs=[pair])
