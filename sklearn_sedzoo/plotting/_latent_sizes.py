"""LatentSizeDisplay: the error against the number of latents, beside that of PCA."""

from __future__ import annotations

import numpy as np

from sklearn_sedzoo.plotting._axes import clear_spines, take_axes
from sklearn_sedzoo.plotting._labels import color_groups


class LatentSizeDisplay:
    """Validation error of the embedder and of PCA against the number of latents, and what noise alone leaves.

    Parameters
    ----------
    search : dict of list of float
        ``"latent_dim"``, ``"loss"``, ``"pca_loss"`` and ``"noise"``, as the embedder's ``size_search_``.
    chosen : int
        The number of latents that was taken.
    intrinsic_dimension : float, optional
        How many numbers the spectra vary in, whatever the network.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    sklearn_sedzoo.embedding.ConvAutoencoderEmbedder : Searches with ``latent_dim="auto"``.

    Examples
    --------
    >>> from sklearn_sedzoo.plotting import LatentSizeDisplay
    >>> search = {"latent_dim": [1, 2], "loss": [9e-5, 1e-6], "pca_loss": [1e-4, 5e-5], "noise": [0, 0]}
    >>> LatentSizeDisplay(search, chosen=2).plot().ax_.get_xlabel()
    'number of latents'
    """

    def __init__(self, search, chosen, *, intrinsic_dimension=None):
        self.search = search
        self.chosen = chosen
        self.intrinsic_dimension = intrinsic_dimension

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Draw the search of a fitted embedder.

        Parameters
        ----------
        estimator : ConvAutoencoderEmbedder
            Fitted with ``latent_dim="auto"``.
        ax : matplotlib Axes, optional
            Where to draw, by default a new figure.

        Returns
        -------
        display : LatentSizeDisplay
            The drawn display.
        """
        search = getattr(estimator, "size_search_", None)
        if search is None:
            raise ValueError(
                f"{type(estimator).__name__} has not searched for its number of latents. Fit it with latent_dim='auto'."
            )
        dimension = estimator.intrinsic_dimension_
        return cls(search, estimator.model_.latent_dim, intrinsic_dimension=dimension).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the errors.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, by default a new figure.

        Returns
        -------
        display : LatentSizeDisplay
            This display.
        """
        self.ax_ = take_axes(ax, (5, 3.6))
        self.figure_ = self.ax_.figure
        sizes, colors = self.search["latent_dim"], color_groups(2)
        self.ax_.semilogy(sizes, self.search["pca_loss"], "s--", color=colors[1], label="PCA")
        self.ax_.semilogy(sizes, self.search["loss"], "o-", color=colors[0], label="autoencoder")
        if any(value > 0 for value in self.search["noise"]):
            self.ax_.semilogy(sizes, self.search["noise"], ":", color="0.4", label="noise alone")
        self.ax_.axvline(self.chosen, color="0.8", zorder=0, label=f"chosen: {self.chosen}")
        dimension = self.intrinsic_dimension
        if dimension is not None and np.isfinite(dimension):
            self.ax_.axvline(dimension, color="0.6", ls="-.", zorder=0, label=f"intrinsic dimension: {dimension:.1f}")
        self.ax_.set_xticks(sizes)
        self.ax_.set_xlabel("number of latents")
        self.ax_.set_ylabel("validation error, squared flux per pixel")
        self.ax_.legend(frameon=False)
        clear_spines(self.ax_)
        return self
