"""ReconstructionDisplay: spectra, what the embedding gives back of them, and the difference."""

from __future__ import annotations

import numpy as np

from sklearn_sedzoo._parameters import checked, integer
from sklearn_sedzoo.metrics import reconstruct
from sklearn_sedzoo.plotting._axes import FAINT, INK, clear_spines, take_many_axes
from sklearn_sedzoo.plotting._front import normalize_spectra, place_pixels, read_flux
from sklearn_sedzoo.plotting._labels import FLUX_LABEL, GROUP_COLORS, pick_rows, take_rows


class ReconstructionDisplay:
    """Original and reconstructed spectra, each pair above its residual.

    Parameters
    ----------
    original : ndarray of shape (n_spectra, n_wavelengths)
        Normalized flux.
    reconstructed : ndarray of shape (n_spectra, n_wavelengths)
        What the embedding gives back.
    wavelength : ndarray of shape (n_wavelengths,), optional
        Wavelength in Angstrom; without it the x axis counts pixels.
    names : list of str, optional
        One title for each spectrum.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (n_spectra, 2)
        Spectrum and residual of each.
    figure_ : matplotlib Figure
        The figure of `axes_`.
    rms_ : ndarray of shape (n_spectra,)
        Root mean square of the residual, in normalized flux; written into each panel.

    See Also
    --------
    sklearn_sedzoo.metrics.reconstruction_error : The mean squared residual of many spectra.

    Notes
    -----
    The residual is ``reconstructed - original``; all residual panels share one scale, so that a bad fit stands out.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.decomposition import PCA
    >>> from sklearn_sedzoo.plotting import ReconstructionDisplay
    >>> X = np.random.default_rng(0).normal(1, 0.1, (20, 30))
    >>> display = ReconstructionDisplay.from_estimator(PCA(2).fit(X), X, rows=[0, 7])
    >>> display.axes_.shape
    (2, 2)
    """

    def __init__(self, original, reconstructed, *, wavelength=None, names=None):
        self.original = original
        self.reconstructed = reconstructed
        self.wavelength = wavelength
        self.names = names

    @classmethod
    def from_estimator(cls, estimator, X, *, rows=None, ax=None, **plot_params):
        """Reconstruct spectra with a fitted embedding and draw them.

        Parameters
        ----------
        estimator : Pipeline or transformer
            Fitted; its embedding is found by what it can do (see `split_at_embedding`).
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra as the estimator takes them.
        rows : list of int, optional
            Which rows of X to draw, by default the first six.
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or two for each spectrum (spectrum, residual, spectrum, ...).
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : ReconstructionDisplay
        """
        rows = take_rows(cls.__name__, rows, len(X))
        picked = pick_rows(X, rows)
        original, reconstructed = reconstruct(estimator, picked)
        _, wavelength, _ = normalize_spectra(estimator, picked)
        display = cls(original, reconstructed, wavelength=wavelength, names=[f"row {row}" for row in rows])
        return display.plot(ax, **plot_params)

    @classmethod
    def from_predictions(cls, original, reconstructed, *, wavelength=None, rows=None, ax=None, **plot_params):
        """Draw spectra that were reconstructed before.

        Parameters
        ----------
        original : array-like or DataFrame of shape (n_samples, n_wavelengths)
            Normalized flux.
        reconstructed : array-like of shape (n_samples, n_wavelengths)
            What the embedding gives back.
        wavelength : array-like of shape (n_wavelengths,), optional
            Wavelength in Angstrom, where the columns do not tell.
        rows : list of int, optional
            Which rows to draw, by default the first six.
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or two for each spectrum.
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : ReconstructionDisplay
        """
        if np.shape(original) != np.shape(reconstructed):
            raise ValueError(
                f"`original` and `reconstructed` of {cls.__name__} must have the same shape, got "
                f"{np.shape(original)} and {np.shape(reconstructed)}."
            )
        rows = take_rows(cls.__name__, rows, len(original))
        flux, named = read_flux(pick_rows(original, rows))
        display = cls(
            flux,
            np.asarray(reconstructed)[rows],
            wavelength=named if wavelength is None else wavelength,
            names=[f"row {row}" for row in rows],
        )
        return display.plot(ax, **plot_params)

    @checked(n_columns=[integer(1)])
    def plot(self, ax=None, *, n_columns=2):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or array of Axes, optional
            One Axes to divide, or two for each spectrum; by default a new figure.
        n_columns : int, default=2
            Spectra side by side.

        Returns
        -------
        display : ReconstructionDisplay
        """
        x, x_label = place_pixels(type(self).__name__, self.wavelength, self.original.shape[1])
        residual = np.asarray(self.reconstructed, dtype=float) - self.original
        self.rms_ = np.sqrt(np.nanmean(residual**2, axis=1))
        n_spectra = len(residual)
        axes = take_many_axes(
            type(self).__name__, ax, n_spectra, n_columns=n_columns, size=(5.2, 2.9), height_ratios=(3, 1)
        )
        reach = 1.1 * np.nanmax(np.abs(residual)) or 1.0
        for i, (upper, lower) in enumerate(axes):
            upper.plot(x, self.original[i], color="#9a9a9a", lw=2.4, label="original")
            upper.plot(x, self.reconstructed[i], color=GROUP_COLORS[5], lw=0.7, label="reconstruction")
            lower.axhline(0, color=FAINT, lw=0.8, zorder=0)
            lower.plot(x, residual[i], color=GROUP_COLORS[0], lw=0.7, label="residual")
            lower.set_ylim(-reach, reach)
            lower.set_xlim(np.min(x), np.max(x))
            if self.names is not None:
                upper.set_title(self.names[i], loc="left", fontsize="medium")
            upper.set_title(f"rms {_write(self.rms_[i])}", loc="right", fontsize="small", color=INK)
            if i % n_columns == 0:
                upper.set_ylabel(FLUX_LABEL)
                lower.set_ylabel("residual")
            if i >= n_spectra - n_columns:
                lower.set_xlabel(x_label)
            clear_spines(upper)
            clear_spines(lower)
        axes[0, 0].legend(frameon=False, fontsize="small")
        self.axes_, self.figure_ = axes, axes[0, 0].figure
        return self


def _write(number):
    """Two significant digits, without an exponent where it stays short."""
    return f"{number:.2g}"
