"""Where to draw: a new figure, the axes that were handed over, or several in the place of one."""

from __future__ import annotations

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.gridspec import GridSpecFromSubplotSpec

INK = "#333333"
FAINT = "#bbbbbb"


def take_axes(ax, figsize, *, layout="constrained"):
    """Return the given axes, or those of a new figure."""
    if ax is None:
        _, ax = plt.subplots(figsize=figsize, layout=layout)
    return ax


def take_many_axes(owner, ax, n_axes, *, n_columns, size, height_ratios=(1.0,), layout="constrained"):
    """Return an array of axes of shape (n_axes, len(height_ratios)).

    `ax` may be None (a new figure, `size` inches for each place), one Axes (it is divided) or as many Axes as needed.
    The rows of `height_ratios` stand on top of each other and share their x axis.
    """
    n_parts = len(height_ratios)
    n_rows = math.ceil(n_axes / n_columns)
    n_columns = math.ceil(n_axes / n_rows)  # four in two rows of two rather than three and one
    if ax is None:
        figure = plt.figure(figsize=(size[0] * n_columns, size[1] * n_rows), layout=layout)
        places = figure.add_gridspec(n_rows, n_columns)
    elif np.ndim(ax) == 0:
        figure = ax.figure
        ax.set_axis_off()
        places = GridSpecFromSubplotSpec(n_rows, n_columns, subplot_spec=ax.get_subplotspec())
    else:
        axes = np.asarray(ax, dtype=object).ravel()
        if len(axes) != n_axes * n_parts:
            raise ValueError(f"`ax` of {owner}.plot must be one Axes or {n_axes * n_parts} Axes, got {len(axes)}.")
        return axes.reshape(n_axes, n_parts)
    axes = np.empty((n_axes, n_parts), dtype=object)
    for i in range(n_axes):
        if n_parts == 1:  # not nested: color bars and titles of all places then line up
            axes[i, 0] = figure.add_subplot(places[divmod(i, n_columns)])
            continue
        inner = GridSpecFromSubplotSpec(
            n_parts, 1, subplot_spec=places[divmod(i, n_columns)], height_ratios=height_ratios, hspace=0.05
        )
        for j in range(n_parts):
            axes[i, j] = figure.add_subplot(inner[j], sharex=axes[i, 0] if j else None)
            if j < n_parts - 1:
                axes[i, j].tick_params(labelbottom=False)
    return axes


def clear_spines(ax):
    """Leave only the left and the lower frame."""
    ax.spines[["top", "right"]].set_visible(False)
