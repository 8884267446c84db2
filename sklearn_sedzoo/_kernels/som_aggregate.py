"""A statistic of the values in each cell of a map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from sklearn_sedzoo._kernels.som_donors import group_rows


def aggregate_cells(
    cells: np.ndarray,
    n_cells: int,
    values: Any = None,
    weights: np.ndarray | None = None,
    statistic: str | Callable = "mean",
) -> np.ndarray:
    """Return counts, sums, means or another statistic of each cell, shape (n_cells,) or (n_cells, m).

    Cells below 0 and values of NaN are left out; a cell without values has 0 for counts and sums, else NaN. A callable
    is given the values of one cell (one-dimensional values without NaN; of two dimensions as they are).
    """
    cells = np.asarray(cells)
    if values is None:
        used = cells >= 0
        return np.bincount(cells[used], None if weights is None else weights[used], n_cells)
    values = np.asarray(values)
    if values.ndim == 1 and values.dtype.kind == "f":
        cells = np.where(np.isnan(values), -1, cells)
    order, starts = group_rows(cells, n_cells)
    occupied = np.flatnonzero(np.diff(starts))
    if callable(statistic):
        results = [np.asarray(statistic(values[order[starts[cell] : starts[cell + 1]]])) for cell in occupied]
        out = np.full((n_cells, *(results[0].shape if results else ())), np.nan)
        out[occupied] = results
        return out
    known = ~np.isnan(values)
    share = np.ones(len(order)) if weights is None else np.asarray(weights, dtype=float)[order]
    members = csr_array((share, order, starts), shape=(n_cells, len(values)))
    total = members @ np.where(known, values, 0)
    if statistic == "sum":
        return total
    number = members @ known.astype(float)
    return np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)
