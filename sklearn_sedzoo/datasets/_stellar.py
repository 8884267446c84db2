"""Ages and metallicities of a single stellar population -> temperature, gravity and luminosity of its stars.

Zero-age luminosities and radii are those of Tout et al. (1996); lifetimes, the end of the main sequence and the
giant branch those of Hurley, Pols & Tout (2000). Between zero age and the end of the main sequence, log L and
log R are smooth polynomials of the fraction of the lifetime, in place of the paper's piecewise ones. Later phases
follow the evolutionary flux: as many stars enter a phase as leave the main sequence in the time it takes.
Masses in Msun, times in Myr, luminosities in Lsun, radii in Rsun; `zeta` is log10(Z / 0.02).
"""

from __future__ import annotations

import numpy as np

SUN_TEFF = 5772.0  # K
SUN_LOG_G = 4.438  # log10(cm / s^2)
SUN_Z = 0.019  # of the catalog's metallicity column, as in the library it imitates
LIGHTEST, HEAVIEST = 0.1, 100.0  # Msun

# Tout et al. (1996), tables 1 and 2: polynomials in zeta, constant term first.
_ZAMS_L = np.array(
    [
        [0.39704170, -0.32913574, 0.34776688, 0.37470851, 0.09011915],
        [8.52762600, -24.41225973, 56.43597107, 37.06152575, 5.45624060],
        [0.00025546, -0.00123461, -0.00023246, 0.00045519, 0.00016176],
        [5.43288900, -8.62157806, 13.44202049, 14.51584135, 3.39793084],
        [5.56357900, -10.32345224, 19.44322980, 18.97361347, 4.16903097],
        [0.78866060, -2.90870942, 6.54713531, 4.05606657, 0.53287322],
        [0.00586685, -0.01704237, 0.03872348, 0.02570041, 0.00383376],
    ]
)
_ZAMS_R = np.array(
    [
        [1.71535900, 0.62246212, -0.92557761, -1.16996966, -0.30631491],
        [6.59778800, -0.42450044, -12.13339427, -10.73509484, -2.51487077],
        [10.08855000, -7.11727086, -31.67119479, -24.24848322, -5.33608972],
        [1.01249500, 0.32699690, -0.00923418, -0.03876858, -0.00412750],
        [0.07490166, 0.02410413, 0.07233664, 0.03040467, 0.00197741],
        [0.01077422, 0.0, 0.0, 0.0, 0.0],
        [3.08223400, 0.94472050, -2.15200882, -2.49219496, -0.63848738],
        [17.84778000, -7.45345690, -48.96066856, -40.05386135, -9.09331816],
        [0.00022582, -0.00186899, 0.00388783, 0.00142402, -0.00007671],
    ]
)
# Hurley, Pols & Tout (2000), appendix A: a1-a5 (lifetime), a11-a16 (L at the end of the main sequence),
# a18-a26 (R there), a27-a32 (L at the base of the giant branch), b1, b4-b7 (R on the giant branch).
_LIFETIME = np.array(
    [
        [1.593890e3, 2.053038e3, 1.231226e3, 2.327785e2, 0.0],
        [2.706708e3, 1.483131e3, 5.772723e2, 7.411230e1, 0.0],
        [1.466143e2, -1.048442e2, -6.795374e1, -1.391127e1, 0.0],
        [4.141960e-2, 4.564888e-2, 2.958542e-2, 5.571483e-3, 0.0],
        [3.426349e-1, 0.0, 0.0, 0.0, 0.0],
    ]
)
_TERMINAL_L = np.array(
    [
        [1.031538, -2.434480e-1, 7.732821, 6.460705, 1.374484],
        [1.043715, -1.577474, -5.168234, -5.596506, -1.299394],
        [7.859573e2, -8.542048, -2.642511e1, -9.585707, 0.0],
        [3.858911e3, 2.459681e3, -7.630093e1, -3.486057e2, -4.861703e1],
        [2.888720e2, 2.952979e2, 1.850341e2, 3.797254e1, 0.0],
        [7.196580, 5.613746e-1, 3.805871e-1, 8.398728e-2, 0.0],
    ]
)
_TERMINAL_R = np.array(
    [
        [2.187715e-1, -2.154437, -3.768678, -1.975518, -3.021475e-1],
        [1.466440, 1.839725, 6.442199, 4.023635, 6.957529e-1],
        [2.652091e1, 8.178458e1, 1.156058e2, 7.633811e1, 1.950698e1],
        [1.472103, -2.947609, -3.312828, -9.945065e-1, 0.0],
        [3.071048, -5.679941, -9.745523, -3.594543, 0.0],
        [2.617890, 1.019135, -3.292551e-2, -7.445123e-2, 0.0],
        [1.075567e-2, 1.773287e-2, 9.610479e-3, 1.732469e-3, 0.0],
        [1.476246, 1.899331, 1.195010, 3.035051e-1, 0.0],
        [5.502535, -6.601663e-2, 9.968707e-2, 3.599801e-2, 0.0],
    ]
)
_GIANT_BASE = np.array(
    [
        [9.511033e1, 6.819618e1, -1.045625e1, -1.474939e1, 0.0],
        [3.113458e1, 1.012033e1, -4.650511, -2.463185, 0.0],
        [1.413057, 4.578814e-1, -6.850581e-2, -5.588658e-2, 0.0],
        [3.910862e1, 5.196646e1, 2.264970e1, 2.873680, 0.0],
        [4.597479, -2.855179e-1, 2.709724e-1, 0.0, 0.0],
        [6.682518, 2.827718e-1, -7.294429e-2, 0.0, 0.0],
    ]
)
_GIANT_R = np.array(
    [
        [3.970000e-1, 2.882600e-1, 5.293000e-1, 0.0, 0.0],
        [9.960283e-1, 8.164393e-1, 2.383830, 2.223436, 8.638115e-1],
        [2.561062e-1, 7.072646e-2, -5.444596e-2, -5.798167e-2, -1.349129e-2],
        [1.157338, 1.467883, 4.299661, 3.130500, 6.992080e-1],
        [4.022765e-1, 3.050010e-1, 9.962137e-1, 7.914079e-1, 1.728098e-1],
    ]
)


def _at(table, zeta):
    return np.polynomial.polynomial.polyval(zeta, table.T)


def zams_luminosity(mass, zeta):
    """Zero-age luminosity (Tout et al. 1996, eq. 1)."""
    a, b, c, d, e, f, g = _at(_ZAMS_L, zeta)
    m = np.asarray(mass, float)  # floats: integer masses overflow in the powers
    return (a * m**5.5 + b * m**11) / (c + m**3 + d * m**5 + e * m**7 + f * m**8 + g * m**9.5)


def zams_radius(mass, zeta):
    """Zero-age radius (Tout et al. 1996, eq. 2)."""
    a, b, c, d, e, f, g, h, i = _at(_ZAMS_R, zeta)
    m = np.asarray(mass, float)
    top = a * m**2.5 + b * m**6.5 + c * m**11 + d * m**19 + e * m**19.5
    return top / (f + g * m**2 + h * m**8.5 + m**18.5 + i * m**19.5)


def giant_base_time(mass, zeta):
    """Time from birth to the base of the giant branch (Hurley et al. 2000, eq. 4)."""
    a1, a2, a3, a4, a5 = _at(_LIFETIME, zeta)
    m = np.asarray(mass, float)
    return (a1 + a2 * m**4 + a3 * m**5.5 + m**7) / (a4 * m**2 + a5 * m**7)


def main_sequence_time(mass, zeta):
    """Time on the main sequence (eqs. 5 and 6, without the hook)."""
    return giant_base_time(mass, zeta) * np.clip(0.95 - 0.03 * (zeta + 0.30103), 0.95, 0.99)


def terminal_luminosity(mass, zeta):
    """Luminosity at the end of the main sequence (eq. 8)."""
    a11, a12, a13, a14, a15, a16 = _at(_TERMINAL_L, zeta)
    m = np.asarray(mass, float)
    return (a14 * (a11 * m**3 + a12 * m**4) + a13 * m ** (a16 + 1.8)) / (a14 + a15 * m**5 + m**a16)


def terminal_radius(mass, zeta):
    """Radius at the end of the main sequence (eq. 9), never below 1.5 x the zero-age one for light stars."""
    a18, a19, a20, a21, a22, a23, a24, a25, a26 = _at(_TERMINAL_R, zeta)
    sigma = np.log10(0.02) + zeta
    a17 = 10 ** max(0.097 - 0.1072 * (sigma + 3), max(0.097, min(0.1461, 0.1461 + 0.1237 * (sigma + 2))))
    c1 = -8.672073e-2
    m = np.asarray(mass, float)

    def light(m):
        return a20 * (a18 + a19 * m**a21) / (a20 + m**a22)

    def heavy(m):
        return (c1 * m**3 + a23 * m**a26 + a24 * m ** (a26 + 1.5)) / (a25 + m**5)

    edge = np.clip((m - a17) / 0.1, 0.0, 1.0)
    between = (1 - edge) * light(np.minimum(m, a17)) + edge * heavy(np.maximum(m, a17 + 0.1))
    return np.where(m < 0.5, np.maximum(between, 1.5 * zams_radius(m, zeta)), between)


def giant_base_luminosity(mass, zeta):
    """Luminosity at the base of the giant branch (eq. 10)."""
    a27, a28, a29, a30, a31, a32 = _at(_GIANT_BASE, zeta)
    m = np.asarray(mass, float)
    return (a27 * m**a31 + a28 * m**9.301992) / (a29**a32 + a30 * m**4.637345 + m**a32)


def giant_radius(mass, luminosity, zeta):
    """Radius on the giant branch (eq. 46); without the lower limit on b2 giants come out 2.5 times too small."""
    b1, b4, b5, b6, b7 = _at(_GIANT_R, zeta)
    z, sigma = 0.02 * 10**zeta, np.log10(0.02) + zeta
    b1 = min(0.54, b1)
    b2 = min(max(10 ** (-4.6739 - 0.9394 * sigma), -0.04167 + 55.67 * z), 0.4771 - 9329.21 * z**2.94)
    b3 = 10 ** max(-0.1451, -2.2794 - 1.5175 * sigma - 0.254 * sigma**2)
    b3 = max(b3, 0.7307 + 14265.1 * z**3.395) if z > 0.004 else b3
    b4, b6 = b4 + 0.1231572 * zeta**5, b6 + 0.01640687 * zeta**5
    m = np.asarray(mass, float)
    scale = np.minimum(b4 * m**-b5, b6 * m**-b7)
    return scale * (luminosity**b1 + b2 * luminosity**b3)


def kroupa_imf(mass):
    """Stars per Msun of mass for 1 Msun formed between 0.1 and 100 Msun (Kroupa 2001)."""
    m = np.asarray(mass, float)

    def shape(m):
        return np.where(m < 0.5, (m / 0.5) ** -1.3, (m / 0.5) ** -2.3)

    x = np.geomspace(LIGHTEST, HEAVIEST, 2000)
    return shape(m) / np.trapezoid(x * shape(x), x)


def populate(age, metallicity, n_masses=160):
    """Return (log10 Teff, log10 g, luminosity, number) of the stars of a population of 1 Msun formed.

    `age` in Gyr, `metallicity` as log10(Z / Zsun). One entry for each kind of star.
    """
    zeta = metallicity + np.log10(SUN_Z / 0.02)
    time = age * 1e3
    grid = np.geomspace(LIGHTEST, HEAVIEST, 4000)
    end = main_sequence_time(grid, zeta)
    turnoff = np.exp(np.interp(-np.log(time), -np.log(end), np.log(grid)))
    # leaving the main sequence: stars per Myr for each Msun formed
    log_slope = np.gradient(np.log(grid), np.log(end))
    leaving = kroupa_imf(turnoff) * turnoff * abs(np.interp(turnoff, grid, log_slope)) / time
    phases = [_main_sequence(turnoff, time, zeta, n_masses), *_giants(turnoff, time, zeta, leaving)]
    mass, luminosity, radius, number = (np.concatenate(parts) for parts in zip(*phases, strict=True))
    alive = number > 0
    mass, luminosity, radius, number = mass[alive], luminosity[alive], radius[alive], number[alive]
    log_teff = np.log10(SUN_TEFF) + 0.25 * np.log10(luminosity) - 0.5 * np.log10(radius)
    log_g = SUN_LOG_G + np.log10(mass) - 2 * np.log10(radius)
    return log_teff, log_g, luminosity, number


def _main_sequence(turnoff, time, zeta, n_masses):
    edges = np.geomspace(LIGHTEST, turnoff, n_masses + 1)
    edges = np.unique(np.concatenate([edges, turnoff * (1 - np.geomspace(1e-3, 0.2, 40))]))
    mass = np.sqrt(edges[1:] * edges[:-1])
    number = kroupa_imf(mass) * np.diff(edges)
    tau = np.clip(time / main_sequence_time(mass, zeta), 0, 1)
    start, end = np.log(zams_luminosity(mass, zeta)), np.log(terminal_luminosity(mass, zeta))
    luminosity = np.exp(start + (end - start) * (0.4 * tau + 0.6 * tau**2))
    start, end = np.log(zams_radius(mass, zeta)), np.log(terminal_radius(mass, zeta))
    radius = np.exp(start + (end - start) * (0.25 * tau + 0.75 * tau**3))
    return mass, luminosity, radius, number


def _giants(turnoff, time, zeta, leaving):
    """Subgiants, first giant branch, helium burning (red and blue) and the asymptotic giant branch."""
    base = float(giant_base_luminosity(turnoff, zeta))
    is_light = turnoff < 1.995 + 0.25 * zeta + 0.087 * zeta**2  # helium ignites in a flash (eq. 2)
    tip = max(2500.0, 1.2 * base) if is_light else 2 * base

    def phase(luminosity, radius, duration):
        return np.full(len(luminosity), turnoff), luminosity, radius, leaving * duration

    f = (np.arange(12) + 0.5) / 12
    start = np.log([float(terminal_luminosity(turnoff, zeta)), float(terminal_radius(turnoff, zeta))])
    end = np.log([base, float(giant_radius(turnoff, base, zeta))])
    wait = float(giant_base_time(turnoff, zeta)) - time
    yield phase(*np.exp(start[:, None] + (end - start)[:, None] * f), np.full(12, max(wait, 0.0) / 12))

    edges = np.geomspace(base, tip, 25)
    luminosity = np.sqrt(edges[1:] * edges[:-1])
    yield phase(luminosity, giant_radius(turnoff, luminosity, zeta), _climb(edges, turnoff, zeta, is_light, time))

    helium = 50.0 if is_light else max(50.0, 0.8 * tip)
    duration = min(100.0, 0.2 * time)
    blue = 0.6 * np.clip((turnoff - 3) / 2, 0, 1)
    luminosity = np.full(6, helium) * np.linspace(0.8, 1.3, 6)
    share = np.array([*np.full(3, blue), *np.full(3, 1 - blue)]) / 3
    red = 0.87 * giant_radius(turnoff, luminosity, zeta)
    loop = np.minimum(red, 1.5 * float(terminal_radius(turnoff, zeta)) * np.array([1.0, 1.6, 2.5]).repeat(2))
    yield phase(luminosity, np.where(np.arange(6) < 3, loop, red), duration * share)

    luminosity = np.geomspace(2 * helium, max(5e3, 4 * helium), 16)
    yield phase(luminosity, giant_radius(turnoff, luminosity, zeta), np.full(16, 12.0 / 16 * min(1.0, time / 800.0)))


def _climb(edges, mass, zeta, is_light, time):
    """Time between luminosities on the first giant branch: L = D Mc^6 and dMc/dt = A_H L (eqs. 34 to 40)."""
    if not is_light:
        return np.full(len(edges) - 1, 0.01 * time / (len(edges) - 1))
    rate = 10 ** max(-4.8, min(-5.7 + 0.8 * mass, -4.1 + 0.14 * mass))  # Msun / Lsun / Myr
    core = (edges / 10 ** (5.37 + 0.135 * zeta)) ** (1 / 6)
    middle = np.sqrt(edges[1:] * edges[:-1])
    return np.diff(core) / (rate * middle)
