"""SpectraDisplay: a few spectra over each other, with the band in which they were normalized."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd

from sklearn_sedzoo._parameters import checked, number
from sklearn_sedzoo.plotting._axes import FAINT, INK, clear_spines, take_axes
from sklearn_sedzoo.plotting._front import normalize_spectra, place_pixels, read_flux
from sklearn_sedzoo.plotting._labels import (
    FLUX_LABEL,
    VALUE_COLORS,
    are_groups,
    color_groups,
    pick_rows,
    take_rows,
    take_values,
)


class SpectraDisplay:
    """Spectra as lines over wavelength, with the normalization band marked.

    Make it with `from_estimator` or `from_spectra`; the arrays that are drawn are its attributes.

    Parameters
    ----------
    flux : ndarray of shape (n_spectra, n_wavelengths)
        What is drawn.
    wavelength : ndarray of shape (n_wavelengths,), optional
        Wavelength in Angstrom; without it the x axis counts pixels.
    band : (float, float), optional
        Band in Angstrom to mark.
    names : list of str, optional
        One name for each spectrum, for the legend.
    values : ndarray or Series of shape (n_spectra,), optional
        A property to color by: integers and words are groups, floats get a color bar.
    flux_label : str, default="normalized flux"
        Label of the y axis.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    lines_ : list of matplotlib Line2D
        One for each spectrum.

    See Also
    --------
    ReconstructionDisplay : Spectra beside what the embedding gives back.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.plotting import SpectraDisplay
    >>> wavelength = np.linspace(3900, 4300, 50)
    >>> display = SpectraDisplay.from_spectra(np.ones((2, 50)), wavelength=wavelength, band=(4050, 4150)).plot()
    >>> display.ax_.get_xlabel()
    'wavelength [Å]'
    """

    def __init__(self, flux, *, wavelength=None, band=None, names=None, values=None, flux_label=FLUX_LABEL):
        self.flux = flux
        self.wavelength = wavelength
        self.band = band
        self.names = names
        self.values = values
        self.flux_label = flux_label

    @classmethod
    def from_estimator(cls, estimator, X, *, rows=None, values=None, ax=None, **plot_params):
        """Draw the spectra as a fitted pipeline resamples and normalizes them.

        Parameters
        ----------
        estimator : Pipeline or transformer
            Fitted, such as `make_sed_pipeline` makes; the steps before its embedding are used.
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra as the pipeline takes them.
        rows : list of int, optional
            Which rows of X to draw, by default the first six.
        values : array-like or Series of shape (n_samples,), optional
            A property of all rows of X to color by; a Series brings its name and unit.
        ax : matplotlib Axes, optional
            Where to draw, by default a new figure.
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : SpectraDisplay
        """
        rows = take_rows(cls.__name__, rows, len(X))
        flux, wavelength, band = normalize_spectra(estimator, pick_rows(X, rows))
        values = _pick_values(cls.__name__, values, rows, len(X))
        display = cls(flux, wavelength=wavelength, band=band, names=[f"row {row}" for row in rows], values=values)
        return display.plot(ax, **plot_params)

    @classmethod
    def from_spectra(
        cls, X, *, wavelength=None, band=None, rows=None, values=None, flux_label=FLUX_LABEL, ax=None, **plot_params
    ):
        """Draw spectra as they are.

        Parameters
        ----------
        X : array-like, DataFrame or SpectrumTable of shape (n_samples, n_wavelengths)
            Spectra; column names may carry the wavelengths.
        wavelength : array-like of shape (n_wavelengths,), optional
            Wavelength in Angstrom, where X does not tell.
        band : (float, float), optional
            Band in Angstrom to mark.
        rows : list of int, optional
            Which rows of X to draw, by default the first six.
        values : array-like or Series of shape (n_samples,), optional
            A property of all rows of X to color by.
        flux_label : str, default="normalized flux"
            Label of the y axis.
        ax : matplotlib Axes, optional
            Where to draw, by default a new figure.
        **plot_params
            Handed to `plot`.

        Returns
        -------
        display : SpectraDisplay
        """
        rows = take_rows(cls.__name__, rows, len(X))
        flux, named = read_flux(pick_rows(X, rows))
        display = cls(
            flux,
            wavelength=named if wavelength is None else wavelength,
            band=band,
            names=[f"row {row}" for row in rows],
            values=_pick_values(cls.__name__, values, rows, len(X)),
            flux_label=flux_label,
        )
        return display.plot(ax, **plot_params)

    @checked(offset=[number()], linewidth=[number(0, closed="neither")])
    def plot(self, ax=None, *, offset=0.0, linewidth=1.0):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, by default a new figure.
        offset : float, default=0.0
            Move each spectrum up by so much against the one before it.
        linewidth : float, default=1.0
            Width of the lines in points.

        Returns
        -------
        display : SpectraDisplay
        """
        ax = take_axes(ax, (8.0, 4.2))
        x, x_label = place_pixels(type(self).__name__, self.wavelength, self.flux.shape[1])
        colors, bar = self._color()
        if self.band is not None:
            ax.axvspan(*self.band, color=FAINT, alpha=0.45, lw=0, zorder=0)
            ax.text(
                np.mean(self.band),
                1.01,
                f"band {self.band[0]:g}-{self.band[1]:g} Å",
                transform=ax.get_xaxis_transform(),
                ha="center",
                va="bottom",
                fontsize="small",
                color=INK,
            )
        self.lines_ = [
            ax.plot(x, spectrum + i * offset, color=color, lw=linewidth, label=name)[0]
            for i, (spectrum, color, name) in enumerate(zip(self.flux, colors, self._names(), strict=True))
        ]
        ax.set(xlabel=x_label, ylabel=self.flux_label + (" + offset" if offset else ""))
        ax.set_xlim(np.min(x), np.max(x))
        if bar is not None:
            ax.figure.colorbar(bar[0], ax=ax, label=bar[1], pad=0.02)
        elif self.names is not None or self.values is not None:
            handles = {line.get_label(): line for line in self.lines_}
            ax.legend(handles.values(), handles.keys(), loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
        clear_spines(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _names(self):
        if self.values is not None and are_groups(self.values):
            name = getattr(self.values, "name", None)
            return [f"{value}" if name is None else f"{name} {value}" for value in self.values]
        return [f"_spectrum {i}" for i in range(len(self.flux))] if self.names is None else self.names

    def _color(self):
        """Return one color for each spectrum, and (mappable, label) of the color bar or None."""
        if self.values is None:
            return color_groups(len(self.flux)), None
        values, label = take_values(type(self).__name__, self.values, len(self.flux))
        if are_groups(values):
            groups, which = np.unique(values, return_inverse=True)
            return color_groups(len(groups))[which], None
        bar = mpl.cm.ScalarMappable(mpl.colors.Normalize(np.nanmin(values), np.nanmax(values)), VALUE_COLORS)
        return bar.to_rgba(values), (bar, label)


def _pick_values(owner, values, rows, n_samples):
    if values is None:
        return None
    take_values(owner, values, n_samples)
    return values.iloc[rows] if isinstance(values, pd.Series) else np.asarray(values)[rows]
