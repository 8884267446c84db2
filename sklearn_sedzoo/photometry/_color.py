"""MagnitudeToColor: a catalog of magnitudes to features, non-detections and all."""

import itertools
import warnings

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import validate_data

from sklearn_sedzoo._kernels.band_projection import luptitude
from sklearn_sedzoo._parameters import (
    check_parameters,
    integer,
    kinds,
    mapping,
    nothing,
    number,
    numbers,
    option,
    sequence_of,
    text,
)
from sklearn_sedzoo._validation import FLOAT_DTYPES, as_fitted, as_native, keep_parameters, point_at
from sklearn_sedzoo.exceptions import SedDataWarning
from sklearn_sedzoo.photometry._columns import find_columns

SIGNAL_TO_NOISE_1 = 2.5 / np.log(10)  # mag


class MagnitudeToColor(TransformerMixin, BaseEstimator):
    """Turn a catalog of magnitudes into a reference magnitude, colors and errors.

    Not detected and not observed are different things: a source too faint for a band gets the band's limit, a band
    that did not look stays NaN for a later step (an imputer, a gradient boosting, a masking map).

    Parameters
    ----------
    bands : list of str or dict, default=None
        Bands in the order of their colors. Columns are found by name (``mag_u_lsst``, ``u``; those with "err" in
        their name are errors), or by ``{band: (magnitude column, error column)}``; without names X holds the
        magnitudes in this order, then perhaps the errors. None takes all columns.
    ref_band : str, int, "all" or None, default="i"
        Magnitude that is kept beside the colors (a band or its number), all of them, or none.
    colors : {"adjacent", "all", "none"}, default="adjacent"
        Differences of neighbors, of all pairs (n (n - 1) / 2), or no colors.
    errors : {"feature", "drop"}, default="feature"
        Append the magnitude errors where X has them, or leave them out. See also `weights`.
    nondetection : float or nan, default=inf
        What X says where a source was not detected; +inf is understood always.
    missing : float or nan, default=nan
        What X says where a source was not observed; NaN is understood always.
    legacy_codes : tuple of float, default=(99, -99)
        Values that are an error unless they are declared as `nondetection` or `missing`, since nobody has a source
        of 99 mag. ``()`` to allow them.
    limits : dict or array-like of shape (n_bands,), default=None
        Magnitude at signal-to-noise 1 of each band. Needed where something was not detected, and for "asinh".
    kind : {"log", "asinh"}, default="log"
        "asinh" turns magnitudes into asinh magnitudes with the limits as softening: a non-detection is then flux 0.

    Attributes
    ----------
    band_names_ : list of str
        Bands.
    limits_ : ndarray of shape (n_bands,) or None
        Limits in the order of the bands.
    n_features_in_ : int
        Number of columns of X.

    See Also
    --------
    SyntheticPhotometry : Magnitudes of spectra.

    Notes
    -----
    Features, in this order: magnitudes kept (``mag_i``), colors (``u-g``), errors (``err_u``; for a non-detection
    2.5 / ln 10, signal-to-noise 1). X is never written to. A row without any observed band becomes NaN, with a
    warning. Cost is O(n_samples n_features).

    References
    ----------
    Lupton, Gunn & Szalay 1999, AJ 118, 1406 (asinh magnitudes).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.photometry import MagnitudeToColor
    >>> X = np.array([[24.0, 23.5, 23.0], [99.0, 24.0, 23.0], [np.nan, 24.0, 23.0]])
    >>> colors = MagnitudeToColor(["g", "r", "i"], nondetection=99, limits={"g": 27.0, "r": 27.0, "i": 26.0})
    >>> colors.fit_transform(X)
    array([[23. ,  0.5,  0.5],
           [23. ,  3. ,  1. ],
           [23. ,  nan,  1. ]])
    >>> colors.get_feature_names_out()
    array(['mag_i', 'g-r', 'r-i'], dtype=object)
    """

    _parameters = kinds(
        bands=[
            sequence_of(text(), "names of bands"),
            mapping("a dict of columns"),
            nothing(),
        ],
        ref_band=[text("a band"), integer(0), nothing()],
        colors=[option("adjacent", "all", "none")],
        errors=[option("feature", "drop")],
        nondetection=[number(nan=True, infinite=True)],
        missing=[number(nan=True, infinite=True)],
        legacy_codes=[numbers("numbers", empty=True)],
        limits=[mapping("a dict of magnitudes"), numbers("magnitudes, one for each band"), nothing()],
        kind=[option("log", "asinh")],
    )

    def __init__(
        self,
        bands=None,
        *,
        ref_band="i",
        colors="adjacent",
        errors="feature",
        nondetection=np.inf,
        missing=np.nan,
        legacy_codes=(99, -99),
        limits=None,
        kind="log",
    ):
        self.bands = bands
        self.ref_band = ref_band
        self.colors = colors
        self.errors = errors
        self.nondetection = nondetection
        self.missing = missing
        self.legacy_codes = legacy_codes
        self.limits = limits
        self.kind = kind

    def fit(self, X, y=None):
        """Find the columns.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_columns)
            Magnitudes, and perhaps their errors.
        y : None
            Ignored.

        Returns
        -------
        self : object
        """
        owner = type(self).__name__
        check_parameters(self)
        X = self._read(X, reset=True)
        columns = find_columns(owner, self.bands, getattr(self, "feature_names_in_", None), X.shape[1])
        names = list(columns)
        kept = self._find_kept(owner, names)
        limits = self._read_limits(owner, names)
        if not kept and (self.colors == "none" or len(names) < 2):
            raise ValueError(f"{owner} is left without features: n_features = {X.shape[1]}, bands {names}, "
                             f"ref_band={self.ref_band!r}, colors={self.colors!r}.")  # fmt: skip
        self.band_names_ = names
        self.limits_ = limits
        self._magnitude_columns = [magnitude for magnitude, _ in columns.values()]
        self._error_columns = [error for _, error in columns.values()]
        self._kept = kept
        self._pairs = self._find_pairs(len(names))
        self._sort_states(X[:, self._magnitude_columns])  # undeclared codes are an error already here
        keep_parameters(self)
        return self

    def transform(self, X):
        """Return the features.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_columns)
            Magnitudes, and perhaps their errors.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out)
            Magnitudes kept, colors, errors; in mag. NaN where not observed.
        """
        self = as_fitted(self)
        X = self._read(X, reset=False)
        given = X[:, self._magnitude_columns]
        faint, unseen = self._sort_states(given)
        if unseen.all(axis=1).any():
            rows = unseen.all(axis=1)
            warnings.warn(
                f"{point_at(rows, len(X), 'have no observed band')} Their features are NaN.",
                SedDataWarning,
                stacklevel=2,
            )
        magnitude = np.where(unseen, np.nan, np.where(faint, 0.0 if self.limits_ is None else self.limits_, given))
        if self.kind == "asinh":
            maggies = np.where(faint, 0.0, 10 ** (-0.4 * magnitude))
            magnitude = luptitude(maggies, 10 ** (-0.4 * self.limits_))
        first, second = self._pairs
        parts = [magnitude[:, self._kept], magnitude[:, first] - magnitude[:, second]]
        if self._has_errors():
            parts.append(self._read_errors(X, faint, unseen))
        return np.hstack(parts).astype(X.dtype, copy=False)

    def weights(self, X):
        """Return a weight for each row: 1 / mean squared magnitude error of its detected bands.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_columns)
            Magnitudes and errors.

        Returns
        -------
        ndarray of shape (n_samples,)
            For `sample_weight`, with a mean of 1; 0 for rows without a detection.
        """
        self = as_fitted(self)
        if not any(column is not None for column in self._error_columns):
            raise ValueError(f"X of {type(self).__name__} has no columns of magnitude errors to make weights from.")
        X = self._read(X, reset=False)
        faint, unseen = self._sort_states(X[:, self._magnitude_columns])
        errors = self._read_errors(X, faint, unseen)
        shown = ~(faint | unseen)[:, [column is not None for column in self._error_columns]] & np.isfinite(errors)
        count = shown.sum(axis=1)
        mean = np.where(shown, errors, 0.0) ** 2
        weight = np.where(count > 0, count / np.maximum(mean.sum(axis=1), 1e-12), 0.0)
        return weight / weight.mean() if weight.any() else weight

    def get_feature_names_out(self, input_features=None):
        """Return the names of the features: ``mag_i``, ``u-g``, ``err_u``."""
        self = as_fitted(self)
        names = [f"mag_{self.band_names_[i]}" for i in self._kept]
        names += [f"{self.band_names_[i]}-{self.band_names_[j]}" for i, j in zip(*self._pairs, strict=True)]
        if self._has_errors():
            pairs = zip(self.band_names_, self._error_columns, strict=True)
            names += [f"err_{name}" for name, column in pairs if column is not None]
        return np.array(names, dtype=object)

    def _read(self, X, *, reset):
        return validate_data(self, as_native(X), reset=reset, dtype=FLOAT_DTYPES, ensure_all_finite=False)

    def _find_kept(self, owner, names):
        if self.ref_band is None:
            return []
        if isinstance(self.ref_band, str) and self.ref_band == "all":
            return list(range(len(names)))
        if isinstance(self.ref_band, str) and self.ref_band in names:
            return [names.index(self.ref_band)]
        if isinstance(self.ref_band, (int, np.integer)) and 0 <= self.ref_band < len(names):
            return [int(self.ref_band)]
        raise ValueError(
            f"`ref_band` of {owner} must be a band or its number, 'all' or None, got {self.ref_band!r}; "
            f"bands are {names}."
        )

    def _find_pairs(self, n_bands):
        if self.colors == "none":
            pairs = []
        elif self.colors == "adjacent":
            pairs = list(itertools.pairwise(range(n_bands)))
        else:
            pairs = list(itertools.combinations(range(n_bands), 2))
        return [i for i, _ in pairs], [j for _, j in pairs]

    def _read_limits(self, owner, names):
        if self.limits is None:
            if self.kind == "asinh":
                raise ValueError(f"`limits` of {owner} must be given for kind='asinh': they soften the magnitudes.")
            return None
        if isinstance(self.limits, dict):
            absent = [name for name in names if name not in self.limits]
            if absent:
                raise ValueError(
                    f"`limits` of {owner} must have a magnitude for each of {names}, {absent} are missing."
                )
            limits = np.array([self.limits[name] for name in names], float)
        else:
            limits = np.asarray(self.limits, float)
        if limits.shape != (len(names),) or not np.isfinite(limits).all():
            raise ValueError(f"`limits` of {owner} must be {len(names)} finite magnitudes, got {self.limits!r}.")
        return limits

    def _sort_states(self, given):
        """Return masks of shape (n_samples, n_bands): not detected, not observed."""
        owner = type(self).__name__
        missing, nondetection = float(self.missing), float(self.nondetection)
        unseen = np.isnan(given) | (given == missing)
        faint = (given == np.inf) | (given == nondetection)
        if np.isnan(nondetection):
            faint, unseen = faint | np.isnan(given), given == missing
        faint &= ~unseen
        for code in self.legacy_codes:
            hidden = (given == code) & ~faint & ~unseen
            if hidden.any():
                raise ValueError(
                    f"X of {owner}: {self._locate_first(hidden)} {code:g}, which is no magnitude. Pass "
                    f"nondetection={code:g} or missing={code:g} (legacy_codes=() takes it as a magnitude)."
                )
        if np.isneginf(given[~unseen & ~faint]).any():
            raise ValueError(f"X of {owner} contains infinity: {self._locate_first(np.isneginf(given))} -inf.")
        if faint.any() and self.limits is None:
            raise ValueError(
                f"X of {owner}: {self._locate_first(faint)} not detected, and `limits` is None. Pass "
                "limits={band: magnitude at signal-to-noise 1}, or missing=... if nobody looked."
            )
        return faint, unseen

    def _locate_first(self, mask):
        rows, columns = np.nonzero(mask)
        names = getattr(self, "band_names_", None)
        band = columns[0] if names is None else repr(names[columns[0]])
        return f"{len(rows)} values (first in row {rows[0]}, band {band}) are"

    def _has_errors(self):
        return self.errors == "feature" and any(column is not None for column in self._error_columns)

    def _read_errors(self, X, faint, unseen):
        bands = [i for i, column in enumerate(self._error_columns) if column is not None]
        errors = X[:, [self._error_columns[i] for i in bands]]
        faint, unseen = faint[:, bands], unseen[:, bands]
        wrong = (errors < 0) & ~faint & ~unseen
        if wrong.any():
            raise ValueError(f"X of {type(self).__name__}: {self._locate_first(wrong)} negative magnitude errors.")
        return np.where(unseen, np.nan, np.where(faint, SIGNAL_TO_NOISE_1, errors))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
