"""SyntheticPhotometry: spectra to magnitudes or colors in bands, at one or many redshifts."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from sklearn_sedzoo._containers import AXIS, find_wavelength, read_spectra, require_wavelength
from sklearn_sedzoo._kernels.band_projection import (
    MADAU_JUMPS,
    ab_denominator,
    luptitude,
    madau_transmission,
    project_band,
)
from sklearn_sedzoo._parameters import (
    check_parameters,
    function,
    kinds,
    mapping,
    nothing,
    number,
    numbers,
    option,
    sequence_of,
    text,
)
from sklearn_sedzoo._validation import as_fitted, keep_parameters, point_at
from sklearn_sedzoo.exceptions import SedDataWarning, SedGridWarning
from sklearn_sedzoo.photometry._bands import read_bands
from sklearn_sedzoo.photometry._distance import COSMOLOGY, FLUX_UNIT, flux_scale

OUTPUTS = ("mag", "color", "maggies", "luptitude")
_ROWS = 256


class SyntheticPhotometry(TransformerMixin, BaseEstimator):
    """Magnitudes or colors of spectra in photometric bands, as seen at one or many redshifts.

    Parameters
    ----------
    bands : str, list of str or dict, default: all bands of lsst2023
        A name or pattern of speclite's bands (``"lsst2023-*"``, ``"sdss2010-r"``), a list of them, or
        ``{name: (wavelength in Angstrom, response)}``. Curves are cut where they fall below 1e-3 of their peak.
        speclite comes with ``pip install "sklearn-sedzoo[photometry]"``.
    wavelength : array-like of shape (n_wavelengths,), Quantity or "index", optional
        Rest-frame wavelength of each column in `unit`, where the column names do not tell.
    unit : str or astropy unit, default="Angstrom"
        Unit of `wavelength` or of the numbers in the column names.
    redshifts : array-like of float, default=(0.0,)
        Every spectrum is seen at each of them; columns come redshift by redshift.
    output : {"mag", "color", "maggies", "luptitude"}, default="mag"
        AB magnitudes; differences of the magnitudes of bands next to each other; fluxes in units of the AB zero
        point; asinh magnitudes, which also exist for negative fluxes.
    detector : {"photon", "energy"}, default="photon"
        Photon counters (CCDs) average f_lambda with weight lambda x response, energy integrators with the response.
    igm : {None, "madau1995"} or callable, default=None
        Absorption by the intergalactic medium: Madau (1995), or ``igm(observed wavelength, redshift)``.
    out_of_range : {"nan", "raise", "zero"}, default="nan"
        A band that the spectra do not cover at a redshift becomes NaN with a warning, is an error, or counts the
        missing part as dark.
    flux_unit : str or astropy unit, default="erg / (s cm2 Angstrom)"
        Unit of X. For a flux density f(lambda) at redshift z is f(lambda / (1 + z)) / (1 + z), the integrated flux
        being kept. For a luminosity density ("Lsun / Angstrom") the distance is 10 pc at redshift 0 (absolute
        magnitudes) and the luminosity distance otherwise (apparent magnitudes).
    cosmology : astropy cosmology, default=None
        For luminosities; None is Planck18.
    softening : float, default=1e-10
        The b of luptitudes, in maggies: roughly the 1 sigma noise.

    Attributes
    ----------
    band_names_ : list of str
        Names of the bands by increasing wavelength of the pattern, or as given.
    projection_ : ndarray of shape (n_wavelengths, n_redshifts * n_bands)
        Weights: ``X @ projection_`` are maggies.
    coverage_ : ndarray of shape (n_redshifts, n_bands)
        Share of each band's AB signal that the spectra cover.
    effective_wavelength_ : ndarray of shape (n_bands,)
        Mean of the wavelength in Angstrom, weighted by response (and by wavelength for photon counters).
    wavelength_in_ : ndarray of shape (n_wavelengths,)
        Rest-frame wavelengths in Angstrom.
    n_features_in_ : int
        Number of columns of X.

    See Also
    --------
    MagnitudeToColor : Colors from catalogs of magnitudes with non-detections.
    make_training_set : Noisy rows for photometric redshifts.

    Notes
    -----
    A magnitude is m = -2.5 log10 [int f_lambda R lambda dlambda / int (3631 Jy) c / lambda^2 R lambda dlambda]
    (without the factors lambda for energy). Spectra and responses are straight lines between their points, for which
    the integrals are exact. `fit` costs about 1 ms for a band and redshift; `transform` is one matrix product,
    2 n_samples n_wavelengths n_redshifts n_bands operations, in double precision; memory is the projection.
    A flux that is zero or negative has the magnitude inf (not detected), with a warning that counts.

    References
    ----------
    Bessell & Murphy 2012, PASP 124, 140; Oke & Gunn 1983, ApJ 266, 713; Lupton, Gunn & Szalay 1999, AJ 118, 1406.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.photometry import SyntheticPhotometry
    >>> wavelength = np.linspace(3000, 9000, 1201)
    >>> ab_source = 3.631e-20 * 2.99792458e18 / wavelength**2  # magnitude 0 in every band
    >>> bands = {"b": ([4000, 4500, 5000], [0, 1, 0]), "r": ([6000, 6500, 7000], [0, 1, 0])}
    >>> photometry = SyntheticPhotometry(bands, wavelength=wavelength)
    >>> photometry.fit_transform(100 * ab_source[None]).round(4)
    array([[-5., -5.]])
    >>> photometry.get_feature_names_out()
    array(['mag_b', 'mag_r'], dtype=object)
    """

    _parameters = kinds(
        **AXIS,
        bands=[text("a name or pattern of bands"), sequence_of(text(), "a list of them"), mapping("a dict of curves")],
        redshifts=[number(0, 100), numbers("a list of them", 0, 100)],
        output=[option(*OUTPUTS)],
        detector=[option("photon", "energy")],
        igm=[option("madau1995"), function("a function of wavelength and redshift"), nothing()],
        out_of_range=[option("nan", "raise", "zero")],
        flux_unit=[FLUX_UNIT],
        cosmology=COSMOLOGY,
        softening=[number(0, closed="neither")],
    )

    def __init__(
        self,
        bands="lsst2023-*",
        *,
        wavelength=None,
        unit="Angstrom",
        redshifts=(0.0,),
        output="mag",
        detector="photon",
        igm=None,
        out_of_range="nan",
        flux_unit="erg / (s cm2 Angstrom)",
        cosmology=None,
        softening=1e-10,
    ):
        self.bands = bands
        self.wavelength = wavelength
        self.unit = unit
        self.redshifts = redshifts
        self.output = output
        self.detector = detector
        self.igm = igm
        self.out_of_range = out_of_range
        self.flux_unit = flux_unit
        self.cosmology = cosmology
        self.softening = softening

    def fit(self, X, y=None):
        """Build the projection.

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
        check_parameters(self)
        redshifts = np.atleast_1d(np.asarray(self.redshifts, float))
        X = read_spectra(self, X, reset=True)
        wavelength = find_wavelength(self, X.shape[1])
        require_wavelength(self, wavelength, "bands")
        bands = read_bands(owner, self.bands)
        if self.output == "color" and len(bands) < 2:
            raise ValueError(f"`bands` of {owner} must be at least 2 for output='color', got {list(bands)}.")
        projection, coverage = self._project(wavelength, bands, redshifts)
        self._report_coverage(owner, bands, redshifts, coverage, wavelength)
        self.wavelength_in_ = wavelength
        self.band_names_ = list(bands)
        self.redshifts_ = redshifts
        self.coverage_ = coverage
        self.effective_wavelength_ = np.array([self._mean_wavelength(*curve) for curve in bands.values()])
        self._limits = np.array([curve[0][[0, -1]] for curve in bands.values()])
        self.projection_ = projection
        keep_parameters(self)
        return self

    def transform(self, X):
        """Return the photometry of spectra.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra on the grid that was fitted, in `flux_unit`.

        Returns
        -------
        ndarray of shape (n_samples, n_redshifts * n_bands)
            In mag or maggies; for colors n_bands - 1 columns a redshift. NaN where the band is not covered.
        """
        self = as_fitted(self)
        X = read_spectra(self, X, reset=False)
        maggies = np.empty((len(X), self.projection_.shape[1]))
        for start in range(0, len(X), _ROWS):  # blocks: float32 input is never doubled as a whole
            maggies[start : start + _ROWS] = X[start : start + _ROWS].astype(float, copy=False) @ self.projection_
        return self._express(maggies).astype(X.dtype, copy=False)

    def redshift_range(self):
        """Return the redshifts at which the spectra cover each band: {band: (lowest, highest)}; nan, nan for never."""
        self = as_fitted(self)
        blue, red = np.sort(self.wavelength_in_[[0, -1]])
        ranges = {}
        for name, (low, high) in zip(self.band_names_, self._limits, strict=True):
            first, last = max(high / red - 1, 0.0), low / blue - 1
            ranges[name] = (float(first), float(last)) if first <= last else (np.nan, np.nan)
        return ranges

    def get_feature_names_out(self, input_features=None):
        """Return names such as ``mag_i``, ``g-r``, or ``mag_i_z0.5`` where there are several redshifts."""
        self = as_fitted(self)
        if self.output == "color":
            names = [f"{a}-{b}" for a, b in zip(self.band_names_[:-1], self.band_names_[1:], strict=True)]
        else:
            names = [f"{self.output}_{band}" for band in self.band_names_]
        if len(self.redshifts_) > 1 or self.redshifts_[0] != 0:
            names = [f"{name}_z{z:.6g}" for z in self.redshifts_ for name in names]
        return np.array(names, dtype=object)

    def _project(self, wavelength, bands, redshifts):
        is_falling = wavelength[0] > wavelength[-1]
        grid = wavelength[::-1] if is_falling else wavelength
        igm, jumps = (madau_transmission, MADAU_JUMPS) if self.igm == "madau1995" else (self.igm, ())
        scales = flux_scale(type(self).__name__, self.flux_unit, redshifts, self.cosmology)
        projection = np.empty((len(grid), len(redshifts) * len(bands)))
        coverage = np.empty((len(redshifts), len(bands)))
        for i, redshift in enumerate(redshifts):
            for j, curve in enumerate(bands.values()):
                weights = project_band(grid, *curve, self.detector, redshift, igm, jumps)
                projection[:, i * len(bands) + j] = weights * scales[i]
                coverage[i, j] = self._measure_coverage(grid * (1 + redshift), *curve)
        return (projection[::-1].copy() if is_falling else projection), coverage

    def _measure_coverage(self, observed, wavelength, response):
        low, high = max(observed[0], wavelength[0]), min(observed[-1], wavelength[-1])
        if low >= high:
            return 0.0
        if low == wavelength[0] and high == wavelength[-1]:
            return 1.0
        inside = np.unique(np.concatenate([[low, high], wavelength[(wavelength > low) & (wavelength < high)]]))
        part = ab_denominator(inside, np.interp(inside, wavelength, response), self.detector)
        return part / ab_denominator(wavelength, response, self.detector)

    def _report_coverage(self, owner, bands, redshifts, coverage, wavelength):
        bad = coverage < 1
        if self.out_of_range == "zero" or not bad.any():
            return
        i, j = np.argwhere(bad)[0]
        name = list(bands)[j]
        low, high = bands[name][0][[0, -1]]
        blue, red = np.sort(wavelength[[0, -1]]) * (1 + redshifts[i])
        message = (
            f"{bad.sum()} of {bad.size} bands and redshifts leave the spectra; first band {name!r} "
            f"({low:.0f} to {high:.0f} Angstrom) at redshift {redshifts[i]:g}, where the spectra reach from {blue:.0f} "
            f"to {red:.0f} Angstrom."
        )
        if self.out_of_range == "raise":
            raise ValueError(
                f"`bands` of {owner}: {message} Drop these, or pass out_of_range='nan' (they become NaN) or 'zero'."
            )
        warnings.warn(f"{message} Their columns are NaN.", SedGridWarning, stacklevel=3)

    def _mean_wavelength(self, wavelength, response):
        weight = response * wavelength if self.detector == "photon" else response
        return float(np.trapezoid(weight * wavelength, wavelength) / np.trapezoid(weight, wavelength))

    def _express(self, maggies):
        if self.out_of_range == "nan":
            maggies[:, (self.coverage_ < 1).ravel()] = np.nan
        if self.output in {"mag", "color"}:
            dark = maggies <= 0
            if dark.any():
                rows = dark.any(axis=1)
                warnings.warn(
                    f"{point_at(rows, len(rows), 'have no positive flux in a band')} Their magnitudes are inf (not "
                    "detected); output='luptitude' has numbers for them.",
                    SedDataWarning,
                    stacklevel=3,
                )
            maggies = -2.5 * np.log10(np.where(dark, 1.0, maggies), out=maggies, where=~dark)
            maggies[dark] = np.inf
        elif self.output == "luptitude":
            maggies = luptitude(maggies, self.softening)
        if self.output != "color":
            return maggies
        cube = maggies.reshape(len(maggies), len(self.redshifts_), -1)
        with np.errstate(invalid="ignore"):  # inf - inf: the color of two non-detections is NaN
            return (cube[..., :-1] - cube[..., 1:]).reshape(len(maggies), -1)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
