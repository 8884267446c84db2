"""Slow obvious twin of the resampling: one output bin and one input pixel at a time."""

import itertools

import numpy as np


def edges_of(centers):
    edges = [centers[0] - (centers[1] - centers[0]) / 2]
    edges += [(a + b) / 2 for a, b in itertools.pairwise(centers)]
    return [*edges, centers[-1] + (centers[-1] - centers[-2]) / 2]


def measured_edges(centers, density):
    """Pixel edges in the coordinate of a density: wavelength, or frequency with its sign turned so that it rises."""
    return [edge if density == "wavelength" else -1 / edge for edge in edges_of(centers)]


def pieces(valid, edges_in, low, high):
    for i, (left, right) in enumerate(itertools.pairwise(edges_in)):
        length = max(0.0, min(high, right) - max(low, left))
        if length > 0 and valid[i]:
            yield i, length


def resample(flux, centers_in, centers_out, min_coverage=1.0, density="wavelength"):
    """Mean of the valid pixels over each bin; NaN where they cover less than min_coverage of it."""
    edges_in, result = measured_edges(centers_in, density), []
    for low, high in itertools.pairwise(measured_edges(centers_out, density)):
        parts = list(pieces(np.isfinite(flux), edges_in, low, high))
        covered = sum(length for _, length in parts)
        enough = covered > 0 and covered >= min_coverage * (high - low) * (1 - 1e-9)
        result.append(sum(length * flux[i] for i, length in parts) / covered if enough else np.nan)
    return np.array(result)


def resample_variance(variance, centers_in, centers_out, min_coverage=1.0, density="wavelength"):
    """Variance of that mean: sum of squared lengths times variance over the squared sum of lengths."""
    edges_in, result = measured_edges(centers_in, density), []
    for low, high in itertools.pairwise(measured_edges(centers_out, density)):
        parts = list(pieces(np.isfinite(variance), edges_in, low, high))
        covered = sum(length for _, length in parts)
        enough = covered > 0 and covered >= min_coverage * (high - low) * (1 - 1e-9)
        result.append(sum(length**2 * variance[i] for i, length in parts) / covered**2 if enough else np.nan)
    return np.array(result)
