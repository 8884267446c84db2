"""The wavelengths of an image, as its header states them."""

from __future__ import annotations

import re

import numpy as np

from sklearn_sedzoo._containers import wavelengths_of
from sklearn_sedzoo._containers._units import is_spectral_unit
from sklearn_sedzoo.exceptions import SedReadError

MEDIA = {"AWAV": "air", "WAVE": "vacuum"}  # FITS standard, paper III (Greisen et al. 2006, A&A 446, 747)


def read_axis(header, n_pixels, unit, where):
    """Return wavelengths in Angstrom, their medium (or None), and what was assumed.

    Understood are linear axes (CRVAL1, CDELT1 or CD1_1, CRPIX1), those of the FITS standard that are logarithmic
    (``WAVE-LOG``), log10 of the wavelength (IRAF's ``DC-FLAG = 1``; ``COEFF0`` and ``COEFF1`` of SDSS), and the unit
    in CUNIT1 or in IRAF's WAT1_001. The unit is never guessed.
    """
    if "COEFF0" in header and "COEFF1" in header:
        values = header["COEFF0"] + header["COEFF1"] * np.arange(n_pixels)
        return wavelengths_of(values, "log10(Angstrom)", unit, where), read_medium(header), []
    step = header.get("CDELT1", header.get("CD1_1"))
    if step is None or "CRVAL1" not in header:
        raise SedReadError(f"the header of {where} has no CRVAL1 and CDELT1 (or COEFF0 and COEFF1).")
    kind = str(header.get("CTYPE1", "")).strip().upper()
    if kind.startswith("MULTISPE"):
        raise SedReadError(f"the axis of {where} is one of IRAF's multispec; write the wavelengths out.")
    notes = [] if "CRPIX1" in header else [f"{where} has no CRPIX1: CRVAL1 is taken for its first pixel."]
    offset = (np.arange(n_pixels) + 1 - header.get("CRPIX1", 1.0)) * step
    start, file_unit = float(header["CRVAL1"]), _read_unit(header)
    if header.get("DC-FLAG", 0) == 1:
        values = start + offset
        file_unit = "log10(Angstrom)" if file_unit is None or is_angstrom(file_unit) else file_unit
    elif kind.endswith("-LOG"):  # CRVAL1 is a wavelength, steps are those of its logarithm times CRVAL1
        values = start * np.exp(offset / start)
    else:
        values = start + offset
        if "LOG" in kind and (file_unit is None or is_angstrom(file_unit)):
            file_unit = None if unit is None else unit  # which logarithm, and of which unit, CTYPE1 does not say
    return wavelengths_of(values, file_unit, unit, where), read_medium(header), notes


def read_medium(header):
    """Return the medium that a header states by AIRORVAC, VACUUM or the kind of its axis, or None."""
    stated = str(header.get("AIRORVAC", "")).strip().lower()
    if stated:
        return {"vac": "vacuum", "vacuum": "vacuum", "air": "air"}.get(stated)
    if isinstance(header.get("VACUUM"), (bool, int)):
        return "vacuum" if header["VACUUM"] else "air"
    return MEDIA.get(str(header.get("CTYPE1", "")).strip().upper().removesuffix("-LOG"))


def read_medium_of_column(header, number):
    """Return the medium that the UCD of a column states (``em.wl;obs.atmos`` of ESO is air), or None."""
    ucd = str(header.get(f"TUCD{number}", "")).lower()
    return "air" if "obs.atmos" in ucd and ucd.startswith("em.wl") else None


def is_angstrom(unit):
    """Whether a unit is one of the spellings of Angstrom."""
    return str(unit).strip().lower().rstrip("s") in {"angstrom", "a", "aa", "ang"}


def _read_unit(header):
    """Return the unit of the axis that the header states, or None; a word that is no spectral unit states nothing."""
    stated = [header.get("CUNIT1")]
    stated += re.findall(r"units\s*=\s*\"?([A-Za-z0-9()]+)", str(header.get("WAT1_001", "")))
    return next((text for text in stated if text and is_spectral_unit(text)), None)
