"""Tables in text: CSV with a header, and spectra of two or three columns with a header, comments, or neither."""

from __future__ import annotations

import io
import re

import numpy as np
import pandas as pd

from sklearn_sedzoo._containers import (
    ERROR_NAMES,
    FLUX_NAMES,
    IVAR_NAMES,
    VARIANCE_NAMES,
    WAVELENGTH_NAMES,
    find_name,
    is_axis_unit,
)
from sklearn_sedzoo.exceptions import NoSpectraError, SedReadError

COMMENTS = "#%;!"
FORTRAN = re.compile(r"(\d\.?)[dD]([+-]?\d)")
POSITIONS = ("wavelength", "flux", "error")  # of columns without names
# What headers call the columns beside the names that are known everywhere; only at the place where they belong.
AXIS_WORDS = re.compile(r"(?:obs(?:erved)?|rest|vac(?:uum)?|air)?[_ ]?(?:wave\w*|lambda|lam|wl|λ)", re.IGNORECASE)
UNIT_OF_AXIS = re.compile(
    r"(?:wave\w*|lambda)\s*(?:\(|\[|in\b|unit\w*\b|[:=])\W*(\w+(?:\([A-Za-z]+\))?)", re.IGNORECASE
)


def read_text(path, separator=None):
    """Return a DataFrame of a table in text; units that its header states stand in ``attrs["units"]``.

    Parameters
    ----------
    path : path
        The file; it may be gzipped where its name says so.
    separator : str, optional
        Between columns; by default blanks, commas or semicolons, whatever the first row of numbers has.

    Raises
    ------
    NoSpectraError
        If it is no table of numbers.
    """
    if separator is not None:
        frame = pd.read_csv(path, sep=separator, comment="#" if _begins_with_comment(path) else None)
        if not _is_header_a_row(frame):
            return frame.set_axis(_usual_names([str(name) for name in frame.columns]), axis=1)
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = [line.strip() for line in file]
    comments = [line.lstrip(COMMENTS).strip() for line in lines if line[:1] and line[0] in COMMENTS]
    rows = [line for line in lines if line and line[0] not in COMMENTS]
    if not rows:
        raise NoSpectraError("is a text without a row of numbers.")
    header = None if _is_numbers(rows[0], separator) else rows.pop(0)
    units = []
    if header is not None and len(rows) > 1 and not _is_numbers(rows[0], separator):
        units = _units_in(rows.pop(0))
    if not rows or not _is_numbers(rows[0], separator):
        raise NoSpectraError("is a text without columns of numbers under one line of names.")
    separator = separator or _separator_of(rows[0])
    rows = [FORTRAN.sub(r"\1E\2", row) for row in rows]
    frame = pd.read_csv(io.StringIO("\n".join(rows)), sep=separator, header=None, comment="#", skipinitialspace=True)
    frame = frame.dropna(axis=1, how="all")
    n_columns = frame.shape[1]
    names = [] if header is None else _names_in(header)
    if not names:
        words = [_names_in(comment) for comment in comments]
        place = next((i for i, found in enumerate(words) if _are_names(found, n_columns)), None)
        if place is not None:
            names, units = words[place], [part for line in comments[place + 1 : place + 2] for part in _units_in(line)]
    if len(names) != n_columns:
        if header is not None:
            raise SedReadError(f"the line of names has {len(names)} of them, {header!r}, the rows {n_columns} columns.")
        if not 2 <= n_columns <= len(POSITIONS):
            raise SedReadError(
                f"{n_columns} columns without names: two or three are read as {', '.join(POSITIONS)}. Name them in a "
                "first line."
            )
        names = list(POSITIONS[:n_columns])
    frame = frame.set_axis(_usual_names(names), axis=1)
    stated = next((found[1] for found in map(UNIT_OF_AXIS.search, comments) if found and is_axis_unit(found[1])), None)
    if len(units) == n_columns and is_axis_unit(units[0]):
        frame.attrs["units"] = {split_unit(name)[0]: unit for name, unit in zip(frame.columns, units, strict=True)}
    elif stated:
        frame.attrs["units"] = {name: stated for name in frame.columns if name.upper() in WAVELENGTH_NAMES}
    return frame


def split_unit(name):
    """Return the name of a column and the unit that it states: ``wave[A]``, ``lambda (um)``, ``WAVE_AA``."""
    text = str(name).strip()
    found = re.fullmatch(r"(.+?)[\s_]*[\[({]\s*(.*?)\s*[\])}]", text)
    if found and not re.fullmatch(r"log(10)?", found[1], re.IGNORECASE):
        plain, unit = found[1], found[2]
    else:
        plain, _, unit = text.rpartition("_")
        if not plain or not is_axis_unit(unit) or not AXIS_WORDS.fullmatch(plain):
            plain, unit = text, ""
    if AXIS_WORDS.fullmatch(plain) and plain.upper() not in WAVELENGTH_NAMES:
        plain = "wavelength"
    return plain, unit


def _usual_names(names):
    """Return the names, the first two by their places where they are none that is known, such as "x y"."""
    plain = [split_unit(name)[0] for name in names]
    has_axis_only = find_name(plain, WAVELENGTH_NAMES) == plain[0] and find_name(plain, FLUX_NAMES) is None
    if has_axis_only and len(names) in {2, 3} and re.match(r"f|spec|int", plain[1], re.IGNORECASE):
        names = [names[0], "flux" + names[1][len(plain[1]) :], *names[2:]]
    known = {*ERROR_NAMES, *IVAR_NAMES, *VARIANCE_NAMES}
    if len(names) == 3 and re.match(r"(?:.*err|sig|d?e_)", plain[2], re.IGNORECASE) and plain[2].upper() not in known:
        names = [*names[:2], "error"]
    return names


def _names_in(line):
    """Return the names in a line: words, with a unit in brackets that follows."""
    line = re.sub(r"\s+(?=[\[({])", "", line.strip().lstrip(COMMENTS))
    parts, depth = [""], 0
    for letter in line:
        depth += (letter in "[({") - (letter in "])}")
        if depth <= 0 and (letter.isspace() or letter in ",;|"):
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip('"') for part in parts if part]


def _units_in(line):
    return [part.strip("[](){}") for part in re.split(r"[\s,;|]+", line) if part]


def _are_names(names, n_columns):
    return len(names) == n_columns and not any(_is_number(name) for name in names) and bool(
        AXIS_WORDS.fullmatch(split_unit(names[0])[0])
    )  # fmt: skip


def _separator_of(row):
    return next((mark for mark in ",;" if mark in row), r"\s+")


def _is_numbers(row, separator):
    parts = [part for part in re.split(separator or r"[\s,;]+", row.strip()) if part.strip()]
    return len(parts) > 1 and all(_is_number(part) for part in parts[:2])


def _is_number(text):
    try:
        float(FORTRAN.sub(r"\1E\2", text))
    except ValueError:
        return False
    return True


def _is_header_a_row(frame):
    """Whether the names of a few columns are the first row of a spectrum: numbers that go on in the rows below."""
    names = [str(name) for name in frame.columns]
    if not 2 <= len(names) <= len(POSITIONS) or not all(map(_is_number, names)) or len(frame) < 2:
        return False
    first = pd.to_numeric(frame.iloc[:, 0], errors="coerce").to_numpy(dtype=float)
    axis = np.r_[float(names[0]), first]
    return bool((np.diff(axis) > 0).all() or (np.diff(axis) < 0).all())


def _begins_with_comment(path):
    if str(path).lower().endswith(".gz"):
        return False
    with open(path, "rb") as file:
        return file.read(1) == b"#"
