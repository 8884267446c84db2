"""TrainingHistoryDisplay: losses of the training, epoch by epoch."""

from __future__ import annotations

import numpy as np
from sklearn.pipeline import FeatureUnion, Pipeline

from sklearn_sedzoo._parameters import checked, option
from sklearn_sedzoo.plotting._axes import clear_spines, take_axes
from sklearn_sedzoo.plotting._labels import color_groups


class TrainingHistoryDisplay:
    """Training and validation loss against the epoch, for one training or several side by side.

    Parameters
    ----------
    histories : dict of str to dict
        For each training its name and its history: ``{"loss": [...], "val_loss": [...]}``, the latter optional.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    best_epochs_ : dict of str to int
        The epoch (from 1) with the lowest validation loss, or training loss where there is no validation.

    See Also
    --------
    sklearn_sedzoo.embedding.ConvAutoencoderEmbedder : Keeps its history in ``history_``.

    Examples
    --------
    >>> from sklearn_sedzoo.plotting import TrainingHistoryDisplay
    >>> history = {"loss": [1.0, 0.5, 0.3], "val_loss": [1.1, 0.6, 0.7]}
    >>> display = TrainingHistoryDisplay({"50 epochs": history}).plot()
    >>> display.best_epochs_
    {'50 epochs': 2}
    """

    def __init__(self, histories):
        self.histories = histories

    @classmethod
    def from_estimator(cls, estimator, *, name=None, ax=None, **plot_params):
        """Draw the history of a fitted embedder, alone or anywhere in a pipeline.

        Parameters
        ----------
        estimator : estimator, Pipeline, or dict of str to these
            Fitted; it or one of its steps has ``history_``. A dict draws several, under their names.
        name : str, optional
            Name in the legend, where there is one estimator.
        ax : matplotlib Axes, optional
            Where to draw, by default a new figure.
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : TrainingHistoryDisplay
        """
        several = estimator if isinstance(estimator, dict) else {name or "": estimator}
        return cls({name: _find_history(one) for name, one in several.items()}).plot(ax, **plot_params)

    @checked(scale=[option("log", "linear")])
    def plot(self, ax=None, *, scale="log"):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, by default a new figure.
        scale : {"log", "linear"}, default="log"
            Scale of the y axis.

        Returns
        -------
        display : TrainingHistoryDisplay
        """
        ax = take_axes(ax, (6.0, 3.8))
        self.best_epochs_ = {}
        for (name, history), color in zip(self.histories.items(), color_groups(len(self.histories)), strict=True):
            epochs = np.arange(1, len(history["loss"]) + 1)
            words = (name + ": ") if name else ""
            has_validation = bool(len(history.get("val_loss", ())))
            leading = np.asarray(history["val_loss"] if has_validation else history["loss"], dtype=float)
            ax.plot(epochs, history["loss"], color=color, lw=1.2, ls=(0, (3, 1.5)), label=f"{words}training")
            if has_validation:
                ax.plot(epochs, leading, color=color, lw=1.8, label=f"{words}validation")
            best = int(np.nanargmin(leading))
            self.best_epochs_[name] = best + 1
            kept = f"{words}best, {leading[best]:.3g} at epoch {best + 1}"
            ax.plot(best + 1, leading[best], "o", ms=7, mfc="white", mec=color, mew=1.8, label=kept)
        ax.set(xlabel="epoch", ylabel="loss", yscale=scale)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.margins(y=0.12)
        ax.legend(frameon=False, fontsize="small")
        clear_spines(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _find_history(estimator):
    histories = list(_search(estimator))
    if not histories:
        raise ValueError(
            f"{type(estimator).__name__} has no step with `history_`: TrainingHistoryDisplay needs a fitted "
            "ConvAutoencoderEmbedder (a PCA has no epochs)."
        )
    return histories[0]


def _search(estimator):
    if "loss" in getattr(estimator, "history_", ()):  # a map has a history of its own, without a loss
        yield estimator.history_
    elif isinstance(estimator, Pipeline):
        for _, step in estimator.steps:
            yield from _search(step)
    elif isinstance(estimator, FeatureUnion):
        for _, branch in estimator.transformer_list:
            yield from _search(branch)
