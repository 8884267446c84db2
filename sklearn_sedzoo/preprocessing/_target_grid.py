"""The grid that SpectrumResampler resamples to, and what may be wrong with it."""

import warnings

import numpy as np

from sklearn_sedzoo._containers import check_grid
from sklearn_sedzoo._kernels import rebinning
from sklearn_sedzoo.exceptions import SedGridWarning

NARROW = 0.5  # an output bin below this share of the input's pixel shows the pixel, not the spectrum
OVERSAMPLED_SHARE = 0.05  # share of such bins that is worth a warning


def choose_grid(owner, grid, grid_range, spacing, low, high):
    """Return the centers of the bins: those given, or an integer number of them in `grid_range` or [low, high]."""
    if np.ndim(grid) > 0:
        grid = check_grid(owner, grid, "grid")
        if grid[0] > grid[-1]:
            raise ValueError(f"`grid` of {owner} must rise, got {grid[0]!r} to {grid[-1]!r}.")
        return grid
    low, high = (low, high) if grid_range is None else grid_range
    if low >= high:
        raise ValueError(
            f"The spectra of {owner} share no wavelengths in their rest frames (the reddest begins at {low:.6g}, the "
            f"bluest ends at {high:.6g} Angstrom). Pass grid_range=... with fill_value=..., or split the catalog."
        )
    if spacing == "log":
        if low <= 0:
            raise ValueError(f"spacing='log' of {owner} needs a positive range, got ({low}, {high}).")
        return rebinning.log_centers(low, high, grid)
    return rebinning.linear_centers(low, high, grid)


def raise_uncovered(owner, short, centers, low, high):
    """Raise because the input does not cover some bins."""
    raise ValueError(
        f"{short.sum()} of {len(centers)} bins of `grid` of {owner} ({_describe_runs(short, centers)}) are not covered "
        f"by the input, {low:.6g} to {high:.6g} Angstrom. Narrow grid_range, or pass fill_value=... to fill them."
    )


def warn_of_oversampling(owner, centers_in, centers):
    """Warn where many bins are so narrow that they show the input's pixels and not the spectrum."""
    edges_in, width = rebinning.bin_edges(centers_in), np.diff(rebinning.bin_edges(centers))
    is_narrow = width < NARROW * rebinning.pixel_width_at(centers, edges_in)
    if is_narrow.mean() > OVERSAMPLED_SHARE:
        low, high = rebinning.fine_range(centers_in)
        warnings.warn(
            f"{100 * is_narrow.mean():.0f} % of the {len(centers)} output bins of {owner} "
            f"({_describe_runs(is_narrow, centers)}) are narrower than half of the input's pixel there: "
            "oversampled, without information. The input's longest run of fine sampling is "
            f"grid_range=({low:.0f}, {high:.0f}).",
            SedGridWarning,
            stacklevel=4,
        )


def _describe_runs(flags, centers):
    runs = [f"{centers[first]:.6g} to {centers[last]:.6g}" for first, last in rebinning.find_runs(flags)]
    return ", ".join(runs[:3]) + (f" and {len(runs) - 3} more ranges" if len(runs) > 3 else "")
