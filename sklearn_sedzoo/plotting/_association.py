"""AssociationDisplay: which labeling tells which property, as a matrix."""

from __future__ import annotations

import numpy as np

from sklearn_sedzoo.inspection import property_association
from sklearn_sedzoo.plotting._axes import take_axes
from sklearn_sedzoo.plotting._labels import write_label


class AssociationDisplay:
    """A matrix of epsilon², labelings against properties; what is not significant is in brackets.

    Parameters
    ----------
    tables : dict of str to DataFrame
        What `property_association` returned for each labeling, under its name.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    image_ : matplotlib AxesImage
        The matrix.

    See Also
    --------
    sklearn_sedzoo.inspection.property_association : Makes the tables.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn_sedzoo.plotting import AssociationDisplay
    >>> properties = pd.DataFrame({"age": [1.0, 1.1, 5.0, 5.1, 9.0, 9.1], "mass": [1.0, 2, 3, 1, 2, 3]})
    >>> groupings = {"clusters": np.array([0, 0, 1, 1, 2, 2])}
    >>> display = AssociationDisplay.from_predictions(groupings, properties, random_state=0)
    >>> display.image_.get_array().shape
    (1, 2)
    """

    def __init__(self, tables):
        self.tables = tables

    @classmethod
    def from_predictions(cls, labels, properties, *, random_state=None, ax=None):
        """Measure the association of several labelings with properties, and draw it.

        Parameters
        ----------
        labels : dict of str to array-like of shape (n_samples,)
            Labellings under their names.
        properties : DataFrame of shape (n_samples, n_properties)
            What is known of the spectra.
        random_state : int, RandomState or None, default=None
            Seed of the permutations.
        ax : matplotlib Axes, optional
            Where to draw, by default a new figure.

        Returns
        -------
        display : AssociationDisplay
        """
        tables = {
            name: property_association(values, properties, random_state=random_state) for name, values in labels.items()
        }
        return cls(tables).plot(ax)

    def plot(self, ax=None):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, by default a new figure.

        Returns
        -------
        display : AssociationDisplay
        """
        names = list(next(iter(self.tables.values())).index)
        ax = take_axes(ax, (1.6 + 1.1 * len(names), 1.4 + 0.6 * len(self.tables)))
        effect = np.array(
            [table["epsilon2"].fillna(table["ami"]).to_numpy(dtype=float) for table in self.tables.values()]
        )
        chance = np.array([table["q_value"].to_numpy(dtype=float) for table in self.tables.values()])
        self.image_ = ax.imshow(np.ma.masked_invalid(effect), vmin=0, vmax=1, cmap="cividis", aspect="auto")
        ax.set_facecolor("#e8e8e8")
        for (i, j), value in np.ndenumerate(effect):
            text = "constant" if np.isnan(value) else f"{value:.2f}" if chance[i, j] < 0.05 else f"({value:.2f})"
            color = "black" if np.isnan(value) or value > 0.55 else "white"
            ax.text(j, i, text, ha="center", va="center", color=color)
        ax.set_xticks(range(len(names)), [write_label(name) for name in names], rotation=30, ha="right")
        ax.set_yticks(range(len(self.tables)), list(self.tables))
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        ax.figure.colorbar(self.image_, ax=ax, label="epsilon² (words: AMI)", pad=0.02)
        self.ax_, self.figure_ = ax, ax.figure
        return self
