"""Cells of a map as polygons, and values of spectra gathered cell by cell."""

from __future__ import annotations

import itertools

import numpy as np
from matplotlib.collections import PolyCollection
from sklearn.pipeline import Pipeline

from sklearn_sedzoo._kernels.masked import masked_mean

_HEXAGON = np.deg2rad(np.arange(6) * 60 + 30)


def outline_cells(cell_positions):
    """Return the corners of each cell, shape (n_cells, 4 or 6, 2): hexagons where rows are closer than columns.

    Neighbours are at distance 1, as `SOMMapper.cell_positions_` has them.
    """
    positions = np.asarray(cell_positions, dtype=float)
    rows = np.unique(positions[:, 1].round(6))
    is_hexagonal = len(rows) > 1 and np.diff(rows).min() < 0.9
    if is_hexagonal:
        corners = np.column_stack([np.cos(_HEXAGON), np.sin(_HEXAGON)]) / np.sqrt(3)
    else:
        corners = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    return positions[:, None, :] + corners


def draw_cells(ax, cell_positions, *, edgecolor="white", linewidth=0.6):
    """Add all cells to the axes, the first row on top as a matrix is printed, and return their collection."""
    outlines = outline_cells(cell_positions)
    cells = PolyCollection(outlines, edgecolors=edgecolor, linewidths=linewidth)
    ax.add_collection(cells)
    low, high = outlines.min(axis=(0, 1)), outlines.max(axis=(0, 1))
    ax.set(xlim=(low[0], high[0]), ylim=(high[1], low[1]), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return cells


def find_map(estimator):
    """Return the fitted map of a SOMMapper or of a pipeline that ends with one."""
    mapper = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    if not (hasattr(mapper, "weights_") and hasattr(mapper, "cell_positions_")):
        raise ValueError(
            f"{type(mapper).__name__} is no fitted map: pass a fitted SOMMapper, or a pipeline that ends with one."
        )
    return mapper


def count_members(cells, n_cells):
    """Return how many spectra each cell has; -1 is no cell (a spectrum without a single good pixel)."""
    cells = np.asarray(cells)
    return np.bincount(cells[cells >= 0], minlength=n_cells)


def gather(cells, values, n_cells, statistic):
    """Return `statistic` of the values in each cell; NaN where there are none."""
    cells, values = np.asarray(cells), np.asarray(values)
    order = np.argsort(cells, kind="stable")
    starts = np.searchsorted(cells[order], np.arange(n_cells + 1))
    out = np.full(n_cells, np.nan)
    for cell, (start, stop) in enumerate(itertools.pairwise(starts)):
        if stop > start:
            out[cell] = statistic(values[order[start:stop]])
    return out


def gather_spectra(cells, flux, n_cells):
    """Return the mean spectrum of each cell, shape (n_cells, n_wavelengths); NaN where a cell is empty."""
    counts = count_members(cells, n_cells)
    out = np.full((n_cells, flux.shape[1]), np.nan)
    for cell in np.flatnonzero(counts):
        out[cell] = masked_mean(flux[cells == cell], axis=0)
    return out
