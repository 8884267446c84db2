"""FluxNormalizer: spectra of any brightness to spectra of unit flux in a band."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin

from sklearn_sedzoo._containers import (
    AXIS,
    IVAR_PREFIX,
    find_wavelength,
    join_blocks,
    name_wavelengths,
    read_blocks,
    require_wavelength,
)
from sklearn_sedzoo._kernels.band_scale import STATISTICS, SUMS, band_scale, band_scale_error, band_weights
from sklearn_sedzoo._kernels.heteroscedastic_pca import SIGNIFICANT, fit_spectrum_model, measure_flux, open_band
from sklearn_sedzoo._parameters import (
    check_parameter,
    check_parameters,
    flag,
    kinds,
    nothing,
    number,
    option,
    pair,
)
from sklearn_sedzoo._validation import ON_BAD, as_fitted, keep_parameters, point_at
from sklearn_sedzoo.exceptions import SedDataWarning


class _BandScale(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """The scale of each spectrum in a band: what FluxNormalizer divides by and FluxScale hands on."""

    _parameters = kinds(
        **AXIS,
        band=[pair("Angstrom"), number(0, closed="neither"), nothing()],
        statistic=[option("auto", "model", *STATISTICS)],
        on_bad=ON_BAD,
    )

    def fit(self, X, y=None):
        """Find the pixels of the band and, for the statistic "model", learn the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra. The model is learned from them; of other statistics only their columns matter.
        y : None
            Ignored.

        Returns
        -------
        self : object
        """
        owner = type(self).__name__
        check_parameters(self)
        band = self._check_band()
        blocks = read_blocks(self, X, reset=True, on_bad=self.on_bad)
        n_pixels = blocks.flux.shape[1]
        wavelength = find_wavelength(self, n_pixels)
        if band is not None:
            require_wavelength(self, wavelength, "band")
        if self.statistic == "integral":
            require_wavelength(self, wavelength, "statistic='integral'")
        if self.statistic in {"ivar_mean", "model"} and blocks.ivar is None:
            raise ValueError(
                f"statistic={self.statistic!r} of {owner} needs inverse variances: columns {IVAR_PREFIX}<wavelength> "
                "in X."
            )
        resolved = {"auto": "mean" if blocks.ivar is None else "model"}.get(self.statistic, self.statistic)
        weights = band_weights(wavelength, band, "mean" if resolved == "model" else resolved, n_pixels, owner)
        self.wavelength_in_ = wavelength
        self.statistic_ = resolved
        self._weights = weights
        self._model = None
        if resolved == "model":
            model = fit_spectrum_model(blocks.flux, blocks.ivar)
            self._model = open_band(blocks.flux, blocks.ivar, model, weights)
        keep_parameters(self)
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
            `statistic` of the flux in `band`, in the unit of X; NaN where it is not positive and finite, and where
            that of the model is below three times its error.
        """
        self = as_fitted(self)
        return self._measure(read_blocks(self, X, reset=False, on_bad=self.on_bad))[0]

    def scale_error(self, X):
        """Return the standard error of the scale of each spectrum.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra on the grid that was fitted, with inverse variances.

        Returns
        -------
        error : ndarray of shape (n_samples,)
            In the unit of X; NaN where `scale` is. That of the model counts noise and what its axes leave open in gaps.

        Raises
        ------
        ValueError
            If X has no inverse variances, or the statistic is no sum over pixels ("median", "max", "l2").
        """
        self = as_fitted(self)
        blocks = read_blocks(self, X, reset=False, on_bad=self.on_bad)
        if blocks.ivar is None or self.statistic_ not in ("model", *SUMS):
            raise ValueError(
                f"scale_error of {type(self).__name__} needs columns {IVAR_PREFIX}<wavelength> in X "
                f"and a statistic that is a sum over pixels {('model', *SUMS)!r}; statistic_ is {self.statistic_!r}."
            )
        return self._measure(blocks)[1]

    def _check_band(self):
        """Return the band as floats: one with the statistic "value", else a pair or None."""
        kinds = [number(0, closed="neither")] if self.statistic == "value" else [pair("Angstrom"), nothing()]
        check_parameter(type(self).__name__, "band", self.band, kinds)
        if self.band is None or self.statistic == "value":
            return self.band
        return tuple(float(bound) for bound in self.band)

    def _measure(self, blocks):
        scale, error = self._measure_all(blocks)
        bad = ~(np.isfinite(scale) & (scale > 0))
        above = ""
        if self.statistic_ == "model":
            bad |= ~(scale >= SIGNIFICANT * error)
            above = f" of {SIGNIFICANT:g} sigma or more"
        if bad.any():
            band = self.band if np.ndim(self.band) == 0 else tuple(self.band)
            where = "the spectrum" if self.band is None else f"the band {band!r} Angstrom"
            fault = f"have no positive {self.statistic_} flux{above} in {where}"
            if self.on_bad == "raise":
                raise ValueError(
                    f"{point_at(bad, len(scale), fault)} Drop these rows, choose another band, or pass on_bad='mask' "
                    f"to {type(self).__name__}."
                )
            rows = np.flatnonzero(bad)[:10].tolist()
            warnings.warn(
                f"{point_at(bad, len(scale), fault)} They become NaN (rows {rows}{'...' if bad.sum() > 10 else ''}).",
                SedDataWarning,
                stacklevel=4,
            )
        return np.where(bad, np.nan, scale), None if error is None else np.where(bad, np.nan, error)

    def _measure_all(self, blocks):
        """Return scale and error (or None) of each spectrum, fit for use or not."""
        flux, ivar = blocks.flux, blocks.ivar
        if self.statistic_ == "model":
            return measure_flux(flux, ivar, self._model, self._weights)
        scale = band_scale(flux, self._weights, self.statistic_, ivar)
        if ivar is None or self.statistic_ not in SUMS:
            return scale, None
        return scale, band_scale_error(self._weights, self.statistic_, np.where(np.isfinite(flux), ivar, 0))

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
    statistic : str, default="auto"
        What is set to one. "mean": the mean flux density over the band (pixels at its edges count by the share that
        lies inside). "model": the same mean, not of the pixels but of a model fitted to the whole spectrum by its
        inverse variances (columns ``ivar_<wavelength>`` of X), see Notes: several times less noisy, and known where
        the band itself is masked. "auto": the model where X has inverse variances, else the mean; both are the same
        but for noise. "pixel_mean", "median", "max", "l2": the plain mean, median, maximum or Euclidean norm of the
        pixels whose centers lie inside. "integral": that over the band. "ivar_mean": the mean weighted by inverse
        variances. "value": the flux at the wavelength `band`, interpolated. The median forgives a spike of a cosmic
        ray, and so does the model.

        .. versionchanged:: 0.1
            "auto" in place of "mean".
    wavelength : array-like of shape (n_wavelengths,), Quantity or "index", optional
        Wavelength of each column in `unit`, where the column names do not tell.
    unit : str or astropy unit, default="Angstrom"
        Unit of `wavelength` or of the numbers in the column names. `band` is in Angstrom always.
    on_bad : {"mask", "raise"}, default="mask"
        What to do with NaN pixels and with spectra whose scale is not positive and finite: leave NaN pixels out and
        return such spectra as NaN with one warning, or raise an error. With the model these are the spectra whose
        scale is below three times its error: nothing is divided by noise.
    with_ivar : bool, default=True
        Hand on the inverse variances where X has them. False for a next step that knows no errors, such as
        `sklearn.decomposition.PCA`, which would take their columns for spectra; masked pixels are NaN then.

    Attributes
    ----------
    wavelength_in_ : ndarray of shape (n_wavelengths,) or None
        Wavelengths in Angstrom, None where the columns are pixels.
    statistic_ : str
        What `statistic` stands for: "auto" is resolved by the columns of X.
    n_features_in_ : int
        Number of columns of X.

    See Also
    --------
    FluxScale : Keeps the brightness that this step divides out.

    Notes
    -----
    :math:`f_i \\to f_i / s` with :math:`s = \\sum_i w_i f_i / \\sum_i w_i` for the mean, where :math:`w_i` is the
    length of pixel i inside the band. There is no absolute tolerance: fluxes of 1e-17 are as good as those of 1.

    The model. `fit` learns mean :math:`\\mu`, up to 16 axes :math:`V` (one for 8 spectra where there are fewer) and a
    scatter :math:`\\psi` for each pixel from at most 3,000 spectra of any brightness, with their errors and gaps, by
    expectation maximization [1]_. Fluxes are :math:`f = a (\\mu + V^T c) + \\epsilon`, with :math:`c \\sim N(0, 1)`, an
    amplitude :math:`a` without prior and :math:`\\mathrm{var}\\,\\epsilon_i = 1 / \\mathrm{ivar}_i + a^2 \\psi_i`. Each
    spectrum is fitted by least squares with these weights, pixels beyond 4 sigma clipped, and its scale is
    :math:`s = \\sum_i w_i a (\\mu_i + (V^T c)_i) / \\sum_i w_i`: a fixed mean of the model. (An amplitude fitted to a
    template, or to few axes, would move with the redshift, which decides what pixels are seen.) One more axis, a
    step over the band, lets a spectrum of high signal-to-noise have the mean of its own pixels. The errors count the
    correlation of neighboring bins. Cost: n_samples x n_wavelengths x 200 multiplications for each of three passes in
    `transform`, and of ten in `fit`; 256 rows at a time in float64.

    References
    ----------
    .. [1] S. Bailey, "Principal Component Analysis with Noisy and/or Missing Data", PASP 124, 1015 (2012).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.preprocessing import FluxNormalizer
    >>> wavelength = np.array([4000., 4050., 4100., 4150., 4200.])
    >>> normalizer = FluxNormalizer(band=(4050, 4150), wavelength=wavelength)
    >>> normalizer.fit_transform([[1., 2., 2., 2., 3.]])
    array([[0.5, 1. , 1. , 1. , 1.5]])
    """

    _parameters = kinds(with_ivar=[flag()])

    def __init__(self, band=None, *, statistic="auto", wavelength=None, unit="Angstrom", on_bad="mask", with_ivar=True):
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
            Normalized spectra (no unit), of the dtype of X; with inverse variances, multiplied by the squared scale,
            in the second half where X has them. The error of the scale itself is not counted.
        """
        self = as_fitted(self)
        blocks = read_blocks(self, X, reset=False, on_bad=self.on_bad)
        scale = self._measure(blocks)[0][:, None]
        normalized = np.empty_like(blocks.flux)
        np.divide(blocks.flux, scale, out=normalized, casting="same_kind")
        if not self.with_ivar:
            if blocks.ivar is not None:
                normalized[blocks.ivar == 0] = np.nan
            return normalized
        if blocks.ivar is None:
            return join_blocks(normalized, None, self.get_feature_names_out(), blocks)
        ivar = np.empty_like(blocks.ivar)
        with np.errstate(over="ignore"):
            np.multiply(blocks.ivar, np.where(np.isnan(scale), 0.0, scale) ** 2, out=ivar, casting="same_kind")
        np.minimum(ivar, np.finfo(ivar.dtype).max, out=ivar)
        return join_blocks(normalized, ivar, self.get_feature_names_out(), blocks)

    def inverse_transform(self, X, scale=None):
        """Multiply normalized spectra by their scale.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Normalized spectra.
        scale : array-like of shape (n_samples,), optional
            What `scale` returned for them. Without it the spectra are returned as they are: **normalized flux**,
            because the brightness was divided out and is not kept here.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_wavelengths)
        """
        self = as_fitted(self)
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
    statistic : str, default="auto"
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
    statistic_ : str
        What `statistic` stands for: "auto" is resolved by the columns of X.
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

    def __init__(self, band=None, *, statistic="auto", wavelength=None, unit="Angstrom", on_bad="mask"):
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
            Spectra that are not normalized.

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
        self = as_fitted(self)
        return np.array(["log10_scale"], dtype=object)
