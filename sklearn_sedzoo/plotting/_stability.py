"""StabilityDisplay: how far repeated fits agree, in labels and in what they tell."""

from __future__ import annotations

import numpy as np

from sklearn_sedzoo.plotting._axes import clear_spines, take_axes
from sklearn_sedzoo.plotting._labels import color_groups, write_label


class StabilityDisplay:
    """Bars of agreement for each variation: of labels (adjusted Rand index) and of each propagated property (r).

    Parameters
    ----------
    table : DataFrame
        What `sklearn_sedzoo.model_selection.stability` returned.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_sedzoo.plotting import StabilityDisplay
    >>> table = pd.DataFrame({"ari": [0.41], "ari_min": [0.38], "r_age": [0.95]}, index=["seed"])
    >>> display = StabilityDisplay(table).plot()
    >>> [round(float(bar.get_height()), 2) for bar in display.ax_.patches]
    [0.41, 0.95]
    """

    def __init__(self, table):
        self.table = table

    def plot(self, ax=None):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, by default a new figure.

        Returns
        -------
        display : StabilityDisplay
        """
        ax = take_axes(ax, (6.5, 3.4))
        columns = ["ari", *(name for name in self.table if name.startswith("r_"))]
        width = 0.8 / len(columns)
        at = np.arange(len(self.table))
        for i, (name, color) in enumerate(zip(columns, color_groups(len(columns)), strict=True)):
            words = "labels (ARI)" if name == "ari" else f"{write_label(name.removeprefix('r_'))} (r)"
            offset = (i - (len(columns) - 1) / 2) * width
            ax.bar(at + offset, self.table[name].astype(float), width * 0.92, color=color, label=words)
        ax.set_xticks(at, [str(name) for name in self.table.index])
        ax.set(ylabel="agreement between runs", ylim=(0, 1.02))
        ax.legend(frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5))
        clear_spines(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self
