"""TypicalSpectraDisplay: the typical spectrum of each group, with its scatter and what sets it apart."""

from __future__ import annotations

from sklearn_sedzoo._parameters import checked, integer
from sklearn_sedzoo.inspection import interpret
from sklearn_sedzoo.plotting._axes import FAINT, INK, clear_spines, take_many_axes
from sklearn_sedzoo.plotting._front import place_pixels
from sklearn_sedzoo.plotting._labels import FLUX_LABEL, color_groups


class TypicalSpectraDisplay:
    """Decoded typical spectra above the 16-84 % range of the members, the features that differ named.

    Parameters
    ----------
    interpretation : Interpretation
        What `interpret` returns.
    groups : list, optional
        Which groups to draw, by default the first twelve.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (n_groups,)
        One for each group.
    figure_ : matplotlib Figure
        The figure of `axes_`.

    See Also
    --------
    sklearn_sedzoo.inspection.interpret : Finds them.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.decomposition import PCA
    >>> from sklearn_sedzoo.pipeline import make_sed_pipeline
    >>> from sklearn_sedzoo.plotting import TypicalSpectraDisplay
    >>> slope = np.random.default_rng(0).uniform(-1, 1, (60, 1))
    >>> X = 2 + slope * np.linspace(-1, 1, 20)
    >>> pipeline = make_sed_pipeline(grid=20, band=None, embed=PCA(1), final=KMeans(2, random_state=0)).fit(X)
    >>> display = TypicalSpectraDisplay.from_estimator(pipeline, X, pd.DataFrame({"slope": slope[:, 0]}))
    >>> len(display.axes_)
    2
    """

    def __init__(self, interpretation, *, groups=None):
        self.interpretation = interpretation
        self.groups = groups

    @classmethod
    def from_estimator(cls, estimator, X, properties, *, groups=None, ax=None, **plot_params):
        """Interpret a fitted pipeline and draw its typical spectra.

        Parameters
        ----------
        estimator : Pipeline
            Fitted; ends with a clusterer or a map.
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra.
        properties : DataFrame of shape (n_samples, n_properties)
            What is known of them.
        groups : list, optional
            Which groups to draw, by default the first twelve.
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or one for each group.
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : TypicalSpectraDisplay
        """
        return cls(interpret(estimator, X, properties, random_state=0), groups=groups).plot(ax, **plot_params)

    @checked(n_columns=[integer(1)])
    def plot(self, ax=None, *, n_columns=2):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or one for each group; by default a new figure.
        n_columns : int, default=2
            Groups side by side.

        Returns
        -------
        display : TypicalSpectraDisplay
        """
        found = self.interpretation
        known = list(found.groups.index)
        groups = known[:12] if self.groups is None else list(self.groups)
        x, x_label = place_pixels(type(self).__name__, found.wavelength, found.typical.shape[1])
        axes = take_many_axes(type(self).__name__, ax, len(groups), n_columns=n_columns, size=(5.2, 2.5))[:, 0]
        for i, (place, group, color) in enumerate(zip(axes, groups, color_groups(len(groups)), strict=True)):
            row = known.index(group)
            for other in found.typical:
                place.plot(x, other, color=FAINT, lw=0.5, alpha=0.5, zorder=0)
            place.fill_between(x, found.low[row], found.high[row], color=color, alpha=0.35, lw=0, label="16-84 %")
            place.plot(x, found.typical[row], color=color, lw=1.0, label="typical")
            self._name_features(place, group)
            place.set_title(f"{group}  (n = {found.groups.loc[group, 'n']:.0f})", loc="left", fontsize="medium")
            place.set_xlim(x.min(), x.max())
            place.set_ylabel(FLUX_LABEL if i % n_columns == 0 else "")
            place.set_xlabel(x_label if i >= len(groups) - n_columns else "")
            clear_spines(place)
        self.axes_, self.figure_ = axes, axes[0].figure
        return self

    def _name_features(self, ax, group):
        features = self.interpretation.features
        for _, feature in features[features["group"] == group].iterrows():
            ax.axvline(feature["wavelength"], color=INK, lw=0.6, ls=":", zorder=0)
            ax.annotate(
                feature["feature"] or f"{feature['wavelength']:.0f}",
                (feature["wavelength"], 0.02),
                xycoords=ax.get_xaxis_transform(),
                xytext=(2, 0),
                textcoords="offset points",
                rotation=90,
                fontsize="x-small",
                color=INK,
            )
