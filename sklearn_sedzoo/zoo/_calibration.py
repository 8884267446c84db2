"""Groups of spectra that were calibrated together (plates, tiles) to curves that bring them to one calibration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from sklearn_sedzoo._containers import find_name, take_flux
from sklearn_sedzoo._kernels.group_calibration import draw_curve, fit_group_curves

GROUP_NAMES = ("PLATE", "TILEID", "TILE", "FIELD", "FIELD_ID", "NIGHT")
FEWEST = 30  # spectra of a group whose curve is measured


def find_groups(catalog):
    """Return the column of labels under which spectra were calibrated together, or None where that is not to be had.

    Only observed spectra with errors and redshifts tell a calibration from galaxies, and only groups of 30 each other.
    """
    name = find_name(catalog.properties.columns, GROUP_NAMES)
    if name is None or catalog.frame != "observed" or catalog.ivar is None or catalog.redshift is None:
        return None
    labels = catalog.properties[name]
    is_large = labels.map(labels.value_counts()) >= FEWEST
    return name if labels[is_large].nunique() > 1 else None


def measure_calibration(catalog, column, normalized, rows):
    """Return the calibration of each group of a catalog: its column, labels, coefficients and span.

    Parameters
    ----------
    catalog : SpectrumTable
        Observed spectra.
    column : str
        Of the labels of the groups.
    normalized : DataFrame of shape (n_rows, 2 n_wavelengths)
        Spectra at rest with inverse variances, of some rows of the catalog.
    rows : ndarray of int
        Those rows.
    """
    flux, ivar, wavelength = take_flux(normalized)
    labels = catalog.properties[column].astype(str).iloc[rows].reset_index(drop=True)
    counts = labels.value_counts()
    names = sorted(counts.index[counts >= FEWEST])
    group = pd.Index(names).get_indexer(labels)
    span = (float(catalog.wavelength[0]), float(catalog.wavelength[-1]))
    ivar = np.where(np.isfinite(flux), ivar, 0).astype(float)
    stretch = 1 + catalog.redshift[rows]
    coefficients = fit_group_curves(np.nan_to_num(flux).astype(float), ivar, wavelength, stretch, group, span)
    return {"column": column, "labels": names, "coefficients": coefficients, "span": span}


def apply_calibration(catalog, calibration):
    """Return the catalog with the spectra of known groups divided by the curves of those, and a sentence on it."""
    column = calibration["column"]
    if column not in catalog.properties or catalog.frame != "observed" or catalog.meta.get("is_calibrated"):
        return catalog, ""
    inside = np.clip(catalog.wavelength, *calibration["span"])
    curves = np.array([draw_curve(each, inside, calibration["span"]) for each in calibration["coefficients"]])
    group = pd.Index(calibration["labels"]).get_indexer(catalog.properties[column].astype(str))
    factor = np.where(group[:, None] >= 0, curves[np.maximum(group, 0)], 1.0)
    said = (
        f"Calibration: spectra of {len(curves)} groups by the column {column} are brought to their mean, by smooth "
        f"curves that differ by {100 * curves.std(axis=0).mean():.1f} % (--no-calibration leaves them)."
    )
    flux = (catalog.flux / factor).astype(catalog.flux.dtype)
    ivar = None if catalog.ivar is None else (catalog.ivar * factor**2).astype(catalog.ivar.dtype)
    return replace(catalog, flux=flux, ivar=ivar, meta={**catalog.meta, "is_calibrated": True}), said
