"""Measures of how well a map keeps the order of its data, blocked so that nothing of size n x n or K x K is held."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from sklearn_sedzoo._kernels.som_grid import find_neighbors, lay_cells, measure_steps

_BLOCK_ENTRIES = 2**21


def path_lengths(
    weights: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    shape: tuple[int, int],
    topology: str = "rectangular",
    is_toroidal: bool = False,
) -> np.ndarray:
    """Return the length in data space of the shortest way over touching cells between pairs of cells."""
    cell, near = find_neighbors(*shape, topology, is_toroidal)
    steps = np.linalg.norm(weights[cell] - weights[near], axis=1)
    # csgraph takes a stored 0 for no edge: cells with equal weights are a tiny step apart
    steps = np.maximum(steps, np.finfo(float).tiny)
    graph = csr_array((steps, (cell, near)), shape=(len(weights), len(weights)))
    pairs, inverse = np.unique(np.column_stack([first, second]), axis=0, return_inverse=True)
    sources, places = np.unique(pairs[:, 0], return_inverse=True)
    lengths = np.empty(len(pairs))
    n_block = max(1, _BLOCK_ENTRIES // len(weights))
    for start in range(0, len(sources), n_block):
        distances = dijkstra(graph, indices=sources[start : start + n_block])
        inside = (places >= start) & (places < start + n_block)
        lengths[inside] = distances[places[inside] - start, pairs[inside, 1]]
    return lengths[inverse.ravel()]


def topographic_product(
    weights: np.ndarray, shape: tuple[int, int], topology: str = "rectangular", is_toroidal: bool = False
) -> float:
    """Return Bauer and Pawelzik's topographic product of the weights (n_cells, n_features)."""
    n_cells = len(weights)
    if n_cells < 2:
        return 0.0
    all_cells = np.arange(n_cells)
    tiny, total = np.finfo(float).tiny, 0.0
    for cell in range(n_cells):
        others = np.delete(all_cells, cell)
        on_map = measure_steps(*shape, topology, is_toroidal, np.full(n_cells - 1, cell), others)
        in_data = np.linalg.norm(weights[others] - weights[cell], axis=1)
        # neighbors at the same distance on the map are taken in the order of the data, and the other way round
        by_map, by_data = np.lexsort((in_data, on_map.round(9))), np.lexsort((on_map, in_data))
        q1 = np.log(np.maximum(in_data[by_map], tiny)) - np.log(np.maximum(in_data[by_data], tiny))
        q2 = np.log(on_map[by_map]) - np.log(on_map[by_data])
        total += (np.cumsum(q1 + q2) / (2 * np.arange(1, n_cells))).sum()
    return float(total / (n_cells * (n_cells - 1)))


def rank_penalties(
    X: np.ndarray,
    cells: np.ndarray,
    n_neighbors: int,
    shape: tuple[int, int],
    topology: str = "rectangular",
    is_toroidal: bool = False,
) -> tuple[float, float]:
    """Return (trustworthiness, continuity) of the map of samples to cells, for neighborhoods of k samples.

    Many samples are at the same distance on a map. Of those tied across the border of a neighborhood each counts
    in part, so that the parts add up to k; the rank of tied samples is the mean of theirs.
    """
    n_samples, k = len(X), n_neighbors
    center = X.mean(axis=0)
    norms = ((X - center) ** 2).sum(axis=1)
    untrusted = discontinuous = 0.0
    all_cells = np.arange(len(lay_cells(*shape)))
    n_block = max(1, _BLOCK_ENTRIES // n_samples)
    for start in range(0, n_samples, n_block):
        rows = np.arange(start, min(start + n_block, n_samples))
        squared = norms[rows][:, None] + norms - 2 * (X[rows] - center) @ (X - center).T
        squared[rows - start, rows] = -np.inf
        ranks = np.empty(squared.shape)
        np.put_along_axis(
            ranks, np.argsort(squared, axis=1, kind="stable"), np.broadcast_to(np.arange(n_samples), squared.shape), 1
        )
        for row in rows:
            steps = measure_steps(*shape, topology, is_toroidal, np.full(len(all_cells), cells[row]), all_cells)
            share, map_ranks = _rank_ties(steps.round(9)[cells], row, k)
            untrusted += share @ np.maximum(ranks[row - start] - k, 0)
            near = (ranks[row - start] >= 1) & (ranks[row - start] <= k)
            discontinuous += np.maximum(map_ranks[near] - k, 0).sum()
    scale = 2 / (n_samples * k * (2 * n_samples - 3 * k - 1))
    return float(1 - scale * untrusted), float(1 - scale * discontinuous)


def _rank_ties(steps, row, k):
    """Return each sample's share in the neighborhood of `row` on the map, and its mean rank there (itself: 0)."""
    others = np.delete(np.arange(len(steps)), row)
    _, kinds, counts = np.unique(steps[others], return_inverse=True, return_counts=True)
    before = np.cumsum(counts) - counts
    share, ranks = np.zeros(len(steps)), np.zeros(len(steps))
    share[others] = np.clip((k - before) / counts, 0, 1)[kinds]
    ranks[others] = (before + (counts + 1) / 2)[kinds]
    return share, ranks
