"""FluxNormalizer: spectra of any brightness to spectra of unit flux in a band."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_sedzoo._containers import find_wavelength, name_wavelengths, read_spectra, require_wavelength
from sklearn_sedzoo._kernels.band_scale import STATISTICS, band_scale, band_weights
from sklearn_sedzoo._validation import check_bounds, check_option, point_at
from sklearn_sedzoo.exceptions import SedDataWarning


class _BandScale(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """The scale of each spectrum in a band: what FluxNormalizer divides by and FluxScale hands on."""

    def fit(self, X, y=None):
        """Find the pixels of the band.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra; only their columns matter.
        y : None
            Ignored.

        Returns
        -------
        self : object
        """
        owner = type(self).__name__
        check_option(owner, "statistic", self.statistic, STATISTICS)
        band = None if self.band is None else check_bounds(owner, "band", self.band)
        X = read_spectra(self, X, reset=True, on_bad=self.on_bad)
        wavelength = find_wavelength(self, X.shape[1])
        if band is not None:
            require_wavelength(self, wavelength, "band")
        if self.statistic == "integral":
            require_wavelength(self, wavelength, "statistic='integral'")
        weights = band_weights(wavelength, band, self.statistic, X.shape[1], owner)
        self.wavelength_in_ = wavelength
        self._weights = weights
        return self

    def scale(self, X):
        """Return the scale of each spectrum.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra on the grid that was fitted.

        Returns
        -------
        scale : ndarray of shape (n_samples,)
            `statistic` of the flux in `band`, in the unit of X; NaN where it is not positive and finite.
        """
        check_is_fitted(self)
        return self._measure(read_spectra(self, X, reset=False, on_bad=self.on_bad))

    def _measure(self, X):
        scale = band_scale(X, self._weights, self.statistic)
        bad = ~(np.isfinite(scale) & (scale > 0))
        if bad.any():
            where = "the spectrum" if self.band is None else f"the band {tuple(self.band)!r} Angstrom"
            fault = f"have no positive {self.statistic} flux in {where}"
            if self.on_bad == "raise":
                raise ValueError(
                    f"{point_at(bad, len(X), fault)} Drop these rows, choose another band, or pass on_bad='mask' to "
                    f"{type(self).__name__}."
                )
            rows = np.flatnonzero(bad)[:10].tolist()
            warnings.warn(
                f"{point_at(bad, len(X), fault)} They become NaN (rows {rows}{'...' if bad.sum() > 10 else ''}).",
                SedDataWarning,
                stacklevel=4,
            )
        return np.where(bad, np.nan, scale)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.on_bad == "mask"
        tags.requires_fit = True
        return tags


class FluxNormalizer(_BandScale):
    """Divide each spectrum by its flux in a band.

    Parameters
    ----------
    band : (float, float), optional
        Low and high edge in Angstrom, e.g. ``(4050, 4150)``. By default all pixels count alike and no wavelengths
        are needed.
    statistic : {"mean", "pixel_mean", "median", "max", "l2", "integral"}, default="mean"
        What is set to one: the mean flux density over the band (pixels at its edges count by the share that lies
        inside), the plain mean, median, maximum or Euclidean norm of the pixels whose centres lie inside, or the
        integral over the band.
    wavelength : array-like of shape (n_wavelengths,), Quantity or "index", optional
        Wavelength of each column in `unit`, where the column names do not tell.
    unit : str or astropy unit, default="Angstrom"
        Unit of `wavelength` or of the numbers in the column names. `band` is in Angstrom always.
    on_bad : {"mask", "raise"}, default="mask"
        What to do with NaN pixels and with spectra whose scale is not positive and finite: leave NaN pixels out and
        return such spectra as NaN with one warning, or raise an error.

    Attributes
    ----------
    wavelength_in_ : ndarray of shape (n_wavelengths,) or None
        Wavelengths in Angstrom, None where the columns are pixels.
    n_features_in_ : int
        Number of columns of X.

    See Also
    --------
    FluxScale : Keeps the brightness that this step divides out.

    Notes
    -----
    :math:`f_i \\to f_i / s` with :math:`s = \\sum_i w_i f_i / \\sum_i w_i` for the mean, where :math:`w_i` is the
    length of pixel i inside the band. There is no absolute tolerance: fluxes of 1e-17 are as good as those of 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.preprocessing import FluxNormalizer
    >>> wavelength = np.array([4000., 4050., 4100., 4150., 4200.])
    >>> normalizer = FluxNormalizer(band=(4050, 4150), wavelength=wavelength)
    >>> normalizer.fit_transform([[1., 2., 2., 2., 3.]])
    array([[0.5, 1. , 1. , 1. , 1.5]])
    """

    def __init__(self, band=None, *, statistic="mean", wavelength=None, unit="Angstrom", on_bad="mask"):
        self.band = band
        self.statistic = statistic
        self.wavelength = wavelength
        self.unit = unit
        self.on_bad = on_bad

    def transform(self, X):
        """Divide spectra by their scale.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra on the grid that was fitted.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_wavelengths)
            Normalised spectra (no unit), of the dtype of X.
        """
        check_is_fitted(self)
        X = read_spectra(self, X, reset=False, on_bad=self.on_bad)
        normalized = np.empty_like(X)
        np.divide(X, self._measure(X)[:, None], out=normalized, casting="same_kind")
        return normalized

    def inverse_transform(self, X, scale=None):
        """Multiply normalised spectra by their scale.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Normalised spectra.
        scale : array-like of shape (n_samples,), optional
            What `scale` returned for them. Without it the spectra are returned as they are: **normalised flux**,
            because the brightness was divided out and is not kept here.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_wavelengths)
        """
        check_is_fitted(self)
        X = np.asarray(X)
        if X.ndim != 2 or X.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X of inverse_transform must have shape (n_samples, {self.n_features_in_}), got {X.shape}."
            )
        if scale is None:
            return X.copy()
        scale = np.asarray(scale, dtype=float)
        if scale.shape != (len(X),):
            raise ValueError(f"`scale` must hold one value for each of the {len(X)} spectra, got shape {scale.shape}.")
        return (X * scale[:, None]).astype(X.dtype, copy=False)

    def get_feature_names_out(self, input_features=None):
        """Return the wavelengths in Angstrom as strings, or the input's names where the columns are pixels.

        Parameters
        ----------
        input_features : array-like of str, optional
            Names of the columns of X.

        Returns
        -------
        names : ndarray of str
        """
        names = super().get_feature_names_out(input_features)
        return names if self.wavelength_in_ is None else name_wavelengths(self.wavelength_in_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class FluxScale(_BandScale):
    """Hand on the brightness of each spectrum: log10 of its flux in a band.

    Parameters
    ----------
    band : (float, float), optional
        Low and high edge in Angstrom. By default all pixels.
    statistic : {"mean", "pixel_mean", "median", "max", "l2", "integral"}, default="mean"
        As in `FluxNormalizer`.
    wavelength : array-like of shape (n_wavelengths,), Quantity or "index", optional
        Wavelength of each column in `unit`, where the column names do not tell.
    unit : str or astropy unit, default="Angstrom"
        Unit of `wavelength` or of the numbers in the column names.
    on_bad : {"mask", "raise"}, default="mask"
        What to do with spectra whose scale is not positive and finite: NaN with one warning, or an error.

    Attributes
    ----------
    wavelength_in_ : ndarray of shape (n_wavelengths,) or None
        Wavelengths in Angstrom, None where the columns are pixels.
    n_features_in_ : int
        Number of columns of X.

    See Also
    --------
    FluxNormalizer : Divides by the same scale.

    Examples
    --------
    >>> from sklearn_sedzoo.preprocessing import FluxScale
    >>> FluxScale().fit_transform([[10., 10.], [1000., 1000.]])
    array([[1.],
           [3.]])
    """

    def __init__(self, band=None, *, statistic="mean", wavelength=None, unit="Angstrom", on_bad="mask"):
        self.band = band
        self.statistic = statistic
        self.wavelength = wavelength
        self.unit = unit
        self.on_bad = on_bad

    def transform(self, X):
        """Return the logarithm of the scale.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra that are not normalised.

        Returns
        -------
        log_scale : ndarray of shape (n_samples, 1)
            log10 of the scale, in dex of the unit of X.
        """
        return np.log10(self.scale(X))[:, None]

    def get_feature_names_out(self, input_features=None):
        """Return the name of the one column, ``log10_scale``.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : ndarray of str
        """
        check_is_fitted(self)
        return np.array(["log10_scale"], dtype=object)
