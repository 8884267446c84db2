"""PhotoZDisplay: photometric against spectroscopic redshifts, and where the outliers are."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np

from sklearn_sedzoo.metrics import outlier_rate, photoz_bias, scaled_residual, sigma_iqr, sigma_nmad
from sklearn_sedzoo.plotting._axes import INK, clear_spines, take_many_axes
from sklearn_sedzoo.plotting._labels import GROUP_COLORS, VALUE_COLORS

_FEW = 3000  # points that are drawn one by one


class PhotoZDisplay:
    """Photometric against spectroscopic redshifts with outlier lines; below, the residuals and their running median.

    Parameters
    ----------
    z_true, z_phot : ndarray of shape (n_samples,)
        Spectroscopic and photometric redshifts; rows where one is NaN are left out, and counted in the text.
    threshold : float or "rail", default=0.15
        Rows with ``|z_phot - z_true| / (1 + z_true)`` above it are outliers; "rail" is max(0.06, 3 sigma_iqr).

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (2,)
        Redshifts, residuals.
    figure_ : matplotlib Figure
        The figure of `axes_`.
    text_ : matplotlib Text
        The scores written into the first Axes.

    See Also
    --------
    PITDisplay : Are the densities calibrated?
    sklearn_sedzoo.metrics.sigma_nmad, sklearn_sedzoo.metrics.outlier_rate : The scores.

    Notes
    -----
    Up to 3,000 galaxies are points; more are hexagons colored by the logarithm of their number. The lower panel shows
    (z_phot - z_true) / (1 + z_true) with its median and its 16 % and 84 % quantiles in 12 bins of equal number.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.plotting import PhotoZDisplay
    >>> z = np.linspace(0.1, 2, 50)
    >>> display = PhotoZDisplay.from_predictions(z, z + 0.01)
    >>> display.axes_[0].get_xlabel(), display.axes_[0].get_ylabel()
    ('', 'photometric redshift')
    """

    def __init__(self, z_true, z_phot, *, threshold=0.15):
        self.z_true = z_true
        self.z_phot = z_phot
        self.threshold = threshold

    @classmethod
    def from_estimator(cls, estimator, X, z_true, *, threshold=0.15, ax=None, **plot_params):
        """Draw what a fitted regressor predicts.

        Parameters
        ----------
        estimator : regressor or Pipeline
            Fitted, with `predict`.
        X : array-like of shape (n_samples, n_features)
            Galaxies that it was not fitted on.
        z_true : array-like of shape (n_samples,)
            Their spectroscopic redshifts.
        threshold : float or "rail", default=0.15
            Beyond it a row is an outlier.
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or two; by default a new figure.
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : PhotoZDisplay
        """
        return cls.from_predictions(z_true, estimator.predict(X), threshold=threshold, ax=ax, **plot_params)

    @classmethod
    def from_predictions(cls, z_true, z_phot, *, threshold=0.15, ax=None, **plot_params):
        """Draw redshifts that were predicted before.

        Parameters
        ----------
        z_true, z_phot : array-like of shape (n_samples,)
            Spectroscopic and photometric redshifts.
        threshold : float or "rail", default=0.15
            Beyond it a row is an outlier.
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or two; by default a new figure.
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : PhotoZDisplay
        """
        z_true, z_phot = np.asarray(z_true, float), np.asarray(z_phot, float)
        return cls(z_true, z_phot, threshold=threshold).plot(ax, **plot_params)

    def plot(self, ax=None):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or two; by default a new figure.

        Returns
        -------
        display : PhotoZDisplay
        """
        known = ~(np.isnan(self.z_true) | np.isnan(self.z_phot))
        z_true, z_phot = self.z_true[known], self.z_phot[known]
        residual = scaled_residual(z_true, z_phot)
        limit = max(0.06, 3 * sigma_iqr(z_true, z_phot)) if self.threshold == "rail" else self.threshold
        upper, lower = take_many_axes(
            type(self).__name__, ax, 1, n_columns=1, size=(4.8, 6.4), height_ratios=(2.6, 1)
        )[0]  # fmt: skip
        start, end = min(0.0, z_phot.min()), 1.02 * max(z_true.max(), z_phot.max())
        _draw_rows(upper, z_true, z_phot, (start, end, start, end))
        _draw_rows(lower, z_true, np.clip(residual, -2 * limit, 2 * limit), (start, end, -2 * limit, 2 * limit))
        edge = np.array([start, end])
        for sign, style in ((0, "-"), (-1, "--"), (1, "--")):
            upper.plot(edge, edge + sign * limit * (1 + edge), color=INK, lw=0.9, ls=style, zorder=3)
            lower.axhline(sign * limit, color=INK, lw=0.9, ls=style, zorder=3)
        _draw_running(lower, z_true, residual)
        lines = [
            rf"$\sigma_\mathrm{{NMAD}}$ = {sigma_nmad(z_true, z_phot):.4f}",
            f"beyond {limit:.2f}: {100 * outlier_rate(z_true, z_phot, limit):.2f} %",
            f"median bias {photoz_bias(z_true, z_phot):+.4f}",
            f"{known.sum():,} galaxies" + (f", {(~known).sum():,} without redshift" if not known.all() else ""),
        ]
        self.text_ = upper.text(0.03, 0.97, "\n".join(lines), transform=upper.transAxes, va="top", fontsize="small")
        upper.set(xlim=(start, end), ylim=(start, end), ylabel="photometric redshift")
        lower.set(xlim=(start, end), ylim=(-2 * limit, 2 * limit), xlabel="spectroscopic redshift")
        lower.set_ylabel(r"$\Delta z\,/\,(1+z)$")
        for place in (upper, lower):
            clear_spines(place)
        self.axes_, self.figure_ = np.array([upper, lower], dtype=object), upper.figure
        return self


def _draw_rows(ax, x, y, extent):
    if len(x) <= _FEW:
        ax.plot(x, y, ls="", marker=".", ms=3, color=GROUP_COLORS[0], alpha=0.5, mec="none", rasterized=True)
        return
    height = ax.get_position().height / ax.get_position().width * ax.figure.get_figheight() / ax.figure.get_figwidth()
    n_across = 90
    ax.hexbin(
        x, y, gridsize=(n_across, max(4, int(n_across * height / np.sqrt(3)))), extent=extent, mincnt=1,
        norm=mpl.colors.LogNorm(), cmap=mpl.colormaps[VALUE_COLORS], lw=0, rasterized=True,
    )  # fmt: skip


def _draw_running(ax, x, residual, n_bins=12):
    """Median and 68 % interval of the residuals in bins of equal number."""
    order = np.argsort(x, kind="stable")
    parts = [part for part in np.array_split(order, min(n_bins, max(1, len(x) // 5))) if len(part)]
    middle = [np.median(x[part]) for part in parts]
    low, median, high = np.array([np.quantile(residual[part], (0.16, 0.5, 0.84)) for part in parts]).T
    ax.plot(middle, median, color=GROUP_COLORS[5], lw=1.6, zorder=4)
    for bound in (low, high):
        ax.plot(middle, bound, color=GROUP_COLORS[5], lw=1.0, ls=":", zorder=4)
