"""Response curves and spectra for the tests of photometry."""

import numpy as np


def make_bands():
    rng = np.random.default_rng(0)
    bands = {}
    for name, (low, high) in {"u": (3300, 4000), "g": (4000, 5500), "r": (5400, 6900), "i": (6800, 8300)}.items():
        wavelength = np.sort(rng.uniform(low, high, 40))
        bands[name] = (wavelength, np.sin(np.pi * (wavelength - low) / (high - low)) * rng.uniform(0.8, 1, 40))
    return bands


def make_spectra(n=5, seed=1):
    rng = np.random.default_rng(seed)
    wavelength = np.concatenate(
        [np.arange(1500.0, 3600, 20), np.arange(3600.0, 5200, 0.9), np.arange(5200.0, 9000, 20)]
    )
    slope = rng.uniform(-2, 1, (n, 1))
    flux = (wavelength / 5000) ** slope * (1 + 0.2 * rng.standard_normal((n, len(wavelength))))
    return wavelength, 1e-17 * np.abs(flux)
