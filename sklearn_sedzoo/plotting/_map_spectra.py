"""MapSpectraDisplay: the zoo at a glance, the mean spectrum of each cell drawn inside it."""

from __future__ import annotations

from functools import partial

import matplotlib as mpl
import numpy as np
from matplotlib.collections import LineCollection, PolyCollection

from sklearn_sedzoo._kernels.masked import masked_mean
from sklearn_sedzoo.mapping import FittedMap
from sklearn_sedzoo.plotting._axes import INK, take_axes
from sklearn_sedzoo.plotting._cells import draw_cells, outline_cells
from sklearn_sedzoo.plotting._front import normalize_spectra
from sklearn_sedzoo.plotting._labels import VALUE_COLORS, take_values

_N_BINS = 120  # more are not seen in a cell


class MapSpectraDisplay:
    """A map whose cells hold the mean spectra of their members, colored by a property.

    Parameters
    ----------
    spectra : ndarray of shape (n_cells, n_wavelengths)
        Mean normalized flux in each cell; NaN rows are empty cells.
    cell_positions : ndarray of shape (n_cells, 2)
        (x, y) of each cell, neighbors at distance 1.
    values : ndarray of shape (n_cells,), optional
        What to color by, by default the number of members.
    counts : ndarray of shape (n_cells,)
        Members of each cell.
    wavelength : ndarray of shape (n_wavelengths,), optional
        Wavelength in Angstrom.
    label : str, default=""
        Name and unit of `values`, for the color bar.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    lines_ : matplotlib LineCollection
        The spectra of the cells that are not empty.

    See Also
    --------
    MapDisplay : The property alone, as a colored cell.

    Notes
    -----
    All cells share one flux scale, from the 1st to the 99th percentile over the map, so that shapes can be compared.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.plotting import MapSpectraDisplay
    >>> positions = np.array([[0, 0], [1, 0]])
    >>> spectra = np.array([[1.0, 2.0, 1.0], [2.0, 1.0, 2.0]])
    >>> display = MapSpectraDisplay(spectra, positions, counts=np.array([5, 3])).plot()
    >>> len(display.lines_.get_segments())
    2
    """

    def __init__(self, spectra, cell_positions, *, counts, values=None, wavelength=None, label=""):
        self.spectra = spectra
        self.cell_positions = cell_positions
        self.counts = counts
        self.values = values
        self.wavelength = wavelength
        self.label = label

    @classmethod
    def from_estimator(cls, estimator, X, *, values=None, label=None, ax=None, **plot_params):
        """Lay spectra on a fitted map and draw the mean of each cell.

        Parameters
        ----------
        estimator : Pipeline
            Fitted; ends with a map.
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra as the pipeline takes them.
        values : array-like or Series of shape (n_samples,), optional
            A property of X to color by (the median in each cell), by default the number of spectra.
        label : str, optional
            Name and unit of the property; a Series brings its own.
        ax : matplotlib Axes, optional
            Where to draw, by default a new figure.
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : MapSpectraDisplay
        """
        fitted, cells = FittedMap.of(estimator), FittedMap.locate(estimator, X)
        flux, wavelength, _ = normalize_spectra(estimator, X)
        inside, known = None, "spectra"
        if values is not None:
            values, known = take_values(cls.__name__, values, len(cells))
            inside = fitted.aggregate(cells, values, statistic=np.median)
        display = cls(
            fitted.aggregate(cells, flux, statistic=partial(masked_mean, axis=0)),
            fitted.positions,
            counts=fitted.aggregate(cells),
            values=inside,
            wavelength=wavelength,
            label=known if label is None else label,
        )
        return display.plot(ax, **plot_params)

    def plot(self, ax=None, *, cmap=VALUE_COLORS, title=""):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, by default a new figure.
        cmap : str, default="viridis"
            Name of a matplotlib color map.
        title : str, default=""
            Title of the picture.

        Returns
        -------
        display : MapSpectraDisplay
        """
        ax = take_axes(ax, (9.0, 8.2), layout="compressed")
        cells = draw_cells(ax, self.cell_positions)
        filled = np.asarray(self.counts) > 0
        values = np.asarray(self.counts if self.values is None else self.values, dtype=float)
        norm = mpl.colors.Normalize(np.nanmin(values[filled]), np.nanmax(values[filled]))
        scale = mpl.cm.ScalarMappable(norm, cmap)
        colors = scale.to_rgba(values)
        cells.set_facecolor(_mix(colors, 1, 0.25))
        cells.set_facecolor(np.where(filled[:, None], cells.get_facecolor(), mpl.colors.to_rgba("#f2f2f2")))
        curves, floor = self._lay_curves(filled)
        areas = [_close(curve, y + floor) for curve, (_, y) in zip(curves, self.cell_positions[filled], strict=True)]
        ax.add_collection(PolyCollection(areas, facecolors=colors[filled], edgecolors="none"))
        self.lines_ = LineCollection(curves, colors=_mix(colors[filled], 0, 0.6), linewidths=0.9)
        ax.add_collection(self.lines_)
        draw_cells(ax, self.cell_positions, linewidth=1.5).set_facecolor("none")  # the grid, over the areas
        ax.figure.colorbar(scale, ax=ax, label=self.label, shrink=0.7, pad=0.02, aspect=30)
        if self.wavelength is not None:
            span = f"{np.min(self.wavelength):,.0f} to {np.max(self.wavelength):,.0f} Å"
            ax.set_xlabel(f"in each cell: mean normalized flux against wavelength, {span}", color=INK)
        ax.set_title(title)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _lay_curves(self, filled):
        """Return the curves (n_bins, 2) of the cells that are not empty, in the map's coordinates, and their floor."""
        spectra, x = _thin(self.spectra[filled], _N_BINS)
        low, high = np.nanpercentile(spectra, (1, 99))
        height = np.clip((spectra - low) / ((high - low) or 1.0), -0.05, 1.1)
        is_square = outline_cells(self.cell_positions).shape[1] == 4
        half_width, floor, rise = (0.5, 0.5, 0.66) if is_square else (0.4, 0.34, 0.5)
        x = half_width * (2 * x - 1)
        curves = [  # straight across masked bins
            np.column_stack([column + x, row + floor - 0.1 - rise * curve])[~np.isnan(curve)]
            for (column, row), curve in zip(self.cell_positions[filled], height, strict=True)
        ]
        return curves, floor


def _thin(spectra, n_bins):
    """Average neighboring pixels into at most `n_bins`; return (spectra, places in [0, 1])."""
    n_pixels = spectra.shape[1]
    edges = np.linspace(0, n_pixels, min(n_bins, n_pixels) + 1).astype(int)
    known = ~np.isnan(spectra)
    total = np.add.reduceat(np.where(known, spectra, 0), edges[:-1], axis=1)
    with np.errstate(invalid="ignore"):  # a bin that is masked throughout is NaN
        thin = total / np.add.reduceat(known, edges[:-1], axis=1, dtype=int)
    return thin, np.linspace(0, 1, thin.shape[1])


def _close(curve, floor):
    return np.vstack([curve, [curve[-1, 0], floor], [curve[0, 0], floor]])


def _mix(colors, target, share):
    """Mix colors with white (1) or black (0)."""
    mixed = colors.copy()
    mixed[:, :3] = share * colors[:, :3] + (1 - share) * target
    return mixed
