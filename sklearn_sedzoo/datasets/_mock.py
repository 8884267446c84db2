"""A seed -> a catalog of made galaxy spectra, offline, in a few seconds."""

from __future__ import annotations

from functools import lru_cache
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import gaussian_filter1d

from sklearn_sedzoo._containers import SpectrumTable, check_grid
from sklearn_sedzoo._kernels._broadening import interpolation_weights
from sklearn_sedzoo._parameters import checked, flag, integer, number, numbers, option, pair
from sklearn_sedzoo.datasets._atmosphere import stellar_spectra
from sklearn_sedzoo.datasets._dust_and_gas import add_emission_lines, calzetti_attenuation
from sklearn_sedzoo.datasets._sampling import (
    FLUX_UNIT,
    RANDOM_STATE,
    RANGES,
    Seed,
    compute_spectra,
    draw_properties,
    make_generator,
)
from sklearn_sedzoo.datasets._ssp_library import SSPLibrary
from sklearn_sedzoo.datasets._stellar import populate

WIDEST = (912.0, 25000.0)  # Angstrom
HALPHA_EW = (1.0, 100.0)  # Angstrom, of the gas if there is any
_AGES = np.geomspace(0.005, 14.0, 44)  # Gyr
_METALLICITIES = np.linspace(*RANGES["metallicity"], 4)
_RESOLUTION = 1.06  # Angstrom, sigma, where the grid is fine: that of the MILES stars
_LOG_TEFF = np.linspace(np.log10(2600), np.log10(45000), 40)
_LOG_G = np.array([-0.5, 1.0, 2.0, 3.0, 4.0, 5.0])


def native_grid():
    """The 4,389 wavelengths of FSPS with MILES in 2,900-10,100 A: 0.9 A steps in 3,602-7,402 A, 20 A outside."""
    blue, fine = np.arange(2910.0, 3600.0, 20.0), np.linspace(3601.83, 7401.74, 4222)
    return np.concatenate([blue, fine, np.arange(7410.0, 10000.0, 20.0), [10025.0, 10075.0]])


def wide_grid():
    """From the Lyman limit to 2.5 micron: 10 A steps in the ultraviolet, the native grid, 50 A in the infrared."""
    return np.concatenate([np.arange(912.0, 2905.0, 10.0), native_grid(), np.arange(10150.0, 25001.0, 50.0)])


@checked(
    n_galaxies=[integer(1)],
    random_state=RANDOM_STATE,
    dust=[flag(), number(0, 100), pair("mag of A_V", 0, 100)],
    emission_lines=[flag()],
    wavelength=[option("native", "wide"), numbers("wavelengths in Angstrom")],
)
def make_sed_catalog(
    n_galaxies: int = 1000,
    *,
    random_state: Seed = None,
    dust: bool | float | tuple[float, float] = False,
    emission_lines: bool = False,
    wavelength: str | ArrayLike = "native",
) -> SpectrumTable:
    """Make a catalog of galaxy spectra from an analytic mock of simple stellar populations.

    A mock for examples and tests: its spectra follow age, metallicity and velocity dispersion the way real ones do
    (4000 A break, Balmer and metal lines), yet their numbers are not those of a real library. For science draw
    from one with `sample_ssp_catalog`. The sampling is the thesis's: uniform and independent in age [0, 8.45] Gyr,
    log10(Z/Zsun) [-0.5, 0.2], velocity dispersion [100, 300] km/s and mass formed [1e8, 1e12] Msun.

    Parameters
    ----------
    n_galaxies : int, default=1000
        Number of galaxies.
    random_state : int, Generator, RandomState or None, default=None
        The seed.
    dust : bool, float or (low, high), default=False
        Attenuation A_V in mag by the law of Calzetti et al. (2000): none, one value for all, or uniform in a range;
        True is (0, 1). With dust, `properties` has a column ``a_v``.
    emission_lines : bool, default=False
        Add Balmer, [O II], [O III], [N II] and [S II] lines, with H alpha equivalent widths log-uniform in 1-100 A
        (column ``halpha_ew``), independent of the stars.
    wavelength : {"native", "wide"} or array-like, default="native"
        "native" has the structure of FSPS with MILES: 4,389 points in 2,900-10,100 A, 0.9 A steps within
        3,602-7,402 A and 20 A outside. "wide" reaches from 912 A to 2.5 micron, for photometry. An array gives
        increasing vacuum wavelengths in Angstrom; the model itself has 0.9 A
        pixels of 2.5 A resolution (FWHM) in 3,600-7,400 A and 10-60 A pixels outside.

    Returns
    -------
    SpectrumTable
        `flux` float32 of shape (n_galaxies, n_wavelengths) in Lsun / Angstrom, rest frame, without noise;
        `properties` with redshift (0.496 throughout), age [Gyr], metallicity [log10 Z/Zsun], velocity_dispersion
        [km/s] and stellar_mass [Msun formed].

    See Also
    --------
    sample_ssp_catalog : The same sampling from a real library.

    Notes
    -----
    Stars: luminosities, radii and lifetimes from published formulae, weighted by the mass function of Kroupa (2001).
    Their light: grey Eddington-Barbier atmospheres, T^4 = 3/4 Teff^4 (2/3 kappa_R / kappa + 2/3), with the opacities
    of hydrogen and H-, the Balmer lines and some 60 metal lines in Saha-Boltzmann equilibrium. Declared, not
    derived: a haze of iron lines with an edge at 4000 A, bands of CH, CN and TiO, the strength of blends. Ages
    below 5 Myr take the spectrum at 5 Myr. The grid of populations takes about 2 s once in a process; a catalog
    of 1,000 takes about 1 s on top. Memory is 4 bytes a pixel and a batch of 256 spectra.

    References
    ----------
    Tout et al. 1996, MNRAS 281, 257. Hurley, Pols & Tout 2000, MNRAS 315, 543. Kroupa 2001, MNRAS 322, 231.
    Gray 2005, The Observation and Analysis of Stellar Photospheres, ch. 8. Calzetti et al. 2000, ApJ 533, 682.
    Pettini & Pagel 2004, MNRAS 348, L59.

    Examples
    --------
    >>> from sklearn_sedzoo.datasets import make_sed_catalog
    >>> catalog = make_sed_catalog(n_galaxies=3, random_state=0)
    >>> catalog.flux.shape
    (3, 4389)
    >>> list(catalog.properties)
    ['redshift', 'age', 'metallicity', 'velocity_dispersion', 'stellar_mass']
    """
    grid, a_v = _check_wavelength(wavelength), _check_dust(dust)
    generator = make_generator(random_state)
    properties = draw_properties(n_galaxies, generator)
    library = mock_library()
    flux = compute_spectra(library, properties, grid)
    if emission_lines:
        properties["halpha_ew"] = np.exp(generator.uniform(*np.log(HALPHA_EW), n_galaxies))
        properties.attrs["units"]["halpha_ew"] = "Angstrom"
        sigma, ew = properties["velocity_dispersion"].to_numpy(), properties["halpha_ew"].to_numpy()
        flux = add_emission_lines(flux, grid, properties["metallicity"], sigma, ew)
    if a_v is not None:
        properties["a_v"] = generator.uniform(*a_v, n_galaxies)
        properties.attrs["units"]["a_v"] = "mag"
        depth = np.outer(properties["a_v"], calzetti_attenuation(grid))
        flux *= (10 ** (-0.4 * depth)).astype(np.float32)
    youngest = float(_AGES[0])
    n_clipped = int((properties["age"] < youngest).sum())
    meta = {"origin": library.origin, "youngest_age": youngest, "n_clipped": n_clipped}
    return SpectrumTable(flux, grid, properties, FLUX_UNIT, meta, frame="rest", medium="vacuum")


@lru_cache(maxsize=1)
def mock_library():
    """Return the grid of the mock's populations; computed once in a process."""
    coarse = np.arange(3600.0, 7400.0, 0.9)
    wavelength = np.concatenate([
        np.arange(890.0, 3540.0, 10.0), np.arange(3540.0, 3600.0, 1.0), coarse, np.arange(7400.0, 10400.0, 20.0),
        np.arange(10400.0, 25600.0, 60.0),
    ])  # fmt: skip
    spectra = np.array([_populations(wavelength, metallicity) for metallicity in _METALLICITIES])
    return SSPLibrary(
        np.log(spectra), wavelength, np.log10(_AGES), _METALLICITIES, origin="sklearn_sedzoo analytic SSP mock"
    )


def _populations(wavelength, metallicity):
    """Spectra at all ages: the stars of each age share one grid of atmospheres, bilinear in log Teff and log g."""
    weights = np.zeros((len(_AGES), len(_LOG_TEFF), len(_LOG_G)))
    for row, age in zip(weights, _AGES, strict=True):
        log_teff, log_g, luminosity, number = populate(age, metallicity)
        i, f = interpolation_weights(_LOG_TEFF, np.clip(log_teff, _LOG_TEFF[0], _LOG_TEFF[-1]))
        j, g = interpolation_weights(_LOG_G, np.clip(log_g, _LOG_G[0], _LOG_G[-1]))
        light = luminosity * number
        for step_i, share_i in ((0, 1 - f), (1, f)):
            for step_j, share_j in ((0, 1 - g), (1, g)):
                np.add.at(row, (i + step_i, j + step_j), light * share_i * share_j)
    used = weights.sum(axis=0) > 0
    teff, log_g = np.meshgrid(10**_LOG_TEFF, _LOG_G, indexing="ij")
    spectra = weights[:, used] @ stellar_spectra(wavelength, teff[used], log_g[used], metallicity)
    fine = np.flatnonzero(np.diff(wavelength) < 1)
    spectra[:, fine] = gaussian_filter1d(spectra[:, fine], _RESOLUTION / 0.9, axis=1, mode="nearest")
    return spectra


def _check_wavelength(wavelength):
    if isinstance(wavelength, str):
        return native_grid() if wavelength == "native" else wide_grid()
    grid = check_grid("make_sed_catalog", wavelength)
    if grid[0] < WIDEST[0] or grid[-1] > WIDEST[1] or grid[-1] < grid[0]:
        raise ValueError(
            f"`wavelength` of make_sed_catalog must increase within {WIDEST} Angstrom, got {grid[0]!r} to {grid[-1]!r}."
        )
    return grid


def _check_dust(dust):
    """Return the range of A_V, or None for no dust."""
    if isinstance(dust, (bool, np.bool_)):
        return (0.0, 1.0) if dust else None
    if isinstance(dust, Real):
        return float(dust), float(dust)
    return tuple(dust)
