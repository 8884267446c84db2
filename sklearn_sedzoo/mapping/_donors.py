"""Which labelled samples speak for a query, on one map or several."""

from dataclasses import dataclass

import numpy as np

from sklearn_sedzoo._kernels.som_distance import measure_distances
from sklearn_sedzoo._kernels.som_donors import correct_linearly, gather_members, group_rows, take_nearest
from sklearn_sedzoo._kernels.som_search import find_best_cells
from sklearn_sedzoo.mapping._source import flat_weights

_BLOCK_ENTRIES = 2**22
_POOL_FACTOR = 4


@dataclass
class Labels:
    """Labels of some outputs that are known for the same samples, and these samples' place on each map."""

    outputs: np.ndarray
    rows: np.ndarray
    values: np.ndarray
    orders: list
    starts: list

    @property
    def counts(self):
        """Number of labelled samples in each cell, by map."""
        return [np.diff(starts) for starts in self.starts]


def collect_labels(y, maps, cells):
    """Return a list of Labels, one for each set of outputs with the same samples known; y is (n_samples, n_outputs)."""
    known = ~np.isnan(y)
    patterns, kinds = np.unique(known, axis=1, return_inverse=True)
    collected = []
    for kind in range(patterns.shape[1]):
        outputs, rows = np.flatnonzero(kinds.ravel() == kind), np.flatnonzero(patterns[:, kind])
        grouped = [group_rows(part[rows], som.hits_.size) for som, part in zip(maps, cells, strict=True)]
        orders, starts = zip(*grouped, strict=True)
        collected.append(Labels(outputs, rows, y[np.ix_(rows, outputs)], list(orders), list(starts)))
    return collected


def find_labelled_cells(som, X, is_labelled, n_near):
    """Return the `n_near` nearest labelled cells of each sample (n_samples, n_near), and how much each of them counts.

    ``exp(-(d_k² - d_1²) / 2 s²)`` with s the map's quantization error.
    """
    cells, weights = np.flatnonzero(is_labelled), flat_weights(som)[is_labelled]
    options = {"is_normalized": som.metric == "cosine", "has_missing": bool(np.isnan(X).any())}
    if n_near == 1 or len(cells) == 1:
        best = find_best_cells(X, weights, **options).best
        return cells[best][:, None], np.ones((len(X), 1))
    n_near = min(n_near, len(cells))
    near, shares = np.empty((len(X), n_near), dtype=np.intp), np.empty((len(X), n_near))
    n_block = max(1, _BLOCK_ENTRIES // len(cells))
    for start in range(0, len(X), n_block):
        part = slice(start, start + n_block)
        squared = measure_distances(X[part].astype(np.float64), weights, **options) ** 2
        first = np.argpartition(squared, n_near - 1, axis=1)[:, :n_near]
        squared = np.take_along_axis(squared, first, axis=1)
        squared -= squared.min(axis=1, keepdims=True)
        width = som.quantization_error_ or 1.0
        near[part], shares[part] = cells[first], np.exp(-squared / (2 * width**2))
    return near, shares


def donate_members(labels, number, cells, shares, excluded):
    """Return values (n, k, n_outputs) and weights (n, k) of the labelled members of each query's cells."""
    members, weights = gather_members(labels.orders[number], labels.starts[number], cells, shares)
    if excluded is not None:
        weights[members == excluded[:, None]] = 0
    return labels.values[members], weights


def donate_neighbors(labels, number, som, X, X_labelled, cells, n_neighbors, excluded):
    """Return values moved along local linear fits (n, k, n_outputs), and weights (n, k).

    Neighbours are the nearest of the labelled samples in the cells around the query's nearest labelled cell, four
    times as many as asked for.
    """
    n_kept = max(1, min(n_neighbors, len(labels.rows) - (excluded is not None)))
    values = np.zeros((len(X), n_kept, len(labels.outputs)))
    weights = np.zeros((len(X), n_kept))
    order, starts = labels.orders[number], labels.starts[number]
    counts, codebook = np.diff(starts), flat_weights(som)
    occupied = np.flatnonzero(counts)
    queries, query_starts = group_rows(cells, len(counts))
    for cell in np.flatnonzero(np.diff(query_starts)):
        rows = queries[query_starts[cell] : query_starts[cell + 1]]
        nearest = occupied[np.argsort(((codebook[occupied] - codebook[cell]) ** 2).sum(axis=1), kind="stable")]
        n_cells = 1 + np.searchsorted(np.cumsum(counts[nearest]), _POOL_FACTOR * n_kept + 1)
        pool = np.concatenate([order[starts[near] : starts[near + 1]] for near in nearest[:n_cells]])
        n_block = max(1, _BLOCK_ENTRIES // max(len(pool), n_kept * X.shape[1]))
        for start in range(0, len(rows), n_block):
            part = rows[start : start + n_block]
            place = None if excluded is None else _find_place(pool, excluded[part])
            taken, weights[part] = take_nearest(X[part], X_labelled[pool], n_kept, place)
            donors = pool[taken]
            offsets = X_labelled[donors] - X[part][:, None]
            values[part] = correct_linearly(offsets, labels.values[donors], weights[part])
    return values, weights


def _find_place(pool, wanted):
    """Return where each wanted row stands in the pool, -1 where it does not."""
    order = np.argsort(pool)
    place = order[np.minimum(np.searchsorted(pool, wanted, sorter=order), len(pool) - 1)]
    return np.where(pool[place] == wanted, place, -1)
