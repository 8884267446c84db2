"""Flux-conserving rebinning as one sparse matrix of bin overlaps."""

from __future__ import annotations

import numpy as np
from scipy import sparse

ROWS_AT_ONCE = 16  # spectra per product: the block stays in the cache (measured best of 4 to 256)
ROWS_OF_MASKED = 128  # the same where masks and variances make float64 blocks beside it
COVERED = 1 - 1e-9  # share of a bin that counts as all of it, after rounding of the edges


def bin_edges(centers: np.ndarray) -> np.ndarray:
    """Return the n + 1 edges between n increasing centers: midpoints, the outer ones half a step outside.

    The convention of specutils' ``SpectralAxis.bin_edges``.
    """
    inner = (centers[1:] + centers[:-1]) / 2
    first = centers[0] - (centers[1] - centers[0]) / 2
    last = centers[-1] + (centers[-1] - centers[-2]) / 2
    return np.concatenate([[first], inner, [last]])


def linear_centers(low: float, high: float, n_bins: int) -> np.ndarray:
    """Return the centers of n_bins equal bins that fill [low, high]."""
    half = (high - low) / (2 * n_bins)
    return np.linspace(low + half, high - half, n_bins)


def log_centers(low: float, high: float, n_bins: int) -> np.ndarray:
    """Return n_bins centers of constant ratio whose `bin_edges` begin at low and end at high.

    With ratio r = exp(s) the outer edges are c_0 (3 - r) / 2 and c_0 r^(n-1) (3 - 1/r) / 2; s is found by bisection.
    """
    wanted = np.log(high / low)

    def span(step):
        return (n_bins - 1) * step + np.log((3 - np.exp(-step)) / (3 - np.exp(step)))

    short, long = 0.0, min(wanted / (n_bins - 1), np.log(3) - 1e-9)
    for _ in range(200):
        step = (short + long) / 2
        short, long = (step, long) if span(step) < wanted else (short, step)
    first = 2 * low / (3 - np.exp(step))
    return first * np.exp(step * np.arange(n_bins))


def coordinate(wavelength: np.ndarray, density: str) -> np.ndarray:
    """Return the rising coordinate in which a density is integrated: the wavelength, or -1/wavelength (frequency)."""
    return wavelength if density == "wavelength" else -1.0 / wavelength


def overlap_matrix(edges_in: np.ndarray, edges_out: np.ndarray) -> sparse.csr_array:
    """Return the (n_in, n_out) matrix of the lengths that input and output bins share; edges increase.

    All edges together cut the axis into pieces; each piece lies in one input and one output bin at most.
    """
    low, high = max(edges_in[0], edges_out[0]), min(edges_in[-1], edges_out[-1])
    shape = (len(edges_in) - 1, len(edges_out) - 1)
    if low >= high:
        return sparse.csr_array(shape)
    cuts = np.union1d(edges_in, edges_out)
    cuts = cuts[(cuts >= low) & (cuts <= high)]
    middle = (cuts[1:] + cuts[:-1]) / 2
    rows = np.clip(np.searchsorted(edges_in, middle) - 1, 0, shape[0] - 1)
    columns = np.clip(np.searchsorted(edges_out, middle) - 1, 0, shape[1] - 1)
    return sparse.csr_array((np.diff(cuts), (rows, columns)), shape=shape)


def mean_matrix(overlap: sparse.csr_array, used: np.ndarray) -> sparse.csr_array:
    """Divide each used column by the length it covers, so that X @ R is a mean flux density; clear the others."""
    covered = overlap.sum(axis=0)
    factor = np.divide(1.0, covered, out=np.zeros_like(covered), where=used & (covered > 0))
    scaled = overlap @ sparse.diags_array(factor)
    scaled.eliminate_zeros()
    return scaled.tocsr()


def rebin_flux(flux: np.ndarray, matrix: sparse.csr_array) -> np.ndarray:
    """Return flux @ matrix in the dtype of flux, a few spectra at a time.

    The spectra of a block follow each other in memory: to a matrix that repeats the transposed one along its diagonal
    they are one long spectrum, and nothing is turned around.
    """
    transposed = matrix.T.astype(flux.dtype, copy=False).tocsr()
    rebinned = np.empty((len(flux), matrix.shape[1]), dtype=flux.dtype)
    n_blocked = len(flux) // ROWS_AT_ONCE * ROWS_AT_ONCE
    if n_blocked:
        repeated = sparse.block_diag([transposed] * ROWS_AT_ONCE, format="csr")
    for start in range(0, n_blocked, ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        rebinned[rows] = (repeated @ flux[rows].reshape(-1)).reshape(ROWS_AT_ONCE, -1)
    for row in range(n_blocked, len(flux)):
        rebinned[row] = transposed @ flux[row]
    return rebinned


def rebin_masked(flux, ivar, overlap: sparse.csr_array, width: np.ndarray, min_coverage: float):
    """Return the means over the valid pixels and their inverse variances (None without `ivar`).

    NaN fluxes and pixels of inverse variance 0 are left out. A bin of which the valid pixels cover less than
    `min_coverage` is NaN with inverse variance 0. With lengths o the variance is sum o^2 var / (sum o)^2.
    """
    squared = None if ivar is None else overlap.multiply(overlap).tocsr()
    rebinned = np.empty((len(flux), overlap.shape[1]), dtype=flux.dtype)
    rebinned_ivar = None if ivar is None else np.empty_like(rebinned)
    for start in range(0, len(flux), ROWS_OF_MASKED):
        rows = slice(start, start + ROWS_OF_MASKED)
        valid = np.isfinite(flux[rows])
        if ivar is not None:
            valid &= ivar[rows] > 0
            variance = np.divide(1.0, ivar[rows], out=np.zeros(valid.shape), where=valid, dtype=np.float64)
            variance = variance @ squared
        covered = np.asarray(valid.astype(np.float64) @ overlap)
        total = np.where(valid, flux[rows], 0.0).astype(np.float64) @ overlap
        enough = is_covered(covered, width, min_coverage)
        rebinned[rows] = np.divide(total, covered, out=np.full_like(total, np.nan), where=enough)
        if rebinned_ivar is not None:
            rebinned_ivar[rows] = inverse_variance(covered, variance, enough, flux.dtype)
    return rebinned, rebinned_ivar


def is_covered(covered: np.ndarray, width: np.ndarray, min_coverage: float) -> np.ndarray:
    """Whether the valid pixels cover enough of each bin."""
    return (covered >= min_coverage * COVERED * width) & (covered > 0)


def inverse_variance(covered, variance, enough, dtype):
    """Return (sum o)^2 / sum o^2 var, 0 where it is not `enough`, at most the largest number of the dtype."""
    with np.errstate(over="ignore"):
        ivar = np.divide(covered**2, variance, out=np.zeros_like(covered), where=enough & (variance > 0))
    return np.minimum(ivar, np.finfo(dtype).max)


def neighbor_covariance(ivar, overlap: sparse.csr_array, width: np.ndarray, min_coverage: float, lag: int):
    """Return the covariance of each bin's mean with that of the bin `lag` on: (n, n_bins - lag), NaN if masked."""
    valid = ivar > 0
    variance = np.divide(1.0, ivar, out=np.zeros(ivar.shape), where=valid, dtype=np.float64)
    columns = overlap.tocsc()
    n_pairs = columns.shape[1] - lag
    shared = columns[:, :n_pairs].multiply(columns[:, lag:]).tocsr()
    covered = valid.astype(np.float64) @ overlap
    enough = is_covered(covered, width, min_coverage)
    both = enough[:, :n_pairs] & enough[:, lag:]
    norm = covered[:, :n_pairs] * covered[:, lag:]
    return np.divide(variance @ shared, norm, out=np.full(norm.shape, np.nan), where=both)


def grid_coverage(low: float, high: float, edges_out: np.ndarray, density: str) -> np.ndarray:
    """Return which share of each bin lies in [low, high], in the coordinate of the density."""
    if low >= high:
        return np.zeros(len(edges_out) - 1)
    cut = coordinate(np.clip(edges_out, low, high), density)
    return np.diff(cut) / np.diff(coordinate(edges_out, density))


def share_covering(low: np.ndarray, high: np.ndarray, edges_out: np.ndarray) -> np.ndarray:
    """Return which share of the spectra covers each bin; they reach from `low` to `high`, (n_samples,) each."""
    slack = 1 + (1 - COVERED)
    begun = np.searchsorted(np.sort(low), edges_out[:-1] * slack, side="right")
    ended = np.searchsorted(np.sort(high), edges_out[1:] / slack, side="left")
    return np.clip(begun - ended, 0, None) / len(low)


def covered_bins(edges_in, edges_out, stretch, density, min_coverage):
    """Return the first bin that each shifted spectrum covers enough, and the one after the last."""
    low, high = edges_in[0] / stretch, edges_in[-1] / stretch
    n_bins = len(edges_out) - 1
    first = np.searchsorted(edges_out[:-1], low, side="left")  # the first bin that begins inside
    stop = np.searchsorted(edges_out[1:], high, side="right")  # the first bin that ends outside
    outer = coordinate(edges_out, density)
    width = np.diff(outer)
    before, after = np.clip(first - 1, 0, n_bins - 1), np.clip(stop, 0, n_bins - 1)
    share_before = (outer[before + 1] - coordinate(low, density)) / width[before]
    share_after = (coordinate(high, density) - outer[after]) / width[after]
    first = np.where((first > 0) & (share_before >= min_coverage * COVERED), first - 1, first)
    stop = np.where((stop < n_bins) & (share_after >= min_coverage * COVERED), stop + 1, stop)
    return first, stop


def pixel_width_at(centers: np.ndarray, edges_in: np.ndarray) -> np.ndarray:
    """Return the width of the input pixel in which each center lies (the nearest one outside)."""
    pixel = np.clip(np.searchsorted(edges_in, centers) - 1, 0, len(edges_in) - 2)
    return np.diff(edges_in)[pixel]


def find_runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Return (first, last) of each run of true flags."""
    steps = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    return [(int(first), int(stop) - 1) for first, stop in zip(steps[::2], steps[1::2], strict=True)]


def fine_range(wavelength: np.ndarray) -> tuple[float, float]:
    """Return (low, high) of the longest run of fine sampling, one coarse pixel inside its ends where it is spliced.

    Fine means a pixel of at most three times the median width. Next to a splice to coarser sampling, broadening has
    carried interpolated flux across: the distance of one coarse pixel is left out.
    """
    centers = np.sort(wavelength)
    edges = bin_edges(centers)
    width = np.diff(edges)
    fine = width <= 3 * np.median(width)
    first, last = max(find_runs(fine), key=lambda run: run[1] - run[0])
    below = width[max(first - 2, 0) : first].max(initial=0.0)
    above = width[last + 1 : last + 3].max(initial=0.0)
    low, high = edges[first], edges[last + 1]
    if below + above < high - low:
        low, high = low + below, high - above
    return float(low), float(high)
