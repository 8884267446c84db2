"""MapDisplay: one picture of a self-organizing map, a value or a color for each cell."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np

from sklearn_sedzoo._kernels.som_aggregate import aggregate_cells
from sklearn_sedzoo._parameters import check_parameter, checked, flag, integer, nothing, number, option
from sklearn_sedzoo.mapping import FittedMap
from sklearn_sedzoo.plotting._axes import INK, take_axes
from sklearn_sedzoo.plotting._cells import draw_cells
from sklearn_sedzoo.plotting._labels import NO_GROUP, VALUE_COLORS, are_groups, color_groups, take_values

_EMPTY = "#f2f2f2"
_COLORS = {
    "value": mpl.colormaps[VALUE_COLORS],
    "count": mpl.colors.ListedColormap(mpl.colormaps["Greys"](np.linspace(0.12, 1, 256)), name="hits"),
    "distance": mpl.colormaps["magma_r"],
}
_SHOWN = ("hits", "u_matrix", "weights")


class MapDisplay:
    """One value for each cell of a map, on squares or hexagons.

    Parameters
    ----------
    values : ndarray of shape (n_cells,) or (n_cells, 3)
        A number for each cell (NaN: empty), the index of a group, or red, green and blue in [0, 1].
    cell_positions : ndarray of shape (n_cells, 2)
        (x, y) of each cell, neighbors at distance 1: ``SOMMapper.cell_positions_``.
    kind : {"value", "count", "distance", "group", "color"}, default="value"
        What the values are: measured (viridis), counts (grey), distances (dark is far), groups (distinct colors and
        the group's name in each cell), or colors.
    label : str, default=""
        Name and unit, for the color bar.
    title : str, default=""
        Title of the picture.
    groups : list, optional
        Names of the groups, where the values are indices into them.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    cells_ : matplotlib PolyCollection
        The cells, in the order of `values`.
    colorbar_ : matplotlib Colorbar or None
        Its color bar.

    See Also
    --------
    MapPanelsDisplay : Several of these side by side.
    MapSpectraDisplay : The mean spectrum in each cell.

    Notes
    -----
    Row 0 is on top, as an array is printed. Colors of ``show="weights"`` are the three leading principal components
    of the weights as red, green and blue: cells of like color have like weights; the hue itself means nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.plotting import MapDisplay
    >>> positions = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
    >>> display = MapDisplay.from_predictions([0, 0, 3], positions, [1.0, 3.0, 5.0], label="age [Gyr]")
    >>> display.values
    array([ 2., nan, nan,  5.])
    """

    def __init__(self, values, cell_positions, *, kind="value", label="", title="", groups=None):
        self.values = values
        self.cell_positions = cell_positions
        self.kind = kind
        self.label = label
        self.title = title
        self.groups = groups

    @classmethod
    @checked(show=[option(*_SHOWN), integer(0)])
    def from_estimator(cls, estimator, X=None, *, show="hits", values=None, title=None, ax=None, **plot_params):
        """Draw what a fitted map knows, or a property of spectra on it.

        Parameters
        ----------
        estimator : SOMMapper or Pipeline
            Fitted; a pipeline ends with the map.
        X : array-like of shape (n_samples, n_features), optional
            Spectra (for a pipeline) or latents to lay on the map; needed for `values`.
        show : {"hits", "u_matrix", "weights"} or int, default="hits"
            Spectra in each cell (of X, or of the training), distance to the neighboring cells, the weights as
            colors, or the weights of one latent. Ignored where `values` is given.
        values : array-like or Series of shape (n_samples,), optional
            Labels or a property of X: each cell shows the most frequent label or the median.
        title : str, optional
            Title of the picture.
        ax : matplotlib Axes, optional
            Where to draw, by default a new figure.
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : MapDisplay
        """
        fitted = FittedMap.of(estimator)
        if values is not None and X is None:
            raise ValueError(f"`values` of {cls.__name__} belong to spectra: pass these as X.")
        if X is not None and (values is not None or show == "hits"):
            display = lay_values(FittedMap.locate(estimator, X), fitted.positions, values)
        else:
            display = show_map(fitted, show)
        display.title = display.title if title is None else title
        return display.plot(ax, **plot_params)

    @classmethod
    def from_predictions(
        cls, cells, cell_positions, values=None, *, statistic=None, label=None, title=None, ax=None, **plot_params
    ):
        """Draw a property of spectra whose cells are known.

        Parameters
        ----------
        cells : array-like of shape (n_samples,)
            Cell of each spectrum, as `SOMMapper.predict` gives it.
        cell_positions : array-like of shape (n_cells, 2)
            (x, y) of each cell.
        values : array-like or Series of shape (n_samples,), optional
            Labels (integers, words) or a measured property (floats); without them the spectra are counted.
        statistic : callable, optional
            What to draw of the property in each cell, by default the median without NaN.
        label : str, optional
            Name and unit, for the color bar; a Series brings its own.
        title : str, optional
            Title of the picture.
        ax : matplotlib Axes, optional
            Where to draw, by default a new figure.
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : MapDisplay
        """
        display = lay_values(cells, cell_positions, values, statistic=statistic, label=label)
        display.title = display.title if title is None else title
        return display.plot(ax, **plot_params)

    @checked(low=[number(), nothing()], high=[number(), nothing()], colorbar=[flag()])
    def plot(self, ax=None, *, cmap=None, low=None, high=None, colorbar=True):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, by default a new figure.
        cmap : str, optional
            Name of a matplotlib color map, by default one that suits `kind`.
        low, high : float, optional
            Ends of the color scale, by default those of the values.
        colorbar : bool, default=True
            Draw a color bar; for groups it is the key to their colors.

        Returns
        -------
        display : MapDisplay
        """
        ax = take_axes(ax, (4.6, 4.2), layout="compressed")
        self.cells_, self.colorbar_ = draw_cells(ax, self.cell_positions), None
        if self.kind == "color":
            self.cells_.set_facecolor(self.values)
            if colorbar:  # an empty place, so that pictures side by side have one size
                self._add_bar(ax, mpl.cm.ScalarMappable()).ax.set_visible(False)
        elif self.kind == "group":
            self._draw_groups(ax, colorbar)
        else:
            self._draw_values(ax, cmap, low, high, colorbar)
        ax.set_title(self.title, fontsize="medium")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _draw_values(self, ax, cmap, low, high, colorbar):
        values = np.ma.masked_invalid(np.asarray(self.values, dtype=float))
        if self.kind == "count":
            values, low = np.ma.masked_equal(values, 0), 0 if low is None else low
        colors = _COLORS[self.kind] if cmap is None else mpl.colormaps[cmap]
        colors = colors.with_extremes(bad="white" if self.kind == "count" else _EMPTY)
        self.cells_.set(array=values, cmap=colors)
        self.cells_.set_clim(low, high)
        if self.kind == "count":
            self.cells_.set_edgecolor("#d8d8d8")
        if colorbar:
            self.colorbar_ = self._add_bar(ax, self.cells_, label=self.label)

    def _add_bar(self, ax, mappable, **bar_params):
        return ax.figure.colorbar(mappable, ax=ax, shrink=0.85, pad=0.03, **bar_params)

    def _draw_groups(self, ax, colorbar):
        names = self.groups if self.groups is not None else range(int(np.nanmax(self.values)) + 1)
        palette = color_groups(len(names))
        is_empty = np.isnan(self.values)
        which = np.where(is_empty, 0, self.values).astype(int)
        colors = palette[which]
        colors[is_empty] = mpl.colors.to_rgba(NO_GROUP)
        self.cells_.set_facecolor(colors)
        for (x, y), group, empty in zip(self.cell_positions, which, is_empty, strict=True):
            if not empty:
                ink = "white" if _luminance(palette[group]) < 0.45 else INK
                ax.text(x, y, str(names[group]), ha="center", va="center", fontsize="x-small", color=ink, clip_on=True)
        if colorbar:
            norm = mpl.colors.BoundaryNorm(np.arange(len(names) + 1) - 0.5, len(names))
            mappable = mpl.cm.ScalarMappable(norm, mpl.colors.ListedColormap(palette))
            self.colorbar_ = self._add_bar(ax, mappable, label=self.label, ticks=range(len(names)))
            self.colorbar_.ax.set_yticklabels(names)
            self.colorbar_.ax.tick_params(length=0)


def show_map(fitted, show):
    """Return the MapDisplay, not yet drawn, of what a FittedMap holds."""
    positions = fitted.positions
    check_parameter("MapDisplay", "show", show, [option(*_SHOWN), integer(0, fitted.weights.shape[1] - 1)])
    if show == "hits":
        return MapDisplay(fitted.hits, positions, kind="count", label="spectra", title="hits")
    if show == "u_matrix":
        values = np.ravel(fitted.u_matrix)
        return MapDisplay(values, positions, kind="distance", label="distance to neighbors", title="U-matrix")
    weights = fitted.weights
    if show == "weights":
        return MapDisplay(_color_weights(weights), positions, kind="color", title="weights")
    return MapDisplay(weights[:, show], positions, label=f"latent {show}", title=f"weights of latent {show}")


def lay_values(cells, cell_positions, values=None, *, statistic=None, label=None):
    """Return the MapDisplay, not yet drawn, of counts, labels or a property of spectra whose cells are known."""
    cells, n_cells = np.asarray(cells), len(cell_positions)
    if values is None:
        hits = aggregate_cells(cells, n_cells)
        return MapDisplay(hits, cell_positions, kind="count", label="spectra", title="hits")
    values, known = take_values("MapDisplay", values, len(cells))
    label = known if label is None else label
    if are_groups(values):
        groups, which = np.unique(values, return_inverse=True)
        most = aggregate_cells(cells, n_cells, which, statistic=lambda inside: np.bincount(inside).argmax())
        title = label or "cluster"
        return MapDisplay(most, cell_positions, kind="group", label=label, title=title, groups=list(groups))
    inside = aggregate_cells(cells, n_cells, values, statistic=np.median if statistic is None else statistic)
    return MapDisplay(inside, cell_positions, label=label, title="")


def _luminance(color):
    return float(np.dot(color[:3], (0.299, 0.587, 0.114)))


def _color_weights(weights):
    """Return red, green and blue: the three leading principal components of the weights, each stretched to [0, 1].

    A component less than a tenth as wide as the first is stretched by no more than that: it is noise, or nothing.
    """
    centered = weights - weights.mean(axis=0)
    u, s, _ = np.linalg.svd(centered, full_matrices=False)
    scores = np.zeros((len(weights), 3))
    n_kept = min(3, len(s))
    scores[:, :n_kept] = u[:, :n_kept] * s[:n_kept]
    low, high = np.percentile(scores, (2, 98), axis=0)
    width = np.maximum(high - low, 0.1 * (high - low)[0])
    width[width == 0] = 1.0
    return np.clip((scores - low) / width, 0, 1) * 0.9 + 0.05
