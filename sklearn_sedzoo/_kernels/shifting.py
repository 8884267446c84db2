"""Rebinning of spectra whose grids differ by a factor (1 + redshift), each with its own.

Everything happens in the observed frame: bin edges are stretched by (1 + z), the input's stay. Three ways give the
same numbers: spectra of equal redshift share one sparse matrix; where both grids are logarithmic with the same step
every bin takes the same two shares of two neighboring pixels; the rest go one by one, without a matrix.
"""

from __future__ import annotations

import numpy as np

from sklearn_sedzoo._kernels.rebinning import coordinate, inverse_variance, is_covered, overlap_matrix, rebin_masked

ENOUGH_FOR_A_MATRIX = 8  # spectra of one redshift for which a matrix is cheaper than one by one (measured)
SAME_STEP = 3e-11  # relative difference of two logarithmic steps that counts as none


def rebin_shifted(flux, ivar, edges_in, edges_out, stretch, density, min_coverage):
    """Return the mean flux over each bin and its inverse variance (or None), spectrum by spectrum.

    Parameters
    ----------
    flux, ivar : ndarray of shape (n, n_in); ivar may be None
        NaN and inverse variance 0 are left out.
    edges_in, edges_out : ndarray of shape (n_in + 1,), (n_out + 1,)
        Rising, in Angstrom: observed and in the frame of the object.
    stretch : ndarray of shape (n,)
        1 + redshift.
    density : {"wavelength", "frequency"}
        Per what the flux is a density.
    min_coverage : float
        Share of a bin that valid pixels must cover, else NaN and inverse variance 0.
    """
    rebinned = np.empty((len(flux), len(edges_out) - 1), dtype=flux.dtype)
    rebinned_ivar = None if ivar is None else np.empty_like(rebinned)
    values, group, counts = np.unique(stretch, return_inverse=True, return_counts=True)
    inner = coordinate(edges_in, density)
    for k in np.flatnonzero(counts >= ENOUGH_FOR_A_MATRIX):
        rows = np.flatnonzero(group == k)
        outer = coordinate(edges_out * values[k], density)
        mean, inverse = rebin_masked(
            flux[rows],
            None if ivar is None else ivar[rows],
            overlap_matrix(inner, outer),
            np.diff(outer),
            min_coverage,
        )
        rebinned[rows] = mean
        if rebinned_ivar is not None:
            rebinned_ivar[rows] = inverse
    step = log_step(edges_in, edges_out)
    width_in, width_out = np.diff(inner), np.diff(coordinate(edges_out, density))
    for row in np.flatnonzero(counts[group] < ENOUGH_FOR_A_MATRIX):
        width = width_out * (stretch[row] if density == "wavelength" else 1 / stretch[row])
        edges, inverse = edges_out * stretch[row], None if ivar is None else ivar[row]
        outer = coordinate(edges, density)
        if step is None:
            pieces = Pieces(inner, outer, width_in, width, find_pixels(edges_in, edges))
        else:
            pieces = TwoTaps(inner, outer, width_in, width, edges_in, edges, step)
        rebinned[row], inverse = pieces.average(flux[row], inverse, min_coverage)
        if rebinned_ivar is not None:
            rebinned_ivar[row] = inverse
    return rebinned, rebinned_ivar


def find_pixels(edges_in: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return in which pixel each edge lies; edges outside belong to the outermost pixels."""
    return np.searchsorted(edges_in[1:-1], edges, side="right")


class Pieces:
    """How output bins cut input pixels: a part of the first pixel, whole pixels, a part of the last one.

    No difference of running sums is taken: each bin adds up its own pixels.
    """

    def __init__(self, edges_in, edges_out, width_in, width_out, pixel):
        self.width_in, self.width_out = width_in, width_out
        cut = np.clip(edges_out, edges_in[0], edges_in[-1])
        self.first, self.last = pixel[:-1], pixel[1:]
        inside = self.first == self.last
        self.left = np.where(inside, cut[1:] - cut[:-1], edges_in[self.first + 1] - cut[:-1])
        self.right = np.where(inside, 0.0, cut[1:] - edges_in[self.last])
        self.n_whole = np.maximum(self.last - self.first - 1, 0)
        self.covered = cut[1:] - cut[:-1]
        self.most = int(self.n_whole.max(initial=0))

    def average(self, flux, ivar, min_coverage):
        """Return the mean over the valid pixels of each bin and its inverse variance (or None)."""
        valid = np.isfinite(flux)
        if ivar is not None:
            valid &= ivar > 0
        values = np.where(valid, flux, 0.0).astype(np.float64, copy=False)
        covered = self.covered if valid.all() else self.integrate(valid.astype(np.float64))
        enough = is_covered(covered, self.width_out, min_coverage)
        mean = np.divide(self.integrate(values), covered, out=np.full_like(covered, np.nan), where=enough)
        if ivar is None:
            return mean, None
        variance = np.divide(1.0, ivar, out=np.zeros(len(valid)), where=valid, dtype=np.float64)
        return mean, inverse_variance(covered, self.integrate(variance, power=2), enough, flux.dtype)

    def integrate(self, values, power=1):
        """Return the sum of values times length**power over the pieces of each bin."""
        left, right, width = self.left, self.right, self.width_in
        if power != 1:
            left, right, width = left**power, right**power, width**power
        total = values[self.first] * left
        total += values[self.last] * right
        if self.most:
            total += self._whole(values * width)
        return total

    def _whole(self, lengths):
        if self.most <= 2:
            padded = np.concatenate([lengths, np.zeros(2)])
            whole = np.where(self.n_whole > 0, padded[self.first + 1], 0.0)
            return whole if self.most == 1 else whole + np.where(self.n_whole > 1, padded[self.first + 2], 0.0)
        start = np.minimum(self.first + 1, len(lengths) - 1)
        bounds = np.stack([start, np.maximum(start, self.last)], axis=1).ravel()
        sums = np.add.reduceat(np.append(lengths, 0.0), bounds)[::2]
        return np.where(self.n_whole > 0, sums, 0.0)


class TwoTaps(Pieces):
    """The same where both grids are logarithmic with one step: bin j is cut by the edge of pixel j + offset.

    The shares of the two pixels are the same for all bins, so that a spectrum is a weighted sum of two of its own
    slices. The outermost bins and pixels, whose outer edges stand half a step outside, are cut one by one.
    """

    def __init__(self, inner, outer, width_in, width_out, edges_in, edges, step):
        n_in, n_out = len(width_in), len(width_out)
        middle = n_out // 2
        self.width_out = width_out
        self.offset = int(np.floor(np.log(edges[middle] / edges_in[1]) / step)) + 1 - middle  # pixel of edge j, less j
        start = min(max(1, 1 - self.offset), n_out)
        stop = max(min(n_out - 1, n_in - 2 - self.offset), start)
        self.taps, self.share = slice(start, stop), 0.5
        self.covered = width_out.copy()
        self.ends = []
        for part in (slice(0, start), slice(stop, n_out)):
            cuts = slice(part.start, part.stop + 1)
            pieces = Pieces(inner, outer[cuts], width_in, width_out[part], find_pixels(edges_in, edges[cuts]))
            self.covered[part] = pieces.covered
            self.ends.append((part, pieces))
        if stop > start:
            some = np.arange(start, stop)[:: max(1, (stop - start) // 64)]  # all are the same, but for rounding
            self.share = (inner[some + self.offset + 1] - outer[some]).sum() / width_out[some].sum()

    def integrate(self, values, power=1):
        """Return the sum of values times length**power over the pieces of each bin."""
        total = np.empty(len(self.width_out))
        low, high = self.taps.start + self.offset, self.taps.stop + self.offset
        left, right = self.share**power, (1 - self.share) ** power
        taps = left * values[low:high]
        taps += right * values[low + 1 : high + 1]
        taps *= self.width_out[self.taps] ** power
        total[self.taps] = taps
        for part, pieces in self.ends:
            total[part] = pieces.integrate(values, power)
        return total


def log_step(edges_in: np.ndarray, edges_out: np.ndarray) -> float | None:
    """Return the step of ln(edge) if both grids are logarithmic and have the same, else None.

    The outer two edges do not count: they stand half a step outside.
    """
    if len(edges_in) < 8 or len(edges_out) < 8:
        return None
    inner, outer = np.log(edges_in[1:-1]), np.log(edges_out[1:-1])
    step = (inner[-1] - inner[0]) / (len(inner) - 1)
    ramps = (inner - inner[0] - step * np.arange(len(inner)), outer - outer[0] - step * np.arange(len(outer)))
    return step if max(np.abs(ramp).max() for ramp in ramps) < SAME_STEP * step else None
