"""What is written and colored: names with units, colors of groups, rows and values that the user picked."""

from __future__ import annotations

import astropy.units as u
import matplotlib as mpl
import numpy as np
import pandas as pd

from sklearn_sedzoo._containers import SpectrumTable

# Okabe & Ito (2008), "Color Universal Design": eight colors that all kinds of color vision tell apart.
GROUP_COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
NO_GROUP = "#d0d0d0"
VALUE_COLORS = "viridis"
_MOST_GROUPS = 30
FLUX_LABEL = "normalized flux"


def color_groups(n_groups):
    """Return one RGBA color for each group: distinct for all kinds of color vision up to eight, else a ramp."""
    if n_groups <= len(GROUP_COLORS):
        return mpl.colors.to_rgba_array(GROUP_COLORS[:n_groups])
    return mpl.colormaps[VALUE_COLORS](np.linspace(0, 1, n_groups))


def write_label(name, unit=""):
    """Return a name and its unit for an axis: ``velocity_dispersion``, ``km s-1`` -> ``velocity dispersion [km/s]``."""
    name = str(name).replace("_", " ")
    if not unit:
        return name
    try:
        unit = u.Unit(unit).to_string("latex_inline")
    except (ValueError, TypeError):
        unit = str(unit)
    return f"{name} [{unit}]"


def take_values(owner, values, n_samples, unit=""):
    """Return (values, label) of a property: a Series carries its name, and its unit in ``attrs["units"]``."""
    label = ""
    if isinstance(values, pd.Series):
        known = values.attrs.get("units", unit)
        unit = known.get(values.name, unit) if isinstance(known, dict) else known
        label = write_label("" if values.name is None else values.name, unit)
    values = np.asarray(values)
    if values.shape != (n_samples,):
        raise ValueError(
            f"The values to color by in {owner} must be one for each of the {n_samples} spectra, got shape "
            f"{values.shape}."
        )
    return values, label


def are_groups(values):
    """Tell group labels (words, booleans, integers of few kinds) from measured values (floats, many integers)."""
    values = np.asarray(values)
    return values.dtype.kind in "bOUS" or (values.dtype.kind in "iu" and len(np.unique(values)) <= _MOST_GROUPS)


def take_rows(owner, rows, n_samples):
    """Return row indices as an array; by default the first six."""
    rows = np.arange(min(6, n_samples)) if rows is None else np.atleast_1d(np.asarray(rows))
    if rows.dtype.kind not in "iu" or rows.ndim != 1 or not len(rows):
        raise TypeError(f"`rows` of {owner} must be a list of row indices, got {rows!r}.")
    wrong = rows[(rows < -n_samples) | (rows >= n_samples)]
    if len(wrong):
        raise ValueError(f"`rows` of {owner} must lie in [0, {n_samples - 1}], got {int(wrong[0])}.")
    return np.where(rows < 0, rows + n_samples, rows)


def pick_rows(X, rows):
    """Return the rows of an array, a DataFrame or a SpectrumTable."""
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    return X[rows] if isinstance(X, SpectrumTable) else np.asarray(X)[rows]
