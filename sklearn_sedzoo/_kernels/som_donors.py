"""Donors: for each query the labeled samples in its part of a map, with weights, and local linear corrections."""

from __future__ import annotations

import numpy as np


def group_rows(cells: np.ndarray, n_cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Return row numbers sorted by cell, and where each cell starts (n_cells + 1,); cells < 0 are left out."""
    order = np.argsort(cells, kind="stable")
    order = order[np.count_nonzero(cells < 0) :]
    return order, np.searchsorted(cells[order], np.arange(n_cells + 1))


def gather_members(
    order: np.ndarray, starts: np.ndarray, cells: np.ndarray, cell_weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the members of each query's cells, padded, and their weights (0 where padded).

    Parameters
    ----------
    order, starts : ndarray
        As from `group_rows`.
    cells, cell_weights : ndarray of shape (n_queries, n_near)
        Cells of each query, and the weight that all members of a cell share.

    Returns
    -------
    members, weights : ndarray of shape (n_queries, n_most)
        Row numbers and weights.
    """
    counts = starts[cells + 1] - starts[cells]
    totals = counts.sum(axis=1)
    members = np.zeros((len(cells), max(1, totals.max(initial=0))), dtype=np.intp)
    weights = np.zeros(members.shape)
    lengths = counts.ravel()
    inside = np.arange(totals.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    rows = np.repeat(np.arange(len(cells)), totals)
    columns = np.arange(totals.sum()) - np.repeat(np.cumsum(totals) - totals, totals)
    members[rows, columns] = order[np.repeat(starts[cells].ravel(), lengths) + inside]
    shares = cell_weights / np.maximum(counts, 1)
    weights[rows, columns] = np.repeat(shares.ravel(), lengths)
    return members, weights


def take_nearest(
    queries: np.ndarray, pool: np.ndarray, n_neighbors: int, excluded: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest rows of a pool for each query, and weights (1 - d² / d_max²) that fall to the outside.

    d_max is a little beyond the farthest of them. `excluded` (n_queries,) is a row of the pool that may not be
    taken, -1 for none.
    """
    center = pool.mean(axis=0)
    first, second = queries - center, pool - center
    squared = (first**2).sum(axis=1)[:, None] - 2 * first @ second.T + (second**2).sum(axis=1)
    if excluded is not None:
        rows = np.flatnonzero(excluded >= 0)
        squared[rows, excluded[rows]] = np.inf
    n_kept = min(n_neighbors, len(pool))
    nearest = np.argpartition(squared, n_kept - 1, axis=1)[:, :n_kept]
    near = np.maximum(np.take_along_axis(squared, nearest, axis=1), 0)
    finite = np.isfinite(near)
    farthest = np.where(finite, near, 0).max(axis=1, keepdims=True)
    weights = 1 - np.where(finite, near, 0) / np.where(farthest > 0, 1.2 * farthest, 1.0)
    return nearest, np.where(finite, weights, 0.0)


def correct_linearly(offsets: np.ndarray, values: np.ndarray, weights: np.ndarray, ridge: float = 1e-6) -> np.ndarray:
    """Return the donors' values moved to the query along a local linear fit.

    ``v_i = y_i - beta (x_i - x)``, with beta from the weighted least squares of y on x_i - x; the weighted mean of
    v_i is the fit's value at the query. Where donors are few, the fit runs in their leading local directions: at
    most one for every three donors.

    Parameters
    ----------
    offsets : ndarray of shape (n_queries, n_donors, n_features)
        Positions of the donors about the query.
    values : ndarray of shape (n_queries, n_donors, n_outputs)
        Values of the donors.
    weights : ndarray of shape (n_queries, n_donors)
        Weights of the donors.
    ridge : float, default=1e-6
        Penalty on beta, relative to the mean variance of the offsets.

    Returns
    -------
    ndarray of shape (n_queries, n_donors, n_outputs)
        Moved values.
    """
    total = weights.sum(axis=1)[:, None, None]
    share = weights[:, :, None] / np.where(total > 0, total, 1)
    mean = (share * offsets).sum(axis=1, keepdims=True)
    centered = offsets - mean
    n_directions = max(1, offsets.shape[1] // 3)
    if offsets.shape[2] > n_directions:
        gram = np.matmul(centered * np.sqrt(share), np.swapaxes(centered * np.sqrt(share), 1, 2))
        lengths, vectors = np.linalg.eigh(gram)
        vectors, lengths = vectors[:, :, -n_directions:], np.sqrt(np.maximum(lengths[:, None, -n_directions:], 0))
        scaled = vectors / np.where(lengths > 0, lengths, 1)
        axes = np.matmul(np.swapaxes(centered * np.sqrt(share), 1, 2), scaled)
        offsets, centered = np.matmul(offsets, axes), np.matmul(centered, axes)
    left = np.swapaxes(share * centered, 1, 2)
    moments = np.matmul(left, centered)
    size = np.trace(moments, axis1=1, axis2=2)[:, None, None] / moments.shape[1]
    moments += (ridge * size + np.finfo(float).tiny) * np.eye(moments.shape[1])
    level = (share * values).sum(axis=1, keepdims=True)
    beta = np.linalg.solve(moments, np.matmul(left, values - level))
    return values - np.matmul(offsets, beta)
