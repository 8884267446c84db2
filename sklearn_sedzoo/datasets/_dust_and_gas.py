"""Spectra of stars -> the same seen through dust and with the emission lines of gas."""

from __future__ import annotations

import numpy as np
from scipy.special import erf

from sklearn_sedzoo._kernels._broadening import SPEED_OF_LIGHT
from sklearn_sedzoo._kernels.rebinning import bin_edges

HALPHA = 6564.61
_CASE_B = {HALPHA: 2.86, 4862.69: 1.0, 4341.68: 0.468, 4102.89: 0.259}  # relative to H beta


def calzetti_attenuation(wavelength):
    """A(lambda) / A_V of star-forming galaxies (Calzetti et al. 2000, eq. 4; R_V = 4.05), Angstrom.

    Used beyond its 1200 to 22000 A too: the ultraviolet polynomial continues to 912 A, the infrared is not
    below 0.
    """
    x = 1e4 / np.asarray(wavelength, float)
    blue = 2.659 * (-2.156 + 1.509 * x - 0.198 * x**2 + 0.011 * x**3) + 4.05
    red = 2.659 * (-1.857 + 1.040 * x) + 4.05
    return np.maximum(np.where(x > 1 / 0.63, blue, red), 0.0) / 4.05


def line_ratios(metallicity):
    """Log [N II] 6585 / H alpha and log [O III] 5008 / H beta of gas that young stars ionize, each (n_galaxies,).

    The calibrations N2 and O3N2 of Pettini & Pagel (2004), read backwards, with 12 + log O/H = 8.69 + metallicity.
    """
    oxygen = 8.69 + np.asarray(metallicity, float)
    log_n2 = (oxygen - 8.90) / 0.57
    return log_n2, log_n2 + (8.73 - oxygen) / 0.32  # O3N2 is the difference of the two


def line_strengths(log_n2, log_o3, s2=0.8):
    """Vacuum wavelengths and strengths relative to H beta, shape (n_lines,) and (n_galaxies, n_lines).

    `log_n2` and `log_o3` are those of `line_ratios`, `s2` is the sum of [S II] over H beta. Balmer lines: case B at
    10^4 K (Osterbrock & Ferland 2006). [O II]: declared.
    """
    one = np.ones_like(log_n2)
    nii, oiii, sii = _CASE_B[HALPHA] * 10**log_n2, 10**log_o3, s2 * one
    strengths = {wavelength: ratio * one for wavelength, ratio in _CASE_B.items()}
    strengths |= {6585.27: nii, 6549.86: nii / 3, 5008.24: oiii, 4960.30: oiii / 3}
    strengths |= {3727.09: 1.3 * one, 3729.88: 1.7 * one, 6718.29: 0.5625 * sii, 6732.68: 0.4375 * sii}
    return np.array(list(strengths)), np.stack(list(strengths.values()), axis=1)


def add_emission_lines(flux, wavelength, metallicity, sigma, halpha_ew):
    """Add Gaussian lines of the given H alpha equivalent width (Angstrom), integrated over each pixel, in place."""
    lines, strengths = line_strengths(*line_ratios(metallicity))
    continuum = np.array([np.interp(HALPHA, wavelength, row) for row in flux])
    total = (halpha_ew * continuum)[:, None] * strengths / _CASE_B[HALPHA]
    return add_lines(flux, bin_edges(wavelength), np.tile(lines, (len(flux), 1)), np.asarray(sigma), total)


def add_lines(flux, edges, center, sigma, line_flux):
    """Add Gaussian lines to each spectrum, integrated over each pixel, in place; what falls beyond the edges is lost.

    Parameters
    ----------
    flux : ndarray of shape (n_spectra, n_wavelengths)
    edges : ndarray of shape (n_wavelengths + 1,)
        Of the pixels, increasing.
    center : ndarray of shape (n_spectra, n_lines)
        In the unit of `edges`.
    sigma : ndarray of shape (n_spectra,)
        Standard deviation of the velocities in km/s.
    line_flux : ndarray of shape (n_spectra, n_lines)
        In the unit of `flux` times that of `edges`.
    """
    rows, pixel_width = np.arange(len(flux))[:, None], np.diff(edges)
    for middle, total in zip(center.T[..., None], line_flux.T[..., None], strict=True):
        width = middle * sigma[:, None] / SPEED_OF_LIGHT
        first, last = np.searchsorted(edges, [middle - 8 * width, middle + 8 * width])
        near = np.clip(first - 1 + np.arange((last - first).max() + 2), 0, len(edges) - 1)
        share = np.diff(0.5 * erf((edges[near] - middle) / (np.sqrt(2) * width)), axis=1)
        pixel = np.minimum(near[:, :-1], len(pixel_width) - 1)  # one at an end may come often, with a share of 0
        np.add.at(flux, (rows, pixel), (total * share / pixel_width[pixel]).astype(flux.dtype))
    return flux
