"""What the map displays draw: outlines, counts, medians, groups, weights, panels and mean spectra."""

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.decomposition import PCA

from sklearn_sedzoo.mapping import Batch, FittedMap, SOMMapper
from sklearn_sedzoo.plotting import MapDisplay, MapPanelsDisplay, MapSpectraDisplay
from sklearn_sedzoo.plotting._cells import outline_cells

SQUARE = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])


def _area(corners):
    x, y = corners.T
    return 0.5 * abs(x @ np.roll(y, 1) - y @ np.roll(x, 1))


@pytest.mark.parametrize(("topology", "area"), [("rectangular", 1.0), ("hexagonal", np.sqrt(3) / 2)])
def test_cells_tile_the_plane(topology, area):
    latents = np.random.default_rng(0).normal(size=(50, 2))
    positions = SOMMapper(4, 3, topology=topology, algorithm=Batch(n_epochs=2)).fit(latents).cell_positions_
    outlines = outline_cells(positions)
    np.testing.assert_allclose([_area(corners) for corners in outlines], area)
    probes = np.random.default_rng(1).uniform(0, 2, (400, 2))  # inside the map
    owners = sum(mpl.path.Path(corners).contains_points(probes).astype(int) for corners in outlines)
    assert (owners == 1).all()  # no gap, no overlap
    nearest = np.linalg.norm(probes[:, None] - positions, axis=2).argmin(axis=1)
    assert all(mpl.path.Path(outlines[cell]).contains_point(probe) for cell, probe in zip(nearest, probes, strict=True))


def test_row_0_is_on_top(zoo):
    ax = MapDisplay.from_estimator(zoo).ax_
    assert ax.yaxis_inverted()
    assert ax.get_aspect() == 1.0


def test_hits_of_the_training_and_of_new_spectra(zoo, flux):
    display = MapDisplay.from_estimator(zoo)
    np.testing.assert_array_equal(display.cells_.get_array().filled(0), zoo[-1].hits_.ravel())
    display = MapDisplay.from_estimator(zoo, flux[:7])
    assert display.cells_.get_array().sum() == 7
    assert display.colorbar_.ax.get_ylabel() == "spectra"


def test_a_spectrum_without_a_cell_is_not_counted():
    display = MapDisplay.from_predictions([-1, 0, 0], SQUARE)
    assert display.values.tolist() == [2, 0, 0, 0]
    display = MapDisplay.from_predictions([-1, 0, 0], SQUARE, [7.0, 1.0, 3.0])
    assert display.values[0] == 2.0


def test_property_is_the_median_of_each_cell(zoo, flux, properties):
    display = MapDisplay.from_estimator(zoo, flux, values=properties["age"])
    medians = properties["age"].groupby(zoo.predict(flux)).median()
    drawn = display.cells_.get_array()
    np.testing.assert_allclose(drawn[medians.index], medians)
    assert drawn.mask.sum() == 20 - len(medians)
    assert display.colorbar_.ax.get_ylabel() == r"age [$\mathrm{Gyr}$]"


def test_groups_are_the_most_frequent_labels_written_into_the_cells():
    labels = np.array(["old", "old", "young", "young", "old"])
    display = MapDisplay.from_predictions([0, 0, 0, 1, 3], SQUARE, labels)
    assert [text.get_text() for text in display.ax_.texts] == ["old", "young", "old"]
    colors = display.cells_.get_facecolor()
    assert np.array_equal(colors[0], colors[3])
    assert len({tuple(color) for color in colors}) == 3  # old, young, empty


def test_weights_give_like_cells_like_colors():
    mapper = FittedMap(np.array([[0.0, 0, 0, 0], [0.1, 0, 0, 0], [5.0, 3, 0, 1]]), (1, 3))
    colors = MapDisplay.from_estimator(mapper, show="weights").cells_.get_facecolor()[:, :3]
    assert np.ptp(colors[:2], axis=0).sum() < 0.2 < np.ptp(colors[1:], axis=0).sum()
    assert MapDisplay.from_estimator(mapper, show=1).cells_.get_array().tolist() == [0, 0, 3]


def test_what_is_no_map_is_refused(clusters, zoo):
    with pytest.raises(ValueError, match="KMeans holds no fitted map"):
        MapDisplay.from_estimator(clusters)
    with pytest.raises(ValueError, match=r"`show` of MapDisplay.* must be one of"):
        MapDisplay.from_estimator(zoo, show="umatrix")
    with pytest.raises(ValueError, match="pass these as X"):
        MapDisplay.from_estimator(zoo, values=np.ones(3))


def test_panels_of_one_map(zoo, flux, properties):
    display = MapPanelsDisplay.from_estimator(zoo, flux, properties=properties)
    titles = [ax.get_title() for ax in display.axes_]
    assert titles == ["weights", "hits", "U-matrix", "age", "velocity dispersion", "cluster"]
    with pytest.raises(ValueError, match="columns of `properties`"):
        MapPanelsDisplay.from_estimator(zoo, flux, panels=["mass"], properties=properties)


def test_seeds_share_the_color_scale_of_a_property(flux, properties):
    latents = PCA(3).fit_transform(flux)
    maps = {
        f"seed {s}": SOMMapper(3, 3, init="sample", algorithm=Batch(n_epochs=3), random_state=s).fit(latents)
        for s in (0, 1)
    }
    display = MapPanelsDisplay.from_estimators(maps, latents, panels=["hits", "age"], properties=properties)
    assert [ax.get_ylabel() for ax in display.axes_] == ["seed 0", "", "seed 1", ""]
    first, second = (display.axes_[i].collections[0] for i in (1, 3))
    assert first.get_clim() == second.get_clim()
    both = np.ma.concatenate([first.get_array(), second.get_array()])
    assert first.get_clim() == (both.min(), both.max())


def test_cells_hold_their_mean_spectra(zoo, flux, properties):
    display = MapSpectraDisplay.from_estimator(zoo, flux, values=properties["age"])
    cells = zoo.predict(flux)
    normalized = zoo[:2].transform(flux)
    for cell in np.unique(cells):
        np.testing.assert_allclose(display.spectra[cell], normalized[cells == cell].mean(axis=0))
    curves = display.lines_.get_segments()
    assert len(curves) == len(np.unique(cells))
    outlines = outline_cells(zoo[-1].cell_positions_)[np.unique(cells)]
    for curve, corners in zip(curves, outlines, strict=True):
        assert (curve >= corners.min(axis=0) - 1e-9).all()
        assert (curve <= corners.max(axis=0) + 1e-9).all()
    assert "3,9" in display.ax_.get_xlabel()
    assert display.figure_.axes[-1].get_ylabel() == r"age [$\mathrm{Gyr}$]"


def test_curves_keep_the_shape_of_the_spectrum():
    spectra = np.array([[1.0, 2.0, 4.0], [4.0, 2.0, 1.0]])
    display = MapSpectraDisplay(spectra, SQUARE[:2], counts=np.array([1, 1])).plot()
    first, second = display.lines_.get_segments()
    rise = -(first[:, 1] - first[0, 1])  # the y axis points down
    assert rise[2] / rise[1] == pytest.approx(3, rel=0.05)  # percentiles cut a little
    np.testing.assert_allclose(first[:, 1], second[::-1, 1])


def test_areas_of_spectra_with_masked_pixels_are_whole():
    spectra = np.array([[1.0, np.nan, 4.0, 3.0], [np.nan, 2.0, 1.0, np.nan]])
    display = MapSpectraDisplay(spectra, SQUARE[:2], counts=np.array([1, 1])).plot()
    assert [len(curve) for curve in display.lines_.get_segments()] == [3, 2]
    areas = display.ax_.collections[1].get_paths()
    assert all(np.isfinite(area.vertices).all() for area in areas)
