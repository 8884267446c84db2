"""Slow obvious twin of the resampling: one output bin and one input pixel at a time."""

import itertools

import numpy as np


def edges_of(centers):
    edges = [centers[0] - (centers[1] - centers[0]) / 2]
    edges += [(a + b) / 2 for a, b in itertools.pairwise(centers)]
    return [*edges, centers[-1] + (centers[-1] - centers[-2]) / 2]


def resample(flux, centers_in, centers_out, min_coverage=1.0):
    """Mean of the valid pixels over each bin; NaN where they cover less than min_coverage of it."""
    edges_in, edges_out = edges_of(centers_in), edges_of(centers_out)
    result = []
    for low, high in itertools.pairwise(edges_out):
        total = covered = 0.0
        for value, left, right in zip(flux, edges_in[:-1], edges_in[1:], strict=True):
            length = max(0.0, min(high, right) - max(low, left))
            if length > 0 and np.isfinite(value):
                total += length * value
                covered += length
        enough = covered > 0 and covered >= min_coverage * (high - low) * (1 - 1e-9)
        result.append(total / covered if enough else np.nan)
    return np.array(result)
