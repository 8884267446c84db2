"""The slow way to a magnitude: adaptive quadrature of the two integrals, one source and one band at a time."""

import itertools

import numpy as np
from scipy.integrate import quad

C_AA, AB = 2.99792458e18, 3.631e-20


def magnitude_by_quadrature(
    wavelength, flux, band_wavelength, response, redshift=0.0, detector="photon", igm=None, breaks=()
):
    """AB magnitude of f_obs = f(lambda / (1 + z)) / (1 + z); `breaks` are the jumps of `igm`."""
    power = 1 if detector == "photon" else 0

    def source(x):
        value = np.interp(x / (1 + redshift), wavelength, flux, left=0, right=0) / (1 + redshift)
        value *= 1.0 if igm is None else float(igm(np.array([x]), redshift)[0])
        return value * np.interp(x, band_wavelength, response) * x**power

    def zero(x):
        return AB * C_AA / x**2 * np.interp(x, band_wavelength, response) * x**power

    knots = np.unique(np.concatenate([wavelength * (1 + redshift), band_wavelength, breaks]))
    knots = knots[(knots >= band_wavelength[0]) & (knots <= band_wavelength[-1])]
    top = sum(quad(source, a, b, epsabs=0, epsrel=1e-13)[0] for a, b in itertools.pairwise(knots))
    bottom = sum(quad(zero, a, b, epsabs=0, epsrel=1e-13)[0] for a, b in itertools.pairwise(knots))
    return -2.5 * np.log10(top / bottom)
