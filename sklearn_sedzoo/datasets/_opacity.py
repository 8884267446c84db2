"""Temperature, electron pressure and composition -> continuous opacity of a stellar gas, per hydrogen nucleus.

Hydrogen bound-free and free-free, the negative hydrogen ion, Rayleigh and Thomson scattering (Gray 2005, ch. 8).
Wavelengths in Angstrom, pressures in dyn / cm^2, cross sections in cm^2. Arrays of stars have shape (n_stars, 1).
"""

from __future__ import annotations

import numpy as np

BOLTZMANN = 1.380649e-16  # erg / K
BOLTZMANN_EV = 8.617333e-5  # eV / K
HC_OVER_K = 1.438777e8  # Angstrom K
HELIUM = 0.1  # atoms per hydrogen nucleus

# name: (first ionisation energy in eV, partition functions of atom and ion, 12 + log10 n / n_H in the Sun)
ATOMS = {
    "H": (13.598, 2.0, 1.0, 12.0),
    "Na": (5.139, 2.0, 1.0, 6.24),
    "Mg": (7.646, 1.0, 2.0, 7.60),
    "Si": (8.152, 9.5, 5.8, 7.51),
    "K": (4.341, 2.0, 1.0, 5.03),
    "Ca": (6.113, 1.3, 2.3, 6.34),
    "Fe": (7.902, 27.0, 43.0, 7.50),
}
DONORS = ("Na", "Mg", "Si", "K", "Ca", "Fe")


def abundance(name, metallicity):
    """Atoms per hydrogen nucleus; every metal scales with Z."""
    return 10 ** (ATOMS[name][3] - 12.0 + (0.0 if name == "H" else metallicity))


def ionised_fraction(name, teff, electron_pressure):
    """Share of an element that lost an electron (Saha 1920; Gray 2005, eq. 1.20)."""
    energy, u_atom, u_ion, _ = ATOMS[name]
    ratio = 0.6665 * u_ion / u_atom * teff**2.5 * 10 ** (-5039.8 / teff * energy) / electron_pressure
    return ratio / (1 + ratio)


def electrons_per_hydrogen(teff, electron_pressure, metallicity):
    """Free electrons per hydrogen nucleus."""
    metals = sum(abundance(name, metallicity) * ionised_fraction(name, teff, electron_pressure) for name in DONORS)
    return ionised_fraction("H", teff, electron_pressure) + metals


def negative_hydrogen(wavelength, teff, electron_pressure):
    """Bound-free and free-free absorption of H-, per neutral hydrogen atom (Gray 2005, eqs. 8.11 to 8.13)."""
    theta, log_theta = 5039.8 / teff, np.log10(5039.8 / teff)
    w = np.minimum(wavelength, 16419.0)
    cross = np.polynomial.polynomial.polyval(
        w, [1.99654, -1.18267e-5, 2.64243e-6, -4.40524e-10, 3.23992e-14, -1.39568e-18, 2.78701e-23]
    )
    cross = np.where(wavelength < 16419.0, np.maximum(cross, 0.0), 0.0) * 1e-18
    bound_free = 4.158e-10 * cross * electron_pressure * theta**2.5 * 10 ** (0.754 * theta)
    bound_free *= 1 - np.exp(-HC_OVER_K / (wavelength * teff))
    x = np.log10(np.clip(wavelength, 2600.0, 113900.0))
    f0 = -2.2763 - 1.6850 * x + 0.76661 * x**2 - 0.053346 * x**3
    f1 = 15.2827 - 9.2846 * x + 1.99381 * x**2 - 0.142631 * x**3
    f2 = -197.789 + 190.266 * x - 67.9775 * x**2 + 10.6913 * x**3 - 0.625151 * x**4
    return bound_free + 1e-26 * electron_pressure * 10 ** (f0 + f1 * log_theta + f2 * log_theta**2)


def neutral_hydrogen(wavelength, teff):
    """Bound-free absorption from n = 1 to 8, per neutral hydrogen atom, hydrogenic with Gaunt factor 1.

    The Balmer edge lies where the line to n = 25 ends the resolved series, not at its limit.
    """
    total = np.zeros(np.broadcast_shapes(np.shape(wavelength), np.shape(teff)))
    for n in range(1, 9):
        edge = 911.75 * n**2
        end = edge / (1 - 4 / 25**2) if n == 2 else edge
        population = n**2 * np.exp(-13.598 * (1 - 1 / n**2) / (BOLTZMANN_EV * teff))
        total += population * np.where(wavelength <= end, 7.91e-18 * n * (wavelength / edge) ** 3, 0.0)
    return total * (1 - np.exp(-HC_OVER_K / (wavelength * teff)))


def continuous_opacity(wavelength, teff, electron_pressure, metallicity):
    """Opacity in cm^2 per hydrogen nucleus, shape (n_stars, n_wavelengths)."""
    ionised = ionised_fraction("H", teff, electron_pressure)
    n_electrons = electron_pressure / (BOLTZMANN * teff)
    frequency = 2.99792458e18 / wavelength
    free_free = 3.69e8 * n_electrons * teff**-0.5 * frequency**-3.0 * 1.1
    free_free *= 1 - np.exp(-HC_OVER_K / (wavelength * teff))
    w = np.maximum(wavelength, 1300.0)
    rayleigh = 5.799e-13 / w**4 + 1.422e-6 / w**6 + 2.784 / w**8
    neutral = neutral_hydrogen(wavelength, teff) + negative_hydrogen(wavelength, teff, electron_pressure) + rayleigh
    thomson = 6.6525e-25 * electrons_per_hydrogen(teff, electron_pressure, metallicity)
    return (1 - ionised) * neutral + ionised * free_free + thomson


def planck(wavelength, temperature):
    """Planck function per Angstrom, in arbitrary units that do not depend on temperature."""
    return 1e18 * wavelength**-5.0 / np.expm1(np.minimum(HC_OVER_K / (wavelength * temperature), 500.0))


def rosseland_mean(wavelength, teff, opacity):
    """Rosseland mean of `opacity`, shape (n_stars, 1)."""
    x = np.minimum(HC_OVER_K / (wavelength * teff), 300.0)
    weight = wavelength**-6.0 * np.exp(x) / np.expm1(x) ** 2
    return (np.trapezoid(weight, wavelength) / np.trapezoid(weight / opacity, wavelength))[:, None]


def photosphere(teff, log_g, metallicity):
    """Return electron pressure, gas pressure and Rosseland opacity (per gram) at optical depth 2/3.

    Bisection on the electron pressure until gas pressure = (2/3) g / opacity.
    """
    wavelength = np.geomspace(300.0, 1e5, 120)
    gram = 1 / (1.6726e-24 * (1 + 4 * HELIUM))  # hydrogen nuclei per gram
    gravity = 10**log_g
    low, high = np.full_like(teff, -6.0), np.full_like(teff, 7.0)
    for _ in range(30):
        middle = 0.5 * (low + high)
        pressure_e = 10**middle
        electrons = electrons_per_hydrogen(teff, pressure_e, metallicity)
        pressure = pressure_e * (1 + HELIUM + electrons) / electrons
        mean = gram * rosseland_mean(wavelength, teff, continuous_opacity(wavelength, teff, pressure_e, metallicity))
        too_high = pressure * mean > 2 / 3 * gravity
        low, high = np.where(too_high, low, middle), np.where(too_high, middle, high)
    return pressure_e, pressure, mean / gram
