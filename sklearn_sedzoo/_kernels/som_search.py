"""Best cells of a map for many samples: blocked matrix products on data centred on the codebook mean.

The squared distance is ``||x - m||² - 2 (x - m)·(w - m) + ||w - m||²`` with m the mean of the codebook, so that an
offset common to all data costs no digits. Samples are taken in slabs (centred copy, sums by cell) and slabs in
blocks (matrix product whose result stays in cache). Every slab is computed by one thread and slabs are added in
order: the result does not depend on the number of threads.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from scipy.sparse import csc_array
from scipy.spatial import cKDTree

_SLAB_ENTRIES = 2**19
_BLOCK_ENTRIES = 2**17
_TREE_FEATURES = 8
_TREE_CELLS = 256
_TREE_TRIAL = 256
_TIE_TOLERANCE = 1e-9  # relative to the squared distance
_ROUNDING = {np.dtype(np.float64): 1e-12, np.dtype(np.float32): 2.4e-7}  # relative to the squared norms


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


@dataclass
class _Codebook:
    """Weights made ready for the search: centred, scaled by a power of two, with their norms as a last row."""

    center: np.ndarray
    scale: float
    centered: np.ndarray
    table: np.ndarray
    largest: float
    masked_table: np.ndarray | None = None
    tree: cKDTree | None = None
    is_searched_by_choice: bool = False  # squared distances must then not depend on the choice


def find_best_cells(
    X: np.ndarray,
    weights: np.ndarray,
    *,
    sample_weight: np.ndarray | None = None,
    with_second: bool = False,
    with_sums: bool = False,
    has_missing: bool = False,
    is_normalized: bool = False,
    n_threads: int = 1,
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
        Return for each cell the weighted sums of its members, about the codebook mean (see Returns).
    has_missing : bool, default=False
        Measure distances over the observed features, times n_features / n_observed.
    is_normalized : bool, default=False
        Divide each sample by its norm first.
    n_threads : int, default=1
        Threads over slabs; BLAS should be held to one thread meanwhile.

    Returns
    -------
    Assignment
        ``best`` is -1 for a sample with no observed feature. ``sums`` (n_cells, n_features) and ``squared_sums``
        (n_cells,) hold sum w x and sum w ||x||² about the mean of the codebook; ``counts`` is (n_cells, 1), or
        (n_cells, n_features) with missing values.
    """
    n_samples, n_features = X.shape
    codebook = _prepare(weights, X.dtype, has_missing)
    if n_features <= _TREE_FEATURES and len(weights) >= _TREE_CELLS and n_samples >= 8 * _TREE_TRIAL:
        codebook.is_searched_by_choice = True
        _try_tree(X, codebook, has_missing, is_normalized)
    found = Assignment(np.empty(n_samples, dtype=np.intp), np.empty(n_samples), codebook.center.astype(np.float64))
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

    for rows, part in in_order(search, slabs(n_samples, n_features, len(weights)), n_threads):
        found.best[rows], found.squared[rows] = part.best, part.squared
        if with_second:
            second[rows] = part.second
        if with_sums:
            found.sums += part.sums
            found.counts += part.counts
            found.squared_sums += part.squared_sums
    if codebook.scale != 1:
        found.squared /= codebook.scale**2
        if with_sums:
            found.sums /= codebook.scale
            found.squared_sums /= codebook.scale**2
    return found


def measure_distances(
    X: np.ndarray, weights: np.ndarray, *, has_missing: bool = False, is_normalized: bool = False, n_threads: int = 1
) -> np.ndarray:
    """Return the distances (n_samples, n_cells) of all samples to all cells, computed in float64."""
    codebook = _prepare(weights, np.dtype(np.float64), has_missing)
    out = np.empty((len(X), len(weights)), dtype=X.dtype)

    def measure(rows):
        samples, observed = _center(X[rows].astype(np.float64), codebook, has_missing, is_normalized)
        n_block = _block_rows(*out.shape[1:], X.shape[1])
        for start in range(0, len(samples), n_block):
            part = slice(start, start + n_block)
            squared = _expand(samples[part], codebook, None if observed is None else observed[part])
            squared += _norms(samples[part])[:, None]
            np.maximum(squared, 0, out=squared)
            np.sqrt(squared, out=squared)
            if observed is not None:
                squared *= np.sqrt(_stretch(observed[part]))[:, None]
            squared /= codebook.scale
            out[rows][part] = squared

    for _ in in_order(measure, slabs(*X.shape), n_threads):
        pass
    return out


def measure_own(
    X: np.ndarray, weights: np.ndarray, cells: np.ndarray, *, has_missing: bool = False, is_normalized: bool = False
) -> np.ndarray:
    """Return the distance of each sample to the weights of its given cell, from the differences, in float64."""
    out = np.empty(len(X))
    for rows in slabs(*X.shape):
        samples = X[rows].astype(np.float64)
        if is_normalized:
            samples /= np.linalg.norm(samples, axis=1, keepdims=True)
        samples -= weights[cells[rows]]
        largest = np.nanmax(np.abs(samples), initial=0.0) or 1.0
        samples /= largest
        if has_missing:
            observed = ~np.isnan(samples)
            samples[~observed] = 0
            out[rows] = np.sqrt(_norms(samples, with_ones=False) * _stretch(observed)) * largest
        else:
            out[rows] = np.sqrt(_norms(samples, with_ones=False)) * largest
    return out


def slabs(n_samples: int, n_features: int, n_cells: int = 0) -> list[slice]:
    """Cut the samples into slices whose copies are small beside the cache, or beside the codebook where that is big."""
    n_rows = int(np.clip(max(_SLAB_ENTRIES // (n_features + 1), n_cells // 4), 256, 16384))
    return [slice(start, min(start + n_rows, n_samples)) for start in range(0, n_samples, n_rows)]


def in_order(work, tasks, n_threads):
    """Yield work(task) in the order of the tasks, at most `n_threads` + 1 of them under way."""
    if n_threads == 1 or len(tasks) == 1:
        yield from map(work, tasks)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        pending = deque()
        for task in tasks:
            pending.append(pool.submit(work, task))
            if len(pending) > n_threads:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _prepare(weights, dtype, has_missing):
    center = weights.mean(axis=0, dtype=np.float64).astype(dtype)
    centered = weights.astype(np.float64) - center
    spread = np.abs(centered).max(initial=0.0)
    exponent = np.frexp(spread)[1]
    scale = 1.0 if -20 < exponent < 20 or spread == 0 else float(2.0**-exponent)
    centered *= scale
    norms = np.einsum("ij,ij->i", centered, centered)
    table = np.empty((weights.shape[1] + 1, len(weights)), dtype=dtype)
    table[:-1] = -2 * centered.T
    table[-1] = norms
    masked_table = None
    if has_missing:
        masked_table = np.concatenate([table[:-1], (centered**2).T.astype(dtype)])
    return _Codebook(center, scale, centered, table, norms.max(), masked_table)


def _center(samples, codebook, has_missing, is_normalized):
    """Return the slab about the codebook mean with a last column of ones, and the mask of what was observed."""
    centered = np.empty((len(samples), samples.shape[1] + 1), dtype=samples.dtype)
    body = centered[:, :-1]
    observed = None
    if is_normalized:
        samples = samples / np.linalg.norm(samples, axis=1, keepdims=True)
    np.subtract(samples, codebook.center, out=body)
    if has_missing:
        missing = np.isnan(body)
        if missing.any():
            body[missing] = 0
            observed = ~missing
    if codebook.scale != 1:
        body *= codebook.scale
    centered[:, -1] = 1
    return centered, observed


def _expand(samples, codebook, observed, out=None):
    """Return the squared distances less the samples' own norms."""
    if observed is None:
        return np.dot(samples, codebook.table, out=out)
    both = np.concatenate([samples[:, :-1], observed], axis=1, dtype=samples.dtype)
    return np.dot(both, codebook.masked_table, out=out)


def _norms(samples, *, with_ones=True):
    body = samples[:, :-1] if with_ones else samples
    return np.einsum("ij,ij->i", body, body)


def _stretch(observed):
    """Return n_features / n_observed, the factor that makes masked squared distances comparable."""
    return observed.shape[1] / np.maximum(observed.sum(axis=1), 1)


def _block_rows(n_cells, n_features):
    return max(16 if n_features < 32 else 256, _BLOCK_ENTRIES // n_cells)


def _search_slab(samples, codebook, sample_weight, with_second, with_sums, has_missing, is_normalized):
    samples, observed = _center(samples, codebook, has_missing, is_normalized)
    squared = _norms(samples)
    search = _search_blocks if codebook.tree is None or observed is not None else _search_tree
    best, second, least = search(samples, observed, squared, codebook, with_second)
    if codebook.is_searched_by_choice and observed is None:
        least = ((samples[:, :-1] - codebook.centered[best]) ** 2).sum(axis=1)
    found = Assignment(best, np.maximum(least, 0), codebook.center, second)
    if with_sums:
        _add_up(found, samples, observed, sample_weight, len(codebook.centered), has_missing)
    if observed is not None:
        found.squared *= _stretch(observed)
        best[~observed.any(axis=1)] = -1
    return found


def _search_blocks(samples, observed, norms, codebook, with_second):
    """Return best and second cells and squared distances from matrix products, block by block."""
    n_samples, n_cells = len(samples), codebook.table.shape[1]
    best, squared = np.empty(n_samples, dtype=np.intp), norms.astype(np.float64)
    second = np.full(n_samples, -1, dtype=np.intp) if with_second else None
    n_block = min(_block_rows(n_cells, samples.shape[1]), n_samples)
    buffer, is_close = np.empty((n_block, n_cells), samples.dtype), np.empty((n_block, n_cells), bool)
    slack = _slack(norms, codebook, samples.dtype)
    for start in range(0, n_samples, n_block):
        part = slice(start, min(start + n_block, n_samples))
        size = part.stop - start
        expanded = _expand(samples[part], codebook, None if observed is None else observed[part], buffer[:size])
        best[part], least = _take_least(expanded, norms[part], slack[part], is_close[:size])
        if with_second and n_cells > 1:
            expanded[np.arange(size), best[part]] = np.inf
            second[part] = _take_least(expanded, norms[part], slack[part], is_close[:size])[0]
        squared[part] += least
    return best, second, squared


def _search_tree(samples, observed, norms, codebook, with_second):
    """The same from a k-d tree of the cells; rows that are close to a tie are left to the matrix product.

    The cells found are therefore the same as those of `_search_blocks`, whichever is used.
    """
    distance, cells = codebook.tree.query(samples[:, :-1].astype(np.float64), k=3 if with_second else 2)
    squared = distance**2
    margin = 2 * (_TIE_TOLERANCE * squared[:, :-1] + _slack(norms, codebook, samples.dtype)[:, None])
    unclear = np.flatnonzero((np.diff(squared, axis=1) <= margin).any(axis=1))
    best, second = cells[:, 0].astype(np.intp), cells[:, 1].astype(np.intp) if with_second else None
    if len(unclear):
        part = _search_blocks(samples[unclear], None, norms[unclear], codebook, with_second)
        best[unclear] = part[0]
        if with_second:
            second[unclear] = part[1]
    return best, second, squared[:, 0]


def _try_tree(X, codebook, has_missing, is_normalized):
    """Keep a k-d tree in the codebook if it finds the cells of the first rows faster; only the time depends on it."""
    samples, observed = _center(X[:_TREE_TRIAL], codebook, has_missing, is_normalized)
    if observed is not None:
        return
    times = []
    for tree in (None, cKDTree(codebook.centered)):
        codebook.tree = tree
        search = _search_blocks if tree is None else _search_tree
        start = perf_counter()
        search(samples, None, _norms(samples), codebook, False)
        times.append(perf_counter() - start)
    if times[0] < times[1]:
        codebook.tree = None


def _slack(norms, codebook, dtype):
    """Return what rounding may do to the squared distances."""
    return (norms + codebook.largest) * _ROUNDING[dtype]


def _take_least(expanded, norms, slack, is_close):
    """Return the first cell within the tie tolerance of the least distance, and that least value."""
    best = expanded.argmin(axis=1)
    least = expanded[np.arange(len(best)), best]
    limit = least + _TIE_TOLERANCE * np.maximum(least + norms, 0) + slack
    np.less_equal(expanded, limit[:, None].astype(expanded.dtype), out=is_close)
    if np.count_nonzero(is_close) > len(best):
        best = is_close.argmax(axis=1)
    return best, least


def _add_up(found, samples, observed, sample_weight, n_cells, has_missing):
    n_samples = len(samples)
    weight = np.ones(n_samples) if sample_weight is None else sample_weight
    empty = None if observed is None else ~observed.any(axis=1)
    if empty is not None and empty.any():
        weight = np.where(empty, 0, weight)
    members = csc_array(
        (weight.astype(samples.dtype), found.best, np.arange(n_samples + 1)), shape=(n_cells, n_samples)
    )
    sums = members @ samples
    found.sums = sums[:, :-1]
    found.counts = sums[:, -1:]
    if has_missing:
        found.counts = np.broadcast_to(found.counts, found.sums.shape)
        if observed is not None:
            found.counts = members @ observed.astype(samples.dtype)
    found.squared_sums = np.bincount(found.best, weight * _norms(samples), n_cells)
