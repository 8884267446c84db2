"""Spectra of stars -> the same seen through dust and with the emission lines of gas."""

from __future__ import annotations

import numpy as np
from scipy.special import erf

from sklearn_sedzoo._kernels._broadening import SPEED_OF_LIGHT

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
    """Vacuum wavelengths and strengths relative to H beta, shape (n_lines,) and (n_galaxies, n_lines).

    Balmer lines: case B at 10^4 K (Osterbrock & Ferland 2006). [N II] and [O III]: the calibrations N2 and O3N2 of
    Pettini & Pagel (2004), read backwards, with 12 + log O/H = 8.69 + metallicity. [O II] and [S II]: declared.
    """
    oxygen = 8.69 + np.asarray(metallicity, float)
    n2 = (oxygen - 8.90) / 0.57  # log [N II] 6584 / H alpha
    o3n2 = (8.73 - oxygen) / 0.32  # log of [O III] 5007 / H beta over [N II] 6584 / H alpha
    nii, oiii = 2.86 * 10**n2, 10 ** (n2 + o3n2)
    one = np.ones_like(oxygen)
    strengths = {wavelength: ratio * one for wavelength, ratio in _CASE_B.items()}
    strengths |= {6585.27: nii, 6549.86: nii / 3, 5008.24: oiii, 4960.30: oiii / 3}
    strengths |= {3727.09: 1.3 * one, 3729.88: 1.7 * one, 6718.29: 0.45 * one, 6732.68: 0.35 * one}
    return np.array(list(strengths)), np.stack(list(strengths.values()), axis=1)


def add_emission_lines(flux, wavelength, metallicity, sigma, halpha_ew):
    """Add Gaussian lines of the given H alpha equivalent width (Angstrom), integrated over each pixel, in place."""
    lines, strengths = line_ratios(metallicity)
    strengths = strengths / _CASE_B[HALPHA]
    edges = np.concatenate([
        [1.5 * wavelength[0] - 0.5 * wavelength[1]],
        0.5 * (wavelength[1:] + wavelength[:-1]),
        [1.5 * wavelength[-1] - 0.5 * wavelength[-2]],
    ])  # fmt: skip
    continuum = np.array([np.interp(HALPHA, wavelength, row) for row in flux])
    total = (halpha_ew * continuum)[:, None] * strengths
    for i, center in enumerate(lines):
        width = center * np.asarray(sigma) / SPEED_OF_LIGHT
        first, last = np.searchsorted(edges, [center - 8 * width.max(), center + 8 * width.max()])
        first, last = max(first - 1, 0), min(last + 1, len(edges))
        if last - first < 2:
            continue
        share = 0.5 * erf((edges[first:last] - center) / (np.sqrt(2) * width[:, None]))
        flux[:, first : last - 1] += (total[:, i : i + 1] * np.diff(share, axis=1) / np.diff(edges[first:last])).astype(
            flux.dtype
        )
    return flux
