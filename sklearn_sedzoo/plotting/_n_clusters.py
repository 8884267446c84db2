"""ClusterChoiceDisplay: four opinions on the number of clusters, side by side."""

from __future__ import annotations

from sklearn_sedzoo._parameters import checked, integer
from sklearn_sedzoo.plotting._axes import FAINT, clear_spines, take_many_axes
from sklearn_sedzoo.plotting._labels import GROUP_COLORS

_PANELS = {
    "silhouette": "silhouette\n(higher is better)",
    "davies_bouldin": "Davies-Bouldin\n(lower is better)",
    "gap": "gap statistic\n(higher is better)",
    "ari": "agreement of bootstraps\n(ARI; stable from 0.8)",
    "valley": "space between clusters\n(filled; a gap below 0.5)",
}
_LIMITS = {"ari": 0.8, "valley": 0.5}


class ClusterChoiceDisplay:
    """What each criterion says about each number of clusters, and the number chosen, if there is one.

    Parameters
    ----------
    choice : ClusterChoice
        What `sklearn_sedzoo.model_selection.choose_n_clusters` returned.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (5,)
        One for each criterion.
    figure_ : matplotlib Figure
        The figure of `axes_`; its title is the answer.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.model_selection import choose_n_clusters
    >>> from sklearn_sedzoo.plotting import ClusterChoiceDisplay
    >>> X = np.random.default_rng(0).uniform(size=(150, 2))
    >>> choice = choose_n_clusters(X, range(2, 4), n_references=2, n_bootstraps=2, random_state=0)
    >>> display = ClusterChoiceDisplay(choice).plot()
    >>> display.axes_[0].get_xlabel()
    'number of clusters'
    """

    def __init__(self, choice):
        self.choice = choice

    @checked(n_columns=[integer(1)])
    def plot(self, ax=None, *, n_columns=5):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or five; by default a new figure.
        n_columns : int, default=5
            Criteria side by side.

        Returns
        -------
        display : ClusterChoiceDisplay
        """
        table = self.choice.table
        axes = take_many_axes(type(self).__name__, ax, len(_PANELS), n_columns=n_columns, size=(2.7, 2.7))[:, 0]
        for place, (name, words) in zip(axes, _PANELS.items(), strict=True):
            errors = table["gap_err"] if name == "gap" else None
            place.errorbar(
                table.index, table[name].astype(float), yerr=errors, color=GROUP_COLORS[0], marker="o", ms=5, lw=1.4
            )
            if name in _LIMITS:
                place.axhline(_LIMITS[name], color=FAINT, lw=1, ls="--", zorder=0)
            if self.choice.n_clusters is not None:
                place.axvline(self.choice.n_clusters, color=GROUP_COLORS[5], lw=1.4, zorder=0)
            place.set_title(words, fontsize="small")
            place.set_xlabel("number of clusters", fontsize="small")
            place.xaxis.get_major_locator().set_params(integer=True)
            clear_spines(place)
        if ax is None:
            answer = "continuum" if self.choice.n_clusters is None else f"{self.choice.n_clusters} natural clusters"
            axes[0].figure.suptitle(f"answer: {answer}")
        self.axes_, self.figure_ = axes, axes[0].figure
        return self
