"""The slow way to broaden: for each pixel and each velocity, where does the light come from?"""

import numpy as np


def broaden_by_sum(wavelength, flux, sigma, out, n_sigma=7, n_steps=1401):
    """Average flux(wavelength / (1 + v/c)) over Gaussian velocities v, in ln(wavelength)."""
    shift = np.linspace(-n_sigma, n_sigma, n_steps)
    weight = np.exp(-0.5 * shift**2)
    weight /= weight.sum()
    result = np.empty((len(flux), len(out)))
    for row in range(len(flux)):
        for column, x in enumerate(out):
            origin = np.log(x) - shift * sigma[row] / 299792.458
            result[row, column] = np.sum(weight * np.interp(origin, np.log(wavelength), flux[row]))
    return result
