"""Where a map comes from that another estimator builds on: fitted here, or frozen."""

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from sklearn_sedzoo.mapping._mapper import SOMMapper


def fit_map(owner, som, X, sample_weight=None, **params):
    """Return a fitted SOMMapper and the cells of X; `params` are set on the clone, a frozen map stays as it is."""
    if isinstance(som, FrozenEstimator):
        if not isinstance(som.estimator, SOMMapper):
            raise TypeError(f"`som` of {owner} must freeze a SOMMapper, got {som.estimator!r}.")
        check_is_fitted(som.estimator)
        return som.estimator, som.estimator.predict(X)
    if som is not None and not isinstance(som, SOMMapper):
        raise TypeError(f"`som` of {owner} must be a SOMMapper, a FrozenEstimator of one, or None, got {som!r}.")
    som = (SOMMapper() if som is None else clone(som)).set_params(**params)
    som.fit(X, sample_weight=sample_weight)
    return som, som.labels_


def allows_missing(som):
    """Return whether the map takes NaN for missing values."""
    som = som.estimator if isinstance(som, FrozenEstimator) else som
    return getattr(som, "masks", som is None)


def flat_weights(som):
    """Return the weights of a fitted map as (n_cells, n_features)."""
    return np.reshape(som.weights_, (-1, som.weights_.shape[-1]))
