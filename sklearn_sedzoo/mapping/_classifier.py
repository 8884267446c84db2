"""SOMClassifier: classes of labeled samples carried to new ones through a map."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils import assert_all_finite, check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from sklearn_sedzoo._parameters import check_parameters, integer, kinds, option, random_state
from sklearn_sedzoo._validation import check_sample_weight
from sklearn_sedzoo.mapping._donors import SOM, Donors, allows_missing, begin_fit, fit_maps, read_samples


class SOMClassifier(CallbackSupportMixin, ClassifierMixin, BaseEstimator):
    """Predict the class of a sample from the labeled samples in its part of a map.

    The map is trained on all samples, labeled or not. The labeled samples that share a query's cell (or the nearest
    cell that has labels) vote: their shares are the probabilities of the classes, the largest one is the prediction.

    Parameters
    ----------
    som : SOMMapper or FrozenEstimator of one, default=None
        The map; None is ``SOMMapper()``. It is cloned and fitted on X, unless it is frozen
        (``sklearn.frozen.FrozenEstimator(fitted_map)``), for instance on a larger sample without labels.
    n_near : int, default=1
        Soft cells: votes from this many nearest labeled cells, weighted down with distance; 1 is the cell alone.
    min_count : int, default=1
        Fewest labeled samples that make a cell a labeled one.
    fallback : {"neighbor", "prior", "raise"}, default="neighbor"
        A query in a cell with fewer labels: take the nearest labeled cell, take the shares of the classes among all
        labeled samples, or raise.
    n_maps : int, default=1
        Maps trained from different starts; their votes are averaged. Not with a frozen map.
    random_state : int, RandomState instance or None, default=None
        Starts of the maps (where None, the maps' own).

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted.
    class_prior_ : ndarray of shape (n_classes,)
        Share of each class among the labeled samples.
    som_ : SOMMapper
        The fitted map; the first of `soms_`.
    soms_ : list of SOMMapper
        All fitted maps.
    map_ : FittedMap
        What the fit of the first map decided.
    label_counts_ : ndarray of shape (n_rows, n_columns)
        Labeled samples in each cell of the first map.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had them.

    See Also
    --------
    SOMRegressor : The same for properties that are numbers.
    SOMClusterer : Groups without labels.

    Notes
    -----
    With v_k the shares of the classes among the labeled samples (by their weights) of the k-th nearest labeled cell
    and d_k its distance, the probabilities are ``sum_k s_k v_k / sum_k s_k`` with
    ``s_k = exp(-(d_k² - d_1²) / 2 e²)`` and e the map's quantization error. A cell with few labels has coarse
    probabilities: raise `n_near`, or take fewer cells. Prediction costs n x K x D operations.

    References
    ----------
    .. [1] T. Kohonen, Self-Organizing Maps, 3rd ed. (2001), section 5.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.mapping import SOMClassifier, SOMMapper
    >>> X = np.random.default_rng(0).uniform(size=(500, 2))
    >>> y = np.where(X[:, 0] > 0.5, "late", "early").astype(object)
    >>> y[::2] = None
    >>> model = SOMClassifier(SOMMapper(5, 5)).fit(X, y)
    >>> model.predict([[0.1, 0.5], [0.9, 0.5]])
    array(['early', 'late'], dtype=object)
    >>> model.predict_proba([[0.1, 0.5]])
    array([[1., 0.]])
    """

    _parameters = kinds(
        som=SOM,
        n_near=[integer(1)],
        min_count=[integer(1)],
        fallback=[option("neighbor", "prior", "raise")],
        n_maps=[integer(1)],
        random_state=random_state(),
    )

    def __init__(self, som=None, *, n_near=1, min_count=1, fallback="neighbor", n_maps=1, random_state=None):
        self.som = som
        self.n_near = n_near
        self.min_count = min_count
        self.fallback = fallback
        self.n_maps = n_maps
        self.random_state = random_state

    @with_callbacks
    def fit(self, X, y, sample_weight=None):
        """Train the maps and place the labels on them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, labeled or not.
        y : array-like of shape (n_samples,)
            Classes; NaN or None where unknown.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, for the maps and for their votes.

        Returns
        -------
        self
        """
        owner = type(self).__name__
        check_parameters(self)
        X = read_samples(self, X, reset=True, masks=allows_missing(self.som))
        weight = check_sample_weight(owner, sample_weight, len(X))
        classes, codes = _read_classes(owner, X, y, weight)
        context = begin_fit(self, X, self.n_maps)
        soms, cells = fit_maps(
            self, context, X, n_maps=self.n_maps, random_state=self.random_state, sample_weight=weight
        )
        rules = {"n_near": self.n_near, "min_count": self.min_count, "fallback": self.fallback}
        donors = Donors.collect(self, X, codes[:, None], soms, cells, weights=weight, **rules)
        (labels,) = donors.labels
        votes = np.bincount(labels.values[:, 0].astype(int), labels.weights, len(classes))
        self.classes_ = classes
        self.class_prior_ = votes / votes.sum()
        self.som_, self.soms_ = soms[0], soms
        self.map_ = donors.maps[0]
        self.label_counts_ = donors.count_labels()[..., 0]
        self._donors = donors
        context.call_on_fit_task_end(estimator=self, X=X)
        return self

    def predict(self, X):
        """Return the class with most votes, shape (n_samples,); of equal ones the first.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.
        """
        share = self.predict_proba(X)
        return self.classes_[share.argmax(axis=1)]

    def predict_proba(self, X):
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`; each row adds up to 1.
        """
        check_is_fitted(self)
        X = read_samples(self, X, reset=False, masks=self.map_.masks)
        share = self._donors.reduce(X, self._count_votes, len(self.classes_))[..., 0]
        share[np.isnan(share).any(axis=1)] = self.class_prior_
        return share

    def is_covered(self, X):
        """Return whether each sample is covered by labels, shape (n_samples,).

        True where, on every map, the sample's cell is a labeled one, at least half of the cells around it that hold
        training samples are labeled too (so that it is not at the labels' edge), and the sample is no farther from its
        cell than twice the 99 % quantile of the training samples.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.
        """
        check_is_fitted(self)
        return self._donors.is_covered(read_samples(self, X, reset=False, masks=self.map_.masks)) == 1

    def _count_votes(self, codes, weights):
        """Return the share of each class among donors (n, k): (n, n_classes)."""
        n_classes = len(self.classes_)
        places = np.arange(len(codes))[:, None] * n_classes + codes.astype(np.intp)
        votes = np.bincount(places.ravel(), weights.ravel(), len(codes) * n_classes).reshape(-1, n_classes)
        return votes / votes.sum(axis=1, keepdims=True)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = allows_missing(self.som)
        return tags


def _read_classes(owner, X, y, weight):
    """Return the classes, and the number of each sample's class as a float, NaN where it is unknown."""
    if y is None:
        raise ValueError(f"{owner} requires y to be passed, but the target y is None.")
    y = column_or_1d(y, warn=True)
    check_consistent_length(X, y)
    if y.dtype.kind == "f":
        assert_all_finite(y, allow_nan=True, input_name="y")
    known = ~pd.isna(y) if weight is None else ~pd.isna(y) & (weight > 0)
    if not known.any():
        raise ValueError(f"y of {owner} must have labels: all are unknown.")
    labels, codes = y[known], np.full(len(y), np.nan)
    if labels.dtype == object and not isinstance(labels[0], str):  # numbers or booleans beside None
        labels = np.array(labels.tolist())
    check_classification_targets(labels)
    classes, codes[known] = np.unique(labels, return_inverse=True)
    return classes, codes
