"""Smoothing by a Gaussian of velocities on any grid, as a matrix of overlaps."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.special import ndtr

SPEED_OF_LIGHT = 299792.458  # km / s
REACH = 5.0  # standard deviations after which the kernel is cut off (6e-7 of it is lost)


def smoothing_matrix(wavelength: np.ndarray, edges: np.ndarray, sigma: np.ndarray) -> sparse.csr_array:
    """Return the (n, n) matrix that broadens spectra by Gaussians of `sigma` km/s at each wavelength.

    Entry (i, j) is the share of the Gaussian around wavelength j (in ln wavelength) that falls on pixel i: its
    integral over the pixel, so that nothing is lost where the kernel is narrower than a pixel. sigma 0 leaves the
    pixel as it is.
    """
    tiny = np.finfo(float).tiny  # a pixel index of 0 stands for a wavelength too
    log_center, log_edges = np.log(np.maximum(wavelength, tiny)), np.log(np.maximum(edges, tiny))
    width = np.maximum(sigma / SPEED_OF_LIGHT, 1e-12)
    first = np.clip(np.searchsorted(log_edges, log_center - REACH * width, side="right") - 1, 0, len(wavelength) - 1)
    stop = np.clip(np.searchsorted(log_edges, log_center + REACH * width, side="left"), 1, len(wavelength))
    count = np.maximum(stop - first, 1)
    columns = np.repeat(np.arange(len(wavelength)), count)
    rows = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    low = (log_edges[rows] - log_center[columns]) / width[columns]
    high = (log_edges[rows + 1] - log_center[columns]) / width[columns]
    share = np.where(low > 0, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low))
    return sparse.csr_array((share, (rows, columns)), shape=(len(wavelength), len(wavelength)))
