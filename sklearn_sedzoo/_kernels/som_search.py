"""Best cells of a map for many samples: blocked matrix products.

Samples are taken in slabs (centered, where that saves digits; sums by cell) and slabs in blocks (matrix product whose
result stays in cache). Every slab is computed by one thread and slabs are added in order: the result does not depend
on the number of threads. What float32 cannot decide is searched again in float64 (`is_exact`): the cells found are
those of float64.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from scipy.sparse import csc_array
from scipy.spatial import cKDTree

from sklearn_sedzoo._kernels.som_codebook import (
    center_samples,
    count_block_rows,
    expand_squares,
    prepare_codebook,
    reduce_samples,
    slabs,
    square_norms,
    stretch,
)

_TREE_FEATURES = 8
_TREE_CELLS = 256
_TREE_TRIAL = 256
_FACTORED_CELLS = 256  # with fewer, or fewer features, the matrix product is not what takes the time
_FACTORED_FEATURES = 32
_TIE_TOLERANCE = 1e-9  # relative to the squared distance
_ROUNDING = {np.dtype(np.float64): 1e-12, np.dtype(np.float32): 1e-6}  # relative to the products of norms


@dataclass
class Assignment:
    """What a search found: cells, squared distances (observed features only), and sums over the cells' members."""

    best: np.ndarray
    squared: np.ndarray
    center: np.ndarray
    second: np.ndarray | None = None
    sums: np.ndarray | None = None
    counts: np.ndarray | None = None
    squared_sums: np.ndarray | None = None
    is_smooth: bool = False


def find_best_cells(
    X: np.ndarray,
    weights: np.ndarray,
    *,
    sample_weight: np.ndarray | None = None,
    with_second: bool = False,
    with_sums: bool = False,
    has_missing: bool = False,
    is_normalized: bool = False,
    is_exact: bool = True,
    shape: tuple[int, int] | None = None,
    map_slabs: Callable = map,
) -> Assignment:
    """Find the nearest cell of each sample; ties (to 1e-9, relative) go to the lowest cell number.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features), float32 or float64
        Samples; NaN is a missing feature when `has_missing`.
    weights : ndarray of shape (n_cells, n_features)
        Codebook.
    sample_weight : ndarray of shape (n_samples,), optional
        Weights of the samples in the sums.
    with_second : bool, default=False
        Find the second-best cell too (-1 on a map of one cell).
    with_sums : bool, default=False
        Return for each cell the weighted sums of its members (see Returns).
    has_missing : bool, default=False
        Measure distances over the observed features, times n_features / n_observed.
    is_normalized : bool, default=False
        Divide each sample by its norm first.
    is_exact : bool, default=True
        Search samples in float32 that float32 cannot decide again in float64. Without, the least of the rounded
        distances counts: enough within a training, whose large maps are one point at first, as float32 sees it.
    shape : tuple of int, default=None
        Rows and columns of the map: a codebook that is smooth over them is multiplied in factors where that is faster
        (float32 and not `is_exact` only).
    map_slabs : callable, default=map
        What goes through the slabs, in order: a ``map`` with threads, which should hold BLAS to one meanwhile.

    Returns
    -------
    Assignment
        ``best`` is -1 for a sample with no observed feature. ``sums`` (n_cells, n_features) and ``squared_sums``
        (n_cells,) hold sum w x and sum w ||x||² about ``center``; ``counts`` is (n_cells, 1), or
        (n_cells, n_features) with missing values. ``is_smooth`` says whether the codebook was factored.
    """
    n_samples, n_features = X.shape
    is_exact = is_exact or X.dtype == np.float64
    is_factored = not (is_exact or has_missing) and len(weights) >= _FACTORED_CELLS and n_features >= _FACTORED_FEATURES
    codebook = prepare_codebook(weights, X.dtype, has_missing, shape if is_factored else None)
    codebook.is_exact = is_exact
    if n_features <= _TREE_FEATURES and len(weights) >= _TREE_CELLS and n_samples >= 8 * _TREE_TRIAL:
        codebook.is_searched_by_choice = True
        _try_tree(X, codebook, has_missing, is_normalized)
    found = Assignment(np.empty(n_samples, dtype=np.intp), np.empty(n_samples), codebook.center.astype(np.float64))
    found.is_smooth = codebook.parts is not None
    second = np.empty(n_samples if with_second else 0, dtype=np.intp)
    if with_second:
        found.second = second
    if with_sums:
        found.sums = np.zeros(weights.shape)
        found.counts = np.zeros((len(weights), n_features if has_missing else 1))
        found.squared_sums = np.zeros(len(weights))

    def search(rows):
        part = None if sample_weight is None else sample_weight[rows]
        return rows, _search_slab(X[rows], codebook, part, with_second, with_sums, has_missing, is_normalized)

    for rows, part in map_slabs(search, slabs(n_samples, n_features, len(weights))):
        found.best[rows], found.squared[rows] = part.best, part.squared
        if with_second:
            second[rows] = part.second
        if with_sums:
            found.sums += part.sums
            found.counts += part.counts
            found.squared_sums += part.squared_sums
    if codebook.scale != 1:
        found.squared /= codebook.scale**2
        if found.sums is not None and found.squared_sums is not None:
            found.sums /= codebook.scale
            found.squared_sums /= codebook.scale**2
    return found


def _search_slab(raw, codebook, sample_weight, with_second, with_sums, has_missing, is_normalized):
    samples, norms, observed, best, second, least = _search(raw, codebook, with_second, has_missing, is_normalized)
    if codebook.is_searched_by_choice and observed is None:
        least = ((samples[:, : raw.shape[1]] - codebook.centered[best]) ** 2).sum(axis=1)
    found = Assignment(best, np.maximum(least, 0), codebook.center, second)
    if with_sums:
        _add_up(found, samples, norms, observed, sample_weight, len(codebook.centered), has_missing)
    if observed is not None:
        found.squared *= stretch(observed)
        best[~observed.any(axis=1)] = -1
    return found


def _search(raw, codebook, with_second, has_missing, is_normalized):
    """Return the centered samples, their squared norms, what was observed, best and second cells, squared distances."""
    with np.errstate(over="ignore", invalid="ignore"):  # where float32 overflows, float64 decides
        samples, observed = center_samples(raw, codebook, has_missing, is_normalized)
        norms = square_norms(samples[:, : raw.shape[1]])
        search = _search_blocks if codebook.tree is None or observed is not None else _search_tree
        best, second, least, unclear = search(reduce_samples(samples, codebook), observed, norms, codebook, with_second)
    if len(unclear):
        raw = raw[unclear].astype(np.float64)
        *_, best[unclear], again, least[unclear] = _search(raw, codebook.exact, with_second, has_missing, is_normalized)
        if with_second:
            second[unclear] = again
    return samples, norms, observed, best, second, least


def _search_blocks(samples, observed, norms, codebook, with_second):
    """Return best and second cells, squared distances, and float32 rows that are undecided; by matrix products."""
    n_samples, n_cells = len(samples), len(codebook.centered)
    best, squared = np.empty(n_samples, dtype=np.intp), norms.copy()
    second = np.full(n_samples, -1, dtype=np.intp) if with_second else None
    n_block = -(-n_samples // -(-n_samples // count_block_rows(n_cells, samples.shape[1])))
    buffer = np.empty((n_block, n_cells), samples.dtype)
    slack, tied = _slack(norms, codebook, samples.dtype), []
    for start in range(0, n_samples, n_block):
        part = slice(start, min(start + n_block, n_samples))
        size = part.stop - start
        expanded = expand_squares(samples[part], codebook, None if observed is None else observed[part], buffer[:size])
        if not (codebook.is_exact or with_second):
            best[part] = expanded.argmin(axis=1)
            squared[part] += expanded[np.arange(size), best[part]]
            continue
        best[part], least, rows = _take_least(expanded, norms[part], slack[part])
        tied.append(start + rows)
        if second is not None and n_cells > 1:
            second[part], _, rows = _take_least(expanded, norms[part], slack[part])
            tied.append(start + rows)
        squared[part] += least
    is_final = samples.dtype == np.float64 or codebook.largest == 0 or not codebook.is_exact
    return best, second, squared, np.empty(0, dtype=np.intp) if is_final else np.unique(np.concatenate(tied))


def _search_tree(samples, observed, norms, codebook, with_second):
    """The same from a k-d tree of the cells; rows that are close to a tie are left to the matrix product.

    The cells found are therefore the same as those of `_search_blocks`, whichever is used.
    """
    distance, cells = codebook.tree.query(samples[:, : codebook.tree.m].astype(np.float64), k=3 if with_second else 2)
    squared = distance**2
    margin = 2 * (_TIE_TOLERANCE * squared[:, :-1] + _slack(norms, codebook, samples.dtype)[:, None])
    rest = np.flatnonzero((np.diff(squared, axis=1) <= margin).any(axis=1))
    best, second = cells[:, 0].astype(np.intp), cells[:, 1].astype(np.intp) if with_second else None
    unclear = rest
    if len(rest):
        part = _search_blocks(samples[rest], None, norms[rest], codebook, with_second)
        best[rest], unclear = part[0], rest[part[3]]
        if second is not None:
            second[rest] = part[1]
    return best, second, squared[:, 0], unclear


def _try_tree(X, codebook, has_missing, is_normalized):
    """Keep a k-d tree in the codebook if it finds the cells of the first rows faster; only the time depends on it."""
    samples, observed = center_samples(X[:_TREE_TRIAL], codebook, has_missing, is_normalized)
    if observed is not None:
        return
    norms, times = square_norms(samples[:, : X.shape[1]]), []
    for tree in (None, cKDTree(codebook.centered)):
        codebook.tree = tree
        search = _search_blocks if tree is None else _search_tree
        start = perf_counter()
        search(samples, None, norms, codebook, False)
        times.append(perf_counter() - start)
    if times[0] < times[1]:
        codebook.tree = None


def _slack(norms, codebook, dtype):
    """Return what rounding may do to the squared distances: it grows with the terms of the matrix product."""
    return (2 * np.sqrt(norms * codebook.largest) + codebook.largest) * _ROUNDING[dtype]


def _take_least(expanded, norms, slack):
    """Return the first cell within the tie tolerance of the least distance, that least value, and rows with several.

    The values of the cells found are infinite afterwards, so that a second call finds the second-best cells.
    """
    rows = np.arange(len(expanded))
    best = expanded.argmin(axis=1)
    least = expanded[rows, best]
    limit = (least + _TIE_TOLERANCE * np.maximum(least + norms, 0) + slack).astype(expanded.dtype)
    expanded[rows, best] = np.inf
    next_least = expanded[rows, expanded.argmin(axis=1)]
    tied = np.flatnonzero(~(next_least > limit))  # also where float32 overflowed to NaN
    if len(tied):
        expanded[tied, best[tied]] = least[tied]
        best[tied] = (expanded[tied] > limit[tied, None]).argmin(axis=1)
        expanded[tied, best[tied]] = np.inf
    return best, least, tied


def _add_up(found, samples, norms, observed, sample_weight, n_cells, has_missing):
    n_samples = len(samples)
    weight = np.ones(n_samples) if sample_weight is None else sample_weight
    empty = None if observed is None else ~observed.any(axis=1)
    if empty is not None and empty.any():
        weight = np.where(empty, 0, weight)
    unit = _find_unit(weight)
    members = csc_array(
        ((weight / unit).astype(samples.dtype), found.best, np.arange(n_samples + 1)), shape=(n_cells, n_samples)
    )
    found.sums = (members @ samples)[:, : len(found.center)]
    found.counts = np.bincount(found.best, weight, n_cells)[:, None]
    if has_missing:
        found.counts = np.broadcast_to(found.counts, found.sums.shape)
        if observed is not None:
            found.counts = members @ observed.astype(samples.dtype)
    if unit != 1:
        found.sums = found.sums * unit
        if observed is not None:
            found.counts = found.counts * unit
    found.squared_sums = np.bincount(found.best, weight * norms, n_cells)


def _find_unit(weight):
    """Return the power of two in which weights fit into float32, 1 if they do."""
    exponent = np.frexp(weight.max(initial=0.0))[1]
    return 1.0 if abs(exponent) < 60 else np.float64(2.0) ** exponent
