"""Distances of samples to cells of a map: to all of them, or to a given one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sklearn_sedzoo._kernels.som_codebook import (
    center_samples,
    count_block_rows,
    expand_squares,
    normalize_rows,
    prepare_codebook,
    slabs,
    square_norms,
    stretch,
)


def measure_distances(
    X: np.ndarray,
    weights: np.ndarray,
    *,
    has_missing: bool = False,
    is_normalized: bool = False,
    map_slabs: Callable = map,
) -> np.ndarray:
    """Return the distances (n_samples, n_cells) of all samples to all cells, computed in float64."""
    codebook = prepare_codebook(weights, np.dtype(np.float64), has_missing)
    out = np.empty((len(X), len(weights)), dtype=X.dtype)

    def measure(rows):
        samples, observed = center_samples(X[rows].astype(np.float64), codebook, has_missing, is_normalized)
        n_block = count_block_rows(len(weights), X.shape[1])
        for start in range(0, len(samples), n_block):
            part = slice(start, start + n_block)
            squared = expand_squares(samples[part], codebook, None if observed is None else observed[part])
            squared += square_norms(samples[part, : X.shape[1]])[:, None]
            np.maximum(squared, 0, out=squared)
            np.sqrt(squared, out=squared)
            if observed is not None:
                squared *= np.sqrt(stretch(observed[part]))[:, None]
            squared /= codebook.scale
            out[rows][part] = squared

    for _ in map_slabs(measure, slabs(*X.shape)):
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
            samples = normalize_rows(samples)
        samples -= weights[cells[rows]]
        largest = np.nanmax(np.abs(samples), initial=0.0) or 1.0
        samples /= largest
        if has_missing:
            observed = ~np.isnan(samples)
            samples[~observed] = 0
            out[rows] = np.sqrt(square_norms(samples) * stretch(observed)) * largest
        else:
            out[rows] = np.sqrt(square_norms(samples)) * largest
    return out
