"""Distances and magnitude systems: luminosities to fluxes, AB to Vega, apparent to absolute."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sklearn_sedzoo._parameters import Kind, checked, having, nothing, option

COSMOLOGY = [having("luminosity_distance", words="a cosmology of astropy"), nothing()]
FLUX_UNIT = Kind("a unit of astropy", lambda value: isinstance(value, str) or hasattr(value, "physical_type"))

# Effective wavelength and full width at half maximum in nm (Binney & Merrifield 1998, table 2.1), flux density of
# magnitude 0 in Jy (UBVRIJHKL: Bessell, Castelli & Plez 1998, table A2; M: the middle of published values, 154 to
# 163). The Johnson-Cousins system of the textbooks, rounded as they print it.
_JOHNSON = {
    "U": (365, 66, 1790), "B": (445, 94, 4063), "V": (551, 88, 3636), "R": (658, 138, 3064), "I": (806, 149, 2416),
    "J": (1220, 213, 1589), "H": (1630, 307, 1021), "K": (2190, 390, 640), "L": (3450, 472, 285), "M": (4750, 460, 160),
}  # fmt: skip


def flux_scale(owner, flux_unit, redshifts, cosmology):
    """Factors from the unit of the spectra to erg / (s cm2 Angstrom) at each redshift, shape (n_redshifts,)."""
    import astropy.units as u

    target = u.erg / u.s / u.cm**2 / u.AA
    try:
        unit = u.Unit(flux_unit)
    except (ValueError, TypeError) as error:
        raise ValueError(f"`flux_unit` of {owner} must be a unit of astropy, got {flux_unit!r} ({error}).") from None
    if unit.is_equivalent(target):
        return np.full(len(redshifts), unit.to(target))
    if not unit.is_equivalent(u.Lsun / u.AA):
        raise ValueError(
            f"`flux_unit` of {owner} must be a flux or luminosity density per wavelength, e.g. "
            f"'erg / (s cm2 Angstrom)' or 'Lsun / Angstrom', got {flux_unit!r}."
        )
    distance = luminosity_distance(redshifts, cosmology)
    return unit.to(u.erg / u.s / u.AA) / (4 * np.pi * (distance * u.Mpc.to(u.cm)) ** 2)


def luminosity_distance(redshifts, cosmology=None):
    """Luminosity distance in Mpc; 10 pc at redshift 0, for absolute magnitudes."""
    if cosmology is None:
        from astropy.cosmology import Planck18 as cosmology  # noqa: N813
    redshifts = np.asarray(redshifts, float)
    distance = np.full(redshifts.shape, 1e-5)
    away = redshifts > 0
    if away.any():
        distance[away] = cosmology.luminosity_distance(redshifts[away]).to_value("Mpc")
    return distance


@checked(cosmology=COSMOLOGY)
def distance_modulus(redshift: ArrayLike, cosmology: Any = None) -> np.ndarray:
    """Apparent minus absolute magnitude, 5 log10(luminosity distance / 10 pc).

    Parameters
    ----------
    redshift : float or array-like
        At least 0; 0 stands for 10 pc.
    cosmology : astropy cosmology, default=None
        None is Planck18.

    Returns
    -------
    ndarray of the shape of `redshift`, in mag

    Examples
    --------
    >>> from sklearn_sedzoo.photometry import distance_modulus
    >>> distance_modulus([0.0, 0.1]).round(2)
    array([ 0.  , 38.39])
    """
    redshift = np.asarray(redshift, float)
    if not (np.isfinite(redshift) & (redshift >= 0)).all():
        raise ValueError(f"`redshift` of distance_modulus must be finite and >= 0, got {redshift!r}.")
    return 5 * np.log10(luminosity_distance(np.atleast_1d(redshift), cosmology) / 1e-5).reshape(redshift.shape)


@checked(cosmology=COSMOLOGY)
def absolute_magnitude(
    magnitude: ArrayLike, redshift: ArrayLike, *, k_correction: ArrayLike = 0.0, cosmology: Any = None
) -> np.ndarray:
    """Absolute magnitude: m - distance modulus - K.

    Parameters
    ----------
    magnitude : array-like of shape (n_samples,)
        Apparent magnitudes.
    redshift : array-like of shape (n_samples,)
        Redshifts.
    k_correction : array-like of shape (n_samples,), default=0
        Magnitudes that the band gains by looking at another part of the spectrum; `SyntheticPhotometry` at redshift
        0 and z gives it from spectra.
    cosmology : astropy cosmology, default=None
        None is Planck18.

    Returns
    -------
    ndarray of shape (n_samples,), in mag

    Examples
    --------
    >>> from sklearn_sedzoo.photometry import absolute_magnitude
    >>> absolute_magnitude([18.0], [0.1]).round(2)
    array([-20.39])
    """
    return np.asarray(magnitude, float) - distance_modulus(redshift, cosmology) - np.asarray(k_correction, float)


def johnson_bands() -> pd.DataFrame:
    """Return the textbook's Johnson-Cousins bands U to M.

    Returns
    -------
    DataFrame of shape (10, 4)
        By band: ``effective_wavelength`` and ``width`` in Angstrom, ``zero_point`` in Jy (the flux density of Vega
        magnitude 0), ``ab_minus_vega`` in mag.

    Notes
    -----
    The zero point of M is uncertain by 3 %: its filters follow the gaps of each site's atmosphere. speclite has
    response curves for ``bessell-U`` to ``bessell-I`` and ``twomass-J`` to ``twomass-Ks``; `SyntheticPhotometry`
    takes these, and `ab_to_vega` goes on from there.

    References
    ----------
    Binney & Merrifield 1998, Galactic Astronomy, table 2.1; Bessell, Castelli & Plez 1998, A&A 333, 231.

    Examples
    --------
    >>> from sklearn_sedzoo.photometry import johnson_bands
    >>> johnson_bands().loc["V"].round(2).to_dict()
    {'effective_wavelength': 5510.0, 'width': 880.0, 'zero_point': 3636.0, 'ab_minus_vega': -0.0}
    """
    table = pd.DataFrame.from_dict(_JOHNSON, orient="index", columns=["effective_wavelength", "width", "zero_point"])
    table[["effective_wavelength", "width"]] *= 10
    table["ab_minus_vega"] = -2.5 * np.log10(table["zero_point"] / 3631.0)
    return table.astype(float)


@checked(band=[option(*_JOHNSON)])
def ab_to_vega(magnitude: ArrayLike, band: str) -> np.ndarray:
    """Turn AB magnitudes in one of the bands of `johnson_bands` into Vega magnitudes.

    Parameters
    ----------
    magnitude : array-like
        AB magnitudes.
    band : {"U", "B", "V", "R", "I", "J", "H", "K", "L", "M"}

    Returns
    -------
    ndarray

    Examples
    --------
    >>> from sklearn_sedzoo.photometry import ab_to_vega
    >>> ab_to_vega([20.0], "K").round(2)
    array([18.12])
    """
    return np.asarray(magnitude, float) - johnson_bands().loc[band, "ab_minus_vega"]
