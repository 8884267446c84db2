"""What SpectraDisplay draws."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from sklearn_sedzoo import SpectrumTable
from sklearn_sedzoo.plotting import SpectraDisplay
from tests.plotting.conftest import WAVELENGTH


def test_lines_are_the_normalized_rows(clusters, flux):
    display = SpectraDisplay.from_estimator(clusters, flux, rows=[5, 50])
    drawn = clusters[:2].transform(flux[[5, 50]])
    for line, row in zip(display.lines_, drawn, strict=True):
        np.testing.assert_allclose(line.get_xdata(), clusters[1].wavelength_in_)
        np.testing.assert_array_equal(line.get_ydata(), row)
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["row 5", "row 50"]
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("wavelength [Å]", "normalized flux")


def test_band_of_the_pipeline_is_marked(clusters, flux):
    ax = SpectraDisplay.from_estimator(clusters, flux).ax_
    (band,) = [patch for patch in ax.patches if isinstance(patch, mpl.patches.Rectangle)]
    assert (band.get_x(), band.get_x() + band.get_width()) == (4050, 4150)
    assert "band 4050-4150 Å" in [text.get_text() for text in ax.texts]


def test_values_color_the_lines_and_bring_their_unit(clusters, flux, properties):
    rows = [3, 4, 9]
    display = SpectraDisplay.from_estimator(clusters, flux, rows=rows, values=properties["age"])
    age = properties["age"].to_numpy()[rows]
    brightness = [mpl.colors.rgb_to_hsv(line.get_color()[:3])[2] for line in display.lines_]
    assert np.argsort(brightness).tolist() == np.argsort(age).tolist()  # viridis grows brighter
    assert display.figure_.axes[-1].get_ylabel() == r"age [$\mathrm{Gyr}$]"


def test_groups_share_a_legend_entry(clusters, flux, properties):
    display = SpectraDisplay.from_estimator(clusters, flux, rows=range(6), values=properties["cluster"])
    names = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert sorted(names) == sorted({f"cluster {value}" for value in properties["cluster"][:6]})


def test_plain_arrays_count_pixels_and_tables_know_their_wavelengths(flux):
    display = SpectraDisplay.from_spectra(flux, rows=[0])
    assert display.ax_.get_xlabel() == "pixel"
    table = SpectrumTable(flux, WAVELENGTH)
    for X in (table, table.to_frame()):
        (line,) = SpectraDisplay.from_spectra(X, rows=[2]).lines_
        np.testing.assert_array_equal(line.get_xdata(), WAVELENGTH)
        np.testing.assert_array_equal(line.get_ydata(), flux[2])


def test_offset_moves_each_spectrum_up(flux):
    ax = plt.figure().add_subplot()
    display = SpectraDisplay.from_spectra(flux, rows=[0, 1], ax=ax, offset=2.0)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    np.testing.assert_allclose(display.lines_[1].get_ydata(), flux[1] + 2)


@pytest.mark.parametrize("rows", [[60], [-61]])
def test_rows_outside_the_data_are_named(flux, rows):
    with pytest.raises(ValueError, match=rf"`rows` of SpectraDisplay must lie in \[0, 59\], got {rows[0]}"):
        SpectraDisplay.from_spectra(flux, rows=rows)


def test_values_of_another_length_are_refused(flux):
    with pytest.raises(ValueError, match="one for each of the 60 spectra"):
        SpectraDisplay.from_spectra(flux, values=np.ones(6))
