"""Scorers of photometric redshifts, for GridSearchCV and cross_validate: higher is better."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import make_scorer

from sklearn_sedzoo._parameters import checked, option
from sklearn_sedzoo.metrics import cde_loss, crps, outlier_rate, photoz_bias, pit_ks, sigma_iqr, sigma_nmad


def _absolute_bias(z_true, z_phot):
    return abs(photoz_bias(z_true, z_phot))


def _score_covered(z_true, z_phot, *, metric, **options):
    """Score the galaxies that have a redshift: with ``fallback="nan"`` those without labels near them have none."""
    known = np.isfinite(np.asarray(z_phot, dtype=float))
    if not known.any():
        warnings.warn(
            f"None of {len(known)} galaxies has a redshift; the score is NaN.", UndefinedMetricWarning, stacklevel=2
        )
        return np.nan
    return _POINT[metric](np.asarray(z_true)[known], np.asarray(z_phot)[known], **options)


class _DensityScorer:
    """Minus a loss of the densities that the last step predicts."""

    def __init__(self, loss):
        self.loss = loss

    def __call__(self, estimator, X, y):
        steps = getattr(estimator, "steps", None)
        model = steps[-1][1] if steps else estimator
        if not hasattr(model, "predict_dist"):
            raise TypeError(
                f"photoz_scorer({self.loss.__name__!r}) needs an estimator with predict_dist, "
                f"got {type(model).__name__}."
            )
        features = estimator[:-1].transform(X) if steps and len(steps) > 1 else X
        return -self.loss(np.asarray(y, float), model.predict_dist(features), model.zgrid_)

    def __repr__(self):
        return f"photoz_scorer({self.loss.__name__!r})"


_POINT = {"sigma_nmad": sigma_nmad, "sigma_iqr": sigma_iqr, "outlier_rate": outlier_rate, "photoz_bias": _absolute_bias}
_DENSITY = {"cde_loss": cde_loss, "crps": crps, "pit_ks": pit_ks}


@checked(metric=[option(*_POINT, *_DENSITY)])
def photoz_scorer(metric: str, **options: Any) -> Callable:
    """Make a scorer for photometric redshifts, with the sign that a search needs.

    Parameters
    ----------
    metric : {"sigma_nmad", "sigma_iqr", "outlier_rate", "photoz_bias", "cde_loss", "crps", "pit_ks"}
        The first four take any regressor; the bias counts by its absolute value. The last three need the last step
        to have `predict_dist` and `zgrid_`, as `SOMRedshiftRegressor` has. Galaxies whose prediction is NaN are left
        out of the first four: look at their share (`coverage_`) beside the score.
    **options
        Passed to a point metric, e.g. ``threshold="rail"``.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y)``; minus the metric.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.neighbors import KNeighborsRegressor
    >>> from sklearn_sedzoo.model_selection import photoz_scorer
    >>> z = np.random.default_rng(0).uniform(0.1, 1, 60)
    >>> search = GridSearchCV(KNeighborsRegressor(), {"n_neighbors": [2, 20]}, scoring=photoz_scorer("sigma_nmad"))
    >>> search.fit(z[:, None] ** 2, z).best_params_
    {'n_neighbors': 2}
    """
    if metric in _POINT:
        return make_scorer(partial(_score_covered, metric=metric), greater_is_better=False, **options)
    if options:
        raise ValueError(f"photoz_scorer({metric!r}) takes no options, got {options!r}.")
    return _DensityScorer(_DENSITY[metric])
