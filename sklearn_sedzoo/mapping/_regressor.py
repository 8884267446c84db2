"""SOMRegressor: properties of labeled samples carried to new ones through a map."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils import check_array, check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted

from sklearn_sedzoo._kernels.weighted import weighted_moments, weighted_quantiles
from sklearn_sedzoo._parameters import (
    check_parameter,
    check_parameters,
    integer,
    kinds,
    number,
    numbers,
    option,
    random_state,
)
from sklearn_sedzoo.mapping._donors import SOM, Donors, allows_missing, begin_fit, fit_maps, read_samples


class SOMRegressor(CallbackSupportMixin, RegressorMixin, BaseEstimator):
    """Predict properties of a sample from the labeled samples in its part of a map.

    The map is trained on all samples, labeled or not. The labeled samples that share a query's cell (or the
    nearest cell that has labels) are its donors: their values give the prediction, its scatter and its quantiles.

    Parameters
    ----------
    som : SOMMapper or FrozenEstimator of one, default=None
        The map; None is ``SOMMapper()``. It is cloned and fitted on X, unless it is frozen
        (``sklearn.frozen.FrozenEstimator(fitted_map)``), for instance on a larger sample without labels.
    statistic : {"median", "mean", "local_linear"}, default="median"
        "median" or "mean" of the donors' values; or the value at the query of a linear fit to its `n_neighbors`
        nearest labeled samples, found with the map as an index. Fits are finest where labels are exact and many.
    n_near : int, default=1
        Soft cells: donors from this many nearest labeled cells, weighted down with distance; 1 is the cell alone.
        Not for "local_linear".
    n_neighbors : int, default=30
        Donors of a local linear fit.
    min_count : int, default=1
        Fewest labeled samples that make a cell a labeled one.
    fallback : {"neighbor", "nan", "raise"}, default="neighbor"
        A query in a cell with fewer labels: take the nearest labeled cell, predict NaN, or raise.
    n_maps : int, default=1
        Maps trained from different starts; their donors are put together. Not with a frozen map.
    n_calibration : int, default=2000
        Labeled samples (chosen at random) that are predicted without themselves, to calibrate `predict_interval`;
        0 leaves that method out.
    random_state : int, RandomState instance or None, default=None
        Starts of the maps (where None, the maps' own) and choice of the calibration samples.

    Attributes
    ----------
    som_ : SOMMapper
        The fitted map; the first of `soms_`.
    soms_ : list of SOMMapper
        All fitted maps.
    map_ : FittedMap
        What the fit of the first map decided.
    label_counts_ : ndarray of shape (n_rows, n_columns, n_outputs)
        Labeled samples in each cell of the first map.
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
    labeled samples, as nearest neighbors do.

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

    _parameters = kinds(
        som=SOM,
        statistic=[option("median", "mean", "local_linear")],
        n_near=[integer(1)],
        n_neighbors=[integer(2)],
        min_count=[integer(1)],
        fallback=[option("neighbor", "nan", "raise")],
        n_maps=[integer(1)],
        n_calibration=[integer(0)],
        random_state=random_state(),
    )

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

    @with_callbacks
    def fit(self, X, y):
        """Train the maps and place the labels on them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, labeled or not.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Properties; NaN where unknown.

        Returns
        -------
        self
        """
        check_parameters(self)
        is_local = self.statistic == "local_linear"
        X = read_samples(self, X, reset=True, masks=allows_missing(self.som) and not is_local)
        y, is_flat = _read_labels(type(self).__name__, X, y)
        generator = check_random_state(self.random_state)
        context = begin_fit(self, X, self.n_maps)
        soms, cells = fit_maps(self, context, X, n_maps=self.n_maps, random_state=self.random_state)
        rules = {"n_near": self.n_near, "min_count": self.min_count, "fallback": self.fallback}
        donors = Donors.collect(self, X, y, soms, cells, n_neighbors=is_local * self.n_neighbors, **rules)
        is_median = self.statistic == "median"
        scores = None
        if self.n_calibration:
            scores = _calibrate(donors, _summarize(is_median), X, y, self.n_calibration, generator)
        self.som_, self.soms_, self.map_ = soms[0], soms, donors.maps[0]
        self.label_counts_ = donors.count_labels()
        self.n_outputs_ = y.shape[1]
        self._donors, self._is_flat, self._is_median, self._scores = donors, is_flat, is_median, scores
        context.call_on_fit_task_end(estimator=self, X=X)
        return self

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
        both = self._donors.reduce(self._read(X), _summarize(self._is_median), 2)
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
        check_parameter(type(self).__name__, "quantiles", quantiles, [numbers("numbers from 0 to 1", 0, 1)])
        levels = np.asarray(quantiles, dtype=float)

        def reduce(values, weights):
            return weighted_quantiles(values, weights, levels)

        return self._shape(self._donors.reduce(self._read(X), reduce, len(levels)))

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
        check_parameter(type(self).__name__, "coverage", coverage, [number(0, 1, closed="neither")])
        if self._scores is None:
            raise ValueError(
                f"`n_calibration` of {type(self).__name__} must be above 0 at the fit for predict_interval, got 0."
            )
        both = self._donors.reduce(self._read(X), _summarize(self._is_median), 2)
        center, scatter = both[:, 0], both[:, 1]
        half = np.empty_like(scatter)
        for output, (scores, floor) in enumerate(self._scores):
            rank = int(np.ceil((len(scores) + 1) * coverage))
            factor = scores[rank - 1] if rank <= len(scores) else np.inf
            half[:, output] = factor * (scatter[:, output] + floor)
        return self._shape(np.stack([center - half, center + half], axis=1))

    def is_covered(self, X):
        """Return whether the labels speak for each sample, shape (n_samples,).

        True where, on every map and for every output, the sample's cell is a labeled one, at least half of the
        cells around it that hold training samples are labeled too (so that it is not at the labels' edge), and the
        sample is no farther from its cell than twice the 99 % quantile of the training samples.
        """
        check_is_fitted(self)
        return self._donors.is_covered(self._read(X)) == 1

    def _read(self, X):
        return read_samples(self, X, reset=False, masks=self.map_.masks and not self._donors.n_neighbors)

    def _shape(self, values):
        """Drop the axis of outputs where y had none."""
        return values[..., 0] if self._is_flat else values

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        tags.input_tags.allow_nan = allows_missing(self.som) and self.statistic != "local_linear"
        return tags


def _read_labels(owner, X, y):
    """Return labels (n_samples, n_outputs), and whether they came without an axis of outputs."""
    if y is None:
        raise ValueError(f"{owner} requires y to be passed, but the target y is None.")
    y = check_array(y, ensure_2d=False, dtype=None, ensure_all_finite="allow-nan", input_name="y")
    if any(isinstance(value, str) for value in y.ravel()[:100].tolist()):
        raise ValueError(f"y of {owner} must be numbers, got words such as {y.ravel()[0]!r}. Use SOMClassifier.")
    y = y.astype(np.float64)
    check_consistent_length(X, y)
    is_flat = y.ndim == 1
    y = y.reshape(len(y), -1)
    unknown = np.isnan(y).all(axis=0)
    if unknown.any():
        raise ValueError(f"y of {owner} must have labels: output {unknown.argmax()} has none.")
    return y, is_flat


def _summarize(is_median):
    """Return the function from the donors' values and weights to the prediction and its scatter (n, 2)."""

    def summarize(values, weights):
        mean, scatter = weighted_moments(values, weights)
        center = weighted_quantiles(values, weights, np.array([0.5]))[:, 0] if is_median else mean
        return np.column_stack([center, scatter])

    return summarize


def _calibrate(donors, summarize, X, y, n_calibration, generator):
    """Return sorted conformity scores and the scatter's floor for each output."""
    scores = []
    for output in range(y.shape[1]):
        rows = np.flatnonzero(~np.isnan(y[:, output]))
        rows = np.sort(generator.permutation(rows)[:n_calibration])
        center, scatter = donors.reduce(X[rows], summarize, 2, excluded=rows)[:, :, output].T
        residual = np.abs(y[rows, output] - center)  # NaN where a sample is alone with its label
        is_known = np.isfinite(residual)
        residual, scatter = residual[is_known], scatter[is_known]
        floor = max(0.1 * np.median(residual), np.finfo(float).tiny) if len(residual) else 1.0
        scores.append((np.sort(residual / (scatter + floor)), floor))
    return scores
