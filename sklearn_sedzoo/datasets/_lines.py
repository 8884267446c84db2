"""Spectral lines and bands of the mock: hydrogen from theory, metals from a short list, blends declared.

Oscillator strengths and lower levels of the metal lines are NIST's (air wavelengths in the table, vacuum in use).
Each line has a core of `CORE` Angstrom, far wider than a real one: it stands for the blend around it.
"Haze" (unresolved Fe lines, with an edge at 4000 A) and the CH, CN and TiO bands are declared, not derived:
their strengths were set by eye against real libraries.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, voigt_profile

from sklearn_sedzoo.datasets._opacity import (
    ATOMS,
    BOLTZMANN,
    BOLTZMANN_EV,
    HC_OVER_K,
    abundance,
    ionised_fraction,
)

CORE = 0.4  # Angstrom, Gaussian sigma
# what a line of the table stands for: its blend (> 1), or itself less what a broad core exaggerates (< 1)
BLEND = {"Fe": 0.25, "Mg": 0.04, "Na": 0.3, "Ca": 1.0}
SIGMA_LINE = 8.853e-13  # pi e^2 / (m c^2) in cm
HAZE = 1.5  # scale of the unresolved metal lines

# (element, is ion, air wavelength in Angstrom, log10 gf, lower level in eV)
LINES = (
    ("Ca", True, 3933.66, 0.11, 0.0), ("Ca", True, 3968.47, -0.18, 0.0), ("Ca", False, 4226.73, 0.24, 0.0),
    ("Mg", False, 3829.36, -0.21, 2.71), ("Mg", False, 3832.30, 0.27, 2.71), ("Mg", False, 3838.29, 0.49, 2.72),
    ("Mg", False, 5167.32, -0.93, 2.71), ("Mg", False, 5172.68, -0.45, 2.71), ("Mg", False, 5183.60, -0.24, 2.72),
    ("Na", False, 5889.95, 0.11, 0.0), ("Na", False, 5895.92, -0.19, 0.0),
    ("Fe", False, 3719.93, -0.43, 0.0), ("Fe", False, 3734.86, 0.32, 0.86), ("Fe", False, 3737.13, -0.57, 0.05),
    ("Fe", False, 3745.56, -0.77, 0.09), ("Fe", False, 3749.49, 0.16, 0.92), ("Fe", False, 3758.23, -0.03, 0.96),
    ("Fe", False, 3820.43, 0.12, 0.86), ("Fe", False, 3825.88, -0.04, 0.92), ("Fe", False, 3859.91, -0.71, 0.0),
    ("Fe", False, 4045.81, 0.28, 1.49), ("Fe", False, 4063.59, 0.06, 1.56), ("Fe", False, 4071.74, -0.02, 1.61),
    ("Fe", False, 4143.87, -0.51, 1.56), ("Fe", False, 4202.03, -0.71, 1.49), ("Fe", False, 4250.79, -0.71, 1.56),
    ("Fe", False, 4260.47, 0.08, 2.40), ("Fe", False, 4271.76, -0.16, 1.49), ("Fe", False, 4307.90, -0.07, 1.56),
    ("Fe", False, 4325.76, 0.01, 1.61), ("Fe", False, 4383.54, 0.20, 1.49), ("Fe", False, 4404.75, -0.14, 1.56),
    ("Fe", False, 4415.12, -0.62, 1.61), ("Fe", False, 4528.61, -0.82, 2.18), ("Fe", False, 4891.49, -0.11, 2.85),
    ("Fe", False, 4920.50, 0.07, 2.83), ("Fe", False, 4957.60, 0.23, 2.81), ("Fe", False, 5167.49, -1.12, 1.49),
    ("Fe", False, 5171.60, -1.79, 1.49), ("Fe", False, 5227.19, -1.23, 1.56), ("Fe", False, 5232.94, -0.06, 2.94),
    ("Fe", False, 5269.54, -1.32, 0.86), ("Fe", False, 5270.36, -1.34, 1.61), ("Fe", False, 5328.04, -1.47, 0.92),
    ("Fe", False, 5328.53, -1.85, 1.56), ("Fe", False, 5339.93, -0.65, 3.27), ("Fe", False, 5371.49, -1.65, 0.96),
    ("Fe", False, 5397.13, -1.99, 0.92), ("Fe", False, 5405.77, -1.84, 0.99), ("Fe", False, 5429.70, -1.88, 0.96),
    ("Fe", False, 5263.31, -0.88, 3.27), ("Fe", False, 5266.56, -0.39, 3.00), ("Fe", False, 5281.79, -0.83, 3.04),
    ("Fe", False, 5283.62, -0.43, 3.24), ("Ca", False, 5262.24, -0.47, 2.52),
    ("Ca", False, 5270.27, 0.16, 2.53),
)  # fmt: skip
_BALMER_F = {3: 0.6407, 4: 0.1193, 5: 0.04467, 6: 0.02209, 7: 0.01270, 8: 0.008036}
# red side of the head or center, extent in Angstrom, relative strength
_CH_CN = ((4300.0, 18.0, 1.0), (3862.0, 25.0, 1.4), (4110.0, 30.0, 0.1))
_TIO = (
    (4761.0, 120.0, 0.5), (4954.0, 150.0, 0.7), (5167.0, 180.0, 0.8), (5448.0, 150.0, 0.8), (5847.0, 170.0, 0.7),
    (6159.0, 200.0, 1.0), (6651.0, 220.0, 1.2), (7053.0, 250.0, 1.5), (7589.0, 250.0, 1.2), (8432.0, 200.0, 1.0),
)  # fmt: skip


def air_to_vacuum(wavelength):
    """Vacuum wavelength in Angstrom of an air wavelength (Morton 2000, eq. 8, in one step)."""
    s = 1e8 / np.asarray(wavelength, float) ** 2
    return wavelength * (1.0000834254 + 0.02406147 / (130.0 - s) + 0.00015998 / (38.9 - s))


def balmer_strength(n):
    """Oscillator strength of the line 2 -> n (exact to n = 8, then Kramers with Gaunt factor .87)."""
    return _BALMER_F.get(n, 0.87 * 1.960 / 32 * (0.25 - 1 / n**2) ** -3.0 / n**3)


def add_balmer(opacity, wavelength, teff, electron_pressure):
    """Add the lines 2 -> 3...25 with ionic Stark wings (Edmonds et al. 1967: beyond the core as |x|^-5/2)."""
    neutral = 1 - ionised_fraction("H", teff, electron_pressure)
    level = neutral * 4 * np.exp(-10.199 / (BOLTZMANN_EV * teff))
    field = 1.25e-9 * (electron_pressure / (BOLTZMANN * teff)) ** (2 / 3)
    for n in range(3, 26):
        center = 911.75 / (0.25 - 1 / n**2)
        stark = 5.5e-5 * 16 * n**4 / (n**2 - 4) * field  # Angstrom
        width = np.hypot(1.5 * stark, 1.0)
        near = abs(wavelength - center) < 400.0
        profile = 1 / (2.643 * width * (1 + (abs(wavelength[near] - center) / width) ** 2.5))
        stimulated = 1 - np.exp(-HC_OVER_K / (center * teff))
        strength = SIGMA_LINE * balmer_strength(n) * (center * 1e-8) ** 2 * 1e8 * level * stimulated
        opacity[:, near] += strength * profile


def add_metals(opacity, wavelength, teff, electron_pressure, pressure, metallicity):
    """Add the lines of the table: Saha, Boltzmann, Gaussian core, damping by pressure."""
    share = {name: ionised_fraction(name, teff, electron_pressure) for name in ("Ca", "Mg", "Na", "Fe")}
    damping = 1e-4 + 3e-8 * pressure  # Angstrom
    for name, is_ion, air, log_gf, level in LINES:
        center = float(air_to_vacuum(air))
        populated = share[name] if is_ion else 1 - share[name]
        weight = ATOMS[name][2 if is_ion else 1]
        lower = abundance(name, metallicity) * populated * np.exp(-level / (BOLTZMANN_EV * teff)) / weight
        near = abs(wavelength - center) < 120.0
        core = 1.5 * CORE if name == "Fe" else CORE
        profile = BLEND[name] * voigt_profile(wavelength[near] - center, core, damping)
        stimulated = 1 - np.exp(-HC_OVER_K / (center * teff))
        opacity[:, near] += SIGMA_LINE * 10**log_gf * center**2 * 1e-8 * lower * stimulated * profile


def add_declared(opacity, wavelength, teff, electron_pressure, metallicity):
    """Add the haze of iron lines and the molecular bands."""
    iron = ionised_fraction("Fe", teff, electron_pressure)
    atoms = abundance("Fe", metallicity) * (1 - iron) * np.exp(-1.5 / (BOLTZMANN_EV * teff))
    ions = abundance("Fe", metallicity) * iron * np.exp(-2.0 / (BOLTZMANN_EV * teff))
    edge = expit((3990.0 - wavelength) / 12.0)
    shape = edge * (wavelength / 4000.0) ** -3 + 0.12 * (np.maximum(wavelength, 4000.0) / 4000.0) ** -6 * (1 - edge)
    opacity += HAZE * 1.2e-18 * atoms * shape
    opacity += HAZE * 3e-18 * ions * expit((2950.0 - wavelength) / 60.0)
    cool = 10**metallicity * expit((5200.0 - teff) / 250.0) * expit((teff - 3900.0) / 200.0)
    for center, extent, strength in _CH_CN:
        opacity += 0.5 * strength * cool * opacity * np.exp(-0.5 * ((wavelength - center) / extent) ** 2)
    cold = 10**metallicity * np.minimum(np.exp((3700.0 - teff) / 180.0), 15.0)
    bands = np.zeros_like(wavelength)
    for head, extent, strength in _TIO:
        behind = wavelength - head
        bands += strength * np.where(behind > 0, np.exp(-np.maximum(behind, 0.0) / extent), 0.0)
    opacity *= 1 + cold * bands
