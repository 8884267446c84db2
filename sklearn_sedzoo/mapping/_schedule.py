"""The radius of the neighbourhood, epoch by epoch."""

import numpy as np

from sklearn_sedzoo._validation import check_number

DECAYS = ("exponential", "linear", "asymptotic")


def check_radii(owner, shape, radius_start, radius_end):
    """Return the first and the last radius, in cells; the first defaults to half the longer side of the map."""
    check_number(owner, "radius_end", radius_end, 0)
    if radius_start is None:
        return max(max(shape) / 2, float(radius_end)), float(radius_end)
    check_number(owner, "radius_start", radius_start, 0)
    if radius_start < radius_end:
        raise ValueError(
            f"`radius_start` of {owner} must not be less than radius_end, got {radius_start!r} < {radius_end!r}."
        )
    return float(radius_start), float(radius_end)


def find_radius(owner, decay, start, end, fraction):
    """Return the radius after the given fraction (0 to 1) of the training.

    With f the fraction: exponential, ``start (end / start)^f``; linear, ``start + (end - start) f``; asymptotic,
    ``start / (1 + (start / end - 1) f)``; a callable is asked for ``decay(start, end, f)``.
    """
    if callable(decay):
        radius = decay(start, end, fraction)
        check_number(owner, "decay", radius, 0)
        return float(radius)
    if decay == "linear" or start == end:
        return start + (end - start) * fraction
    if end == 0:
        raise ValueError(
            f"`radius_end` of {owner} must be above 0 for decay={decay!r}, got 0. Pass decay='linear' to reach 0."
        )
    if decay == "exponential":
        return start * (end / start) ** fraction
    return start / (1 + (start / end - 1) * fraction)


def plan_radii(owner, decay, start, end, n_epochs):
    """Return the radius of each epoch; the last epoch has `radius_end`."""
    fractions = np.linspace(0, 1, n_epochs) if n_epochs > 1 else np.ones(1)
    return [find_radius(owner, decay, start, end, fraction) for fraction in fractions]
