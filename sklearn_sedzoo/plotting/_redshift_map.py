"""RedshiftMapDisplay: what a photometric redshift regressor knows, cell by cell."""

from __future__ import annotations

import numpy as np

from sklearn_sedzoo._parameters import checked, integer
from sklearn_sedzoo.mapping import FittedMap
from sklearn_sedzoo.plotting._axes import take_many_axes
from sklearn_sedzoo.plotting._densities import split_model
from sklearn_sedzoo.plotting._map import MapDisplay


class RedshiftMapDisplay:
    """Median redshift, completeness of the spectroscopy and coverage, on the first map of a regressor.

    Parameters
    ----------
    displays : dict of str to MapDisplay
        Pictures, not yet drawn, under their titles.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        One for each picture.
    figure_ : matplotlib Figure
        The figure of `axes_`.

    See Also
    --------
    sklearn_sedzoo.photoz.SOMRedshiftRegressor : Has these maps as arrays.
    MapDisplay : One picture.

    Notes
    -----
    Completeness is labeled over all rows in a cell: of the sample X where it is given, else of the rows that trained
    the map. Coverage is the share of X in a cell for which `is_covered` is true; without X, whether the cell has
    labels. Cells without galaxies are grey.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.mapping import SOMMapper
    >>> from sklearn_sedzoo.photoz import SOMRedshiftRegressor
    >>> from sklearn_sedzoo.plotting import RedshiftMapDisplay
    >>> rng = np.random.default_rng(0)
    >>> z = rng.uniform(0, 2, 100)
    >>> X = np.column_stack([z, np.sin(3 * z)])
    >>> model = SOMRedshiftRegressor(SOMMapper(3, 3), n_maps=1).fit(X, z)
    >>> [ax.get_title() for ax in RedshiftMapDisplay.from_estimator(model).axes_]
    ['median redshift', 'completeness', 'coverage']
    """

    def __init__(self, displays):
        self.displays = displays

    @classmethod
    def from_estimator(cls, estimator, X=None, *, ax=None, **plot_params):
        """Draw the maps of a fitted regressor.

        Parameters
        ----------
        estimator : SOMRedshiftRegressor or Pipeline
            Fitted; a pipeline ends with one.
        X : array-like of shape (n_samples, n_features), optional
            Photometric sample whose completeness and coverage are shown.
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or three; by default a new figure.
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : RedshiftMapDisplay
        """
        model, make_features = split_model(cls.__name__, estimator, "completeness_map_")
        labeled, fitted = model.label_counts_[..., 0].ravel(), FittedMap.of(model)
        if X is None:
            completeness = model.completeness_map_.ravel()
            coverage = np.where(labeled + fitted.hits > 0, model.coverage_map_.ravel(), np.nan)
        else:
            features = make_features(X)
            cells = FittedMap.locate(model, features)
            total = fitted.aggregate(cells)
            completeness = np.divide(labeled, total, out=np.full(len(total), np.nan), where=total > 0)
            coverage = fitted.aggregate(cells, model.is_covered(features).astype(float))
        pictures = {
            "median redshift": (model.median_map_.ravel(), "redshift"),
            "completeness": (completeness, "labeled / all"),
            "coverage": (coverage, "share covered"),
        }
        positions = fitted.positions
        displays = {
            name: MapDisplay(values, positions, label=label, title=name) for name, (values, label) in pictures.items()
        }
        return cls(displays).plot(ax, **plot_params)

    @checked(n_columns=[integer(1)])
    def plot(self, ax=None, *, n_columns=3):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or one for each picture; by default a new figure.
        n_columns : int, default=3
            Pictures side by side.

        Returns
        -------
        display : RedshiftMapDisplay
        """
        axes = take_many_axes(
            type(self).__name__, ax, len(self.displays), n_columns=n_columns, size=(3.9, 3.3), layout="compressed"
        )[:, 0]
        for (name, picture), place in zip(self.displays.items(), axes, strict=True):
            is_share = name != "median redshift"
            picture.plot(place, low=0 if is_share else None, high=1 if is_share else None)
        self.axes_, self.figure_ = axes, axes[0].figure
        return self
