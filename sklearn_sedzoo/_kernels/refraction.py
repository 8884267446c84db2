"""Refraction of air: wavelengths in vacuum from those in air, and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sklearn_sedzoo._parameters import checked, option

FORMULAE = ("ciddor", "edlen")
VALID_FROM = 2000.0  # Angstrom; below it surveys give vacuum wavelengths, and the formulae do not hold


def refractive_index(vacuum: np.ndarray, formula: str = "ciddor") -> np.ndarray:
    """Return the refractive index of standard air at wavelengths in vacuum, in Angstrom.

    "ciddor": Ciddor (1996), eq. 1: dry air of 15 C, 101,325 Pa, 450 ppm of CO2. "edlen": Edlen (1953), as adopted by
    the IAU in 1957 (dry air of 15 C, 760 mmHg, .03 % CO2) and used by Morton (1991). 1 below 2000 Angstrom.
    """
    s2 = (1e4 / vacuum) ** 2
    if formula == "ciddor":
        index = 1 + 0.05792105 / (238.0185 - s2) + 0.00167917 / (57.362 - s2)
    else:
        index = 1 + 6.4328e-5 + 2.94981e-2 / (146 - s2) + 2.5540e-4 / (41 - s2)
    return np.where(vacuum < VALID_FROM, 1.0, index)


@checked(formula=[option(*FORMULAE)])
def vacuum_to_air(wavelength: ArrayLike, formula: str = "ciddor") -> np.ndarray:
    """Return wavelengths in air of wavelengths in vacuum, in Angstrom; below 2000 Angstrom they are the same.

    Parameters
    ----------
    wavelength : array-like
        In vacuum, in Angstrom.
    formula : {"ciddor", "edlen"}, default="ciddor"
        See `refractive_index`.

    Returns
    -------
    wavelength : ndarray
        In air, in Angstrom.

    Examples
    --------
    >>> from sklearn_sedzoo.preprocessing import vacuum_to_air
    >>> vacuum_to_air([5008.24]).round(2)
    array([5006.84])
    """
    wavelength = np.asarray(wavelength, dtype=np.float64)
    return wavelength / refractive_index(wavelength, formula)


@checked(formula=[option(*FORMULAE)])
def air_to_vacuum(wavelength: ArrayLike, formula: str = "ciddor") -> np.ndarray:
    """Return wavelengths in vacuum of wavelengths in air, in Angstrom: the inverse of `vacuum_to_air`, iterated.

    Parameters
    ----------
    wavelength : array-like
        In air, in Angstrom.
    formula : {"ciddor", "edlen"}, default="ciddor"
        Ciddor (1996), or Edlen (1953) as in Morton (1991).

    Returns
    -------
    wavelength : ndarray
        In vacuum, in Angstrom.

    Examples
    --------
    >>> from sklearn_sedzoo.preprocessing import air_to_vacuum
    >>> air_to_vacuum([5006.84]).round(2)
    array([5008.24])
    """
    wavelength = np.asarray(wavelength, dtype=np.float64)
    vacuum = wavelength
    for _ in range(5):  # each round gains a factor of 1e5
        vacuum = wavelength * refractive_index(vacuum, formula)
    return np.where(wavelength < VALID_FROM, wavelength, vacuum)
