"""Temperature, gravity and metallicity of stars -> their spectra, each with a total of 1."""

from __future__ import annotations

import numpy as np

from sklearn_sedzoo.datasets import _lines
from sklearn_sedzoo.datasets._opacity import continuous_opacity, photosphere, planck


def stellar_spectra(wavelength, teff, log_g, metallicity):
    """Spectra per Angstrom of stars, scaled to a total of 1 over all wavelengths.

    A grey atmosphere seen at optical depth 2/3 (Eddington-Barbier): the flux at a wavelength is the Planck function
    at the temperature where the light comes from, T^4 = 3/4 Teff^4 (2/3 kappa_R / kappa + 2/3).

    Parameters
    ----------
    wavelength : ndarray of shape (n_wavelengths,)
        In Angstrom, increasing.
    teff, log_g : ndarray of shape (n_stars,)
        Effective temperature in K, log10 of gravity in cm / s^2.
    metallicity : float
        log10(Z / Zsun).

    Returns
    -------
    ndarray of shape (n_stars, n_wavelengths)
    """
    teff, log_g = np.asarray(teff, float)[:, None], np.asarray(log_g, float)[:, None]
    before = np.geomspace(60.0, wavelength[0], 60)[:-1]
    after = np.geomspace(wavelength[-1], 5e5, 60)[1:]
    full = np.concatenate([before, wavelength, after])
    pressure_e, pressure, mean = photosphere(teff, log_g, metallicity)
    opacity = continuous_opacity(full, teff, pressure_e, metallicity)
    _lines.add_declared(opacity, full, teff, pressure_e, metallicity)
    _lines.add_balmer(opacity, full, teff, pressure_e)
    _lines.add_metals(opacity, full, teff, pressure_e, pressure, metallicity)
    depth = teff * (0.75 * (2 / 3 * mean / opacity + 2 / 3)) ** 0.25
    flux = planck(full, np.minimum(depth, 2.5 * teff))
    flux /= np.trapezoid(flux, full, axis=1)[:, None]
    return flux[:, len(before) : len(before) + len(wavelength)]
