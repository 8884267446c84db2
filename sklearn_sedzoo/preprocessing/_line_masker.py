"""LineMasker: spectra with emission lines to spectra without them."""

import numpy as np

from sklearn_sedzoo._containers import EMISSION_LINES, SKY_LINES
from sklearn_sedzoo._kernels.line_kernel import SPEED_OF_LIGHT
from sklearn_sedzoo._parameters import flag, kinds, nothing, number, numbers, option
from sklearn_sedzoo._validation import COLUMN_OR_REDSHIFT
from sklearn_sedzoo.preprocessing._one_to_one import OneToOneStep


class LineMasker(OneToOneStep):
    """Mask the lines of gas and of the night sky, or bridge them by straight lines.

    Parameters
    ----------
    lines : "emission", None or array-like of float, default="emission"
        Lines of the object, in vacuum, in Angstrom in its rest frame: those of `EMISSION_LINES`, none, or your own.
    half_width : float, default=500.0
        Half-width of the gap around a line of the object, in km/s.
    with_sky : bool, default=False
        Mask the strong lines of the night sky too (`SKY_LINES`); X must then be in the observed frame.
    sky_half_width : float, default=6.0
        Half-width of the gap around a line of the sky, in Angstrom.
    redshift : None, str or float, default=None
        Redshift of the object where X is in the observed frame: the name of a column of X, or one number. None: X is
        in the rest frame.
    fill : None or "interpolate", default=None
        Leave the gaps NaN with inverse variance 0, or bridge them linearly between the pixels beside them (inverse
        variance stays 0), for steps that cannot take NaN. A gap at the end goes on flat.
    wavelength : array-like of shape (n_wavelengths,), Quantity or "index", optional
        Wavelength of each column in `unit`, where the column names do not tell.
    unit : str or astropy unit, default="Angstrom"
        Unit of `wavelength` or of the numbers in the column names.
    on_bad : {"mask", "raise"}, default="mask"
        Refuse NaN and infinite pixels, or hand them on as NaN.

    Attributes
    ----------
    wavelength_in_ : ndarray of shape (n_wavelengths,)
        Wavelengths in Angstrom.
    n_features_in_ : int
        Number of columns of X.

    See Also
    --------
    SpectrumResampler : Leaves masked pixels out of its means.

    References
    ----------
    .. [1] D. E. Osterbrock et al., "Night-Sky High-Resolution Spectral Atlas of OH and O2 Emission Lines", PASP 108,
       277 (1996).

    Examples
    --------
    >>> from sklearn_sedzoo.preprocessing import LineMasker
    >>> grid = [4990., 5000., 5010., 5020., 5030.]
    >>> masker = LineMasker(lines=[5008.24], half_width=200., wavelength=grid)
    >>> masker.fit_transform([[1., 2., 9., 4., 5.]])
    array([[ 1.,  2., nan,  4.,  5.]])
    >>> masker.set_params(fill="interpolate").fit_transform([[1., 2., 9., 4., 5.]])
    array([[1., 2., 3., 4., 5.]])
    """

    _parameters = kinds(
        lines=[option("emission"), numbers("wavelengths in Angstrom", 1, 1e9), nothing()],
        half_width=[number(0, closed="neither")],
        with_sky=[flag()],
        sky_half_width=[number(0, closed="neither")],
        redshift=COLUMN_OR_REDSHIFT,
        fill=[option("interpolate"), nothing()],
    )
    _needs = "lines"

    def __init__(
        self,
        lines="emission",
        *,
        half_width=500.0,
        with_sky=False,
        sky_half_width=6.0,
        redshift=None,
        fill=None,
        wavelength=None,
        unit="Angstrom",
        on_bad="mask",
    ):
        self.lines = lines
        self.half_width = half_width
        self.with_sky = with_sky
        self.sky_half_width = sky_half_width
        self.redshift = redshift
        self.fill = fill
        self.wavelength = wavelength
        self.unit = unit
        self.on_bad = on_bad

    def _prepare(self, wavelength):
        known = list(EMISSION_LINES.values()) if isinstance(self.lines, str) else self.lines
        self._lines = np.asarray([] if known is None else known, dtype=float)

    def _observed(self):
        if self.with_sky:
            return "the night sky (with_sky=True)"
        return "" if self.redshift is None else "a redshift"

    def _change(self, flux, ivar, scalars):
        stretch = 1 + self._redshifts(scalars, len(flux))
        gaps = np.empty(flux.shape, dtype=bool)
        for value in np.unique(stretch):
            gaps[stretch == value] = self._find_gap(value)
        flux = np.where(gaps, np.nan, flux)
        ivar = None if ivar is None else np.where(gaps, 0.0, ivar)
        return (bridge_gaps(self.wavelength_in_, flux, gaps) if self.fill else flux), ivar

    def _find_gap(self, stretch):
        reach = self.half_width / SPEED_OF_LIGHT
        lines = self._lines[:, None] * stretch
        gap = (np.abs(self.wavelength_in_ / lines - 1) <= reach).any(axis=0) if len(lines) else False
        if self.with_sky:
            sky = np.array(list(SKY_LINES.values()))[:, None]
            gap = gap | (np.abs(self.wavelength_in_ - sky) <= self.sky_half_width).any(axis=0)
        return gap


def bridge_gaps(wavelength, flux, gaps):
    """Return fluxes with gaps interpolated linearly from the finite pixels beside them."""
    order = np.argsort(wavelength)
    filled = flux.copy()
    for row in np.flatnonzero(gaps.any(axis=1)):
        known = np.isfinite(flux[row, order])
        if known.any():
            filled[row, gaps[row]] = np.interp(wavelength[gaps[row]], wavelength[order][known], flux[row, order][known])
    return filled
