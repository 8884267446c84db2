"""NzDisplay: redshift distributions of samples, with their errors, beside the truth where it is known."""

from __future__ import annotations

import itertools

import numpy as np

from sklearn_sedzoo._parameters import checked, number
from sklearn_sedzoo.plotting._axes import INK, clear_spines, take_axes
from sklearn_sedzoo.plotting._densities import split_model
from sklearn_sedzoo.plotting._labels import color_groups


class NzDisplay:
    """N(z) of one sample, or of tomographic bins: estimate, its bootstrap error, and the true distribution.

    Parameters
    ----------
    estimates : dict of str to Bunch
        What `SOMRedshiftRegressor.summarize_nz` returned, under the name of each bin.
    truths : dict of str to ndarray, optional
        True redshifts of bins, under the same names; drawn as outlines.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    lines_ : list of matplotlib Line2D
        The estimates, in the order of their names.

    See Also
    --------
    sklearn_sedzoo.photoz.SOMRedshiftRegressor.summarize_nz : Makes the estimates.
    sklearn_sedzoo.metrics.nz_mean_shift : The score.

    Notes
    -----
    Densities are averaged over bins of `width` in redshift: the estimate is a sum of single spectroscopic redshifts.
    The legend has the share of the weight that labeled cells cover: what is outside, N(z) knows nothing of.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.utils import Bunch
    >>> from sklearn_sedzoo.plotting import NzDisplay
    >>> zgrid = np.linspace(0, 2, 201)
    >>> nz = Bunch(zgrid=zgrid, nz=np.exp(-0.5 * ((zgrid - 1) / 0.2) ** 2), samples=np.empty((0, 201)), coverage=0.98)
    >>> display = NzDisplay.from_predictions({"all": nz})
    >>> display.lines_[0].get_label()
    'all, 98.0 % covered'
    """

    def __init__(self, estimates, *, truths=None):
        self.estimates = estimates
        self.truths = truths

    @classmethod
    def from_estimator(cls, estimator, X, z_true=None, *, bins=None, weights=None, ax=None, **plot_params):
        """Estimate and draw N(z) of a photometric sample.

        Parameters
        ----------
        estimator : SOMRedshiftRegressor or Pipeline
            Fitted; its last step has `summarize_nz`.
        X : array-like of shape (n_samples, n_features)
            Photometric sample.
        z_true : array-like of shape (n_samples,), optional
            Its true redshifts, where they are known.
        bins : array-like of shape (n_edges,), optional
            Edges in photometric redshift: one distribution for each tomographic bin.
        weights : array-like of shape (n_samples,), optional
            Weights of the galaxies.
        ax : matplotlib Axes, optional
            Where to draw, by default a new figure.
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : NzDisplay
        """
        model, make_features = split_model(cls.__name__, estimator, "summarize_nz")
        features = make_features(X)
        if bins is None:
            ranges = {"all": (0.0, np.inf)}
            estimates = {"all": model.summarize_nz(features, weights)}
        else:
            ranges = {f"{low:.2g} to {high:.2g}": (low, high) for low, high in itertools.pairwise(bins)}
            estimates = {
                name: model.summarize_nz(features, weights, z_range=z_range) for name, z_range in ranges.items()
            }
        truths = None
        if z_true is not None:
            z_true, z_phot = np.asarray(z_true, float), model.predict(features)
            truths = {name: z_true[(z_phot >= low) & (z_phot < high)] for name, (low, high) in ranges.items()}
        return cls(estimates, truths=truths).plot(ax, **plot_params)

    @classmethod
    def from_predictions(cls, estimates, *, truths=None, ax=None, **plot_params):
        """Draw estimates that were made before.

        Parameters
        ----------
        estimates : dict of str to Bunch
            As in the class.
        truths : dict of str to array-like, optional
            As in the class.
        ax : matplotlib Axes, optional
            Where to draw, by default a new figure.
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : NzDisplay
        """
        unknown = [] if truths is None else [name for name in truths if name not in estimates]
        if unknown:
            raise ValueError(f"`truths` of {cls.__name__} must be named as the estimates {list(estimates)}, "
                             f"got {unknown[0]!r}.")  # fmt: skip
        return cls(estimates, truths=truths).plot(ax, **plot_params)

    @checked(width=[number(0, closed="neither")])
    def plot(self, ax=None, *, width=0.05):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, by default a new figure.
        width : float, default=0.05
            Bins in redshift.

        Returns
        -------
        display : NzDisplay
        """
        ax = take_axes(ax, (6.4, 3.8))
        self.lines_ = []
        end = max(estimate.zgrid[-1] for estimate in self.estimates.values())
        edges = np.linspace(0, end, max(2, round(end / width) + 1))
        middle = 0.5 * (edges[1:] + edges[:-1])
        for (name, estimate), color in zip(
            self.estimates.items(), color_groups(len(self.estimates)), strict=True
        ):  # fmt: skip
            label = f"{name}, {100 * estimate.coverage:.1f} % covered"
            samples = [_rebin(estimate.zgrid, sample, edges) for sample in estimate.samples]
            if samples:
                low, high = np.quantile(samples, (0.16, 0.84), axis=0)
                ax.fill_between(middle, low, high, color=color, alpha=0.3, lw=0)
            self.lines_ += ax.plot(middle, _rebin(estimate.zgrid, estimate.nz, edges), color=color, lw=1.6, label=label)
            if self.truths is not None and name in self.truths:
                height = np.histogram(self.truths[name], edges, density=True)[0]
                ax.stairs(height, edges, color=color, lw=0.9, ls="--")
        if self.truths is not None:
            ax.plot([], [], color=INK, lw=0.9, ls="--", label="true")
        ax.set(xlim=(0, end), ylim=(0, None), xlabel="redshift", ylabel="N(z), normalized")
        ax.legend(frameon=False, fontsize="small")
        clear_spines(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _rebin(zgrid, density, edges):
    """Mean density between the edges, from the integral of a piecewise linear one."""
    total = np.concatenate([[0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(zgrid))])
    return np.diff(np.interp(edges, zgrid, total / total[-1])) / np.diff(edges)
