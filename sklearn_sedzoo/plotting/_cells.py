"""Cells of a map as polygons."""

from __future__ import annotations

import numpy as np
from matplotlib.collections import PolyCollection

_HEXAGON = np.deg2rad(np.arange(6) * 60 + 30)


def outline_cells(cell_positions):
    """Return the corners of each cell, shape (n_cells, 4 or 6, 2): hexagons where rows are closer than columns.

    Neighbors are at distance 1, as `SOMMapper.cell_positions_` has them.
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
