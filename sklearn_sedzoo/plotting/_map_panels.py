"""MapPanelsDisplay: weights, hits, clusters and properties of one map, or of several seeds, side by side."""

from __future__ import annotations

import numpy as np

from sklearn_sedzoo._parameters import checked, integer
from sklearn_sedzoo.mapping import FittedMap
from sklearn_sedzoo.plotting._axes import take_many_axes
from sklearn_sedzoo.plotting._map import lay_values, show_map

_OWN_PANELS = ("weights", "hits", "u_matrix")


class MapPanelsDisplay:
    """Pictures of maps side by side: one row for each map where there are several.

    Parameters
    ----------
    displays : list of list of MapDisplay
        Rows of pictures; a single row is broken at `n_columns` when it is drawn.
    names : list of str, optional
        One name for each row.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (n_pictures,)
        Row after row.
    figure_ : matplotlib Figure
        The figure of `axes_`.

    See Also
    --------
    MapDisplay : One picture.

    Notes
    -----
    A panel has one color scale in all rows, so that maps of different seeds can be compared. Rows need not agree in
    orientation: a map may come out mirrored or turned, which means nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.mapping import SOMMapper
    >>> from sklearn_sedzoo.plotting import MapPanelsDisplay
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> maps = {f"seed {seed}": SOMMapper(3, 3, random_state=seed).fit(X) for seed in range(2)}
    >>> display = MapPanelsDisplay.from_estimators(maps, X, panels=["weights", "hits"])
    >>> [ax.get_title() for ax in display.axes_]
    ['weights', 'hits', '', '']
    """

    def __init__(self, displays, *, names=None):
        self.displays = displays
        self.names = names

    @classmethod
    def from_estimator(cls, estimator, X=None, *, panels=None, properties=None, ax=None, **plot_params):
        """Draw several pictures of one map.

        Parameters
        ----------
        estimator : SOMMapper or Pipeline
            Fitted; a pipeline ends with the map.
        X : array-like of shape (n_samples, n_features), optional
            Spectra (for a pipeline) or latents; without them the hits of the training are shown.
        panels : list of str, optional
            ``"weights"``, ``"hits"``, ``"u_matrix"`` or a column of `properties`. By default all of them.
        properties : DataFrame of shape (n_samples, n_properties), optional
            Labels (integers) and properties (floats) of X; units in ``attrs["units"]``.
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or one for each picture.
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : MapPanelsDisplay
        """
        return cls([_fill_row(estimator, X, _choose(cls, panels, properties), properties)]).plot(ax, **plot_params)

    @classmethod
    def from_estimators(cls, estimators, X=None, *, panels=None, properties=None, ax=None, **plot_params):
        """Draw the same pictures of several maps, one row for each.

        Parameters
        ----------
        estimators : dict of str to SOMMapper or Pipeline
            Fitted maps under their names, e.g. of several seeds.
        X : array-like of shape (n_samples, n_features), optional
            Spectra (for pipelines) or latents.
        panels : list of str, optional
            As in `from_estimator`.
        properties : DataFrame of shape (n_samples, n_properties), optional
            As in `from_estimator`.
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or one for each picture.
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : MapPanelsDisplay
        """
        panels = _choose(cls, panels, properties)
        rows = [_fill_row(estimator, X, panels, properties) for estimator in estimators.values()]
        return cls(rows, names=list(estimators)).plot(ax, **plot_params)

    @checked(n_columns=[integer(1)])
    def plot(self, ax=None, *, n_columns=3):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or one for each picture; by default a new figure.
        n_columns : int, default=3
            Pictures side by side, where there is only one map.

        Returns
        -------
        display : MapPanelsDisplay
        """
        pictures = [picture for row in self.displays for picture in row]
        per_row = len(self.displays[0])
        n_columns = per_row if len(self.displays) > 1 else n_columns
        axes = take_many_axes(
            type(self).__name__, ax, len(pictures), n_columns=n_columns, size=(3.9, 3.3), layout="compressed"
        )[:, 0]
        for i, (picture, place) in enumerate(zip(pictures, axes, strict=True)):
            column = [row[i % per_row] for row in self.displays]
            picture.plot(place, **_share_scale(column))
            if self.names is not None and i % per_row == 0:
                place.set_ylabel(self.names[i // per_row], fontsize="medium")
            if i >= per_row and len(self.displays) > 1:
                place.set_title("")
        self.axes_, self.figure_ = axes, axes[0].figure
        return self


def _choose(cls, panels, properties):
    columns = [] if properties is None else list(properties.columns)
    panels = [*_OWN_PANELS, *columns] if panels is None else list(panels)
    unknown = [panel for panel in panels if panel not in _OWN_PANELS and panel not in columns]
    if unknown:
        raise ValueError(
            f"`panels` of {cls.__name__} must be among {_OWN_PANELS!r} or the columns of `properties` ({columns}), "
            f"got {unknown[0]!r}."
        )
    return panels


def _fill_row(estimator, X, panels, properties):
    fitted = FittedMap.of(estimator)
    cells = None if X is None else FittedMap.locate(estimator, X)
    if cells is None and any(panel not in _OWN_PANELS for panel in panels):
        raise ValueError("`properties` belong to spectra: pass these as X.")
    return [_picture(fitted, cells, panel, properties) for panel in panels]


def _picture(fitted, cells, panel, properties):
    if panel == "hits" and cells is not None:
        return lay_values(cells, fitted.positions)
    if panel in _OWN_PANELS:
        return show_map(fitted, panel)
    values = properties[panel]
    values.attrs.setdefault("units", properties.attrs.get("units", {}))
    picture = lay_values(cells, fitted.positions, values)
    picture.title = picture.title or str(panel).replace("_", " ")
    return picture


def _share_scale(column):
    """Return the ends of a color scale that all pictures of a column share."""
    if column[0].kind in {"group", "color"}:
        return {}
    low = min(np.nanmin(picture.values) for picture in column)
    high = max(np.nanmax(picture.values) for picture in column)
    return {"low": 0 if column[0].kind == "count" else low, "high": high}
