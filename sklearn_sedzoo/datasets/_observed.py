"""A seed -> a catalog of galaxy spectra as a survey observes them, offline, in a few seconds."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from sklearn_sedzoo._containers import SKY_LINES, SpectrumTable
from sklearn_sedzoo._kernels._broadening import broaden
from sklearn_sedzoo._kernels.rebinning import bin_edges
from sklearn_sedzoo._parameters import checked, flag, integer, number, pair
from sklearn_sedzoo.datasets._dust_and_gas import HALPHA, add_lines, calzetti_attenuation, line_ratios, line_strengths
from sklearn_sedzoo.datasets._mock import mock_library
from sklearn_sedzoo.datasets._sampling import RANDOM_STATE, Seed, make_generator

WAVELENGTH = 10 ** (3.5801 + 1e-4 * np.arange(3340))  # Angstrom, as SDSS has it: 69 km/s a pixel
FLUX_UNIT = "1e-17 erg / (s cm2 Angstrom)"
HIGHEST = 0.3  # redshift at which the oldest galaxies of the mock are as old as the universe
_OLDEST = 10.2  # Gyr
_RESOLUTION = 67.0  # km/s, of the spectrograph; the stars of the library have as much of their own
_REST = np.exp(np.arange(np.log(WAVELENGTH[0] / (1 + HIGHEST)), np.log(WAVELENGTH[-1]), 1e-4))
_GAS_DUST = 1 / 0.44  # attenuation of the gas over that of the stars (Calzetti et al. 2000)
_HALPHA_OF_SFR = 10**41.27 / 3.828e33  # Lsun for 1 Msun / year (Kennicutt & Evans 2012)
_PLATES = [f"P{number:02d}" for number in range(10)]
_GAP = "[O I] 5579"
_BATCH = 256
UNITS = {
    "ebv": "mag", "age": "Gyr", "log_ssfr": "log10(1/yr)", "metallicity": "log10(Z/Zsun)", "stellar_mass": "Msun",
    "velocity_dispersion": "km/s", "a_v": "mag", "ew_halpha": "Angstrom",
}  # fmt: skip


class _Kind(NamedTuple):
    """What galaxies of a class are drawn from."""

    share: float
    began: tuple  # range of the time since its stars began to form, over _OLDEST
    n_scales: tuple  # range of the same time over the time scale of its star formation
    log_mass: float
    a_v: float  # mean, mag
    nucleus: float = 0.0  # median H alpha equivalent width that a nucleus adds, Angstrom
    log_n2: tuple = (0.0, 0.0)  # ranges of the line ratios where a nucleus ionizes the gas
    log_o3: tuple = (0.0, 0.0)
    s2: float = 0.8  # [S II] over H beta


_KINDS = {
    "passive": _Kind(0.30, (0.65, 1.0), (10, 40), 10.9, 0.1),
    "star-forming": _Kind(0.45, (0.25, 1.0), (0.5, 5), 10.3, 0.5),
    "Seyfert": _Kind(0.12, (0.5, 1.0), (4, 8), 10.7, 0.4, 12.0, (-0.2, 0.1), (0.7, 1.0), 1.6),
    "LINER": _Kind(0.13, (0.6, 1.0), (9, 30), 10.9, 0.1, 4.0, (0.0, 0.2), (0.1, 0.35), 2.7),
}


@checked(
    n_galaxies=[integer(1)],
    redshift_range=[pair("redshift", 0.001, HIGHEST)],
    median_snr=[number(0, 1e6, closed="right")],
    wrong_redshifts=[number(0, 1)],
    return_clean=[flag()],
    random_state=RANDOM_STATE,
)
def make_observed_catalog(
    n_galaxies: int = 1000,
    *,
    redshift_range: tuple[float, float] = (0.02, 0.25),
    median_snr: float = 10.0,
    wrong_redshifts: float = 0.01,
    return_clean: bool = False,
    random_state: Seed = None,
) -> SpectrumTable | tuple[SpectrumTable, SpectrumTable]:
    """Make a catalog of galaxy spectra as a survey delivers them, from the analytic mock of stellar populations.

    Observed wavelengths in vacuum on the logarithmic grid of SDSS (3,803 to 8,204 Angstrom); noise with its inverse
    variances; masked pixels, one gap that all spectra share (the sky line [O I] 5579), bad stretches; emission lines;
    dust in the galaxies, and that of our Galaxy still in the flux. Beside it the truth that no survey has. It is for
    examples and tests; its numbers are not those of a real library.

    Parameters
    ----------
    n_galaxies : int, default=1000
        Number of galaxies.
    redshift_range : (low, high), default=(0.02, 0.25)
        Redshifts are uniform in it; at least 0.001 and at most 0.3.
    median_snr : float, default=10.0
        Signal-to-noise ratios per pixel are log-normal around it with a scatter of 0.35 dex, between 1/10 and 6 times
        it. They depend on nothing else.
    wrong_redshifts : float, default=0.01
        Share of the galaxies whose column ``redshift`` is wrong, by at least a tenth of `redshift_range`.
    return_clean : bool, default=False
        Return the spectra without noise, masks and the dust of our Galaxy too.
    random_state : int, Generator, RandomState or None, default=None
        The seed.

    Returns
    -------
    catalog : SpectrumTable
        `flux` and `ivar` float32 of shape (n_galaxies, 3340), in 1e-17 erg / (s cm2 Angstrom) and its inverse square,
        frame "observed", medium "vacuum". `properties` has id, redshift, ebv (Galactic E(B-V) in mag), plate, snr
        (median over the pixels), and the truth: class ("passive", "star-forming", "Seyfert" or "LINER"), age (of the
        stars, weighted by mass, in Gyr), log_ssfr (star-formation rate over mass formed), metallicity, stellar_mass
        (formed, in Msun), velocity_dispersion (stars and gas, in km/s), a_v (mag), ew_halpha (in the rest frame, over
        the stars at 6,600-6,650 Angstrom), log_n2_ha and log_o3_hb (line ratios before dust), redshift_is_wrong.
    clean : SpectrumTable
        The same galaxies without noise, masks and the dust of our Galaxy, with right redshifts. Only with
        ``return_clean=True``.

    See Also
    --------
    make_sed_catalog : Simple populations in the rest frame, without noise.

    Notes
    -----
    A history is a delayed exponential, :math:`t \\exp(-t / \\tau)`, that began up to 10.2 Gyr ago. H alpha follows the
    star-formation rate (Kennicutt & Evans 2012), or a nucleus. [N II] and [O III] follow the metallicity (Pettini &
    Pagel 2004), and in Seyferts and LINERs lie beyond the maximum of starbursts. Dust: the law of Calzetti et al.
    (2000), for the gas 1 / 0.44 times as much; in our Galaxy F99 of dust_extinction with R_V = 3.1. Densities are
    :math:`f_\\lambda = L_\\lambda / (4 \\pi d_L^2 (1 + z))` in the cosmology Planck18. Time is about 2 s for 1,000
    galaxies, after 2 s for the populations once in a process; memory is 8 bytes a pixel (12 with `clean`) and a batch
    of 256 spectra.

    References
    ----------
    Calzetti et al. 2000, ApJ 533, 682. Fitzpatrick 1999, PASP 111, 63. Kennicutt & Evans 2012, ARA&A 50, 531.
    Pettini & Pagel 2004, MNRAS 348, L59. Kewley et al. 2001, ApJ 556, 121. Schawinski et al. 2007, MNRAS 382, 1415.

    Examples
    --------
    >>> from sklearn_sedzoo.datasets import make_observed_catalog
    >>> catalog = make_observed_catalog(3, random_state=0)
    >>> catalog.shape, catalog.frame
    ((3, 3340), 'observed')
    >>> list(catalog.properties)[:5]
    ['id', 'redshift', 'ebv', 'plate', 'snr']
    """
    low, high = redshift_range
    generator = make_generator(random_state)
    properties = _draw_observations(n_galaxies, low, high, median_snr, generator)
    galaxies, mass_formed, nucleus, s2 = _draw_galaxies(n_galaxies, generator)
    properties = pd.concat([properties, galaxies], axis=1)
    true_flux, properties["ew_halpha"] = _compute_flux(properties, mass_formed, nucleus, s2)
    flux, ivar = _observe(true_flux, properties, generator)
    is_wrong = np.zeros(n_galaxies, bool)
    is_wrong[generator.choice(n_galaxies, round(wrong_redshifts * n_galaxies), replace=False)] = True
    properties["redshift_is_wrong"] = is_wrong
    properties.attrs["units"] = dict(UNITS)
    listed = properties.copy()
    away = generator.uniform(0.1, 0.9, n_galaxies) * (high - low)
    wrong = low + (properties["redshift"] - low + away) % (high - low)
    listed["redshift"] = properties["redshift"].where(~is_wrong, wrong)
    meta = {"origin": "sklearn_sedzoo mock of an observed catalog"}
    catalog = SpectrumTable(flux, WAVELENGTH.copy(), listed, FLUX_UNIT, meta, ivar=ivar, frame="observed",
                            medium="vacuum", survey="mock")  # fmt: skip
    if not return_clean:
        return catalog
    properties = properties.assign(redshift_is_wrong=False)
    return catalog, replace(
        catalog, flux=true_flux, properties=properties, meta=dict(meta), ivar=None, is_dereddened=True
    )


def _draw_observations(n, low, high, median_snr, generator):
    snr = median_snr * np.clip(10 ** generator.normal(0, 0.35, n), 0.1, 6)
    return pd.DataFrame({
        "id": [f"G{row:06d}" for row in range(n)], "redshift": generator.uniform(low, high, n),
        "ebv": generator.lognormal(-3.2, 0.6, n), "plate": generator.choice(_PLATES, n), "snr": snr,
    })  # fmt: skip


def _draw_galaxies(n, generator):
    """Return the properties, the mass formed at each age of the library as a share, H alpha of a nucleus, [S II]."""
    names = list(_KINDS)
    names = generator.choice(names, n, p=[_KINDS[name].share for name in names])
    kind = _Kind(*(np.array(column) for column in zip(*(_KINDS[name] for name in names), strict=True)))
    began = _OLDEST * generator.uniform(*kind.began.T)
    n_scales = generator.uniform(*kind.n_scales.T)
    age = 10 ** mock_library().log_age
    edges = np.concatenate([[0.0], np.sqrt(age[1:] * age[:-1]), [age[-1]]])
    t = n_scales[:, None] * np.clip(1 - edges / began[:, None], 0, None)  # since the beginning, in time scales
    formed = 1 - (1 + t) * np.exp(-t)
    mass_formed = -np.diff(formed, axis=1) / formed[:, :1]
    log_mass = np.clip(generator.normal(kind.log_mass, 0.45), 8.8, 12)
    metallicity = np.clip(-0.25 + 0.25 * (log_mass - 10) + generator.normal(0, 0.1, n), -0.5, 0.2)
    dispersion = np.clip(10 ** (2.2 + 0.28 * (log_mass - 10.8) + generator.normal(0, 0.06, n)), 60, 350)
    log_n2, log_o3 = line_ratios(np.minimum(metallicity, -0.05))  # more metals and the calibration leaves starbursts
    log_n2 = np.where(kind.nucleus > 0, generator.uniform(*kind.log_n2.T), log_n2)
    log_o3 = np.where(kind.nucleus > 0, generator.uniform(*kind.log_o3.T), log_o3)
    nucleus = kind.nucleus * generator.lognormal(0, 0.3, n)
    galaxies = pd.DataFrame({
        "class": names, "age": mass_formed @ age,
        "log_ssfr": np.log10(n_scales**2 * np.exp(-n_scales) / formed[:, 0] / began / 1e9),
        "metallicity": metallicity, "stellar_mass": 10**log_mass, "velocity_dispersion": dispersion,
        "a_v": np.minimum(generator.gamma(2.0, kind.a_v / 2), 2.0), "log_n2_ha": log_n2, "log_o3_hb": log_o3,
    })  # fmt: skip
    return galaxies, mass_formed, nucleus, kind.s2


def _compute_flux(properties, mass_formed, nucleus, s2):
    """Return what reaches our Galaxy, float32 of shape (n, n_wavelengths), and H alpha equivalent widths."""
    from astropy.cosmology import Planck18  # here: it is slow to load

    library = mock_library()
    near = (library.wavelength > 0.98 * _REST[0]) & (library.wavelength < 1.02 * _REST[-1])
    rest = library.wavelength[near]
    light = np.exp(library.ln_luminosity[..., near]).reshape(-1, len(rest))  # a row for each metallicity and age
    share = np.array([np.interp(properties["metallicity"], library.metallicity, row)
                      for row in np.eye(len(library.metallicity))])  # fmt: skip
    curve, beside = calzetti_attenuation(rest), (rest > 6600) & (rest < 6650)
    edges = bin_edges(WAVELENGTH)
    stretch = 1 + properties["redshift"].to_numpy()
    distance = Planck18.luminosity_distance(stretch - 1).to_value("cm")
    scale = properties["stellar_mass"].to_numpy() * 3.828e33 / (4 * np.pi * distance**2) / 1e-17
    flux = np.empty((len(properties), len(WAVELENGTH)), np.float32)
    ew = np.empty(len(properties))
    for start in range(0, len(flux), _BATCH):
        rows = slice(start, start + _BATCH)
        galaxies, z1 = properties[rows], stretch[rows, None]
        a_v, sigma = galaxies["a_v"].to_numpy()[:, None], galaxies["velocity_dispersion"].to_numpy()
        stars = (share[:, rows].T[..., None] * mass_formed[rows, None]).reshape(len(galaxies), -1) @ light
        continuum = stars[:, beside].mean(axis=1)
        halpha = _HALPHA_OF_SFR * 10 ** galaxies["log_ssfr"].to_numpy() + nucleus[rows] * continuum
        lines, strengths = line_strengths(galaxies["log_n2_ha"].to_numpy(), galaxies["log_o3_hb"].to_numpy(), s2[rows])
        luminosity = halpha[:, None] * strengths / strengths[:, lines == HALPHA]
        luminosity *= 10 ** (-0.4 * _GAS_DUST * a_v * calzetti_attenuation(lines))
        stars *= 10 ** (-0.4 * a_v * curve)
        ew[rows] = luminosity[:, lines == HALPHA][:, 0] / stars[:, beside].mean(axis=1)
        stars = broaden(rest, stars, sigma, _REST)
        seen = np.array([np.interp(WAVELENGTH / z, _REST, row) / z for z, row in zip(z1[:, 0], stars, strict=True)])
        width = np.hypot(sigma, _RESOLUTION)
        flux[rows] = scale[rows, None] * add_lines(seen, edges, lines * z1, width, luminosity)
    return flux, ew


def _observe(true_flux, properties, generator):
    """Return flux and inverse variance as a survey has them: Galactic dust, noise, masks."""
    import astropy.units as u
    from dust_extinction.parameter_averages import F99  # here: it loads astropy.modeling

    n, n_pixels = true_flux.shape
    depth = 3.1 * F99(Rv=3.1)(1e4 / WAVELENGTH / u.micron)
    flux = true_flux * (10 ** (-0.4 * np.outer(properties["ebv"], depth))).astype(np.float32)
    noise = 1 + 2.2 * np.exp(-(WAVELENGTH - WAVELENGTH[0]) / 300)  # a blue end, and OH in the red
    noise += np.where(WAVELENGTH > 7240, 0.8 * (0.5 + 0.5 * np.sin(WAVELENGTH / 9)) ** 6, 0)
    for center in SKY_LINES.values():
        noise += 3 * np.exp(-0.5 * ((WAVELENGTH - center) / 2.5) ** 2)
    noise = noise.astype(np.float32)
    snr = properties["snr"].to_numpy(np.float32)
    sigma = (np.median(flux / noise, axis=1) / snr)[:, None] * noise
    ivar = 1 / sigma**2
    flux += sigma * generator.standard_normal(flux.shape, dtype=np.float32)
    is_masked = generator.random(flux.shape, dtype=np.float32) < 0.002  # cosmic rays
    is_masked |= abs(WAVELENGTH - SKY_LINES[_GAP]) < 5
    first = generator.integers(0, n_pixels, n)[:, None]
    length = np.where(generator.random(n) < 0.03, generator.integers(n_pixels // 20, n_pixels // 3, n), 0)[:, None]
    pixel = np.arange(n_pixels)
    is_masked |= (pixel >= first) & (pixel < first + length)
    ivar[is_masked] = 0
    count = np.count_nonzero(is_masked)
    flux[is_masked] += (
        np.where(generator.random(count) < 0.1, np.nan, 30 * generator.exponential(size=count))
        * (np.broadcast_to(sigma, flux.shape)[is_masked])
    )
    return flux, ivar
