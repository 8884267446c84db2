"""Units of the spectral axis and of the flux density."""

from __future__ import annotations

import numpy as np

ANGSTROM = ("Angstrom", "angstrom", "Angstroms", "angstroms", "ANGSTROM", "ANGSTROMS", "AA", "A", "Ang", "ang")
LOG_ANGSTROM = ("log10(Angstrom)", "log(Angstrom)", "loglam", "log10(AA)", "log(AA)")
SHORTEST, LONGEST = 0.01, 1e9  # Angstrom; no spectrum of a galaxy reaches beyond
USUAL = {"log10(Angstrom)": (2.8, 5.2), "micron": (0.09, 40.0), "Angstrom": (900.0, 3e5)}  # of optical and infrared
SPELLINGS = {"microns": "micron", "nanometers": "nm", "nanometer": "nm", "meters": "m", "metres": "m", "hertz": "Hz"}


def to_angstrom(wavelength, unit="Angstrom"):
    """Convert a spectral axis (wavelength, frequency, energy, wavenumber, log10 of a wavelength) to Angstrom."""
    if hasattr(wavelength, "unit"):
        wavelength, unit = wavelength.value, wavelength.unit
    wavelength = np.asarray(wavelength, dtype=float)
    if isinstance(unit, str) and unit in ANGSTROM:
        return wavelength
    if isinstance(unit, str) and unit in LOG_ANGSTROM:
        return 10.0**wavelength
    import astropy.units as u  # here: keeps `import sklearn_sedzoo` light

    try:
        unit = u.Unit(SPELLINGS.get(str(unit).strip().lower(), unit))
        if isinstance(unit, u.LogUnit):
            wavelength, unit = unit.to(unit.physical_unit, wavelength), unit.physical_unit
        with np.errstate(divide="ignore"):
            return (wavelength * unit).to_value(u.AA, equivalencies=u.spectral())
    except (ValueError, TypeError, u.UnitConversionError) as error:
        raise ValueError(
            f"`unit` must be a unit of wavelength, frequency, energy or wavenumber, got {unit!r} ({error})."
        ) from None


def is_spectral_unit(unit):
    """Whether a text is a unit of wavelength, frequency, energy or wavenumber, or log10 of a wavelength."""
    try:
        to_angstrom(np.ones(1), str(unit).strip())
    except ValueError:
        return False
    return True


def find_density(unit):
    """Return "wavelength", "frequency" or "" for a unit of flux: per what it is a density, "" where unknown."""
    import astropy.units as u

    try:
        unit = u.Unit(unit)
    except (ValueError, TypeError):
        return ""
    watt = u.W / u.m**2
    for density, per in (("wavelength", u.AA), ("frequency", u.Hz)):
        for shape in (u.dimensionless_unscaled, u.sr, u.m**-2, 1 / u.W):  # brightness, luminosity, photons aside
            if unit.is_equivalent(watt / per / shape) or unit.is_equivalent(u.W / per):
                return density
    photons = u.photon / u.s / u.m**2
    if unit.is_equivalent(photons / u.AA):
        return "wavelength"
    return "frequency" if unit.is_equivalent(photons / u.Hz) else ""


def is_logarithmic(unit):
    """Whether a unit of flux is a magnitude or another logarithm."""
    import astropy.units as u

    try:
        unit = u.Unit(unit)
    except (ValueError, TypeError):
        return False
    return isinstance(unit, u.LogUnit) or unit in {u.mag, u.dex, u.dB}


def check_plausible(owner, numbers, unit, name="unit"):
    """Refuse a unit that contradicts the numbers: the optical range read as if it were infrared, or the reverse."""
    numbers = np.asarray(getattr(numbers, "value", numbers), dtype=float)
    low, high = np.min(numbers), np.max(numbers)
    hint = _find_contradiction(low, high, _name_unit(unit))
    if hint:
        raise ValueError(
            f"`{name}` of {owner} is {_name_unit(unit)!r}, but the numbers {low:.6g} to {high:.6g} look like {hint}. "
            f"Pass unit={hint!r}, or convert the axis to Angstrom yourself if it really is {_name_unit(unit)}."
        )


def _name_unit(unit):
    if isinstance(unit, str) and unit in ANGSTROM:
        return "Angstrom"
    return str(unit)


def _find_contradiction(low, high, unit):
    """Return the unit that the numbers look like, or None. Only ranges that no galaxy survey has are refused."""
    if unit == "Angstrom":
        if low > 3.0 and high < 4.7 and high - low < 1.5:
            return "log10(Angstrom)"
        if low >= 0.1 and high <= 30:
            return "micron"
        if 200 <= low < 500 and 600 < high <= 2600:
            return "nm"
    if unit in {"nm", "nanometer"} and low >= 2500 and 3500 <= high <= 13000:
        return "Angstrom"
    if unit in {"micron", "um"} and low >= 100:
        return "nm" if high <= 2600 else "Angstrom"
    if unit in LOG_ANGSTROM:
        return "Angstrom" if low > 10 else None
    converted = to_angstrom(np.array([low, high]), unit)
    if low > 0 and not ((converted > SHORTEST) & (converted < LONGEST)).all():
        return next((name for name, (least, most) in USUAL.items() if least <= low and high <= most), "another unit")
    return None
