"""What a FITS header says of the axis of a spectrum, its medium and its frame."""

from __future__ import annotations

import re

import numpy as np

MEDIA = {"vac": "vacuum", "vacuum": "vacuum", "air": "air"}
LINEAR_TYPES = {"WAVE", "AWAV", "FREQ", "ENER", "WAVN", "LOG"}


def medium_of(header, ucd=""):
    """Return "air", "vacuum" or None: in what the wavelengths are, as a header (or a dict) and a UCD state it.

    Asked are the cards ``AIRORVAC`` and ``VACUUM``, then the UCD of a column (``obs.atmos`` is in air, ``em.wl``
    alone says nothing), then ``CTYPE1`` of the FITS standard: AWAV is in air, WAVE in vacuum.
    """
    stated = MEDIA.get(str(header.get("AIRORVAC", "")).strip().lower())
    if stated:
        return stated
    vacuum = header.get("VACUUM")
    if isinstance(vacuum, (bool, np.bool_)) or str(vacuum).strip().upper() in {"T", "F"}:
        return "vacuum" if str(vacuum).strip().upper() in {"T", "TRUE"} else "air"
    if "obs.atmos" in str(ucd).lower():
        return "air"
    kind = str(header.get("CTYPE1", "")).strip().upper().partition("-")[0]
    return {"AWAV": "air", "WAVE": "vacuum"}.get(kind)


def facts_of(header):
    """Return the other facts that `write_catalog` states in a header: frame, survey, what was corrected for."""
    frame = str(header.get("FRAME", "")).strip().lower()
    facts: dict[str, str | bool] = {"frame": frame} if frame in {"rest", "observed"} else {}
    if str(header.get("SURVEY", "")).strip():
        facts["survey"] = str(header["SURVEY"]).strip()
    for card, name in (("DEREDDEN", "is_dereddened"), ("RECALIB", "is_recalibrated")):
        if header.get(card) is True:
            facts[name] = True
    return facts


def axis_of(header, n_pixels, unit=None):
    """Return the numbers of the first axis of an image, their unit as the header has it, and what was assumed.

    Parameters
    ----------
    header : Header
        With ``CRVAL1`` and ``CDELT1`` or ``CD1_1``.
    n_pixels : int
        Length of the axis.
    unit : str, optional
        What the user says: an axis that he says is in log10 is linear in that.

    Returns
    -------
    values : ndarray of shape (n_pixels,), unit : str or None, assumed : list of str

    Raises
    ------
    ValueError
        If the axis is of a kind that is not read.

    Notes
    -----
    Without ``CRPIX1`` the first pixel has ``CRVAL1``, as the programs that write such files mean it (IRAF, the SAURON
    and MILES spectra); the default of the FITS standard, 0, would put all one pixel to the red.
    """
    if header.get("COEFF0") is not None and header.get("COEFF1") is not None:  # SDSS: log10 of the wavelength
        return header["COEFF0"] + header["COEFF1"] * np.arange(n_pixels), "log10(Angstrom)", []
    step = next((header[key] for key in ("CD1_1", "CDELT1") if header.get(key)), None)
    if step is None or header.get("CRVAL1") is None:
        raise ValueError("the header has no CRVAL1 beside CDELT1 or CD1_1")
    start, step = float(header["CRVAL1"]), float(step)
    if "CD1_1" not in header:
        step *= float(header.get("PC1_1", 1.0))
    assumed = []
    if header.get("CRPIX1") is None:
        assumed.append("CRPIX1 is missing: the first pixel has CRVAL1")
    pixel = np.arange(n_pixels) + 1 - float(header.get("CRPIX1", 1.0) or 0.0)
    kind, _, rule = str(header.get("CTYPE1", "")).strip().upper().partition("-")
    if kind.startswith("MULTISPE"):
        raise ValueError("the axis is one of IRAF's multispec; write the wavelengths out")
    if kind in LINEAR_TYPES - {"LOG"} and rule.startswith("LOG") and "log" not in str(unit).lower():
        values = start * np.exp(pixel * step / start)  # Greisen et al. (2006), equation 5
    elif kind in LINEAR_TYPES - {"LOG"} and rule and not rule.startswith("LOG"):
        raise ValueError(f"the axis has CTYPE1 {header['CTYPE1']!r}, which is not read; write the wavelengths out")
    else:
        values = start + pixel * step
    file_unit = _unit_of(header)
    is_log = "log" in str(unit).lower() or "log" in str(file_unit).lower()
    if str(header.get("DC-FLAG", 0)).strip() == "1" and not is_log:  # IRAF: log10 of the wavelength
        values = 10.0**values
    return values, file_unit, assumed


def multispec_of(header, n_pixels):
    """Return the axes of the rows of an IRAF image in the format multispec, and their unit.

    Parameters
    ----------
    header : Header
        With ``CTYPE1`` MULTISPE and the attributes of the axes in ``WAT2_001`` and so on.
    n_pixels : int
        Length of an axis.

    Returns
    -------
    values : ndarray of shape (n_rows, n_pixels), unit : str or None

    Raises
    ------
    ValueError
        If an axis is no linear one, none in log10, and no Chebyshev or Legendre polynomial.
    """
    rows = re.findall(r"spec\d+\s*=\s*\"([^\"]*)\"", _attributes_of(header, 2))
    if not rows:
        raise ValueError("the header has CTYPE1 'MULTISPE', but no axes in WAT2_001")
    numbers = [[float(part) for part in row.upper().replace("D", "E").split()] for row in rows]
    return np.stack([_multispec_axis(row, n_pixels) for row in numbers]), _unit_of(header)


def _multispec_axis(numbers, n_pixels):
    """Return one axis: aperture, beam, kind, start, step, length, redshift, two limits, then the functions."""
    kind, start, step, redshift = int(numbers[2]), numbers[3], numbers[4], numbers[6]
    pixel = np.arange(1, n_pixels + 1, dtype=float)
    if kind in {0, 1}:
        values = start + step * (pixel - 1)
        return (values if kind == 0 else 10.0**values) / (1 + redshift)
    values, rest = np.zeros(n_pixels), numbers[9:]
    while rest:
        weight, zero, function, order, low, high = rest[:6]
        if int(function) not in {1, 2}:
            raise ValueError("the axis is a spline or a table of IRAF, which is not read; write the wavelengths out")
        polynomial = np.polynomial.Chebyshev if int(function) == 1 else np.polynomial.Legendre
        values += weight * (zero + polynomial(rest[6 : 6 + int(order)], domain=(low, high))(pixel))
        rest = rest[6 + int(order) :]
    return values / (1 + redshift)


def bands_of(header):
    """Return the numbers of the planes of an IRAF image that hold the spectra and their errors (None: no such)."""
    names = {i: str(header[f"BANDID{i}"]).lower() for i in range(1, 10) if f"BANDID{i}" in header}
    if not names:
        return None, None
    sigma = next((i - 1 for i, name in names.items() if name.startswith("sigma")), None)
    return next((i - 1 for i, name in names.items() if name.startswith("spectrum")), 0), sigma


def _unit_of(header):
    """Return CUNIT1, or the units of the attributes of IRAF (``WAT1_001``), or None."""
    stated = str(header.get("CUNIT1", "") or "").strip()
    if stated:
        return stated
    found = re.search(r"\bunits\s*=\s*\"?([A-Za-z]+)", _attributes_of(header, 1))
    return found[1] if found else None


def _attributes_of(header, axis):
    """Return the attributes of an axis as IRAF spreads them over cards of 68 letters, whose last blanks FITS drops."""
    cards = [key for key in header if re.fullmatch(rf"WAT{axis}_\d+", key)]
    return "".join(str(header[key]).ljust(68) for key in sorted(cards)) if cards else ""
