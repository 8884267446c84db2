"""A codebook made ready for matrix products with samples, and samples made ready for it, slab by slab.

The squared distance is ``||x - m||² - 2 (x - m)·(w - m) + ||w - m||²`` with m the mean of the codebook, so that an
offset common to all data costs no digits. Where the mean is nearer to zero than the weights are to it, m is zero, and
samples need no copy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from sklearn_sedzoo._kernels.som_smooth import factor_codebook

_SLAB_ENTRIES = 2**20
_NARROW = 32  # features: with fewer, reading the distances costs more than the matrix product
_BLOCK_ENTRIES = {True: 2**17, False: 2**21}  # narrow: in the nearest cache; wide: in the next
_LARGEST_EXPONENT = {np.dtype(np.float64): 500, np.dtype(np.float32): 126}


@dataclass
class Codebook:
    """Weights about their mean or zero, scaled by a power of two, and a table of them for matrix products.

    `table` holds -2 w and, as its last row, ||w||², both of the scaled weights; `masked_table` instead ||w||² feature
    by feature, for samples with missing values. With a `tree` small distances are looked up there. With `parts`
    (n_features, n_terms) the table holds functions of the cells instead of weights, for samples times the parts.
    """

    center: np.ndarray
    scale: float
    centered: np.ndarray
    table: np.ndarray | None
    masked_table: Any
    largest: float
    parts: np.ndarray | None = None
    tree: cKDTree | None = None
    is_exact: bool = True
    is_searched_by_choice: bool = False  # squared distances must then not depend on the choice

    @cached_property
    def exact(self) -> Codebook:
        """The same for samples in float64, without a table: for those few whose cell float32 cannot decide."""
        return replace(self, center=self.center.astype(np.float64), table=None, tree=None)


def prepare_codebook(
    weights: np.ndarray, dtype: np.dtype, has_missing: bool, shape: tuple[int, int] | None = None
) -> Codebook:
    """Return the Codebook of weights (n_cells, n_features) for samples of a type.

    With the `shape` of the map it is factored where that saves operations.
    """
    center = weights.mean(axis=0, dtype=np.float64).astype(dtype)
    if _is_near_zero(weights, center):
        center[:] = 0
    centered = np.subtract(weights, center, dtype=np.float64)
    spread = max(centered.max(initial=0.0), -centered.min(initial=0.0))
    most = _LARGEST_EXPONENT[dtype]
    exponent = int(np.clip(np.frexp(spread)[1], -most, most))
    scale = 1.0 if -20 < exponent < 20 or spread == 0 else 2.0**-exponent
    if scale != 1:
        centered *= scale
    norms = np.einsum("ij,ij->i", centered, centered)
    factors = None if shape is None else factor_codebook(centered, shape)
    rows = centered if factors is None else factors.functions
    table = np.empty((rows.shape[1] + 1, len(weights)), dtype=dtype)
    np.multiply(rows.astype(dtype, copy=False).T, dtype.type(-2), out=table[:-1])
    table[-1] = norms
    masked_table = None
    if has_missing:
        masked_table = np.concatenate([table[:-1], (centered**2).T.astype(dtype)])
    parts = None if factors is None else factors.parts.T.astype(dtype)
    return Codebook(center, scale, centered, table, masked_table, norms.max(), parts)


def _is_near_zero(weights, center):
    """Whether the mean of the weights is less far from zero than the weights are from it."""
    with np.errstate(over="ignore"):
        total = np.vdot(weights, weights) / len(weights)
        return bool(np.isfinite(total) and 2 * np.vdot(center, center) < total)


def center_samples(
    samples: np.ndarray, codebook: Codebook, has_missing: bool, is_normalized: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return a slab about the codebook's center, and the mask of what was observed.

    The slab has a last column of ones, for ||w||²; where nothing has to be done to the samples and a copy of them costs
    more than to add ||w||² to the distances, it is the samples themselves.
    """
    observed = None
    if is_normalized:
        samples = normalize_rows(samples)
    is_at_zero = codebook.scale == 1 and not codebook.center.any()
    is_wide = codebook.parts is not None or len(codebook.centered) < samples.shape[1]
    if is_at_zero and is_wide and not has_missing:
        return np.ascontiguousarray(samples), None
    centered = np.empty((len(samples), samples.shape[1] + 1), dtype=samples.dtype)
    centered[:, -1] = 1
    body = np.subtract(samples, codebook.center, out=centered[:, :-1])
    if has_missing:
        missing = np.isnan(body)
        if missing.any():
            body[missing] = 0
            observed = ~missing
    if codebook.scale != 1:
        body *= codebook.scale
    return centered, observed


def reduce_samples(samples: np.ndarray, codebook: Codebook) -> np.ndarray:
    """Return what a factored codebook is multiplied with: centered samples times its parts, and a column of ones."""
    if codebook.parts is None:
        return samples
    n_features, n_terms = codebook.parts.shape
    reduced = np.empty((len(samples), n_terms + 1), dtype=samples.dtype)
    reduced[:, :-1] = samples[:, :n_features] @ codebook.parts
    reduced[:, -1] = 1
    return reduced


def normalize_rows(rows: np.ndarray) -> np.ndarray:
    """Return rows divided by their norm; a row of zeros stays as it is.

    Where values are missing the norm of the observed ones is taken times sqrt(n_features / n_observed).
    """
    squared = np.einsum("ij,ij->i", rows, rows, dtype=np.float64)
    missing = np.flatnonzero(np.isnan(squared))
    if len(missing):
        part = rows[missing].astype(np.float64)
        squared[missing] = np.nansum(part**2, axis=1) * stretch(~np.isnan(part))
    norms = np.sqrt(squared)
    return np.divide(rows, np.where(norms > 0, norms, 1)[:, None], dtype=np.float64).astype(rows.dtype, copy=False)


def expand_squares(samples: np.ndarray, codebook: Codebook, observed: np.ndarray | None, out: Any = None) -> np.ndarray:
    """Return the squared distances (n_samples, n_cells) less the samples' own norms."""
    if codebook.table is None:
        weights = codebook.centered
        own = np.einsum("ij,ij->i", weights, weights) if observed is None else observed @ (weights**2).T
        return own - 2 * (samples[:, : weights.shape[1]] @ weights.T)
    if observed is None and samples.shape[1] == len(codebook.table):
        return np.dot(samples, codebook.table, out=out)
    if observed is None:
        expanded = np.dot(samples, codebook.table[:-1], out=out)
        expanded += codebook.table[-1]
        return expanded
    both = np.concatenate([samples[:, : observed.shape[1]], observed], axis=1, dtype=samples.dtype)
    return np.dot(both, codebook.masked_table, out=out)


def square_norms(samples: np.ndarray) -> np.ndarray:
    """Return the squared norms of the rows in float64 (summed in the samples' own type unless that overflows)."""
    squared = np.einsum("ij,ij->i", samples, samples).astype(np.float64)
    beyond = np.flatnonzero(~np.isfinite(squared))
    if len(beyond):
        squared[beyond] = (samples[beyond].astype(np.float64) ** 2).sum(axis=1)
    return squared


def stretch(observed: np.ndarray) -> np.ndarray:
    """Return n_features / n_observed, the factor that makes masked squared distances comparable."""
    return observed.shape[1] / np.maximum(observed.sum(axis=1), 1)


def slabs(n_samples: int, n_features: int, n_cells: int = 0) -> list[slice]:
    """Cut the samples into slices of equal length, of some MB, larger where the sums of many cells are added for each.

    Their number is even, so that two threads end together, and does not depend on the threads, as results must not.
    """
    n_least = max(_count_rows_at_least(n_features), 256)
    n_rows = int(np.clip(max(_SLAB_ENTRIES // (n_features + 1), n_cells // 4), n_least, 16384))
    n_slabs = -(-n_samples // n_rows)
    n_slabs += n_slabs > 1 and n_slabs % 2
    edges = np.linspace(0, n_samples, n_slabs + 1).astype(int).tolist()
    return [slice(start, stop) for start, stop in pairwise(edges)]


def count_block_rows(n_cells: int, n_features: int) -> int:
    """Return how many samples at a time keep their distances to all cells in a cache."""
    return max(_count_rows_at_least(n_features), _BLOCK_ENTRIES[n_features < _NARROW] // n_cells)


def _count_rows_at_least(n_features: int) -> int:
    """Return how many rows a matrix product needs to be worth the copy of the table that it makes inside."""
    return 16 if n_features < _NARROW else 512 if n_features < 1024 else 1024
