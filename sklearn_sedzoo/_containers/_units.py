"""Units of the spectral axis and of the flux density, in all the spellings that files have."""

from __future__ import annotations

import re
import warnings
from functools import lru_cache

import numpy as np

ANGSTROM = ("Angstrom", "angstrom", "Angstroms", "angstroms", "AA", "A")
LOG_ANGSTROM = ("log10(Angstrom)", "log(Angstrom)", "loglam", "log10(AA)", "log(AA)")
SHORTEST, LONGEST = 0.01, 1e9  # Angstrom; no spectrum of a galaxy reaches beyond
USUAL = {"log10(Angstrom)": (2.8, 5.2), "micron": (0.09, 40.0), "Angstrom": (900.0, 3e5)}  # of optical and infrared
# Words of units as files spell them, in small letters, to the words that astropy reads.
LENGTHS = {
    **dict.fromkeys(("a", "aa", "ang", "angs", "angstrom", "angstroms", "angstroem", "angstroems", "å"), "Angstrom"),
    **dict.fromkeys(("um", "mum", "\u00b5m", "\u03bcm", "micron", "microns", "micrometer", "micrometers"), "um"),
    **dict.fromkeys(("micrometre", "micrometres"), "um"),
    **dict.fromkeys(("nm", "nanometer", "nanometers", "nanometre", "nanometres"), "nm"),
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), "m"),
    "cm": "cm",
    "mm": "mm",
    "hertz": "Hz",
    "hz": "Hz",
}
FLUX_WORDS = {
    **LENGTHS,
    "erg": "erg",
    "ergs": "erg",
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("w", "watt", "watts"), "W"),
    **dict.fromkeys(("photon", "photons", "ph"), "photon"),
    **dict.fromkeys(("nanomaggy", "nanomaggies", "nanomaggie", "nmgy"), "3.631e-6 Jy"),
    **dict.fromkeys(("maggy", "maggies", "mgy"), "3631 Jy"),
    **dict.fromkeys(("flam", "f_lambda", "flambda"), "erg s-1 cm-2 Angstrom-1"),
    **dict.fromkeys(("fnu", "f_nu"), "erg s-1 cm-2 Hz-1"),
    "photlam": "photon s-1 cm-2 Angstrom-1",
    "photnu": "photon s-1 cm-2 Hz-1",
    **dict.fromkeys(("count", "counts", "cts"), "ct"),
    **dict.fromkeys(("lsun", "l_sun", "sollum"), "Lsun"),
    **dict.fromkeys(("msun", "m_sun", "solmass"), "Msun"),
    "abmag": "mag(AB)",
    "stmag": "mag(ST)",
    "arcsec": "arcsec",
    "sr": "sr",
}
JANSKY = re.compile(
    r"(?P<word>milli|micro|nano|mega|kilo)?jansky?s?|(?P<letter>[A-Za-z\u00b5\u03bc])?Jy", re.IGNORECASE
)
JANSKY_WORDS = {"milli": "m", "micro": "u", "nano": "n", "mega": "M", "kilo": "k"}
NUMBER = re.compile(
    r"\(?\s*(?:(?P<plain>\d+\.?\d*(?:e[+-]?\d+)?)|10\s*(?:\*\*|\^)\s*\(?\s*(?P<power>[+-]?\d+)\s*\)?)"
    r"\s*\)?\s*(?:\*|x\s)?\s*(?=[A-Za-z(\u00b5\u03bc])",
    re.IGNORECASE,
)
PER_APERTURE = re.compile(r"\s*/\s*(?:spaxel|fiber|fibre)s?\b", re.IGNORECASE)


def to_angstrom(wavelength, unit="Angstrom"):
    """Convert a spectral axis (wavelength, frequency, energy, wavenumber, log10 of a wavelength) to Angstrom."""
    if hasattr(wavelength, "unit"):
        wavelength, unit = wavelength.value, wavelength.unit
    wavelength = np.asarray(wavelength, dtype=float)
    unit = name_axis_unit(unit)
    if unit == "Angstrom":
        return wavelength
    if unit == "log10(Angstrom)":
        return 10.0**wavelength
    import astropy.units as u  # here: keeps `import sklearn_sedzoo` light

    try:
        unit = u.Unit(unit)
        if isinstance(unit, u.LogUnit):
            wavelength, unit = unit.to(unit.physical_unit, wavelength), unit.physical_unit
        with np.errstate(divide="ignore"):
            return (wavelength * unit).to_value(u.AA, equivalencies=u.spectral())
    except (ValueError, TypeError, u.UnitConversionError) as error:
        raise ValueError(
            f"`unit` must be a unit of wavelength, frequency, energy or wavenumber, got {unit!r} ({error})."
        ) from None


def name_axis_unit(unit):
    """Return "Angstrom" or "log10(Angstrom)" for all their spellings, the usual word for others, units as they are."""
    if not isinstance(unit, str):
        return "Angstrom" if str(unit) == "Angstrom" else unit
    text = unit.strip()
    if text in LOG_ANGSTROM:
        return "log10(Angstrom)"
    inside = re.fullmatch(r"log(?:10)?\s*[(\[]\s*(.+?)\s*[)\]]|log(?:10)?\s+(.+)", text, re.IGNORECASE)
    if inside and LENGTHS.get((inside[1] or inside[2]).lower()) == "Angstrom":
        return "log10(Angstrom)"
    return LENGTHS.get(text.lower(), text)


def is_axis_unit(unit):
    """Whether a unit, if any is given, is one of a spectral axis."""
    if unit is None or not str(unit).strip():
        return False
    try:
        to_angstrom(np.array([1.0]), unit)
    except ValueError:
        return False
    return True


def parse_flux_unit(unit):
    """Return the astropy unit of a flux in any of the usual spellings, or None where it is not understood.

    Understood are, beside what astropy reads, ``ergs/s/cm2/Hz``, ``1E-17 erg/cm^2/s/Ang``,
    ``10**(-20)*erg/s/cm**2/Angstrom``, FNU and FLAM, Janskys of all sizes and nanomaggies. ``MJY`` is mega, as the
    standard of FITS has it.
    """
    import astropy.units as u

    if unit is None or isinstance(unit, u.UnitBase | u.FunctionUnitBase):
        return unit
    if isinstance(unit, bytes):
        unit = unit.decode("utf-8", "replace")
    return _parse_flux_text(str(unit).strip())


@lru_cache(maxsize=256)
def _parse_flux_text(text):
    import astropy.units as u

    if not text:
        return None
    factor, rest = 1.0, PER_APERTURE.sub("", text)
    while number := NUMBER.match(rest):
        factor *= float(number["plain"]) if number["plain"] else 10.0 ** int(number["power"])
        rest = rest[number.end() :]
    if rest.count(")") == rest.count("(") + 1:  # the number took the opening one along: (1e-17 erg/s/cm2)
        rest = rest.rstrip().removesuffix(")")
    if re.fullmatch(r"\([^()]*\)|\[[^][]*\]", rest.strip()):
        rest = rest.strip()[1:-1]
    words = re.sub(r"[^\W\d_](?:[^\W\d]*[^\W\d_])?", lambda word: _spell(word[0]), rest)
    words = re.sub(r"\^\s*\(\s*([+-]?\d+)\s*\)", r"**(\1)", words).replace("{", "(").replace("}", ")")
    for spelling in (words, rest):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", u.UnitsWarning)  # of several slashes, which it reads as everybody does
            try:
                found = u.Unit(spelling)
            except (ValueError, TypeError):
                continue
        if isinstance(found, u.LogUnit) or found in {u.mag, u.dex, u.dB}:
            return found
        return found if factor == 1 else u.Unit(factor * found)
    return None


def _spell(word):
    jansky = JANSKY.fullmatch(word)
    if jansky:
        letter = JANSKY_WORDS.get((jansky["word"] or "").lower(), jansky["letter"] or "")
        return {"\u00b5": "u", "\u03bc": "u", "U": "u", "N": "n", "K": "k"}.get(letter, letter) + "Jy"
    return FLUX_WORDS.get(word.lower(), word)


def find_density(unit):
    """Return "wavelength", "frequency" or "" for a unit of flux: per what it is a density, "" where unknown."""
    import astropy.units as u

    unit = parse_flux_unit(unit)
    if unit is None or isinstance(unit, u.LogUnit):
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


def flux_factor(unit, other):
    """Return the number that turns fluxes in `unit` into `other`: 1 where they are the same, None where none does."""
    import astropy.units as u

    if str(unit).strip() == str(other).strip():
        return 1.0
    unit, other = parse_flux_unit(unit), parse_flux_unit(other)
    if unit is None or other is None or isinstance(unit, u.LogUnit) or isinstance(other, u.LogUnit):
        return None
    try:
        factor = float(unit.to(other))
    except u.UnitConversionError:
        return None
    return 1.0 if abs(factor - 1) < 1e-12 else factor


def is_logarithmic(unit):
    """Whether a unit of flux is a magnitude or another logarithm."""
    import astropy.units as u

    unit = parse_flux_unit(unit)
    return isinstance(unit, u.LogUnit) or unit in {u.mag, u.dex, u.dB}


def check_plausible(owner, numbers, unit, name="unit"):
    """Refuse a unit that contradicts the numbers: the optical range read as if it were infrared, or the reverse."""
    numbers = np.asarray(getattr(numbers, "value", numbers), dtype=float)
    spelled, low, high = str(name_axis_unit(unit)), np.min(numbers), np.max(numbers)
    hint = find_contradiction(numbers, unit)
    if hint:
        raise ValueError(
            f"`{name}` of {owner} is {spelled!r}, but the numbers {low:.6g} to {high:.6g} look like {hint}. "
            f"Pass unit={hint!r}, or convert the axis to Angstrom yourself if it really is {spelled}."
        )


def find_contradiction(numbers, unit):
    """Return the unit that the numbers look like, or None. Only ranges that no galaxy survey has are refused."""
    low, high, unit = np.min(numbers), np.max(numbers), str(name_axis_unit(unit))
    if unit == "Angstrom":
        if low > 3.0 and high < 4.7 and high - low < 1.5:
            return "log10(Angstrom)"
        if low >= 0.1 and high <= 30:
            return "micron"
        if 200 <= low < 500 and 600 < high <= 2600:
            return "nm"
    if unit == "nm" and low >= 2500 and 3500 <= high <= 13000:
        return "Angstrom"
    if unit in {"nm", "m", "cm", "mm"} and low > 3.0 and high < 4.7 and high - low < 1.5:
        return "log10(Angstrom)"
    if unit == "nm" and low >= 0.1 and high <= 30:
        return "micron"
    if unit in {"micron", "um"} and low >= 100:
        return "nm" if high <= 2600 else "Angstrom"
    if unit in {"m", "cm", "mm"} and low >= 0.1:
        return "micron" if high <= 30 else "nm" if 200 <= low < 500 and high <= 2600 else "Angstrom"
    if unit == "log10(Angstrom)":
        return "Angstrom" if low > 10 else None
    converted = to_angstrom(np.array([low, high]), unit)
    if low > 0 and not ((converted > SHORTEST) & (converted < LONGEST)).all():
        return next((name for name, (least, most) in USUAL.items() if least <= low and high <= most), "another unit")
    return None
