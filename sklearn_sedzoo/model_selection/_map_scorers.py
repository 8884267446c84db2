"""Scores of maps on held-out data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.pipeline import Pipeline

from sklearn_sedzoo._parameters import checked, option
from sklearn_sedzoo.metrics import (
    combined_error,
    distortion,
    map_trustworthiness,
    neighborhood_preservation,
    quantization_error,
    topographic_error,
)

_MEASURES = {
    "combined": (combined_error, -1),
    "topographic": (topographic_error, -1),
    "trustworthiness": (map_trustworthiness, 1),
    "preservation": (neighborhood_preservation, 1),
    "quantization": (quantization_error, -1),
    "distortion": (distortion, -1),
}


class _MapScorer:
    def __init__(self, measure, params):
        self.measure = measure
        self.params = params

    def __call__(self, estimator, X, y=None):
        if isinstance(estimator, Pipeline):
            X, estimator = estimator[:-1].transform(X), estimator[-1]
        measure, sign = _MEASURES[self.measure]
        return sign * measure(estimator, X, **self.params)

    def __repr__(self):
        params = "".join(f", {name}={value!r}" for name, value in self.params.items())
        return f"map_scorer({self.measure!r}{params})"


@checked(measure=[option(*_MEASURES)])
def map_scorer(measure: str = "combined", **params: Any) -> Callable:
    """Make a scorer of a map, or of a pipeline that ends with one, on held-out data; higher is better.

    Parameters
    ----------
    measure : {"combined", "topographic", "trustworthiness", "preservation", "quantization", "distortion"}
        Which function of `sklearn_sedzoo.metrics`; errors get a minus sign.
    **params
        Handed to that function: `n_neighbors`, `n_samples`, `random_state`, `radius`.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y=None)``, to be passed as ``scoring=``.

    Notes
    -----
    **Do not search by the quantization error alone.** It falls with every cell that is added and with every bit taken
    from the radius, until the map is a set of k-means centers without order. The combined error adds the way over the
    map from the best to the second-best cell and so counts lost order; or search by several scores and look at both.
    All but the topographic error and the two ranks are in units of the data: they compare maps of the same data, not
    maps of different embeddings.

    See Also
    --------
    sklearn_sedzoo.metrics.combined_error : The default measure.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn_sedzoo.mapping import Batch, SOMMapper
    >>> from sklearn_sedzoo.model_selection import map_scorer
    >>> search = GridSearchCV(
    ...     SOMMapper(6, 4, algorithm=Batch()),
    ...     {"algorithm__radius_end": [0.1, 0.5, 3.0]},
    ...     scoring=map_scorer(),
    ...     cv=3,
    ... )
    >>> search.fit(load_iris().data).best_params_
    {'algorithm__radius_end': 0.5}
    """
    return _MapScorer(measure, params)
