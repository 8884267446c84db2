"""Response curves of photometric bands -> the weights that turn spectra into AB maggies."""

from __future__ import annotations

import numpy as np

SPEED_OF_LIGHT_AA = 2.99792458e18  # Angstrom / s
AB_ZERO = 3.631e-20  # erg / s / cm^2 / Hz
_GAUSS = np.array([-1.0, 1.0]) / np.sqrt(3.0)  # exact for the cubic pieces that come up here


_MADAU_LINES = {1215.67: 0.0036, 1025.72: 1.7e-3, 972.537: 1.2e-3, 949.743: 9.3e-4}  # Lyman alpha to delta
LYMAN_LIMIT = 911.75  # Angstrom
MADAU_JUMPS = (LYMAN_LIMIT, *_MADAU_LINES)


def trim_response(wavelength, response, threshold=1e-3):
    """Cut off the ends of a curve where it is below `threshold` of its peak, keeping one point beyond."""
    high = np.flatnonzero(response > threshold * response.max())
    first, last = max(high[0] - 1, 0), min(high[-1] + 2, len(response))
    return wavelength[first:last], response[first:last]


def ab_denominator(wavelength, response, detector):
    """Signal of a source of AB magnitude 0: f_lambda = AB_ZERO c / lambda^2, exact for a piecewise linear curve.

    Photon counters weigh f_lambda by lambda, energy integrators do not.
    """
    x0, x1 = wavelength[:-1], wavelength[1:]
    slope = np.diff(response) / (x1 - x0)
    start = response[:-1] - slope * x0
    log_ratio = np.log(x1 / x0)
    if detector == "photon":
        pieces = start * log_ratio + slope * (x1 - x0)
    else:
        pieces = start * (1 / x0 - 1 / x1) + slope * log_ratio
    return AB_ZERO * SPEED_OF_LIGHT_AA * pieces.sum()


def project_band(grid, wavelength, response, detector, redshift=0.0, transmission=None, jumps=()):
    """Weights w so that `flux @ w` are the AB maggies of rest-frame spectra seen at a redshift, f_obs = f / (1 + z).

    Spectra and response are straight lines between their points; the integral is then exact. Where the band
    leaves the grid the flux counts as zero.

    Parameters
    ----------
    grid : ndarray of shape (n_wavelengths,)
        Rest-frame wavelengths of the spectra in Angstrom, increasing.
    wavelength, response : ndarray of shape (n_points,)
        The band, in observed Angstrom, increasing.
    detector : {"photon", "energy"}
    redshift : float, default=0
    transmission : callable, optional
        ``transmission(observed wavelength, redshift)``: what the intergalactic medium lets through.
    jumps : sequence of float, default=()
        Rest-frame wavelengths at which the transmission is not smooth.

    Returns
    -------
    ndarray of shape (n_wavelengths,)
    """
    observed = grid * (1 + redshift)
    low, high = max(observed[0], wavelength[0]), min(observed[-1], wavelength[-1])
    weights = np.zeros(len(grid))
    if low >= high:
        return weights
    nodes = np.concatenate([observed, wavelength, np.asarray(jumps) * (1 + redshift)])
    nodes = np.unique(np.concatenate([[low, high], nodes[(nodes > low) & (nodes < high)]]))
    middle, half = 0.5 * (nodes[1:] + nodes[:-1]), 0.5 * np.diff(nodes)
    x = (middle[:, None] + half[:, None] * _GAUSS).ravel()
    weight = np.repeat(half, 2) * np.interp(x, wavelength, response)
    if detector == "photon":
        weight *= x
    if transmission is not None:
        weight *= transmission(x, redshift)
    i = np.clip(np.searchsorted(observed, x) - 1, 0, len(grid) - 2)
    f = (x - observed[i]) / (observed[i + 1] - observed[i])
    weights += np.bincount(i, weight * (1 - f), len(grid)) + np.bincount(i + 1, weight * f, len(grid))
    return weights / (1 + redshift) / ab_denominator(wavelength, response, detector)


def madau_transmission(wavelength, redshift):
    """Mean transmission of the intergalactic medium (Madau 1995, ApJ 441, 18, eqs. 12, 15 and footnote 3)."""
    wavelength = np.asarray(wavelength, float)
    depth = np.zeros_like(wavelength)
    for line, strength in _MADAU_LINES.items():
        depth += np.where(wavelength < line * (1 + redshift), strength * (wavelength / line) ** 3.46, 0.0)
    c, e = np.maximum(wavelength / LYMAN_LIMIT, 1.0), 1 + redshift
    continuum = (
        0.25 * c**3 * (e**0.46 - c**0.46)
        + 9.4 * c**1.5 * (e**0.18 - c**0.18)
        - 0.7 * c**3 * (c**-1.32 - e**-1.32)
        - 0.023 * (e**1.68 - c**1.68)
    )
    depth += np.where(wavelength < LYMAN_LIMIT * e, np.maximum(continuum, 0.0), 0.0)
    return np.exp(-depth)


def luptitude(maggies, softening):
    """Asinh magnitude (Lupton, Gunn & Szalay 1999): -2.5 / ln 10 (asinh(f / 2b) + ln b)."""
    return -2.5 / np.log(10) * (np.arcsinh(maggies / (2 * softening)) + np.log(softening))
