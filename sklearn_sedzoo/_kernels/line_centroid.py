"""Where lines stand in a spectrum: what tells the frame and the medium of its wavelengths."""

from __future__ import annotations

import numpy as np

from sklearn_sedzoo._kernels.refraction import vacuum_to_air

SPEED_OF_LIGHT = 299792.458  # km / s
CORE, SIDES = 12.0, (15.0, 35.0)  # Angstrom from the line: what is measured, and the continuum beside it


def stack_spectra(flux, wavelength, stretch, grid, n_most=300):
    """Return the median of spectra scaled to unit median, each shifted by its 1 + z, on a common grid.

    Pixels that are NaN are bridged; a spectrum counts only where its grid reaches.
    """
    rows = np.unique(np.linspace(0, len(flux) - 1, min(len(flux), n_most)).astype(int))
    stacked = np.full((len(rows), len(grid)), np.nan)
    for k, row in enumerate(rows):
        known = np.isfinite(flux[row])
        if known.sum() > 10:
            scale = np.median(flux[row, known])
            if scale > 0:
                stacked[k] = np.interp(
                    grid, wavelength[known] / stretch[row], flux[row, known] / scale, left=np.nan, right=np.nan
                )
    enough = np.isfinite(stacked).sum(axis=0) > 0
    result = np.full(len(grid), np.nan)
    result[enough] = np.nanmedian(stacked[:, enough], axis=0)
    return result


def line_profile(wavelength, flux, line):
    """Return the pixels of a line's core and 1 - flux / continuum in them, or None where the spectrum is not there."""
    distance = np.abs(wavelength - line)
    sides, core = (distance >= SIDES[0]) & (distance <= SIDES[1]), distance <= CORE
    if core.sum() < 5 or sides.sum() < 8 or not np.isfinite(flux[core | sides]).all():
        return None
    left, right = sides & (wavelength < line), sides & (wavelength > line)
    if left.sum() < 3 or right.sum() < 3:
        return None
    continuum = np.interp(
        wavelength[core],
        [wavelength[left].mean(), wavelength[right].mean()],
        [np.median(flux[left]), np.median(flux[right])],
    )
    if not (continuum > 0).all():
        return None
    return wavelength[core], 1 - flux[core] / continuum


def line_offset(wavelength, flux, line):
    """Return (velocity of the line's centroid in km/s against `line`, its mean depth), NaN where there is none.

    The centroid of the half of the line that is deepest (or highest), recentered until it stands still.
    """
    center = line
    for _ in range(8):
        profile = line_profile(wavelength, flux, center)
        if profile is None:
            return np.nan, np.nan
        position, depth = profile
        sign = 1.0 if depth.sum() >= 0 else -1.0
        height = np.clip(sign * depth - 0.5 * np.max(sign * depth), 0, None)
        if height.sum() <= 0:
            return np.nan, np.nan
        center = line + np.clip((height @ position) / height.sum() - line, -6, 6)
    return (center / line - 1) * SPEED_OF_LIGHT, float(np.mean(depth))


def measure_medium(wavelength, flux, lines):
    """Return the median velocity of the lines, its error, what it would be in air, and each line's own; vacuum gives 0.

    Lines less deep than 1 % are left out. The error is that of a median from the scatter of the lines without the one
    farthest off, such as a line that emission fills; infinite for fewer than three others.
    """
    lines = np.asarray(lines, dtype=float)
    measured = [line_offset(wavelength, flux, line) for line in lines]
    offsets = np.array([offset if abs(depth) > 0.01 else np.nan for offset, depth in measured])
    in_air = (vacuum_to_air(lines) / lines - 1) * SPEED_OF_LIGHT
    known = np.isfinite(offsets)
    if not known.any():
        return np.nan, np.inf, float(np.median(in_air)), offsets
    middle = np.median(offsets[known])
    kept = offsets[known][np.argsort(np.abs(offsets[known] - middle))[:-1]]
    error = 1.2533 * np.std(kept, ddof=1) / np.sqrt(len(kept)) if len(kept) > 2 else np.inf
    return float(middle), float(error), float(np.median(in_air[known])), offsets


def line_strength(wavelength, flux, lines):
    """Return the mean absolute depth of lines, counted only where they can be measured; 0 where none can."""
    profiles = [line_profile(wavelength, flux, line) for line in lines]
    depths = [
        abs(np.mean(profile[1][np.abs(profile[0] - line) < 5]))
        for profile, line in zip(profiles, lines, strict=True)
        if profile
    ]
    return float(np.mean(depths)) if depths else 0.0


def noise_of(flux):
    """Return the noise of each spectrum from its own scatter: DER_SNR of Stoehr et al. (2008)."""
    second = np.abs(2 * flux[:, 2:-2] - flux[:, :-4] - flux[:, 4:])
    return 1.482602 / np.sqrt(6) * np.nanmedian(second, axis=1)


def line_evidence(wavelength, flux, lines, *, reach=5.0, spacing=12.0, distance=18.0):
    """Return the mean of -ln(chance) of lines in a spectrum: 1 where they stand at random places.

    The chance of a line is the share of places without a line whose mean depth or height within `reach` is as large.
    Places stand `spacing` apart and at least `distance` from each line; all in Angstrom. 0 with fewer than 3 lines or
    20 places.
    """
    places = np.arange(wavelength[0] + SIDES[1], wavelength[-1] - SIDES[1], spacing)
    places = places[np.abs(places[:, None] - lines).min(axis=1) >= distance] if len(places) else places
    depths, empty = _depths(wavelength, flux, lines, reach), _depths(wavelength, flux, places, reach)
    if len(depths) < 3 or len(empty) < 20:
        return 0.0
    larger = len(empty) - np.searchsorted(np.sort(empty), depths)
    return float(np.mean(-np.log((1 + larger) / (1 + len(empty)))))


def _depths(wavelength, flux, lines, reach):
    """Return the absolute mean depth of each line that can be measured."""
    depths = []
    for line in lines:
        first, stop = np.searchsorted(wavelength, [line - SIDES[1] - 1, line + SIDES[1] + 1])
        profile = line_profile(wavelength[first:stop], flux[first:stop], line)
        if profile is not None:
            depths.append(abs(np.mean(profile[1][np.abs(profile[0] - line) < reach])))
    return np.array(depths)
