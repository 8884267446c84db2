"""Grids of map cells: positions, neighbors, and sums smoothed by the neighborhood function."""

from __future__ import annotations

from functools import reduce

import numpy as np

HEXAGONAL_ROW_STEP = np.sqrt(3) / 2


def lay_cells(n_rows: int, n_columns: int, topology: str = "rectangular") -> np.ndarray:
    """Return the (x, y) position of each cell, row by row, in units of the distance between neighbors.

    Cell (row, column) lies at (column, row) on a rectangular grid; on a hexagonal grid odd rows are moved by half
    a cell and rows are sqrt(3)/2 apart, so that all six neighbors are at distance 1.
    """
    row, column = np.divmod(np.arange(n_rows * n_columns), n_columns)
    if topology == "hexagonal":
        return np.column_stack([column + 0.5 * (row % 2), row * HEXAGONAL_ROW_STEP])
    return np.column_stack([column, row]).astype(float)


def measure_offsets(
    n_rows: int, n_columns: int, topology: str, is_toroidal: bool, first: np.ndarray, second: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the differences in x and y between pairs of cells, the short way round on a torus."""
    positions = lay_cells(n_rows, n_columns, topology)
    dx, dy = (positions[first] - positions[second]).T
    if is_toroidal:
        dx, dy = _wrap(dx, n_columns), _wrap(dy, n_rows * _row_step(topology))
    return dx, dy


def measure_steps(
    n_rows: int, n_columns: int, topology: str, is_toroidal: bool, first: np.ndarray, second: np.ndarray
) -> np.ndarray:
    """Return the distance on the grid between pairs of cells, in cells."""
    return np.hypot(*measure_offsets(n_rows, n_columns, topology, is_toroidal, first, second))


def find_neighbors(
    n_rows: int, n_columns: int, topology: str = "rectangular", is_toroidal: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return all pairs (cell, neighbor): 8 around a cell on a rectangular grid, 6 on a hexagonal one.

    On a torus only two or three cells wide a neighbor met on two sides counts once.
    """
    row, column = np.divmod(np.arange(n_rows * n_columns), n_columns)
    pairs = []
    for d_row in (-1, 0, 1):
        for d_column in (-1, 0, 1):
            near_row, near_column = row + d_row, column + d_column
            inside = np.ones(len(row), dtype=bool)
            if not is_toroidal:
                inside = (near_row >= 0) & (near_row < n_rows) & (near_column >= 0) & (near_column < n_columns)
            near = (near_row % n_rows) * n_columns + near_column % n_columns
            pairs.append(np.column_stack([np.arange(len(row)), near])[inside])
    cell, near = np.unique(np.concatenate(pairs), axis=0).T
    touching = (cell != near) & are_neighbors(n_rows, n_columns, topology, is_toroidal, cell, near)
    return cell[touching], near[touching]


def are_neighbors(
    n_rows: int, n_columns: int, topology: str, is_toroidal: bool, first: np.ndarray, second: np.ndarray
) -> np.ndarray:
    """Return whether each pair of cells touches (or is the same cell)."""
    reach = 1.1 if topology == "hexagonal" else 1.49
    return measure_steps(n_rows, n_columns, topology, is_toroidal, first, second) < reach


def smooth_cells(
    values: np.ndarray,
    radius: float,
    neighborhood: str = "gaussian",
    topology: str = "rectangular",
    is_toroidal: bool = False,
) -> np.ndarray:
    """Sum `values` (n_rows, n_columns, m) over the map, weighted by the neighborhood function h of the distance.

    ``out[j] = sum_k h(d_jk) values[k]``, exact on all four grids. With d² = dx² + dy² on the grid:

    - gaussian: exp(-d² / 2r²), a product of a function of dx and one of dy, hence two small matrix products;
    - mexican_hat: (1 - d² / 2r²) exp(-d² / 2r²), whose integral over the plane is zero; a sum of two such products;
    - mexican_hat_bound: (1 + d² / 2r²) exp(-d² / 2r²), which bounds its absolute value;
    - bubble: 1 for d <= r; cut_gaussian: the gaussian within 2 r; both by rows, as far as they reach.

    Rows of a hexagonal grid fall in two classes (even and odd), between which dx is moved by half a cell; the sums
    are separable within each pair of classes.
    """
    if radius == 0:
        return values.copy()
    if neighborhood in {"bubble", "cut_gaussian"}:
        return _smooth_by_rows(values, radius, neighborhood, topology, is_toroidal)
    n_rows, n_columns, m = values.shape
    n_classes = 2 if topology == "hexagonal" else 1
    rows = np.arange(n_rows)
    terms: list[list[np.ndarray]] = [[] for _ in range(n_classes)]
    for target in range(n_classes):
        for source in range(n_classes):
            part = np.ascontiguousarray(values[source::n_classes])
            dx = _offsets(np.arange(n_columns), np.arange(n_columns), 1.0, is_toroidal * n_columns, target - source)
            dy = _offsets(
                rows[target::n_classes], rows[source::n_classes], _row_step(topology), is_toroidal * n_rows, 0
            )
            for across, along in _separate(neighborhood, dx / radius, dy / radius):
                mixed = np.matmul(across, part).reshape(len(part), n_columns * m)
                terms[target].append((along @ mixed).reshape(-1, n_columns, m))
    if n_classes == 1:
        return reduce(np.add, terms[0])
    out = np.empty_like(values)
    for target in range(n_classes):
        out[target::n_classes] = reduce(np.add, terms[target])
    return out


def average_neighbors(weights: np.ndarray, topology: str = "rectangular", is_toroidal: bool = False) -> np.ndarray:
    """Return the U-matrix (n_rows, n_columns): the mean distance of each cell's weights to its neighbors' weights.

    A map of one cell has the value 0.
    """
    n_rows, n_columns, n_features = weights.shape
    flat = weights.reshape(-1, n_features)
    cell, near = find_neighbors(n_rows, n_columns, topology, is_toroidal)
    once = cell < near
    total = np.zeros(len(flat))
    block = max(1, 2**20 // n_features)
    for start in range(0, once.sum(), block):
        i, j = cell[once][start : start + block], near[once][start : start + block]
        distance = np.linalg.norm(flat[i].astype(float) - flat[j], axis=1)
        total += np.bincount(i, distance, len(flat)) + np.bincount(j, distance, len(flat))
    number = np.bincount(cell, minlength=len(flat))
    return (total / np.maximum(number, 1)).reshape(n_rows, n_columns)


def _row_step(topology):
    return HEXAGONAL_ROW_STEP if topology == "hexagonal" else 1.0


def _wrap(offset, period):
    return offset - period * np.round(offset / period)


def _offsets(targets, sources, step, period, n_half_steps):
    """Return the matrix of position differences along one axis; `period` (in cells) 0 means an open edge."""
    offset = (targets[:, None] - sources[None, :]) + 0.5 * n_half_steps
    if period:
        offset = _wrap(offset, period)
    return offset * step


def _separate(neighborhood, dx, dy):
    """Return the terms (function of dx, function of dy) whose products add up to the neighborhood function."""
    gx, gy = np.exp(-0.5 * dx**2), np.exp(-0.5 * dy**2)
    if neighborhood == "gaussian":
        return [(gx, gy)]
    if neighborhood == "mexican_hat":
        return [((1 - dx**2 / 2) * gx, gy), (gx, -(dy**2) / 2 * gy)]
    return [((1 + dx**2 / 2) * gx, gy), (gx, dy**2 / 2 * gy)]


def _smooth_by_rows(values, radius, neighborhood, topology, is_toroidal):
    n_rows, n_columns, _ = values.shape
    reach = radius if neighborhood == "bubble" else 2 * radius
    parity = np.arange(n_rows) % 2 if topology == "hexagonal" else np.zeros(n_rows, dtype=int)
    rows, columns = np.arange(n_rows), np.arange(n_columns)
    dy = _offsets(rows, rows, _row_step(topology), is_toroidal * n_rows, 0)
    out = np.zeros_like(values)
    kernels = {}
    for target, source in np.argwhere(np.abs(dy) <= reach + 1e-9):
        half_steps = parity[target] - parity[source]
        key = (round(abs(dy[target, source]), 6), half_steps)
        if key not in kernels:
            dx = _offsets(columns, columns, 1.0, is_toroidal * n_columns, half_steps)
            squared = dx**2 + dy[target, source] ** 2
            kernels[key] = np.where(squared <= (reach + 1e-9) ** 2, 1.0, 0.0)
            if neighborhood == "cut_gaussian":
                kernels[key] *= np.exp(-0.5 * squared / radius**2)
        out[target] += kernels[key] @ values[source]
    return out
