"""SOMClusterer: cells of a map to groups, and samples to the group of their cell."""

from dataclasses import replace

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin, clone
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.cluster import AgglomerativeClustering
from sklearn.utils.validation import check_is_fitted

from sklearn_sedzoo._parameters import check_parameters, having, integer, kinds, nothing
from sklearn_sedzoo._validation import check_spectra
from sklearn_sedzoo.mapping._donors import SOM, allows_missing, begin_fit, fit_maps


class SOMClusterer(CallbackSupportMixin, ClusterMixin, BaseEstimator):
    """Group the cells of a map, and give each sample the group of its cell.

    Only cells that hold training samples are grouped; an empty cell gets the group of the nearest occupied one (by
    weights), so that every new sample has a group. Labels are consecutive.

    Parameters
    ----------
    som : SOMMapper or FrozenEstimator of one, default=None
        The map; None is ``SOMMapper()``. It is cloned and fitted, unless it is frozen
        (``sklearn.frozen.FrozenEstimator(fitted_map)``).
    clusterer : clusterer, default=None
        Groups the occupied cells' weights with `fit_predict`; None is Ward's hierarchical clustering into
        `n_clusters` groups.
    n_clusters : int, default=6
        Number of groups for ``clusterer=None``; as many as there are occupied cells, if those are fewer.

    Attributes
    ----------
    som_ : SOMMapper
        The fitted map.
    map_ : FittedMap
        What its fit decided, and all that predictions depend on.
    clusterer_ : clusterer
        The fitted clusterer of cells.
    cell_labels_ : ndarray of shape (n_rows, n_columns)
        Group of each cell; -1 where the clusterer called it noise.
    labels_ : ndarray of shape (n_samples,)
        Group of each training sample.
    n_features_in_ : int
        Number of features.

    See Also
    --------
    SOMMapper : The map alone.

    Notes
    -----
    Ward's clustering of K cells costs O(K²), whatever the number of samples.

    References
    ----------
    .. [1] J. Vesanto, E. Alhoniemi, "Clustering of the self-organizing map", IEEE Trans. Neural Networks 11 (2000)
       586.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.mapping import SOMClusterer, SOMMapper
    >>> X = np.repeat([[0.0, 0.0], [0.2, 0.0], [5.0, 0.0], [5.2, 0.0]], 5, axis=0)
    >>> groups = SOMClusterer(SOMMapper(1, 6), n_clusters=2).fit(X)
    >>> np.bincount(groups.labels_)
    array([10, 10])
    """

    _parameters = kinds(
        som=SOM,
        clusterer=[having("fit_predict", "get_params", words="a clusterer with fit_predict"), nothing()],
        n_clusters=[integer(1)],
    )

    def __init__(self, som=None, clusterer=None, *, n_clusters=6):
        self.som = som
        self.clusterer = clusterer
        self.n_clusters = n_clusters

    @with_callbacks
    def fit(self, X, y=None, sample_weight=None):
        """Fit the map (unless frozen) and group its occupied cells.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training data.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, for the map.

        Returns
        -------
        self
        """
        check_parameters(self)
        X = check_spectra(self, X, reset=True, on_bad="mask" if allows_missing(self.som) else "raise")
        context = begin_fit(self, X, 1)
        (som,), (cells,) = fit_maps(self, context, X, sample_weight=sample_weight)
        fitted = som.map_
        used = cells >= 0 if sample_weight is None else (cells >= 0) & (np.asarray(sample_weight) > 0)
        occupied = np.unique(cells[used])
        clusterer, groups = self._group(fitted.weights[occupied])
        nearest = replace(fitted, weights=fitted.weights[occupied]).find(fitted.weights).best
        self.som_ = som
        self.map_ = fitted
        self.clusterer_ = clusterer
        self.cell_labels_ = groups[nearest].reshape(fitted.shape)
        self.labels_ = self._label(cells)
        context.call_on_fit_task_end(estimator=self, X=X)
        return self

    def predict(self, X):
        """Return the group of each sample, shape (n_samples,); -1 is noise, or a row without a cell.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.
        """
        check_is_fitted(self)
        X = check_spectra(self, X, reset=False, on_bad="mask" if self.map_.masks else "raise")
        return self._label(self.map_.find(self.map_.check(X, type(self).__name__)).best)

    def _group(self, weights):
        """Return the fitted clusterer of cells and their groups, renumbered from 0 with noise left at -1."""
        if self.clusterer is not None:
            clusterer = clone(self.clusterer)
        else:
            clusterer = AgglomerativeClustering(min(self.n_clusters, len(weights)))
        if len(weights) == 1:  # scikit-learn's clusterers refuse a single sample
            return clusterer, np.zeros(1, dtype=int)
        groups = np.asarray(clusterer.fit_predict(weights))
        kinds, numbers = np.unique(groups, return_inverse=True)
        return clusterer, numbers - np.count_nonzero(kinds < 0)

    def _label(self, cells):
        labels = self.cell_labels_.ravel()[cells]
        labels[cells < 0] = -1
        return labels

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = allows_missing(self.som)
        return tags
