"""SpectrumResampler: spectra on one wavelength grid to spectra on another, with their flux conserved."""

import warnings

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from sklearn_sedzoo._containers import (
    AXIS,
    IVAR_PREFIX,
    SpectrumTable,
    find_wavelength,
    join_blocks,
    judge_frame,
    name_wavelengths,
    read_blocks,
    refuse_shifted,
    require_wavelength,
)
from sklearn_sedzoo._kernels import rebinning
from sklearn_sedzoo._kernels.masked import valid_extent
from sklearn_sedzoo._kernels.refraction import air_to_vacuum
from sklearn_sedzoo._kernels.shifting import rebin_shifted
from sklearn_sedzoo._parameters import (
    check_parameter,
    check_parameters,
    integer,
    kinds,
    nothing,
    number,
    numbers,
    option,
    pair,
)
from sklearn_sedzoo._validation import COLUMN_OR_REDSHIFT, ON_BAD, as_fitted, check_redshift, keep_parameters, point_at
from sklearn_sedzoo.exceptions import SedDataWarning, SedGridWarning
from sklearn_sedzoo.preprocessing._target_grid import choose_grid, raise_uncovered, warn_of_oversampling


class SpectrumResampler(TransformerMixin, BaseEstimator):
    """Resample spectra to a new wavelength grid and conserve their flux.

    Each output bin holds the mean flux density of the input over that bin. The operation is one sparse matrix,
    built in `fit` from the two grids. The wavelengths of the input come from the column names of X (numbers, also
    with the prefix ``flux_``) or from `wavelength`; without either the columns are pixels 0, 1, 2, ... and every
    parameter in Angstrom is refused. With ``set_output(transform="pandas")`` the new wavelengths travel on as
    column names.

    Columns ``ivar_<wavelength>`` beside the fluxes (see `SpectrumTable.to_frame`) are inverse variances and are
    transformed with them; ``transform`` then returns a DataFrame with both. With `redshift` each spectrum is brought
    to its rest frame in the same step.

    Parameters
    ----------
    grid : int or array-like of shape (n_bins,), default=4096
        Number of bins that fill `grid_range`, or the bin centers themselves in Angstrom, rising.
    grid_range : (float, float), optional
        Outer edges of the grid in Angstrom. By default the outer edges of the input; with a redshift for each spectrum
        those of the range that at least half of the spectra of `fit` cover at rest. What a spectrum lacks is masked.
    spacing : {"linear", "log"}, default="linear"
        Whether an integer `grid` makes bins of constant width or of constant ratio.
    wavelength : array-like of shape (n_wavelengths,), Quantity or "index", optional
        Wavelength of each column of X in `unit`, rising or falling, not necessarily uniform. ``"index"`` takes the
        column index as the wavelength.
    unit : str or astropy unit, default="Angstrom"
        Unit of `wavelength` or of the numbers in the column names: a wavelength, frequency, energy, wavenumber, or
        "log10(Angstrom)". `grid` and `grid_range` are in Angstrom always, and so is what comes out.
    fill_value : float or nan, optional
        Value of the bins that the input covers too little. By default such bins are an error in `fit`.
    min_coverage : float, default=1.0
        Share of a bin that the input (in `transform`: its valid pixels) must cover.
    on_bad : {"mask", "raise"}, default="mask"
        What to do with NaN and infinite pixels: refuse them, or leave them out of the means (bins whose valid
        pixels cover less than `min_coverage` become NaN). Pixels of inverse variance 0 are left out always.
    redshift : None, str or float, default=None
        Shift spectra to the rest frame: the name of a column of X (``"redshift"``), or one number for all. The flux
        is multiplied by 1 + z for a density per wavelength and divided by it for one per frequency, so that the
        integrated flux stays. None: the wavelengths stay as they are. `fit` checks it where X has a column
        ``redshift``: spectra that are at rest already (as X states, or by their lines) are refused, and with None
        those in the observed frame bring a warning.

        .. versionadded:: 0.1
    density : {"wavelength", "frequency"}, default="wavelength"
        Per what the flux is a density (erg/s/cm2/Angstrom or Jy); its integral over that coordinate is conserved.
    medium : {"vacuum", "air"} or None, default=None
        Medium in which the wavelengths of the input are given. Those in air are converted to vacuum (Ciddor 1996),
        before the redshift is taken out. None: what X states or, where it has a frame or redshifts, what its lines show
        (with a warning where that is air); else taken as they are.

    Attributes
    ----------
    wavelength_in_ : ndarray of shape (n_wavelengths,) or None
        Input wavelengths in Angstrom (as given: before any conversion to vacuum), None where the columns are pixels.
    wavelength_out_ : ndarray of shape (n_bins,) or None
        Centres of the output bins in Angstrom.
    coverage_ : ndarray of shape (n_bins,)
        Share of each output bin that the input grid covers; with a redshift for each spectrum, the share of the
        spectra of `fit` that cover it.
    frame_ : {"rest", "observed"} or None
        Frame of the wavelengths that come out; None where nothing tells.
    medium_ : {"vacuum", "air"} or None
        Medium of the wavelengths that go in; None where nothing tells.
    n_features_in_ : int
        Number of columns of X.

    See Also
    --------
    FluxNormalizer : The usual next step.

    Notes
    -----
    With pixel edges half-way between centers, :math:`f_j = \\sum_i o_{ij} f_i / \\sum_i o_{ij}`, where
    :math:`o_{ij}` is the length that input bin i and output bin j share; for full coverage
    :math:`\\sum_j f_j \\Delta_j = \\sum_i f_i \\Delta_i`. The inverse variance of a bin is
    :math:`(\\sum_i o_{ij})^2 / \\sum_i o_{ij}^2 \\sigma_i^2`; neighboring bins that share a pixel are correlated,
    see `covariance`. Lengths are measured in wavelength or, for a density per frequency, in frequency. Rest frame:
    :math:`f_\\lambda \\to (1 + z) f_\\lambda`, :math:`f_\\nu \\to f_\\nu / (1 + z)`, ivar by the inverse square.
    Time and memory are O(n_samples (n_wavelengths + n_bins)).

    References
    ----------
    .. [1] A. C. Carnall, "SpectRes: A Fast Spectral Resampling Tool in Python", arXiv:1705.05165 (2017), eq. 1.
    .. [2] P. E. Ciddor, "Refractive index of air", Applied Optics 35, 1566 (1996), eq. 1.

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

    _parameters = kinds(
        **AXIS,
        grid=[integer(2), numbers("wavelengths in Angstrom")],
        grid_range=[pair("Angstrom"), nothing()],
        spacing=[option("linear", "log")],
        fill_value=[number(nan=True), nothing()],
        min_coverage=[number(0, 1, closed="right")],
        on_bad=ON_BAD,
        redshift=COLUMN_OR_REDSHIFT,
        density=[option("wavelength", "frequency")],
        medium=[option("vacuum", "air"), nothing()],
    )

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
        on_bad="mask",
        redshift=None,
        density="wavelength",
        medium=None,
    ):
        self.grid = grid
        self.grid_range = grid_range
        self.spacing = spacing
        self.wavelength = wavelength
        self.unit = unit
        self.fill_value = fill_value
        self.min_coverage = min_coverage
        self.on_bad = on_bad
        self.redshift = redshift
        self.density = density
        self.medium = medium

    def fit(self, X, y=None):
        """Build the resampling matrix from the input and the output grid.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra; only their columns and redshifts matter.
        y : None
            Ignored.

        Returns
        -------
        self : SpectrumResampler
        """
        check_parameters(self)
        if np.ndim(self.grid) > 0 and self.grid_range is not None:
            raise ValueError(
                f"`grid_range` of {type(self).__name__} goes with an integer `grid`; an array holds its own range."
            )
        blocks = self._read(X, reset=True, ensure_min_features=2)
        wavelength_in = find_wavelength(self, blocks.flux.shape[1])
        self._require_grid(wavelength_in)
        stretch = self._stretch(blocks)
        frame, medium = self._judge_input(blocks, wavelength_in, stretch)
        centers = self._rising_centers(wavelength_in, blocks.flux.shape[1], medium)
        edges_in = rebinning.bin_edges(centers)
        is_falling = wavelength_in is not None and wavelength_in[0] > wavelength_in[-1]
        low, high = self._reach(blocks, edges_in, stretch, is_falling)
        rest = np.median(low), np.median(high)  # what half of the spectra cover
        centers_out = choose_grid(type(self).__name__, self.grid, self.grid_range, self.spacing, *rest)
        edges_out = rebinning.bin_edges(centers_out)
        if self._is_shifting():
            coverage = rebinning.share_covering(low, high, edges_out)
        else:
            coverage = rebinning.grid_coverage(*rest, edges_out, self.density)
        short = coverage < self.min_coverage * rebinning.COVERED
        may_mask = self._is_shifting() and (self.on_bad == "mask" or blocks.ivar is not None)
        union = np.min(low), np.max(high)  # what some spectra cover
        if (rebinning.grid_coverage(*union, edges_out, self.density) < self.min_coverage * rebinning.COVERED).all():
            raise_uncovered(type(self).__name__, np.ones_like(short), centers_out, *union)
        if short.any() and self.fill_value is None and not may_mask:
            raise_uncovered(type(self).__name__, short, centers_out, *rest)
        warn_of_oversampling(type(self).__name__, centers / np.max(stretch), centers_out)

        self.wavelength_in_ = wavelength_in
        self.wavelength_out_ = None if wavelength_in is None else centers_out
        self.coverage_ = coverage
        self.frame_, self.medium_ = frame, medium
        self._is_falling = is_falling
        self._with_ivar = blocks.ivar is not None
        self._edges_in, self._edges_out = edges_in, edges_out
        self._used = np.ones(len(coverage), dtype=bool) if self._is_shifting() else ~short
        self._overlap = None if self._is_shifting() else self._overlap_at(stretch[0])
        self._mean = None if self._is_shifting() else rebinning.mean_matrix(self._overlap, self._used)
        keep_parameters(self)
        return self

    def transform(self, X):
        """Resample spectra.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra on the grid that was fitted.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_bins) or DataFrame of shape (n_samples, 2 n_bins)
            Spectra on the new grid, of the dtype of X (float32 or float64). A DataFrame where X has inverse variances
            (they are its second half), and where X is one with `redshift` or ``medium="air"``: it states in its
            ``attrs`` that the wavelengths are no longer those observed, and steps that act on observed ones refuse it.
        """
        self = as_fitted(self)
        blocks = self._read(X, reset=False)
        stretch = self._stretch(blocks)
        self._refuse_second_shift((blocks.attrs or {}).get("frame"), "as X states", stretch)
        flux, ivar = self._rebin(blocks, stretch)
        if np.any(stretch != 1):
            factor = (stretch if self.density == "wavelength" else 1 / stretch)[:, None]
            np.multiply(flux, factor, out=flux, casting="same_kind")
            if ivar is not None:
                np.divide(ivar, factor**2, out=ivar, casting="same_kind")
        if self._is_shifting():
            self._treat_uncovered(flux, ivar, stretch)
        if not self._used.all():
            flux[:, ~self._used] = self.fill_value
            if ivar is not None:
                ivar[:, ~self._used] = 0
        stated = {} if self.redshift is None else {"is_shifted": True, "frame": "rest"}
        if self.medium_ == "air":
            stated["medium"] = "vacuum"
        return join_blocks(flux, ivar, self.get_feature_names_out(), blocks, **stated)

    def covariance(self, X, *, lag=1):
        """Return the covariance of neighboring bins: the diagonal alone understates the variance of a sum.

        Parameters
        ----------
        X : DataFrame or SpectrumTable with inverse variances
            Spectra on the grid that was fitted.
        lag : int, default=1
            How many bins apart.

        Returns
        -------
        covariance : ndarray of shape (n_samples, n_bins - lag)
            Covariance of bins j and j + `lag`, in the squared unit of the output; NaN where either one is masked.
        """
        self = as_fitted(self)
        check_parameter(type(self).__name__, "lag", lag, [integer(0, len(self.coverage_) - 1)])
        blocks = self._read(X, reset=False)
        if blocks.ivar is None:
            raise ValueError(f"covariance of {type(self).__name__} needs X with columns {IVAR_PREFIX}<wavelength>.")
        stretch = np.broadcast_to(self._stretch(blocks), len(blocks.ivar))
        ivar = blocks.ivar[:, ::-1] if self._is_falling else blocks.ivar
        result = np.empty((len(ivar), len(self.coverage_) - lag))
        for value in np.unique(stretch):
            rows = np.flatnonzero(stretch == value)
            factor = value if self.density == "wavelength" else 1 / value
            result[rows] = factor**2 * rebinning.neighbor_covariance(
                ivar[rows], self._overlap_at(value), self._bin_width(), self.min_coverage, lag
            )
        return result

    def inverse_transform(self, X):
        """Resample from the new grid back to the fitted one.

        Detail finer than the new bins does not come back. Pixels that the new grid does not cover are NaN. Spectra
        stay in the frame they are in: with a redshift for each spectrum there is no common grid to go back to.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_bins)
            Spectra on the new grid.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_wavelengths)
            Spectra on the input grid.
        """
        self = as_fitted(self)
        X = np.asarray(X)
        if X.ndim != 2 or X.shape[1] != len(self.coverage_):
            raise ValueError(
                f"X of inverse_transform must have shape (n_samples, {len(self.coverage_)}), got {X.shape}."
            )
        if self._overlap is None:
            raise ValueError(
                f"{type(self).__name__} has brought each spectrum to its own rest frame (redshift={self.redshift!r}): "
                "there is no common grid to go back to."
            )
        back = self._overlap.T.tocsr()
        stretch = self._stretch(None)
        width_in = np.diff(rebinning.coordinate(self._edges_in / stretch[0], self.density))
        covered = back.sum(axis=0) >= rebinning.COVERED * width_in
        X = X if X.dtype in (np.float32, np.float64) else X.astype(float)
        original = rebinning.rebin_flux(X, rebinning.mean_matrix(back, covered))
        if stretch[0] != 1:
            original *= original.dtype.type(1 / stretch[0] if self.density == "wavelength" else stretch[0])
        original[:, ~covered] = np.nan
        return original[:, ::-1] if self._is_falling else original

    def get_feature_names_out(self, input_features=None):
        """Return the wavelengths of the bins in Angstrom as strings, or ``pixel0``, ... without wavelengths.

        Parameters
        ----------
        input_features : None
            Ignored: the names depend on the grids only.

        Returns
        -------
        names : ndarray of str
            Followed by ``ivar_<wavelength>`` for each bin where X has inverse variances.
        """
        self = as_fitted(self)
        if self.wavelength_out_ is None:
            return np.array([f"pixel{i}" for i in range(len(self.coverage_))], dtype=object)
        names = name_wavelengths(self.wavelength_out_)
        return np.concatenate([names, IVAR_PREFIX + names]) if self._with_ivar else names

    def _read(self, X, *, reset, **params):
        named = (self.redshift,) if isinstance(self.redshift, str) else ()
        self._compare_medium(X, self.medium if reset else self.medium_)
        blocks = read_blocks(self, X, reset=reset, on_bad=self.on_bad, scalars=named, **params)
        if self.medium == "air" and (blocks.attrs or {}).get("is_shifted"):
            refuse_shifted(self, blocks, "the refraction of air")
        return blocks

    def _compare_medium(self, X, taken):
        """Warn where X says that its wavelengths are in another medium than the one that was given or fitted."""
        stated = getattr(X, "attrs", {}).get("medium") or getattr(X, "medium", None)
        if stated in {"air", "vacuum"} and taken in {"air", "vacuum"} and stated != taken:
            warnings.warn(
                f"X of {type(self).__name__} declares wavelengths in {stated}, but they are taken as {taken}. Pass "
                f"medium={stated!r}.",
                SedGridWarning,
                stacklevel=4,
            )

    def _refuse_second_shift(self, frame, why, stretch):
        """Raise where spectra that are at rest already would be shifted."""
        if frame == "rest" and np.any(stretch != 1):
            raise ValueError(
                f"X of {type(self).__name__} is in the rest frame already ({why}), and redshift={self.redshift!r} "
                "would take the redshift out a second time. Pass redshift=None, or state the frame: "
                "SpectrumTable(..., frame='observed')."
            )

    def _judge_input(self, blocks, wavelength_in, stretch):
        """Return the frame of what comes out and the medium of what goes in; refuse a second shift, warn of none."""
        attrs, redshift = blocks.attrs or {}, (blocks.scalars or {}).get("redshift")
        medium = self.medium or attrs.get("medium")
        if wavelength_in is None or wavelength_in.min() <= 0 or not (attrs or redshift is not None):
            return (None if self.redshift is None else "rest"), medium
        rising = slice(None, None, 1 if wavelength_in[0] < wavelength_in[-1] else -1)
        table = SpectrumTable(
            blocks.flux[:, rising],
            wavelength_in[rising],
            pd.DataFrame({} if redshift is None else {"redshift": redshift}),
            ivar=None if blocks.ivar is None else blocks.ivar[:, rising],
            frame=attrs.get("frame"),
            medium=medium,
        )
        found = judge_frame(table, compare=False)
        self._refuse_second_shift(found.frame, found.reasons[0], stretch)
        for text in self._doubts(found, medium, redshift, (blocks.scalars or {}).get("ebv")):
            warnings.warn(f"X of {type(self).__name__} {text}", SedDataWarning, stacklevel=3)
        return (found.frame if self.redshift is None else "rest"), found.medium

    def _doubts(self, found, medium, redshift, ebv):
        """Yield what the user should look at."""
        if self.redshift is None and found.frame == "observed" and (redshift is None or np.any(redshift != 0)):
            yield (
                f"is in the observed frame, and redshift=None leaves it there: what follows will find redshifts, not "
                f"galaxies ({found.reasons[0]}) Pass redshift='redshift'."
            )
        if medium is None and found.medium == "air":
            yield f"has its lines where they stand in air; medium='air' is taken. {found.reasons[1]}"
        if self.redshift is not None and ebv is not None and np.nanmax(ebv, initial=0) > 0:
            yield (
                f"has a column ebv up to {np.nanmax(ebv):.3g} mag and is not corrected for the dust of our Galaxy. Put "
                "ExtinctionCorrector before it (make_sed_pipeline(ebv='ebv')), or drop the column."
            )

    def _reach(self, blocks, edges_in, stretch, is_falling):
        """Return from where to where valid pixels reach at rest, for each spectrum (one range without shifts)."""
        if not self._is_shifting():
            return edges_in[0] / stretch, edges_in[-1] / stretch
        first, stop = valid_extent(blocks.flux, blocks.ivar)
        if is_falling:
            first, stop = blocks.flux.shape[1] - stop, blocks.flux.shape[1] - first
        known = stop > first
        if not known.any():
            raise ValueError(f"X of {type(self).__name__} has no spectrum with a valid pixel.")
        return edges_in[first[known]] / stretch[known], edges_in[stop[known]] / stretch[known]

    def _require_grid(self, wavelength_in):
        for name in ("grid", "grid_range"):
            if np.ndim(getattr(self, name)) > 0:
                require_wavelength(self, wavelength_in, name)
        for name in ("redshift", "medium"):
            if getattr(self, name) is not None:
                require_wavelength(self, wavelength_in, name)
        if self.density != "wavelength":
            require_wavelength(self, wavelength_in, "density")

    def _rising_centers(self, wavelength_in, n_flux, medium):
        if wavelength_in is None:
            return np.arange(n_flux, dtype=float)
        centers = np.sort(wavelength_in)
        return air_to_vacuum(centers) if medium == "air" else centers

    def _stretch(self, blocks):
        """Return 1 + redshift, of one value for all spectra or of one for each."""
        if not isinstance(self.redshift, str):
            return np.array([1.0 + (self.redshift or 0.0)])
        owner = type(self).__name__
        if self.redshift not in (blocks.scalars or {}):
            raise ValueError(
                f"`redshift` of {owner} is {self.redshift!r}, but X has no column of that name. Pass a DataFrame or a "
                "SpectrumTable with it, a number, or redshift=None for spectra in the rest frame."
            )
        return 1.0 + check_redshift(owner, blocks.scalars[self.redshift])

    def _is_shifting(self):
        """Whether each spectrum has a redshift of its own."""
        return isinstance(self.redshift, str)

    def _overlap_at(self, stretch):
        inner = rebinning.coordinate(self._edges_in / stretch, self.density)
        return rebinning.overlap_matrix(inner, rebinning.coordinate(self._edges_out, self.density))

    def _bin_width(self):
        return np.diff(rebinning.coordinate(self._edges_out, self.density))

    def _rebin(self, blocks, stretch):
        flux, ivar = blocks.flux, blocks.ivar
        if self._is_falling:
            flux, ivar = flux[:, ::-1], None if ivar is None else ivar[:, ::-1]
        if self._is_shifting():
            return rebin_shifted(flux, ivar, self._edges_in, self._edges_out, stretch, self.density, self.min_coverage)
        if ivar is not None:
            return rebinning.rebin_masked(flux, ivar, self._overlap, self._bin_width(), self.min_coverage)
        resampled = rebinning.rebin_flux(flux, self._mean)
        if self.on_bad == "mask":
            bad = np.flatnonzero(np.isnan(resampled).any(axis=1))
            resampled[bad] = rebinning.rebin_masked(
                flux[bad], None, self._overlap, self._bin_width(), self.min_coverage
            )[0]
        return resampled, None

    def _treat_uncovered(self, flux, ivar, stretch):
        """Fill bins that a shifted spectrum does not reach, or refuse them where nothing says how to mask them."""
        first, stop = rebinning.covered_bins(self._edges_in, self._edges_out, stretch, self.density, self.min_coverage)
        short = (first > 0) | (stop < flux.shape[1])
        if not short.any():
            return
        if self.fill_value is not None:
            for row in np.flatnonzero(short):
                flux[row, : first[row]] = flux[row, stop[row] :] = self.fill_value
        elif self.on_bad == "raise" and ivar is None:
            owner, low, high = type(self).__name__, self._edges_in[0], self._edges_in[-1]
            raise ValueError(
                f"The grid of {owner} reaches outside the rest frame of spectra: "
                f"{point_at(short, len(flux), 'do not cover it')} The input has {low:.6g} to {high:.6g} Angstrom, "
                f"redshifts up to {stretch.max() - 1:g}. Narrow grid_range, pass fill_value=..., or on_bad='mask' to "
                "get NaN there."
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.on_bad == "mask"
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        tags.requires_fit = True
        return tags
