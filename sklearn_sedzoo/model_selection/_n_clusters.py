"""Latents to a number of clusters, with four opinions side by side, or to the answer that there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, davies_bouldin_score, silhouette_score
from sklearn.utils import check_random_state

from sklearn_sedzoo._kernels.density_valley import deepest_valleys
from sklearn_sedzoo._parameters import Seed, checked, having, integer, nothing, random_state, sequence_of

STABLE = 0.8
EMPTY = 0.5


@dataclass
class ClusterChoice:
    """What `choose_n_clusters` found.

    Parameters
    ----------
    table : DataFrame, one row for each number of clusters
        ``silhouette`` (higher is better), ``davies_bouldin`` (lower), ``gap`` and its error ``gap_err``, ``ari``
        (agreement between bootstrap samples), ``valley`` (how filled the space between groups is, at the worst pair).
    n_clusters : int or None
        The natural number of clusters, None where the data is a continuum.
    gap_choice : int
        What the gap statistic alone would say; 1 is no clusters.
    sentence : str
        The answer in words.

    Examples
    --------
    See `choose_n_clusters`.
    """

    table: pd.DataFrame
    n_clusters: int | None
    gap_choice: int
    sentence: str

    def __str__(self):
        return self.sentence


@checked(
    n_clusters=[sequence_of(integer(2), "integers >= 2")],
    clusterer=[having("fit", "predict", "set_params", words="a clusterer"), nothing()],
    n_references=[integer(1)],
    n_bootstraps=[integer(0)],
    max_samples=[integer(2)],
    random_state=random_state(),
)
def choose_n_clusters(
    X: Any,
    n_clusters: Sequence[int] = range(2, 11),
    *,
    clusterer: Any = None,
    n_references: int = 10,
    n_bootstraps: int = 10,
    max_samples: int = 3000,
    random_state: Seed = None,
) -> ClusterChoice:
    """Ask four criteria how many clusters there are, and allow the answer "a continuum".

    Parameters
    ----------
    X : array-like of shape (n_samples, n_latents)
        Latents, best whitened, or any space in which distances mean something.
    n_clusters : iterable of int, default=range(2, 11)
        Numbers to try, 2 or more.
    clusterer : estimator with `n_clusters` and `predict`, optional
        By default ``KMeans(n_init=5)``.
    n_references : int, default=10
        Uniform samples for the gap statistic.
    n_bootstraps : int, default=10
        Pairs of bootstrap samples for the agreement.
    max_samples : int, default=3000
        At most so many rows, drawn at random.
    random_state : int, RandomState or None, default=None
        Seed.

    Returns
    -------
    choice : ClusterChoice
        ``choice.table``, ``choice.n_clusters`` and ``choice.sentence``.

    Notes
    -----
    A number of clusters counts as natural where the clusters come back from bootstrap samples (mean adjusted Rand
    index at least .8) and where a valley lies between any two of them: on the line between their centers the density
    half-way is below half of that at the lesser center. The largest such number is chosen. Silhouette,
    Davies-Bouldin and gap are shown beside it and do not decide: all three find "clusters" in a bent continuum.
    The gap statistic is measured against uniform samples in the box along the principal axes, and says the smallest
    k with gap(k) >= gap(k + 1) - s(k + 1).

    References
    ----------
    .. [1] R. Tibshirani, G. Walther, T. Hastie, "Estimating the number of clusters in a data set via the gap
       statistic", J. R. Stat. Soc. B 63 (2001) 411.
    .. [2] L. Hubert, P. Arabie, "Comparing partitions", J. Classification 2 (1985) 193.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.model_selection import choose_n_clusters
    >>> rng = np.random.default_rng(0)
    >>> blobs = rng.normal(size=(200, 2)) + 12 * rng.integers(0, 2, (200, 1)) * [1, 0]
    >>> choose_n_clusters(blobs, range(2, 5), n_references=3, n_bootstraps=3, random_state=0).n_clusters
    2
    >>> flat = rng.uniform(size=(200, 2))
    >>> print(choose_n_clusters(flat, range(2, 5), n_references=3, n_bootstraps=3, random_state=0))
    A continuum, no natural number of clusters: ...
    """
    numbers = sorted(n_clusters)
    rng = check_random_state(random_state)
    X = np.asarray(X, dtype=float)
    X = X[rng.permutation(len(X))[:max_samples]]
    if not numbers or len(X) <= max(numbers):
        raise ValueError(
            f"choose_n_clusters needs numbers to try, and more rows than clusters; got n_clusters={numbers} and "
            f"{len(X)} rows."
        )
    clusterer = KMeans(n_init=5) if clusterer is None else clusterer
    gaps = _measure_gaps(X, [1, *numbers], clusterer, n_references, rng)
    rows = {number: _try(X, number, clusterer, n_bootstraps, rng) for number in numbers}
    table = pd.DataFrame.from_dict(rows, orient="index").join(gaps)
    table.index.name = "n_clusters"
    table = table[["silhouette", "davies_bouldin", "gap", "gap_err", "ari", "valley"]]
    natural = table.index[(table["ari"] >= STABLE) & (table["valley"] < EMPTY)]
    choice = int(natural.max()) if len(natural) else None
    return ClusterChoice(table, choice, _read_gap(gaps), _say(table, choice))


def _fit(clusterer, n_clusters, X, rng):
    model = clone(clusterer)
    params = {"n_clusters": n_clusters}
    if "random_state" in model.get_params(deep=False):
        params["random_state"] = rng.randint(2**31)
    return model.set_params(**params).fit(X)


def _try(X, n_clusters, clusterer, n_bootstraps, rng):
    labels = np.asarray(_fit(clusterer, n_clusters, X, rng).predict(X))
    names = np.unique(labels)
    row = {"silhouette": np.nan, "davies_bouldin": np.nan, "valley": 1.0}
    if len(names) > 1:
        centers = np.stack([X[labels == name].mean(axis=0) for name in names])
        which = np.searchsorted(names, labels)
        row["silhouette"] = silhouette_score(X, labels, sample_size=min(2000, len(X)), random_state=rng.randint(2**31))
        row["davies_bouldin"] = davies_bouldin_score(X, labels)
        row["valley"] = float(deepest_valleys(X, which, centers).max())
    pairs = []
    for _ in range(n_bootstraps):
        both = [_fit(clusterer, n_clusters, X[rng.randint(len(X), size=len(X))], rng).predict(X) for _ in range(2)]
        pairs.append(adjusted_rand_score(*both))
    return row | {"ari": float(np.mean(pairs)) if pairs else np.nan}


def _measure_gaps(X, numbers, clusterer, n_references, rng):
    centered = X - X.mean(axis=0)
    _, _, axes = np.linalg.svd(centered, full_matrices=False)
    turned = centered @ axes.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    boxes = [rng.uniform(low, high, turned.shape) for _ in range(n_references)]
    rows = {}
    for number in numbers:
        expected = [_log_within(box, number, clusterer, rng) for box in boxes]
        gap = np.mean(expected) - _log_within(turned, number, clusterer, rng)
        rows[number] = {"gap": gap, "gap_err": np.std(expected) * np.sqrt(1 + 1 / max(n_references, 1))}
    return pd.DataFrame.from_dict(rows, orient="index")


def _log_within(X, n_clusters, clusterer, rng):
    labels = np.zeros(len(X)) if n_clusters == 1 else np.asarray(_fit(clusterer, n_clusters, X, rng).predict(X))
    within = sum(((X[labels == name] - X[labels == name].mean(axis=0)) ** 2).sum() for name in np.unique(labels))
    return np.log(max(within, np.finfo(float).tiny))


def _read_gap(gaps):
    for here, after in zip(gaps.index[:-1], gaps.index[1:], strict=True):
        if gaps.loc[here, "gap"] >= gaps.loc[after, "gap"] - gaps.loc[after, "gap_err"]:
            return int(here)
    return int(gaps.index[-1])


def _say(table, choice):
    if choice is not None:
        row = table.loc[choice]
        return (
            f"{choice} natural clusters: they come back from bootstrap samples (ARI {row['ari']:.2f}) and the space "
            f"between them is {100 * (1 - row['valley']):.0f} % emptier than their centers."
        )
    best = table["valley"].idxmin()
    return (
        "A continuum, no natural number of clusters: however many are tried, some neighbors join without a valley "
        f"between them, or the clusters change from sample to sample (nearest to natural: {best}, valley filled to "
        f"{100 * min(table.loc[best, 'valley'], 1):.0f} %, ARI {table.loc[best, 'ari']:.2f}). Any number is a choice "
        "of the reader; a map shows a continuum better."
    )
