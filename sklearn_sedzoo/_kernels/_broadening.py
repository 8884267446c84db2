"""Spectra and velocity dispersions -> spectra as a galaxy of moving stars shows them."""

from __future__ import annotations

import numpy as np
from scipy import fft

SPEED_OF_LIGHT = 299792.458  # km / s


def interpolation_weights(grid, x):
    """Return indices i and fractions f so that values at x are (1 - f) y[i] + f y[i + 1]."""
    i = np.clip(np.searchsorted(grid, x) - 1, 0, len(grid) - 2)
    return i, (x - grid[i]) / (grid[i + 1] - grid[i])


def broaden(wavelength, flux, sigma, out, step=1e-4, anchor=None):
    """Convolve spectra with a Gaussian of velocities and read them off at other wavelengths.

    The flux is interpolated linearly to a grid in ln(wavelength), where a velocity is a shift, multiplied there
    with the Gaussian's transform and interpolated back. Beyond its ends the input goes on flat.

    Parameters
    ----------
    wavelength : ndarray of shape (n_wavelengths,)
        Increasing.
    flux : ndarray of shape (n_spectra, n_wavelengths)
    sigma : ndarray of shape (n_spectra,)
        Standard deviation of the velocities in km/s.
    out : ndarray of shape (n_out,)
        Wavelengths of the result, inside `wavelength`.
    step : float, default=1e-4
        Step in ln(wavelength): 30 km/s.
    anchor : float, default=None
        A point of the log grid; the first wavelength by default. With the same anchor, parts of a spectrum come out
        as the whole does.

    Returns
    -------
    ndarray of shape (n_spectra, n_out)
    """
    anchor = np.log(wavelength[0] if anchor is None else anchor)
    first = np.ceil((np.log(wavelength[0]) - anchor) / step - 1e-9)
    log_grid = anchor + step * np.arange(first, (np.log(wavelength[-1]) - anchor) / step)
    i, f = interpolation_weights(wavelength, np.exp(log_grid))
    even = flux[:, i] * (1 - f) + flux[:, i + 1] * f
    n = len(log_grid)
    size = fft.next_fast_len(n + 400, real=True)
    ahead = (size - n) // 2
    even = np.pad(even, ((0, 0), (ahead, size - n - ahead)), mode="edge")
    frequency = np.fft.rfftfreq(size)
    width = (np.asarray(sigma) / SPEED_OF_LIGHT / step)[:, None]
    even = fft.irfft(fft.rfft(even, axis=1) * np.exp(-2 * (np.pi * frequency * width) ** 2), size, axis=1)
    even = even[:, ahead : ahead + n]
    log_out = np.log(out)
    j = np.clip(((log_out - log_grid[0]) / step).astype(int), 0, n - 2)
    g = (log_out - log_grid[j]) / step
    return even[:, j] * (1 - g) + even[:, j + 1] * g
