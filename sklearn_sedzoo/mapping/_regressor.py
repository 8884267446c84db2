"""SOMRegressor: properties of labelled samples carried to new ones through a map."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.frozen import FrozenEstimator
from sklearn.utils import check_array, check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted

from sklearn_sedzoo._kernels.som_distance import measure_own
from sklearn_sedzoo._kernels.som_grid import find_neighbors
from sklearn_sedzoo._kernels.som_search import find_best_cells
from sklearn_sedzoo._kernels.weighted import weighted_moments, weighted_quantiles
from sklearn_sedzoo._validation import check_integer, check_number, check_option, check_spectra, point_at
from sklearn_sedzoo.mapping._donors import collect_labels, donate_members, donate_neighbors, find_labelled_cells
from sklearn_sedzoo.mapping._source import allows_missing, fit_map, flat_weights

_BLOCK_ROWS = 8192
_REACH = 2.0  # times the 99 % quantile of the training distances


class SOMRegressor(RegressorMixin, BaseEstimator):
    """Predict properties of a sample from the labelled samples in its part of a map.

    The map is trained on all samples, labelled or not. The labelled samples that share a query's cell (or the
    nearest cell that has labels) are its donors: their values give the prediction, its scatter and its quantiles.

    Parameters
    ----------
    som : SOMMapper or FrozenEstimator of one, default=None
        The map; None is ``SOMMapper()``. It is cloned and fitted on X, unless it is frozen
        (``sklearn.frozen.FrozenEstimator(fitted_map)``), for instance on a larger sample without labels.
    statistic : {"median", "mean", "local_linear"}, default="median"
        "median" or "mean" of the donors' values; or the value at the query of a linear fit to its `n_neighbors`
        nearest labelled samples, found with the map as an index. Fits are finest where labels are exact and many.
    n_near : int, default=1
        Soft cells: donors from this many nearest labelled cells, weighted down with distance; 1 is the cell alone.
        Not for "local_linear".
    n_neighbors : int, default=30
        Donors of a local linear fit.
    min_count : int, default=1
        Fewest labelled samples that make a cell a labelled one.
    fallback : {"neighbor", "nan", "raise"}, default="neighbor"
        A query in a cell with fewer labels: take the nearest labelled cell, predict NaN, or raise.
    n_maps : int, default=1
        Maps trained from different starts; their donors are put together. Not with a frozen map.
    n_calibration : int, default=2000
        Labelled samples (chosen at random) that are predicted without themselves, to calibrate `predict_interval`;
        0 leaves that method out.
    random_state : int, RandomState instance or None, default=None
        Starts of the maps (where None, the maps' own) and choice of the calibration samples.

    Attributes
    ----------
    som_ : SOMMapper
        The fitted map; the first of `soms_`.
    soms_ : list of SOMMapper
        All fitted maps.
    label_counts_ : ndarray of shape (n_rows, n_columns, n_outputs)
        Labelled samples in each cell of the first map.
    n_outputs_ : int
        Number of properties.
    n_features_in_ : int
        Number of features.

    See Also
    --------
    SOMMapper : The map alone.

    Notes
    -----
    The intervals are conformal [1]_: each calibration sample is predicted from all others, its residual is divided
    by the local scatter (plus a tenth of the median residual), and the quantile of these scores times the local
    scatter is the half width. They hold on average over samples like the training ones. The maps have seen the
    calibration samples, without their labels.

    Prediction costs n x K x D operations, and for "local_linear" n x n_neighbors x D² more; that statistic keeps the
    labelled samples, as nearest neighbours do.

    References
    ----------
    .. [1] J. Lei et al., "Distribution-free predictive inference for regression", JASA 113 (2018) 1094.
    .. [2] D. Masters et al., "Mapping the galaxy color-redshift relation", ApJ 813 (2015) 53.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.mapping import SOMMapper, SOMRegressor
    >>> X = np.random.default_rng(0).uniform(size=(500, 2))
    >>> y = X[:, 0] + 2 * X[:, 1]
    >>> y[::2] = np.nan
    >>> model = SOMRegressor(SOMMapper(5, 5), statistic="local_linear", random_state=0).fit(X, y)
    >>> float(model.predict([[0.5, 0.25]]).round(3)[0])
    1.0
    >>> model.is_covered([[0.5, 0.25], [9.0, 9.0]])
    array([ True, False])
    """

    def __init__(
        self,
        som=None,
        *,
        statistic="median",
        n_near=1,
        n_neighbors=30,
        min_count=1,
        fallback="neighbor",
        n_maps=1,
        n_calibration=2000,
        random_state=None,
    ):
        self.som = som
        self.statistic = statistic
        self.n_near = n_near
        self.n_neighbors = n_neighbors
        self.min_count = min_count
        self.fallback = fallback
        self.n_maps = n_maps
        self.n_calibration = n_calibration
        self.random_state = random_state

    def fit(self, X, y):
        """Train the maps and place the labels on them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, labelled or not.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Properties; NaN where unknown.

        Returns
        -------
        self
        """
        self._check_parameters()
        X = self._read(X, reset=True)
        y, is_flat = self._read_labels(X, y)
        generator = check_random_state(self.random_state)
        fitted = [fit_map(type(self).__name__, self.som, X, **params) for params in self._starts()]
        self._place_labels(X, y, is_flat, fitted)
        self._calibrate(X, y, generator)
        return self

    def _place_labels(self, X, y, is_flat, fitted):
        """Keep the maps, given with the cells of X, and which labels lie where; y is (n_samples, n_outputs)."""
        self.soms_ = [som for som, _ in fitted]
        self.som_ = self.soms_[0]
        self.n_outputs_ = y.shape[1]
        self._is_flat = is_flat
        self._labels = collect_labels(y, self.soms_, [cells for _, cells in fitted])
        self._samples = [X[labels.rows].astype(np.float64) for labels in self._labels] if self._is_local else None
        self.label_counts_ = np.empty((*self.som_.cell_shape, self.n_outputs_), dtype=int)
        for labels in self._labels:
            self.label_counts_[..., labels.outputs] = labels.counts[0].reshape(*self.som_.cell_shape, 1)
        self._reaches = [
            _REACH * np.quantile(measure_own(X, flat_weights(som), np.maximum(cells, 0), **_options(som, X)), 0.99)
            for som, cells in fitted
        ]

    def predict(self, X, return_std=False):
        """Predict the properties.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.
        return_std : bool, default=False
            Return the scatter of the donors too.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions.
        y_std : ndarray of the same shape
            Standard deviation of the donors' values (about the local fit for "local_linear").
        """
        check_is_fitted(self)
        both = self._reduce(self._read(X, reset=False), self._center_and_scatter, 2)
        return (self._shape(both[:, 0]), self._shape(both[:, 1])) if return_std else self._shape(both[:, 0])

    def predict_quantiles(self, X, quantiles=(0.16, 0.5, 0.84)):
        """Return quantiles of the donors' values.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.
        quantiles : sequence of float, default=(0.16, 0.5, 0.84)
            Levels, from 0 to 1.

        Returns
        -------
        ndarray of shape (n_samples, n_quantiles) or (n_samples, n_quantiles, n_outputs)
        """
        check_is_fitted(self)
        for quantile in quantiles:
            check_number(type(self).__name__, "quantiles", quantile, 0, 1)
        levels = np.asarray(quantiles, dtype=float)

        def reduce(values, weights):
            return weighted_quantiles(values, weights, levels)

        return self._shape(self._reduce(self._read(X, reset=False), reduce, len(levels)))

    def predict_interval(self, X, coverage=0.68):
        """Return conformal intervals, which hold the true value in the given share of cases.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.
        coverage : float, default=0.68
            Share of the true values inside, on average over samples like the training ones.

        Returns
        -------
        ndarray of shape (n_samples, 2) or (n_samples, 2, n_outputs)
            Low and high; infinite where the calibration samples are too few for the coverage.
        """
        check_is_fitted(self)
        check_number(type(self).__name__, "coverage", coverage, 0, 1, closed="neither")
        if self._scores is None:
            raise ValueError(
                f"`n_calibration` of {type(self).__name__} must be above 0 for predict_interval, got "
                f"{self.n_calibration!r}."
            )
        both = self._reduce(self._read(X, reset=False), self._center_and_scatter, 2)
        center, scatter = both[:, 0], both[:, 1]
        half = np.empty_like(scatter)
        for output, (scores, floor) in enumerate(self._scores):
            rank = int(np.ceil((len(scores) + 1) * coverage))
            factor = scores[rank - 1] if rank <= len(scores) else np.inf
            half[:, output] = factor * (scatter[:, output] + floor)
        return self._shape(np.stack([center - half, center + half], axis=1))

    def is_covered(self, X):
        """Return whether the labels speak for each sample, shape (n_samples,).

        True where, on every map and for every output, the sample's cell is a labelled one, at least half of the
        cells around it that hold training samples are labelled too (so that it is not at the labels' edge), and the
        sample is no farther from its cell than twice the 99 % quantile of the training samples.
        """
        check_is_fitted(self)
        X = self._read(X, reset=False)
        covered = np.ones(len(X), dtype=bool)
        for number, som in enumerate(self.soms_):
            best = find_best_cells(X, flat_weights(som), **_options(som, X)).best
            distance = measure_own(X, flat_weights(som), np.maximum(best, 0), **_options(som, X))
            inside = (best >= 0) & (distance <= self._reaches[number])
            for labels in self._labels:
                covered &= inside & self._is_surrounded(som, labels.counts[number])[best]
        return covered

    @property
    def _is_local(self):
        return self.statistic == "local_linear"

    def _check_parameters(self):
        owner = type(self).__name__
        check_option(owner, "statistic", self.statistic, ("median", "mean", "local_linear"))
        check_option(owner, "fallback", self.fallback, ("neighbor", "nan", "raise"))
        for name, low in (("n_near", 1), ("n_neighbors", 2), ("min_count", 1), ("n_maps", 1), ("n_calibration", 0)):
            check_integer(owner, name, getattr(self, name), low)
        if self.n_maps > 1 and isinstance(self.som, FrozenEstimator):
            raise ValueError(f"`n_maps` of {owner} must be 1 for a frozen map, got {self.n_maps!r}.")

    def _read(self, X, *, reset):
        on_bad = "mask" if allows_missing(self.som) and not self._is_local else "raise"
        X = check_spectra(self, X, reset=reset, on_bad=on_bad)
        if on_bad == "mask":
            bad = np.isnan(X).all(axis=1)
            if bad.any():
                raise ValueError(f"{point_at(bad, len(X), 'hold no value')} Drop them.")
        return X

    def _read_labels(self, X, y):
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None.")
        y = check_array(y, ensure_2d=False, dtype=np.float64, ensure_all_finite="allow-nan", input_name="y")
        check_consistent_length(X, y)
        is_flat = y.ndim == 1
        y = y.reshape(len(y), -1)
        unknown = np.isnan(y).all(axis=0)
        if unknown.any():
            raise ValueError(f"y of {type(self).__name__} must have labels: output {unknown.argmax()} has none.")
        return y, is_flat

    def _starts(self):
        """Return the parameters that tell the maps apart: the first starts as it would alone."""
        if self.random_state is None and self.n_maps == 1:
            return [{}]
        seeds = check_random_state(self.random_state).randint(2**31 - 1, size=self.n_maps)
        return [
            {"random_state": int(seed), **({"init": "sample"} if number else {})} for number, seed in enumerate(seeds)
        ]

    def _center_and_scatter(self, values, weights):
        mean, scatter = weighted_moments(values, weights)
        if self.statistic == "median":
            return np.column_stack([weighted_quantiles(values, weights, np.array([0.5]))[:, 0], scatter])
        return np.column_stack([mean, scatter])

    def _reduce(self, X, reduce, n_results, excluded=None):
        """Return reduce(values, weights) -> (n, n_results) for all outputs: (n_samples, n_results, n_outputs)."""
        out = np.empty((len(X), n_results, self.n_outputs_))
        for group, labels in enumerate(self._labels):
            chosen = None if excluded is None else _position(labels.rows, excluded)
            for start in range(0, len(X), _BLOCK_ROWS):
                part = slice(start, start + _BLOCK_ROWS)
                places = [self._locate(X[part], number, labels) for number in range(len(self.soms_))]
                inverse = slice(None)
                rest = None if chosen is None else chosen[part]
                if len(places) == 1 and not self._is_local and rest is None and self.n_near == 1:
                    unique, inverse = np.unique(places[0][0], return_inverse=True)
                    inverse = inverse.ravel()
                    places = [(unique[:, None], np.ones((len(unique), 1)), places[0][2])]
                values, weights = self._donate(X[part], group, places, rest)
                for place, output in enumerate(labels.outputs):
                    out[part, :, output] = reduce(values[:, :, place], weights)[inverse]
                lost = places[0][2]
                if lost is not None:
                    out[part][np.ix_(lost, range(n_results), labels.outputs)] = np.nan
        return out

    def _locate(self, X, number, labels):
        """Return the nearest labelled cells, their shares, and which samples are to become NaN."""
        som, is_labelled = self.soms_[number], labels.counts[number] >= self.min_count
        if not is_labelled.any():
            raise ValueError(
                f"`min_count` of {type(self).__name__} must leave a cell with labels: the fullest has "
                f"{labels.counts[number].max()}, got {self.min_count!r}."
            )
        lost = None
        if self.fallback != "neighbor" and number == 0:
            best = find_best_cells(X, flat_weights(som), **_options(som, X)).best
            lost = ~is_labelled[best]
            if lost.any() and self.fallback == "raise":
                raise ValueError(
                    f"{point_at(lost, len(X), 'lie in cells without labels')} Pass fallback='neighbor' or 'nan'."
                )
        return *find_labelled_cells(som, X, is_labelled, 1 if self._is_local else self.n_near), lost

    def _donate(self, X, group, places, excluded):
        """Return the donors of all maps: values (n, k, n_outputs), weights (n, k), each map weighing the same."""
        labels, parts = self._labels[group], []
        for number, (cells, shares, _) in enumerate(places):
            if self._is_local:
                values, weights = donate_neighbors(
                    labels,
                    number,
                    self.soms_[number],
                    X.astype(np.float64),
                    self._samples[group],
                    cells[:, 0],
                    self.n_neighbors,
                    excluded,
                )
            else:
                values, weights = donate_members(labels, number, cells, shares, excluded)
            total = weights.sum(axis=1, keepdims=True)
            parts.append((values, weights / np.where(total > 0, total, 1)))
        if len(parts) == 1:
            return parts[0]
        return np.concatenate([v for v, _ in parts], axis=1), np.concatenate([w for _, w in parts], axis=1)

    def _calibrate(self, X, y, generator):
        """Keep sorted conformity scores and the scatter's floor for each output."""
        self._scores = None
        if self.n_calibration == 0:
            return
        scores = []
        for output in range(self.n_outputs_):
            rows = np.flatnonzero(~np.isnan(y[:, output]))
            rows = np.sort(generator.permutation(rows)[: self.n_calibration])
            both = self._reduce(X[rows], self._center_and_scatter, 2, excluded=rows)[:, :, output]
            residual = np.abs(y[rows, output] - both[:, 0])  # NaN where a sample is alone with its label
            is_known = np.isfinite(residual)
            residual, scatter = residual[is_known], both[is_known, 1]
            floor = max(0.1 * np.median(residual), np.finfo(float).tiny) if len(residual) else 1.0
            scores.append((np.sort(residual / (scatter + floor)), floor))
        self._scores = scores

    def _is_surrounded(self, som, counts):
        """Return for each cell whether it is labelled and so are at least half of the occupied cells around it."""
        is_labelled, occupied = counts >= self.min_count, som.hits_.ravel() > 0
        cell, near = find_neighbors(*som.cell_shape, som.topology, som.is_toroidal)
        cell, near = cell[occupied[near]], near[occupied[near]]
        n_near = np.bincount(cell, minlength=len(counts))
        n_labelled = np.bincount(cell, is_labelled[near], len(counts))
        return is_labelled & (2 * n_labelled >= n_near)

    def _shape(self, values):
        """Drop the axis of outputs where y had none."""
        return values[..., 0] if self._is_flat else values

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        tags.input_tags.allow_nan = allows_missing(self.som) and not self._is_local
        return tags


def _options(som, X):
    return {"is_normalized": som.metric == "cosine", "has_missing": bool(np.isnan(X).any())}


def _position(rows, wanted):
    """Return where each wanted row stands in the sorted rows; -1 where it does not."""
    place = np.minimum(np.searchsorted(rows, wanted), len(rows) - 1)
    return np.where(rows[place] == wanted, place, -1)
