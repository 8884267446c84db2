"""ContinuumRemover: spectra to their lines alone."""

import numpy as np
from scipy.ndimage import median_filter
from scipy.special import eval_legendre

from sklearn_sedzoo._parameters import integer, kinds, number, option
from sklearn_sedzoo.preprocessing._line_masker import bridge_gaps
from sklearn_sedzoo.preprocessing._one_to_one import OneToOneStep


class ContinuumRemover(OneToOneStep):
    """Divide spectra by a smooth continuum.

    Parameters
    ----------
    method : {"median", "polynomial"}, default="median"
        The running median over `width`, or a polynomial of `degree` fitted to the valid pixels (weighted by the
        inverse variances where X has them).
    width : float, default=300.0
        Width of the running median in Angstrom.
    degree : int, default=5
        Degree of the polynomial.
    wavelength : array-like of shape (n_wavelengths,), Quantity or "index", optional
        Wavelength of each column in `unit`, where the column names do not tell.
    unit : str or astropy unit, default="Angstrom"
        Unit of `wavelength` or of the numbers in the column names.
    on_bad : {"mask", "raise"}, default="mask"
        Refuse NaN and infinite pixels, or leave them out.

    Attributes
    ----------
    wavelength_in_ : ndarray of shape (n_wavelengths,)
        Wavelengths in Angstrom.
    n_features_in_ : int
        Number of columns of X.

    See Also
    --------
    FluxNormalizer : Takes the brightness out and keeps the shape.

    Notes
    -----
    The running median counts pixels: its width is right where the sampling is uniform, and on other grids as near to
    `width` as the median pixel allows. Where the continuum is not positive the result is NaN (inverse variance 0).
    Inverse variances are multiplied by the squared continuum, whose own error is not counted.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.preprocessing import ContinuumRemover
    >>> grid = np.arange(4000., 4400., 50.)
    >>> remover = ContinuumRemover("polynomial", degree=1, wavelength=grid)
    >>> remover.fit_transform([2 + grid / 1000]).round(6)
    array([[1., 1., 1., 1., 1., 1., 1., 1.]])
    """

    _parameters = kinds(
        method=[option("median", "polynomial")],
        width=[number(0, closed="neither")],
        degree=[integer(0, 30)],
    )
    _needs = "width"

    def __init__(self, method="median", *, width=300.0, degree=5, wavelength=None, unit="Angstrom", on_bad="mask"):
        self.method = method
        self.width = width
        self.degree = degree
        self.wavelength = wavelength
        self.unit = unit
        self.on_bad = on_bad

    def _prepare(self, wavelength):
        self._n_pixels = 2 * round(self.width / np.median(np.abs(np.diff(wavelength))) / 2) + 1
        if self.method == "median" and not 3 <= self._n_pixels <= len(wavelength):
            raise ValueError(
                f"`width` of {type(self).__name__} must be 3 to {len(wavelength)} pixels wide, got {self.width!r} "
                f"Angstrom, {self._n_pixels} pixels."
            )
        scaled = np.interp(wavelength, [wavelength.min(), wavelength.max()], [-1.0, 1.0])
        self._basis = np.stack([eval_legendre(k, scaled) for k in range(self.degree + 1)])

    def _change(self, flux, ivar, scalars):
        valid = np.isfinite(flux) if ivar is None else np.isfinite(flux) & (ivar > 0)
        fit = self._median if self.method == "median" else self._polynomial
        continuum = fit(np.where(valid, flux, np.nan).astype(float), valid, ivar)
        continuum = np.where(continuum > 0, continuum, np.nan)
        return flux / continuum, None if ivar is None else np.where(valid, ivar * np.nan_to_num(continuum) ** 2, 0.0)

    def _median(self, flux, valid, ivar):
        known = valid.any(axis=1)
        bridged = np.full(flux.shape, np.nan)
        bridged[known] = bridge_gaps(self.wavelength_in_, flux[known], ~valid[known])
        bridged[known] = median_filter(bridged[known], size=(1, self._n_pixels), mode="nearest")
        return bridged

    def _polynomial(self, flux, valid, ivar):
        weight = valid.astype(float) if ivar is None else np.where(valid, ivar, 0.0).astype(float)
        largest = weight.max(axis=1, keepdims=True)
        weight = np.divide(weight, largest, out=np.zeros_like(weight), where=largest > 0)
        continuum = np.full(flux.shape, np.nan)
        for row in np.flatnonzero(valid.sum(axis=1) > self.degree):
            root = np.sqrt(weight[row])
            values = np.where(valid[row], flux[row], 0.0)
            scale = np.abs(values).max() or 1.0
            coefficients = np.linalg.lstsq((self._basis * root).T, root * values / scale, rcond=None)[0]
            continuum[row] = scale * (coefficients @ self._basis)
        return continuum
