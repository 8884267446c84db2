"""Ways to carry a property from labeled spectra to new ones, side by side on held-out spectra."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state

from sklearn_sedzoo._parameters import Seed, checked, having, integer, nothing, random_state
from sklearn_sedzoo.mapping import SOMMapper, SOMRegressor


@checked(
    som=[having("fit", "predict", "set_params", words="a SOMMapper"), nothing()],
    n_near=[integer(1)],
    n_neighbors=[integer(1)],
    cv=[integer(2)],
    random_state=random_state(),
)
def compare_propagators(
    X: ArrayLike,
    y: Any,
    *,
    som: Any = None,
    n_near: int = 5,
    n_neighbors: int = 15,
    cv: int = 5,
    random_state: Seed = None,
) -> pd.DataFrame:
    """Carry properties through a map's cells and by other means, and show how far each misses on held-out spectra.

    A map is for looking. Whoever wants the value of a property should know what a plain regressor would give.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_latents)
        Latents.
    y : array-like of shape (n_samples,) or DataFrame of shape (n_samples, n_properties)
        Properties; NaN where unknown.
    som : SOMMapper, optional
        The map, not fitted, by default ``SOMMapper()``.
    n_near : int, default=5
        Cells of the soft cells.
    n_neighbors : int, default=15
        Neighbors of the local linear fit and of kNN.
    cv : int, default=5
        Folds; each spectrum is predicted once, by what has not seen its label or its latents.
    random_state : int, RandomState or None, default=None
        Seed of the folds and of the maps.

    Returns
    -------
    table : DataFrame of shape (n_properties * 6, 5)
        One row for each ``property`` and ``propagator`` ("cells", "soft cells", "local linear", "kNN", "ridge",
        "mean of all"), best first: ``nmad``, 1.4826 times the median distance of the residuals from their median;
        ``rms``; ``bias``, the median residual; ``r2``, the share of the variance predicted; ``n``.

    See Also
    --------
    sklearn_sedzoo.mapping.SOMRegressor : The first three.

    Notes
    -----
    kNN weighs neighbors by inverse distance; ridge is linear in the standardised latents, its penalty chosen by
    leave-one-out. The differences between propagators are those of one division into folds.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn_sedzoo.mapping import SOMMapper
    >>> from sklearn_sedzoo.model_selection import compare_propagators
    >>> X = np.random.default_rng(0).uniform(size=(400, 2))
    >>> age = pd.DataFrame({"age": np.sin(3 * X[:, 0]) + X[:, 1]})
    >>> table = compare_propagators(X, age, som=SOMMapper(5, 5), cv=3, random_state=0)
    >>> table.index.get_level_values("propagator")[0]
    'local linear'
    """
    X, y = np.asarray(X, dtype=float), pd.DataFrame(y)
    if len(y) != len(X):
        raise ValueError(f"`y` of compare_propagators must have {len(X)} rows, as X has, got {len(y)}.")
    rng = check_random_state(random_state)
    makers = _make_propagators(SOMMapper() if som is None else som, n_near, n_neighbors, rng.randint(2**31))
    folds = list(KFold(cv, shuffle=True, random_state=rng.randint(2**31)).split(X))
    rows = {}
    for name, column in y.items():
        values = pd.to_numeric(column).to_numpy(dtype=float)
        if np.count_nonzero(np.isfinite(values)) < 2 * cv:
            raise ValueError(
                f"Property {name!r} of compare_propagators must be known for {2 * cv} spectra at least, got "
                f"{np.count_nonzero(np.isfinite(values))}."
            )
        measured = {maker: _measure(model, X, values, folds) for maker, model in makers.items()}
        measured["mean of all"] = _measure(None, X, values, folds)
        for maker in sorted(measured, key=lambda maker: measured[maker]["nmad"]):
            rows[name, maker] = measured[maker]
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.MultiIndex.from_tuples(table.index, names=["property", "propagator"])
    return table


def _make_propagators(som, n_near, n_neighbors, seed):
    shared = {"n_calibration": 0, "random_state": seed}
    return {
        "cells": SOMRegressor(som, **shared),
        "soft cells": SOMRegressor(som, statistic="mean", n_near=n_near, **shared),
        "local linear": SOMRegressor(som, statistic="local_linear", n_neighbors=n_neighbors, **shared),
        "kNN": KNeighborsRegressor(n_neighbors, weights="distance"),
        "ridge": make_pipeline(StandardScaler(), RidgeCV(np.logspace(-6, 3, 10))),
    }


def _measure(model, X, values, folds):
    predicted = np.full(len(values), np.nan)
    known = np.isfinite(values)
    for train, test in folds:
        seen = train[known[train]]
        predicted[test] = values[seen].mean() if model is None else _carry(model, X, values, seen, train, X[test])
    residual = (predicted - values)[known]
    spread = values[known].var()
    return {
        "nmad": 1.4826 * np.median(np.abs(residual - np.median(residual))),
        "rms": np.sqrt(np.mean(residual**2)),
        "bias": np.median(residual),
        "r2": 1 - np.mean(residual**2) / spread if spread > 0 else np.nan,
        "n": int(known.sum()),
    }


def _carry(model, X, values, seen, train, new):
    """Return predictions; the map also learns from spectra without a label."""
    rows = train if isinstance(model, SOMRegressor) else seen
    return clone(model).fit(X[rows], values[rows]).predict(new)
