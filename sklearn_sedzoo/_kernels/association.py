"""How far groups explain a number: variance within and between them, corrected for chance; information in bits."""

from __future__ import annotations

import numpy as np
from scipy import sparse

_MOST_PIECES = 512


def number_groups(labels: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the labels as 0, 1, 2, ... and their number."""
    names, which = np.unique(labels, return_inverse=True)
    return which, len(names)


def explained_variance(which: np.ndarray, n_groups: int, values: np.ndarray) -> np.ndarray:
    """Return eta² of each column of `values` (n_samples, m): the share of its variance that lies between groups.

    eta² = sum_g n_g (m_g - m)² / sum_i (y_i - m)²; 0 where a column is constant.
    """
    centered = values - values.mean(axis=0)
    total = np.einsum("ij,ij->j", centered, centered)
    member = sparse.csr_array((np.ones(len(which)), (which, np.arange(len(which)))), shape=(n_groups, len(which)))
    counts = np.maximum(np.bincount(which, minlength=n_groups), 1)
    between = ((member @ centered) ** 2 / counts[:, None]).sum(axis=0)
    return np.divide(between, total, out=np.zeros_like(total), where=total > 0)


def correct_for_chance(eta2: np.ndarray, n_samples: int, n_groups: int) -> np.ndarray:
    """Return epsilon² = 1 - (1 - eta²) (n - 1) / (n - k): 0 on average where labels are random.

    NaN where there are no more samples than groups.

    References
    ----------
    .. [1] T. L. Kelley, "An unbiased correlation ratio measure", PNAS 21 (1935) 554.
    """
    if n_samples <= n_groups:
        return np.full_like(np.asarray(eta2, dtype=float), np.nan)
    return 1 - (1 - eta2) * (n_samples - 1) / (n_samples - n_groups)


def epsilon_squared(labels: np.ndarray, values: np.ndarray) -> float:
    """Return epsilon² of one property; NaN values are left out."""
    kept = np.isfinite(values)
    which, n_groups = number_groups(labels[kept])
    eta2 = explained_variance(which, n_groups, values[kept, None].astype(float))
    return float(correct_for_chance(eta2, len(which), n_groups)[0])


def permute_variance(
    which: np.ndarray, n_groups: int, values: np.ndarray, n_permutations: int, rng: np.random.Generator
) -> np.ndarray:
    """Return eta² of `n_permutations` shuffles of `values` against the labels; 2^22 numbers at a time."""
    at_once = max(1, 2**22 // len(values))
    found = []
    for start in range(0, n_permutations, at_once):
        m = min(at_once, n_permutations - start)
        shuffled = rng.permuted(np.broadcast_to(values[:, None], (len(values), m)), axis=0)
        found.append(explained_variance(which, n_groups, shuffled))
    return np.concatenate(found) if found else np.empty(0)


def best_grouping(values: np.ndarray, n_groups: int) -> np.ndarray:
    """Return the groups of one property that explain most of its variance: k-means along a line, exactly.

    In one dimension groups are intervals, and dynamic programming finds the best ones: with c(i, j) the variance
    within an interval, D_k(j) = min_i D_(k-1)(i) + c(i, j). Exact for up to 512 values; more are first gathered into
    512 quantile bins. Cost: n_groups x 512².
    """
    pieces = cut_at_quantiles(values, _MOST_PIECES) if len(values) > _MOST_PIECES else number_groups(values)[0]
    pieces, n_pieces = number_groups(pieces)
    counts = np.bincount(pieces)
    centered = values - values.mean()
    edges = [
        np.concatenate([[0.0], np.cumsum(np.bincount(pieces, weights))])
        for weights in (np.ones(len(values)), centered, centered**2)
    ]
    n, s, q = (np.subtract.outer(edge, edge).T for edge in edges)  # [i, j]: pieces i to j - 1
    cost = np.where(n > 0, q - np.divide(s**2, n, out=np.zeros_like(s), where=n > 0), np.inf)
    best, origins = cost[0], []
    for _ in range(min(n_groups, len(counts)) - 1):
        extended = best[:, None] + cost
        origins.append(extended.argmin(axis=0))
        best = extended.min(axis=0)
    starts, end = [], n_pieces
    for origin in reversed(origins):
        end = origin[end]
        starts.append(end)
    return np.searchsorted(np.array(starts[::-1], dtype=int), pieces, side="right")


def cut_at_quantiles(values: np.ndarray, n_bins: int) -> np.ndarray:
    """Return the bin of each value, bins holding equal numbers; equal values share a bin."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, n_bins + 1)[1:-1]))
    return np.searchsorted(edges, values, side="right")


def conditional_entropy(bins: np.ndarray, which: np.ndarray) -> tuple[float, float]:
    """Return H(bins | groups) and H(bins) in bits: what is not known of the bin, with and without the group."""
    joint = sparse.coo_array((np.ones(len(bins)), (bins, which))).tocsr().data / len(bins)
    return entropy(joint) - entropy(np.bincount(which) / len(which)), entropy(np.bincount(bins) / len(bins))


def entropy(shares: np.ndarray) -> float:
    """Return -sum p log2 p."""
    shares = shares[shares > 0]
    return float(-(shares * np.log2(shares)).sum())


def control_false_discovery(p_values: np.ndarray) -> np.ndarray:
    """Return Benjamini and Hochberg's q-values; NaN stays NaN.

    References
    ----------
    .. [1] Y. Benjamini, Y. Hochberg, J. R. Stat. Soc. B 57 (1995) 289.
    """
    q_values = np.full(len(p_values), np.nan)
    known = np.flatnonzero(np.isfinite(p_values))
    order = known[np.argsort(p_values[known])]
    raw = p_values[order] * len(order) / np.arange(1, len(order) + 1)
    q_values[order] = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 1)
    return q_values
