"""PropertyViolinsDisplay: the distribution of each property in each cluster."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sklearn_sedzoo._parameters import checked, integer
from sklearn_sedzoo.plotting._axes import INK, clear_spines, take_many_axes
from sklearn_sedzoo.plotting._labels import color_groups, write_label


class PropertyViolinsDisplay:
    """Violins of properties, cluster by cluster, with medians and 16-84 %.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)
        Cluster of each spectrum; negative ones are left out.
    properties : DataFrame of shape (n_samples, n_properties)
        Numbers; units in ``attrs["units"]``.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (n_properties,)
        One for each property.
    figure_ : matplotlib Figure
        The figure of `axes_`.

    See Also
    --------
    sklearn_sedzoo.inspection.property_association : The same question in numbers.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn_sedzoo.plotting import PropertyViolinsDisplay
    >>> properties = pd.DataFrame({"age": np.random.default_rng(0).uniform(size=60)})
    >>> properties.attrs["units"] = {"age": "Gyr"}
    >>> display = PropertyViolinsDisplay(np.repeat([0, 1, 2], 20), properties).plot()
    >>> len(display.axes_)
    1
    """

    def __init__(self, labels, properties):
        self.labels = labels
        self.properties = properties

    @classmethod
    def from_estimator(cls, estimator, X, properties, *, ax=None, **plot_params):
        """Predict clusters and draw the properties of their members.

        Parameters
        ----------
        estimator : Pipeline or clusterer
            Fitted.
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra as the estimator takes them.
        properties : DataFrame of shape (n_samples, n_properties)
            What is known of them.
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or one for each property.
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : PropertyViolinsDisplay
        """
        return cls(np.asarray(estimator.predict(X)), properties).plot(ax, **plot_params)

    @classmethod
    def from_predictions(cls, labels, properties, *, ax=None, **plot_params):
        """Draw the properties of clusters that are known.

        Parameters
        ----------
        labels : array-like of shape (n_samples,)
            Cluster of each spectrum.
        properties : DataFrame of shape (n_samples, n_properties)
            What is known of them.
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or one for each property.
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : PropertyViolinsDisplay
        """
        return cls(np.asarray(labels), properties).plot(ax, **plot_params)

    @checked(n_columns=[integer(1)])
    def plot(self, ax=None, *, n_columns=3):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or one for each property; by default a new figure.
        n_columns : int, default=3
            Properties side by side.

        Returns
        -------
        display : PropertyViolinsDisplay
        """
        properties = pd.DataFrame(self.properties).select_dtypes("number")
        if len(properties) != len(self.labels) or properties.empty:
            raise ValueError(
                f"`properties` of PropertyViolinsDisplay must hold numbers for the {len(self.labels)} spectra, got "
                f"{properties.shape[0]} rows and {properties.shape[1]} numeric columns."
            )
        groups = np.unique(self.labels[self.labels >= 0])
        colors = color_groups(len(groups))
        axes = take_many_axes(type(self).__name__, ax, properties.shape[1], n_columns=n_columns, size=(3.8, 3.0))[:, 0]
        units = getattr(self.properties, "attrs", {}).get("units", {})
        for place, (name, column) in zip(axes, properties.items(), strict=True):
            for at, (group, color) in enumerate(zip(groups, colors, strict=True)):
                _draw_one(place, at, column[self.labels == group].dropna().to_numpy(dtype=float), color)
            place.set_xticks(range(len(groups)), [str(group) for group in groups])
            place.set(xlabel="cluster", ylabel=write_label(name, units.get(name, "")))
            clear_spines(place)
        self.axes_, self.figure_ = axes, axes[0].figure
        return self


def _draw_one(ax, at, values, color):
    if not len(values):
        return
    if len(values) > 2 and np.ptp(values) > 0:
        (body,) = ax.violinplot([values], [at], widths=0.85, showextrema=False)["bodies"]
        body.set(facecolor=color, alpha=0.45, edgecolor="none")
    low, middle, high = np.percentile(values, (16, 50, 84))
    ax.plot([at, at], [low, high], color=INK, lw=2.5, solid_capstyle="butt")
    ax.plot(at, middle, "o", ms=6, mfc="white", mec=INK, mew=1.2)
