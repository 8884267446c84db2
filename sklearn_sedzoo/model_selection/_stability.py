"""A pipeline fitted again and again: do its groups stay, and does what they tell stay?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score
from sklearn.utils import check_random_state

from sklearn_sedzoo._containers import judge_columns
from sklearn_sedzoo._parameters import Seed, checked, integer, number, option, random_state, sequence_of

VARIATIONS = ("seed", "bootstrap", "subset")


@checked(
    vary=[sequence_of(option(*VARIATIONS), f"some of {VARIATIONS!r}")],
    n_runs=[integer(2)],
    subset=[number(0, 1, closed="neither")],
    test_fraction=[number(0, 1, closed="neither")],
    random_state=random_state(),
)
def stability(
    estimator: Any,
    X: Any,
    properties: pd.DataFrame | None = None,
    *,
    vary: Sequence[str] = VARIATIONS,
    n_runs: int = 4,
    subset: float = 0.7,
    test_fraction: float = 0.2,
    random_state: Seed = None,
) -> pd.DataFrame:
    """Fit an estimator several times and measure how far the runs agree on spectra that none of them saw.

    Parameters
    ----------
    estimator : Pipeline, estimator with `predict`, or list of these
        Cloned and fitted for each run. A list holds runs that are fitted already; then all of X is held out for the
        agreement but a part that carries the labels, and `vary` is not used.
    X : array-like of shape (n_samples, n_features)
        Spectra, or what the estimator takes.
    properties : DataFrame of shape (n_samples, n_properties), optional
        Numbers to be carried through the groups: each held-out spectrum gets the median of its group's members.
        Identifiers and labels such as plates are not carried.
    vary : sequence of {"seed", "bootstrap", "subset"}, default=all three
        What differs between runs: every `random_state`; the sample, drawn with replacement; the sample, a part of it.
        In "bootstrap" and "subset" the seeds stay.
    n_runs : int, default=4
        Fits per variation.
    subset : float, default=0.7
        Part of the sample for "subset".
    test_fraction : float, default=0.2
        Part of X on which runs are compared.
    random_state : int, RandomState or None, default=None
        Seed.

    Returns
    -------
    table : DataFrame
        One row for each variation (or one row, "given"): ``ari`` and ``ari_min``, the mean and the smallest adjusted
        Rand index between two runs; and for each property ``r_<name>``, the mean correlation between what two runs
        propagate.

    Notes
    -----
    Cells of two maps agree far less than what they tell: a map may be mirrored, and its cells cut a continuum in
    other places. Judge a map by the propagated properties.

    References
    ----------
    .. [1] L. Hubert, P. Arabie, "Comparing partitions", J. Classification 2 (1985) 193.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.cluster import KMeans
    >>> from sklearn_sedzoo.model_selection import stability
    >>> X = np.random.default_rng(0).uniform(size=(400, 1))
    >>> table = stability(KMeans(8, n_init=1), X, pd.DataFrame({"x": X[:, 0]}), vary=["seed"], random_state=0)
    >>> bool(table.loc["seed", "r_x"] > table.loc["seed", "ari"])
    True
    """
    rng = check_random_state(random_state)
    n_samples = len(X)
    order = rng.permutation(n_samples)
    n_test = max(2, round(test_fraction * n_samples))
    test, train = order[:n_test], order[n_test:]
    properties = pd.DataFrame(index=range(n_samples)) if properties is None else pd.DataFrame(properties)
    if len(properties) != n_samples:
        raise ValueError(f"`properties` of stability must have {n_samples} rows, as X has, got {len(properties)}.")
    if isinstance(estimator, (list, tuple)):
        return pd.DataFrame({"given": _compare(estimator, X, train, test, properties)}).T
    rows = {}
    for variation in vary:
        runs = [_refit(estimator, X, train, variation, subset, rng) for _ in range(n_runs)]
        rows[variation] = _compare(runs, X, train, test, properties)
    return pd.DataFrame(rows).T


def _refit(estimator, X, train, variation, subset, rng):
    run, rows = clone(estimator), train
    if variation == "seed":
        seeds = [name for name in run.get_params() if name == "random_state" or name.endswith("__random_state")]
        run.set_params(**{name: rng.randint(2**31) for name in seeds})
    elif variation == "bootstrap":
        rows = train[rng.randint(len(train), size=len(train))]
    else:
        rows = rng.choice(train, max(2, round(subset * len(train))), replace=False)
    return run.fit(_take(X, rows))


def _compare(runs, X, train, test, properties):
    known = [np.asarray(run.predict(_take(X, train))) for run in runs]
    asked = [np.asarray(run.predict(_take(X, test))) for run in runs]
    agreement = [adjusted_rand_score(a, b) for a, b in combinations(asked, 2)]
    row = {"ari": np.mean(agreement), "ari_min": np.min(agreement)}
    for name in judge_columns(properties).select_dtypes("number"):
        values = properties[name].to_numpy(dtype=float)[train]
        carried = [_carry(a, b, values) for a, b in zip(known, asked, strict=True)]
        row[f"r_{name}"] = np.mean([_correlate(a, b) for a, b in combinations(carried, 2)])
    return row


def _carry(known, asked, values):
    medians = pd.Series(values).groupby(known).median()
    return medians.reindex(asked).to_numpy()


def _correlate(a, b):
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 3 or np.ptp(a[both]) == 0 or np.ptp(b[both]) == 0:
        return np.nan
    return np.corrcoef(a[both], b[both])[0, 1]


def _take(X, rows):
    return X.iloc[rows] if hasattr(X, "iloc") else np.asarray(X)[rows]
