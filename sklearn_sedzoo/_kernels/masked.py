"""Means and percentiles of arrays in which NaN is masked; NaN where nothing is left."""

from __future__ import annotations

import warnings

import numpy as np


def masked_mean(values: np.ndarray, axis: int | None = None) -> np.ndarray:
    """Return the mean of what is there."""
    known = ~np.isnan(values)
    total = np.sum(np.where(known, values, 0), axis=axis, dtype=float)
    with np.errstate(invalid="ignore"):
        return total / np.count_nonzero(known, axis=axis)


def masked_percentiles(values: np.ndarray, percentiles: tuple[float, ...], axis: int | None = None) -> np.ndarray:
    """Return the percentiles of what is there, as the first axis."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # where nothing is left, NaN is the answer
        return np.nanpercentile(values, percentiles, axis=axis)


def valid_extent(flux, ivar=None):
    """Return the first valid pixel of each spectrum and the one after the last; both 0 where none is valid."""
    valid = np.isfinite(flux) if ivar is None else np.isfinite(flux) & (ivar > 0)
    some = valid.any(axis=1)
    first = np.where(some, valid.argmax(axis=1), 0)
    stop = np.where(some, valid.shape[1] - valid[:, ::-1].argmax(axis=1), 0)
    return first, stop
