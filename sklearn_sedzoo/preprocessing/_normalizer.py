"""FluxNormalizer: spectra of any brightness to spectra of unit flux in a band."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_sedzoo._containers import (
    IVAR_PREFIX,
    find_wavelength,
    join_blocks,
    name_wavelengths,
    read_blocks,
    require_wavelength,
)
from sklearn_sedzoo._kernels.band_scale import STATISTICS, band_scale, band_weights
from sklearn_sedzoo._validation import check_bounds, check_number, check_option, point_at
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
        band = self._check_band()
        blocks = read_blocks(self, X, reset=True, on_bad=self.on_bad)
        n_pixels = blocks.flux.shape[1]
        wavelength = find_wavelength(self, n_pixels)
        if band is not None:
            require_wavelength(self, wavelength, "band")
        if self.statistic == "integral":
            require_wavelength(self, wavelength, "statistic='integral'")
        if self.statistic == "ivar_mean" and blocks.ivar is None:
            raise ValueError(
                f"statistic='ivar_mean' of {owner} needs inverse variances: columns {IVAR_PREFIX}<wavelength> in X."
            )
        weights = band_weights(wavelength, band, self.statistic, n_pixels, owner)
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
        return self._measure(read_blocks(self, X, reset=False, on_bad=self.on_bad))

    def _check_band(self):
        owner = type(self).__name__
        if self.statistic != "value":
            return None if self.band is None else check_bounds(owner, "band", self.band)
        check_number(owner, "band", self.band, 0, closed="right")
        return float(self.band)

    def _measure(self, blocks):
        X = blocks.flux
        scale = band_scale(X, self._weights, self.statistic, blocks.ivar)
        bad = ~(np.isfinite(scale) & (scale > 0))
        if bad.any():
            band = self.band if np.ndim(self.band) == 0 else tuple(self.band)
            where = "the spectrum" if self.band is None else f"the band {band!r} Angstrom"
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
    band : (float, float) or float, optional
        Low and high edge in Angstrom (one wavelength with ``statistic="value"``), e.g. ``(4050, 4150)``. By default all
        pixels count alike and no wavelengths are needed.
    statistic : {"mean", "pixel_mean", "median", "max", "l2", "integral", "ivar_mean", "value"}, default="mean"
        What is set to one: the mean flux density over the band (pixels at its edges count by the share that lies
        inside), the plain mean, median, maximum or Euclidean norm of the pixels whose centres lie inside, the
        integral over the band, the mean weighted by inverse variances (columns ``ivar_<wavelength>`` of X), or the
        value at the wavelength `band`, interpolated. The median forgives a spike of a cosmic ray.
    wavelength : array-like of shape (n_wavelengths,), Quantity or "index", optional
        Wavelength of each column in `unit`, where the column names do not tell.
    unit : str or astropy unit, default="Angstrom"
        Unit of `wavelength` or of the numbers in the column names. `band` is in Angstrom always.
    on_bad : {"mask", "raise"}, default="mask"
        What to do with NaN pixels and with spectra whose scale is not positive and finite: leave NaN pixels out and
        return such spectra as NaN with one warning, or raise an error.
    with_ivar : bool, default=True
        Hand on the inverse variances where X has them. False for a next step that knows no errors, such as
        `sklearn.decomposition.PCA`, which would take their columns for spectra; masked pixels are NaN then.

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

    def __init__(self, band=None, *, statistic="mean", wavelength=None, unit="Angstrom", on_bad="mask", with_ivar=True):
        self.band = band
        self.statistic = statistic
        self.wavelength = wavelength
        self.unit = unit
        self.on_bad = on_bad
        self.with_ivar = with_ivar

    def transform(self, X):
        """Divide spectra by their scale.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra on the grid that was fitted.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_wavelengths) or DataFrame of shape (n_samples, 2 n_wavelengths)
            Normalised spectra (no unit), of the dtype of X; with inverse variances, multiplied by the squared scale,
            in the second half where X has them. The error of the scale itself is not counted.
        """
        check_is_fitted(self)
        blocks = read_blocks(self, X, reset=False, on_bad=self.on_bad)
        scale = self._measure(blocks)[:, None]
        normalized = np.empty_like(blocks.flux)
        np.divide(blocks.flux, scale, out=normalized, casting="same_kind")
        if blocks.ivar is None:
            return join_blocks(normalized, None, self.get_feature_names_out(), blocks)
        if not self.with_ivar:
            normalized[blocks.ivar == 0] = np.nan
            return join_blocks(normalized, None, self.get_feature_names_out(), blocks)
        ivar = np.empty_like(blocks.ivar)
        with np.errstate(over="ignore"):
            np.multiply(blocks.ivar, np.where(np.isnan(scale), 0.0, scale) ** 2, out=ivar, casting="same_kind")
        np.minimum(ivar, np.finfo(ivar.dtype).max, out=ivar)
        return join_blocks(normalized, ivar, self.get_feature_names_out(), blocks)

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
        if X.ndim != 2 or X.shape[1] != self._columns.n_flux:
            raise ValueError(
                f"X of inverse_transform must have shape (n_samples, {self._columns.n_flux}), got {X.shape}."
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
        if self.wavelength_in_ is None:
            return names[self._columns.flux]
        names = name_wavelengths(self.wavelength_in_)
        is_bare = self._columns.ivar is None or not self.with_ivar
        return names if is_bare else np.concatenate([names, IVAR_PREFIX + names])

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
    statistic : {"mean", "pixel_mean", "median", "max", "l2", "integral", "ivar_mean", "value"}, default="mean"
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
