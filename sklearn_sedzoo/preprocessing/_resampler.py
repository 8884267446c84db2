"""SpectrumResampler: spectra on one wavelength grid to spectra on another, with their flux conserved."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_sedzoo._containers import check_grid, find_wavelength, name_wavelengths, read_spectra, require_wavelength
from sklearn_sedzoo._kernels import rebinning
from sklearn_sedzoo._validation import check_bounds, check_integer, check_number, check_option
from sklearn_sedzoo.exceptions import SedGridWarning

STAIR = 0.5  # an output bin below this share of the input's pixel shows the pixel, not the spectrum
STAIR_SHARE = 0.05  # share of such bins that is worth a warning


class SpectrumResampler(TransformerMixin, BaseEstimator):
    """Resample spectra to a new wavelength grid and conserve their flux.

    Each output bin holds the mean flux density of the input over that bin. The operation is one sparse matrix,
    built in `fit` from the two grids. The wavelengths of the input come from the column names of X (numbers, also
    with the prefix ``flux_``) or from `wavelength`; without either the columns are pixels 0, 1, 2, ... and every
    parameter in Angstrom is refused. With ``set_output(transform="pandas")`` the new wavelengths travel on as
    column names.

    Parameters
    ----------
    grid : int or array-like of shape (n_bins,), default=4096
        Number of bins that fill `grid_range`, or the bin centres themselves in Angstrom, rising.
    grid_range : (float, float), optional
        Outer edges of the grid in Angstrom. By default the outer edges of the input.
    spacing : {"linear", "log"}, default="linear"
        Whether an integer `grid` makes bins of constant width or of constant ratio.
    wavelength : array-like of shape (n_wavelengths,), Quantity or "index", optional
        Wavelength of each column of X in `unit`, rising or falling, not necessarily uniform. ``"index"`` takes the
        column index as the wavelength.
    unit : str or astropy unit, default="Angstrom"
        Unit of `wavelength` or of the numbers in the column names: a wavelength, frequency, energy or wavenumber.
        `grid` and `grid_range` are in Angstrom always, and so is what comes out.
    fill_value : float, optional
        Value of the bins that the input covers too little. By default such bins are an error in `fit`.
    min_coverage : float, default=1.0
        Share of a bin that the input (in `transform`: its valid pixels) must cover.
    on_bad : {"raise", "mask"}, default="raise"
        What to do with NaN and infinite pixels: refuse them, or leave them out of the means (bins whose valid
        pixels cover less than `min_coverage` become NaN).

    Attributes
    ----------
    wavelength_in_ : ndarray of shape (n_wavelengths,) or None
        Input wavelengths in Angstrom, None where the columns are pixels.
    wavelength_out_ : ndarray of shape (n_bins,) or None
        Centres of the output bins in Angstrom.
    coverage_ : ndarray of shape (n_bins,)
        Share of each output bin that the input grid covers.
    n_features_in_ : int
        Number of columns of X.

    See Also
    --------
    FluxNormalizer : The usual next step.

    Notes
    -----
    With pixel edges half-way between centres, :math:`f_j = \\sum_i o_{ij} f_i / \\sum_i o_{ij}`, where
    :math:`o_{ij}` is the length that input bin i and output bin j share; for full coverage
    :math:`\\sum_j f_j \\Delta_j = \\sum_i f_i \\Delta_i`. Input is flux density per wavelength. Time and memory
    are O(n_samples (n_wavelengths + n_bins)).

    References
    ----------
    .. [1] A. C. Carnall, "SpectRes: A Fast Spectral Resampling Tool in Python", arXiv:1705.05165 (2017), eq. 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.preprocessing import SpectrumResampler
    >>> resampler = SpectrumResampler(grid=2, wavelength=[4000., 4010., 4020., 4030.])
    >>> resampler.fit_transform([[1., 3., 5., 7.]])
    array([[2., 6.]])
    >>> resampler.wavelength_out_
    array([4005., 4025.])
    """

    def __init__(
        self,
        grid=4096,
        *,
        grid_range=None,
        spacing="linear",
        wavelength=None,
        unit="Angstrom",
        fill_value=None,
        min_coverage=1.0,
        on_bad="raise",
    ):
        self.grid = grid
        self.grid_range = grid_range
        self.spacing = spacing
        self.wavelength = wavelength
        self.unit = unit
        self.fill_value = fill_value
        self.min_coverage = min_coverage
        self.on_bad = on_bad

    def fit(self, X, y=None):
        """Build the resampling matrix from the input and the output grid.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra; only their columns matter.
        y : None
            Ignored.

        Returns
        -------
        self : SpectrumResampler
        """
        self._check_parameters()
        X = read_spectra(self, X, reset=True, on_bad=self.on_bad, ensure_min_features=2)
        wavelength_in = find_wavelength(self, X.shape[1])
        self._require_grid(wavelength_in)
        centers = np.arange(X.shape[1], dtype=float) if wavelength_in is None else wavelength_in
        falling = centers[0] > centers[-1]
        edges_in = rebinning.bin_edges(centers[::-1] if falling else centers)
        centers_out = self._make_grid(edges_in)
        edges_out = rebinning.bin_edges(centers_out)
        overlap = rebinning.overlap_matrix(edges_in, edges_out)
        coverage = overlap.sum(axis=0) / np.diff(edges_out)
        self._check_coverage(coverage, centers_out, edges_in)
        self._warn_of_stairs(np.sort(centers), edges_in, edges_out, centers_out)

        self.wavelength_in_ = wavelength_in
        self.wavelength_out_ = None if wavelength_in is None else centers_out
        self.coverage_ = np.minimum(coverage, 1.0)
        self._n_bins = len(centers_out)
        self._overlap = overlap[::-1] if falling else overlap
        self._width_in = np.diff(edges_in)[::-1] if falling else np.diff(edges_in)
        self._width_out = np.diff(edges_out)
        return self

    def transform(self, X):
        """Resample spectra.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra on the grid that was fitted.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_bins)
            Spectra on the new grid, of the dtype of X (float32 or float64).
        """
        check_is_fitted(self)
        X = read_spectra(self, X, reset=False, on_bad=self.on_bad)
        used = self.coverage_ >= self.min_coverage * rebinning.COVERED
        resampled = rebinning.rebin_flux(X, rebinning.mean_matrix(self._overlap, used))
        if self.on_bad == "mask":
            bad = np.flatnonzero(np.isnan(resampled).any(axis=1))
            resampled[bad] = rebinning.rebin_masked_flux(X[bad], self._overlap, self._width_out, self.min_coverage)
        if not used.all():
            resampled[:, ~used] = self.fill_value
        return resampled

    def inverse_transform(self, X):
        """Resample from the new grid back to the fitted one.

        Detail finer than the new bins does not come back. Pixels that the new grid does not cover are NaN.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_bins)
            Spectra on the new grid.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_wavelengths)
            Spectra on the input grid.
        """
        check_is_fitted(self)
        X = np.asarray(X)
        if X.ndim != 2 or X.shape[1] != self._n_bins:
            raise ValueError(f"X of inverse_transform must have shape (n_samples, {self._n_bins}), got {X.shape}.")
        back = self._overlap.T.tocsr()
        covered = back.sum(axis=0) >= rebinning.COVERED * self._width_in
        X = X if X.dtype in (np.float32, np.float64) else X.astype(float)
        original = rebinning.rebin_flux(X, rebinning.mean_matrix(back, covered))
        original[:, ~covered] = np.nan
        return original

    def get_feature_names_out(self, input_features=None):
        """Return the wavelengths of the bins in Angstrom as strings, or ``pixel0``, ... without wavelengths.

        Parameters
        ----------
        input_features : None
            Ignored: the names depend on the grids only.

        Returns
        -------
        names : ndarray of str
        """
        check_is_fitted(self)
        if self.wavelength_out_ is None:
            return np.array([f"pixel{i}" for i in range(self._n_bins)], dtype=object)
        return name_wavelengths(self.wavelength_out_)

    def _check_parameters(self):
        owner = type(self).__name__
        check_option(owner, "spacing", self.spacing, ("linear", "log"))
        check_number(owner, "min_coverage", self.min_coverage, 0, 1, closed="right")
        if np.ndim(self.grid) == 0:
            check_integer(owner, "grid", self.grid, 2)
        elif self.grid_range is not None:
            raise ValueError(f"`grid_range` of {owner} goes with an integer `grid`; an array holds its own range.")
        if self.grid_range is not None:
            check_bounds(owner, "grid_range", self.grid_range)
        if self.fill_value is not None and not np.isnan(self.fill_value):
            check_number(owner, "fill_value", self.fill_value)

    def _require_grid(self, wavelength_in):
        for name in ("grid", "grid_range"):
            if np.ndim(getattr(self, name)) > 0:
                require_wavelength(self, wavelength_in, name)

    def _make_grid(self, edges_in):
        if np.ndim(self.grid) > 0:
            grid = check_grid(type(self).__name__, self.grid, "grid")
            if grid[0] > grid[-1]:
                raise ValueError(f"`grid` of {type(self).__name__} must rise, got {grid[0]!r} to {grid[-1]!r}.")
            return grid
        low, high = (edges_in[0], edges_in[-1]) if self.grid_range is None else self.grid_range
        if self.spacing == "log":
            if low <= 0:
                raise ValueError(f"spacing='log' of {type(self).__name__} needs a positive range, got ({low}, {high}).")
            return rebinning.log_centers(low, high, self.grid)
        return rebinning.linear_centers(low, high, self.grid)

    def _check_coverage(self, coverage, centers, edges_in):
        short = coverage < self.min_coverage * rebinning.COVERED
        if short.all() or (short.any() and self.fill_value is None):
            raise ValueError(
                f"{short.sum()} of {len(centers)} bins of `grid` of {type(self).__name__} "
                f"({_describe_runs(short, centers)}) are not covered by the input, "
                f"{edges_in[0]:.6g} to {edges_in[-1]:.6g} Angstrom. Narrow grid_range, or pass fill_value=... to fill "
                "them."
            )

    def _warn_of_stairs(self, centers_in, edges_in, edges_out, centers):
        stairs = np.diff(edges_out) < STAIR * rebinning.pixel_width_at(centers, edges_in)
        if stairs.mean() > STAIR_SHARE:
            low, high = rebinning.fine_range(centers_in)
            warnings.warn(
                f"{100 * stairs.mean():.0f} % of the {len(centers)} output bins of {type(self).__name__} "
                f"({_describe_runs(stairs, centers)}) are narrower than half of the input's pixel there: stairs "
                f"without information. The input's longest run of fine sampling is grid_range=({low:.0f}, {high:.0f}).",
                SedGridWarning,
                stacklevel=3,
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.on_bad == "mask"
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        tags.requires_fit = True
        return tags


def _describe_runs(flags, centers):
    runs = [f"{centers[first]:.6g} to {centers[last]:.6g}" for first, last in rebinning.find_runs(flags)]
    return ", ".join(runs[:3]) + (f" and {len(runs) - 3} more ranges" if len(runs) > 3 else "")
