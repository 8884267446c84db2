"""Properties of another table to the spectra that they belong to, by an identifier."""

from __future__ import annotations

import pathlib
import warnings

import numpy as np
import pandas as pd

from sklearn_sedzoo._containers._property_names import ID_NAMES, find_name
from sklearn_sedzoo.exceptions import SedDataWarning

EXACT = 2**53  # whole numbers beyond it are not all kept by a float


def match_rows(properties, table, on):
    """Return for each row of `properties` the row of `table` with the same identifier, -1 where there is none.

    Parameters
    ----------
    properties, table : DataFrame
        Of the spectra, and of what is known of them.
    on : str, (str, str) or None
        Name of the identifier in both, or in each; None: the usual names.

    Returns
    -------
    rows : ndarray of shape (n_spectra,)
    key : str
        Name of the identifier in `table`.
    """
    left, right = _find_keys(properties, table, on)
    ours, theirs = _read_keys(properties[left], left), _read_keys(table[right], right)
    places: dict = {}
    for i, key in enumerate(theirs):
        if key is not None:
            places.setdefault(key, []).append(i)
    rows = np.full(len(ours), -1)
    for i, key in enumerate(ours):
        found = places.get(key, ()) if key is not None else ()
        if not found and isinstance(key, str):  # spec-1-2-3.fits is known as spec-1-2-3 elsewhere
            found = places.get(_read_key(key[: len(key) - len("".join(pathlib.PurePath(key).suffixes))]), ())
        if len(found) > 1:
            raise ValueError(
                f"The table to join has {len(found)} rows with {right} = {key!r} (rows {found[:5]}). Keep one of each."
            )
        rows[i] = found[0] if found else -1
    if (rows < 0).all():
        raise ValueError(
            f"No {left!r} of the spectra is found in {right!r} of the table to join: {_show(properties[left])} against "
            f"{_show(table[right])}. Name the columns that match: on=(theirs, yours)."
        )
    missing = np.flatnonzero(rows < 0)
    if len(missing):
        warnings.warn(
            f"{len(missing)} of {len(rows)} spectra are not in the table to join; first at row {missing[0]} "
            f"({left} = {properties[left].iloc[missing[0]]}). What it has is missing for them.",
            SedDataWarning,
            stacklevel=4,
        )
    return rows, right


def _find_keys(properties, table, on):
    """Return the names of the identifier in both tables."""
    pair = (on, on) if on is None or isinstance(on, str) else tuple(on)
    if len(pair) != 2 or not all(name is None or isinstance(name, str) for name in pair):
        raise TypeError(f"`on` of join must be a name, a pair of names or None, got {on!r}.")
    names, sides = [], (properties, table)
    for name, side, who in zip(pair, sides, ("the spectra", "the table to join"), strict=True):
        if isinstance(on, str) and who == "the spectra" and name not in side:
            name = find_name(side.columns, ID_NAMES)  # the spectra call their identifier otherwise
        found = name if name is not None else find_name(side.columns, ID_NAMES)
        if found is None or found not in side:
            columns = ", ".join(map(str, side.columns[:12])) or "none"
            what = "no identifier" if found is None else f"no column {found!r}"
            raise ValueError(
                f"There is {what} in {who}: its columns are {columns}. Name the identifiers with "
                "on=(column of the spectra, column of the table)."
            )
        names.append(found)
    return names


def _read_keys(column, name):
    values = column.to_numpy()
    if values.dtype.kind == "f":
        known = values[np.isfinite(values)]
        if (known != np.round(known)).any():
            raise ValueError(f"The identifiers in {name!r} are no whole numbers and no names: {_show(column)}.")
        if (np.abs(known) >= EXACT).any():
            raise ValueError(
                f"The identifiers in {name!r} have been read as floats, which cannot hold all of their digits "
                f"({_show(column)}). Read the column as integers or text."
            )
    return [_read_key(value) for value in values]


def _read_key(value):
    """Return an identifier as a whole number or as text without blanks around it; None where it is missing."""
    if isinstance(value, bytes):
        value = value.decode()
    if isinstance(value, str):
        value = value.strip()
        digits = value.removeprefix("-")
        is_number = digits.isdecimal() and (digits == "0" or not digits.startswith("0"))
        return int(value) if is_number else (value or None)
    return None if pd.isna(value) else int(value)


def _show(column):
    return ", ".join(repr(value) for value in column.head(3).tolist())
