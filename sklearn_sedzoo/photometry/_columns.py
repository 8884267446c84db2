"""Columns of a photometric catalog -> which is the magnitude of which band, which its error."""

from __future__ import annotations

import re

import numpy as np

_IS_ERROR = re.compile(r"(^|[_\W])(e|err|error|sigma|unc)([_\W]|$)|err|_unc", re.IGNORECASE)


def find_columns(owner, bands, names, n_features):
    """Return {band: (column of the magnitude, column of its error or None)}.

    `bands` is None (all columns of X), a list of band names, or a dict from band to a column name, or to a pair of
    them (magnitude, error).
    """
    if isinstance(bands, dict):
        return {band: _from_dict(owner, band, given, names) for band, given in bands.items()}
    if names is None:
        return _by_position(owner, bands, n_features)
    names = [str(name) for name in names]
    magnitudes = [i for i, name in enumerate(names) if not _IS_ERROR.search(name)]
    errors = [i for i, name in enumerate(names) if _IS_ERROR.search(name)]
    if bands is None:
        short = shorten([names[i] for i in magnitudes])
        wanted = dict(zip(short, magnitudes, strict=True))
    else:
        wanted = {band: _pick(owner, band, names, magnitudes) for band in bands}
    return {band: (i, _pick(owner, band, names, errors, missing=None)) for band, i in wanted.items()}


def shorten(names):
    """Drop what all names share, whole words joined by underscores: mag_u_lsst, mag_g_lsst -> u, g."""
    if len(names) < 2:
        return list(names)
    words = [name.split("_") for name in names]
    while all(len(parts) > 1 for parts in words) and len({parts[0] for parts in words}) == 1:
        words = [parts[1:] for parts in words]
    while all(len(parts) > 1 for parts in words) and len({parts[-1] for parts in words}) == 1:
        words = [parts[:-1] for parts in words]
    return ["_".join(parts) for parts in words]


def _by_position(owner, bands, n_features):
    bands = [f"band{i}" for i in range(n_features)] if bands is None else list(bands)
    if n_features not in (len(bands), 2 * len(bands)):
        raise ValueError(
            f"X of {owner} has {n_features} columns without names, but `bands` has {len(bands)}: X must hold one "
            "magnitude for each band, or all magnitudes followed by all errors."
        )
    with_errors = n_features == 2 * len(bands) and n_features > len(bands)
    return {band: (i, len(bands) + i if with_errors else None) for i, band in enumerate(bands)}


def _pick(owner, band, names, among, missing="raise"):
    band = str(band)
    exact = [i for i in among if names[i] == band]
    words = [i for i in among if band in re.split(r"[_\W]", names[i])]
    found = exact or words
    if len(found) == 1:
        return found[0]
    if not found and missing is None:
        return None
    problem = f"{len(found)} columns" if found else "no column"
    raise ValueError(
        f"`bands` of {owner}: {problem} for band {band!r} among {[names[i] for i in among]}. "
        "Pass bands={band: (magnitude column, error column)}."
    )


def _from_dict(owner, band, given, names):
    pair = (given, None) if isinstance(given, (str, int, np.integer)) else tuple(given)
    if len(pair) != 2:
        raise ValueError(f"`bands` of {owner}: {band!r} must name a column or (magnitude, error), got {given!r}.")
    return tuple(None if column is None else _locate(owner, column, names) for column in pair)


def _locate(owner, column, names):
    if isinstance(column, (int, np.integer)):
        return int(column)
    known = [] if names is None else [str(name) for name in names]
    if column not in known:
        raise ValueError(f"`bands` of {owner}: X has no column {column!r}, only {known}.")
    return known.index(column)
