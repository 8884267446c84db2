"""LatentDisplay: pairs of latent variables, colored by cluster or by a property."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from sklearn.base import is_clusterer
from sklearn.pipeline import Pipeline

from sklearn_sedzoo._parameters import checked, integer, nothing, number
from sklearn_sedzoo.plotting._axes import clear_spines, take_many_axes
from sklearn_sedzoo.plotting._labels import VALUE_COLORS, are_groups, color_groups, take_values


class LatentDisplay:
    """Scatter plots of latent pairs.

    Parameters
    ----------
    latents : ndarray of shape (n_samples, n_latents)
        Output of the embedding.
    values : ndarray or Series of shape (n_samples,), optional
        What to color by: integers and words are groups (a legend), floats are measured (a color bar).
    pairs : list of (int, int), default=[(0, 1)]
        Which latents to draw against each other, counted from 0.
    label : str, optional
        Name of what is colored by; a Series brings its own, with the unit.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (n_pairs,)
        One for each pair.
    figure_ : matplotlib Figure
        The figure of `axes_`.

    See Also
    --------
    MapDisplay : The same latents laid out on a map.

    Notes
    -----
    Points are drawn in random order (seeded), so that no group hides another by coming last.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.plotting import LatentDisplay
    >>> latents = np.random.default_rng(0).normal(size=(100, 3))
    >>> display = LatentDisplay(latents, values=latents[:, 0] > 0, pairs=[(0, 1), (0, 2)]).plot()
    >>> [ax.get_ylabel() for ax in display.axes_]
    ['latent 1', 'latent 2']
    """

    def __init__(self, latents, *, values=None, pairs=((0, 1),), label=None):
        self.latents = latents
        self.values = values
        self.pairs = pairs
        self.label = label

    @classmethod
    def from_estimator(cls, estimator, X, *, values=None, pairs=((0, 1),), label=None, ax=None, **plot_params):
        """Embed spectra with a fitted pipeline and draw their latents.

        Parameters
        ----------
        estimator : Pipeline or transformer
            Fitted. If its last step is a clusterer, the points are colored by `predict` unless `values` is given.
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra as the estimator takes them.
        values : array-like or Series of shape (n_samples,), optional
            What to color by.
        pairs : list of (int, int), default=[(0, 1)]
            Which latents to draw against each other, counted from 0.
        label : str, optional
            Name of what is colored by.
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or one for each pair.
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : LatentDisplay
        """
        is_grouping = isinstance(estimator, Pipeline) and hasattr(estimator, "predict")
        latents = estimator[:-1].transform(X) if is_grouping else estimator.transform(X)
        if values is None and is_grouping and is_clusterer(estimator):
            values, label = estimator[-1].predict(latents), label or "cluster"
        return cls(np.asarray(latents), values=values, pairs=pairs, label=label).plot(ax, **plot_params)

    @classmethod
    def from_predictions(cls, latents, values=None, *, pairs=((0, 1),), label=None, ax=None, **plot_params):
        """Draw latents that were computed before.

        Parameters
        ----------
        latents : array-like of shape (n_samples, n_latents)
            Output of the embedding.
        values : array-like or Series of shape (n_samples,), optional
            What to color by.
        pairs : list of (int, int), default=[(0, 1)]
            Which latents to draw against each other, counted from 0.
        label : str, optional
            Name of what is colored by.
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or one for each pair.
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : LatentDisplay
        """
        return cls(np.asarray(latents), values=values, pairs=pairs, label=label).plot(ax, **plot_params)

    @checked(n_columns=[integer(1)], size=[number(0, 1e6, closed="right"), nothing()], alpha=[number(0, 1)])
    def plot(self, ax=None, *, n_columns=2, size=None, alpha=0.8):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or one for each pair; by default a new figure.
        n_columns : int, default=2
            Pairs side by side.
        size : float, optional
            Area of the points in square points, by default smaller where there are more.
        alpha : float, default=0.8
            Opacity of the points.

        Returns
        -------
        display : LatentDisplay
        """
        self._check_pairs()
        n_samples = len(self.latents)
        axes = take_many_axes(type(self).__name__, ax, len(self.pairs), n_columns=n_columns, size=(4.6, 3.9))[:, 0]
        size = np.clip(12000 / n_samples, 1.5, 30) if size is None else size
        order = np.random.default_rng(0).permutation(n_samples)
        colors, legend, bar = self._color()
        for place, (i, j) in zip(axes, self.pairs, strict=True):
            place.scatter(
                self.latents[order, i],
                self.latents[order, j],
                s=size,
                c=colors[order],
                alpha=alpha,
                lw=0,
                rasterized=n_samples > 5000,
            )
            place.set(xlabel=f"latent {i}", ylabel=f"latent {j}")
            clear_spines(place)
        if bar is not None:
            axes[0].figure.colorbar(bar[0], ax=list(axes), label=bar[1], pad=0.02, aspect=30)
        if legend:
            axes[min(n_columns, len(axes)) - 1].legend(
                handles=legend[0], title=legend[1], loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False
            )
        self.axes_, self.figure_ = axes, axes[0].figure
        return self

    def _check_pairs(self):
        n_latents = self.latents.shape[1]
        for pair in self.pairs:
            if len(pair) != 2 or not all(0 <= i < n_latents for i in pair):
                raise ValueError(
                    f"`pairs` of LatentDisplay must be pairs of latents in [0, {n_latents - 1}], got {tuple(pair)!r}."
                )

    def _color(self):
        """Return a color for each point, (handles, title) of a legend or None, (mappable, label) or None."""
        if self.values is None:
            return np.broadcast_to(color_groups(1), (len(self.latents), 4)), None, None
        values, label = take_values(type(self).__name__, self.values, len(self.latents))
        label = self.label or label
        if not are_groups(values):
            low, high = np.nanmin(values), np.nanmax(values)
            bar = mpl.cm.ScalarMappable(mpl.colors.Normalize(low, high), VALUE_COLORS)
            return bar.to_rgba(values), None, (bar, label)
        groups, which, counts = np.unique(values, return_inverse=True, return_counts=True)
        palette = color_groups(len(groups))
        handles = [
            mpl.lines.Line2D([], [], ls="", marker="o", ms=7, color=color, label=f"{group}  (n = {count})")
            for group, color, count in zip(groups, palette, counts, strict=True)
        ]
        return palette[which], (handles, label), None
