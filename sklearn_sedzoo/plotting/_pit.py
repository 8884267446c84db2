"""PITDisplay: are the probability densities of redshift calibrated?"""

from __future__ import annotations

import numpy as np

from sklearn_sedzoo._kernels.redshift_pdf import measure_ks
from sklearn_sedzoo._parameters import checked, integer
from sklearn_sedzoo.metrics import pit
from sklearn_sedzoo.plotting._axes import FAINT, INK, clear_spines, take_many_axes
from sklearn_sedzoo.plotting._densities import read_densities
from sklearn_sedzoo.plotting._labels import GROUP_COLORS


class PITDisplay:
    """Histogram of the probability integral transform (PIT), and its quantiles against those of a uniform (QQ).

    Parameters
    ----------
    values : dict of str to ndarray of shape (n_samples,)
        PITs under the names of their models.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (2,)
        Histogram, QQ.
    figure_ : matplotlib Figure
        The figure of `axes_`.
    ks_ : dict of str to float
        Kolmogorov-Smirnov distance of each to the uniform.

    See Also
    --------
    sklearn_sedzoo.metrics.pit, sklearn_sedzoo.metrics.pit_ks : The numbers.

    Notes
    -----
    Flat is calibrated; a valley says too narrow, a hill too wide, a slope biased. The grey band of the histogram holds
    95 % of what chance does to calibrated densities of as many galaxies as the smallest sample.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.plotting import PITDisplay
    >>> display = PITDisplay({"model": np.linspace(0, 1, 101)}).plot()
    >>> round(display.ks_["model"], 3)
    0.01
    """

    def __init__(self, values):
        self.values = values

    @classmethod
    def from_estimator(cls, estimator, X, z_true, *, name=None, ax=None, **plot_params):
        """Draw the densities that a fitted regressor predicts.

        Parameters
        ----------
        estimator : SOMRedshiftRegressor or Pipeline
            Fitted; its last step has `predict_dist` and `zgrid_`.
        X : array-like of shape (n_samples, n_features)
            Galaxies that it was not fitted on.
        z_true : array-like of shape (n_samples,)
            Their redshifts.
        name : str, optional
            For the legend; by default the class of the last step.
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or two; by default a new figure.
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : PITDisplay
        """
        density, zgrid, own = read_densities(cls.__name__, estimator, X)
        return cls.from_predictions(z_true, density, zgrid, name=own if name is None else name, ax=ax, **plot_params)

    @classmethod
    def from_predictions(cls, z_true, density, zgrid, *, name="densities", ax=None, **plot_params):
        """Draw densities that were predicted before.

        Parameters
        ----------
        z_true : array-like of shape (n_samples,)
            True redshifts.
        density : array-like of shape (n_samples, n_z)
            Probability densities at `zgrid`.
        zgrid : array-like of shape (n_z,)
            Increasing redshifts.
        name : str, default="densities"
            For the legend.
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or two; by default a new figure.
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : PITDisplay
        """
        return cls({name: pit(z_true, density, zgrid)}).plot(ax, **plot_params)

    @checked(n_bins=[integer(1, 10_000)])
    def plot(self, ax=None, *, n_bins=20):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or two; by default a new figure.
        n_bins : int, default=20
            Bars of the histogram.

        Returns
        -------
        display : PITDisplay
        """
        bars, quantiles = take_many_axes(type(self).__name__, ax, 2, n_columns=2, size=(4.0, 3.6))[:, 0]
        fewest = min(len(values) for values in self.values.values())
        chance = 1.96 * np.sqrt((n_bins - 1) / fewest)
        bars.axhspan(max(0, 1 - chance), 1 + chance, color=FAINT, alpha=0.5, lw=0, zorder=2)
        bars.axhline(1, color=INK, lw=0.9, ls="--", zorder=2)
        quantiles.plot([0, 1], [0, 1], color=INK, lw=0.9, ls="--")
        self.ks_ = {}
        levels = np.linspace(0, 1, 201)
        for i, (name, values) in enumerate(self.values.items()):
            color = GROUP_COLORS[i % len(GROUP_COLORS)]
            self.ks_[name] = measure_ks(values)
            height, edges = np.histogram(values, n_bins, (0, 1), density=True)
            bars.stairs(height, edges, color=color, lw=1.6, fill=len(self.values) == 1, alpha=0.7)
            words = f"{name}, KS {self.ks_[name]:.3f}"
            quantiles.plot(levels, np.quantile(values, levels), color=color, lw=1.6, label=words)
        bars.set(xlim=(0, 1), ylim=(0, None), xlabel="PIT", ylabel="density")
        quantiles.set(xlim=(0, 1), ylim=(0, 1), xlabel="quantile of the uniform", ylabel="quantile of the PIT")
        quantiles.legend(frameon=False, fontsize="small")
        for place in (bars, quantiles):
            clear_spines(place)
        self.axes_, self.figure_ = np.array([bars, quantiles], dtype=object), bars.figure
        return self
