"""SpectrumSmoother: spectra of one resolution to spectra of a common, lower one."""

import warnings

import numpy as np

from sklearn_sedzoo._kernels import rebinning
from sklearn_sedzoo._kernels.line_kernel import smoothing_matrix
from sklearn_sedzoo._parameters import kinds, number, numbers
from sklearn_sedzoo.exceptions import SedGridWarning
from sklearn_sedzoo.preprocessing._one_to_one import OneToOneStep


class SpectrumSmoother(OneToOneStep):
    """Smooth spectra to a common velocity dispersion.

    Parameters
    ----------
    sigma : float, default=200.0
        Velocity dispersion that all spectra shall have, in km/s, instrument and stars together.
    sigma_in : float or array-like of shape (n_wavelengths,), default=0.0
        Dispersion that they have already, in km/s: one number or one for each column (an instrument's resolution R
        is a dispersion of c / (2.355 R)). Columns where it is `sigma` or more are left alone, with a warning.
    min_coverage : float, default=0.5
        Share of the kernel that valid pixels must have; less gives NaN (inverse variance 0).
    wavelength : array-like of shape (n_wavelengths,), Quantity or "index", optional
        Wavelength of each column in `unit`, where the column names do not tell.
    unit : str or astropy unit, default="Angstrom"
        Unit of `wavelength` or of the numbers in the column names.
    on_bad : {"mask", "raise"}, default="mask"
        Refuse NaN and infinite pixels, or leave them out of the means.

    Attributes
    ----------
    wavelength_in_ : ndarray of shape (n_wavelengths,)
        Wavelengths in Angstrom.
    sigma_kernel_ : ndarray of shape (n_wavelengths,)
        Dispersion of the kernel in km/s.
    n_features_in_ : int
        Number of columns of X.

    Notes
    -----
    The kernel is a Gaussian in ln(wavelength) of :math:`\\sqrt{\\sigma^2 - \\sigma_{in}^2}`, integrated over each
    pixel. Inverse variances are those of the weighted mean; neighboring pixels become correlated.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.preprocessing import SpectrumSmoother
    >>> smoother = SpectrumSmoother(300., wavelength=np.arange(5000., 5060., 5.))
    >>> smoother.fit_transform(np.eye(12)[[6]]).round(2)[0, 4:9]
    array([0.06, 0.24, 0.38, 0.24, 0.06])
    """

    _parameters = kinds(
        sigma=[number(0, closed="neither")],
        sigma_in=[number(0), numbers("numbers, one for each column of X", 0)],
        min_coverage=[number(0, 1, closed="right")],
    )
    _needs = "sigma"

    def __init__(self, sigma=200.0, *, sigma_in=0.0, min_coverage=0.5, wavelength=None, unit="Angstrom", on_bad="mask"):
        self.sigma = sigma
        self.sigma_in = sigma_in
        self.min_coverage = min_coverage
        self.wavelength = wavelength
        self.unit = unit
        self.on_bad = on_bad

    def _prepare(self, wavelength):
        owner = type(self).__name__
        sigma_in = np.asarray(self.sigma_in, dtype=float)
        if sigma_in.shape not in {(), wavelength.shape}:
            raise ValueError(
                f"`sigma_in` of {owner} must be one number or one for each of the {len(wavelength)} columns, got shape "
                f"{sigma_in.shape}."
            )
        sigma_in = np.broadcast_to(sigma_in, wavelength.shape)
        coarse = sigma_in > self.sigma
        if coarse.any():
            warnings.warn(
                f"{coarse.sum()} of {len(wavelength)} columns of {owner} have a dispersion above sigma={self.sigma!r} "
                f"km/s already (up to {sigma_in.max():.6g}); they stay as they are.",
                SedGridWarning,
                stacklevel=3,
            )
        self.sigma_kernel_ = np.sqrt(np.clip(self.sigma**2 - sigma_in**2, 0, None))
        order = np.argsort(wavelength)
        edges = rebinning.bin_edges(wavelength[order])
        matrix = smoothing_matrix(wavelength[order], edges, self.sigma_kernel_[order])
        back = np.argsort(order)
        self._matrix = matrix[back][:, back].tocsr()

    def _change(self, flux, ivar, scalars):
        whole = np.ones(flux.shape[1])  # of the kernel, not of the part of it that lies on the grid
        return rebinning.rebin_masked(flux, ivar, self._matrix, whole, self.min_coverage)
