"""Errors of the flux calibration that spectra of a plate, or all spectra, share: measured and divided out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from sklearn_sedzoo._containers import find_name, take_flux
from sklearn_sedzoo._kernels.group_calibration import draw_curve, fit_common_curve, fit_group_curves

GROUP_NAMES = ("PLATE", "TILEID", "TILE", "FIELD", "FIELD_ID", "NIGHT")
FEWEST = 30  # spectra of a group whose curve is measured
LARGEST = 0.3  # error of a calibration that is believed


def can_calibrate(catalog):
    """Tell whether calibration and galaxies can be told apart, by redshifts and errors, and were not yet."""
    is_told_apart = catalog.frame == "observed" and catalog.ivar is not None and catalog.redshift is not None
    return is_told_apart and not catalog.is_recalibrated


def measure_calibration(catalog, normalized, rows):
    """Return what is wrong with the calibration: coefficients for all spectra and for those of each group.

    Parameters
    ----------
    catalog : SpectrumTable
        Observed spectra.
    normalized : DataFrame of shape (n_rows, 2 n_wavelengths)
        Spectra at rest with inverse variances, of some rows of the catalog.
    rows : ndarray of int
        Those rows.

    Returns
    -------
    calibration : dict
        `column` of the groups (None without), their `labels`, `coefficients` for each, `common` ones, `span` and
        number of the observed wavelengths, `survey`.
    """
    flux, ivar, wavelength = take_flux(normalized)
    ivar = np.where(np.isfinite(flux), ivar, 0).astype(float)
    flux, stretch = np.nan_to_num(flux).astype(float), 1 + catalog.redshift[rows]
    span = (float(catalog.wavelength[0]), float(catalog.wavelength[-1]))
    column, labels, coefficients = find_name(catalog.properties.columns, GROUP_NAMES), [], np.zeros((0, 4))
    if column is not None:
        words = _read_labels(catalog, column).iloc[rows].reset_index(drop=True)
        counts = words.value_counts()  # without those that are missing
        labels = sorted(counts.index[counts >= FEWEST])
    if len(labels) > 1:
        group = pd.Index(labels).get_indexer(words)
        coefficients = fit_group_curves(flux, ivar, wavelength, stretch, group, span)
        grid = np.geomspace(*span, 200)
        sound = [np.abs(draw_curve(each, grid, span) - 1).max() < LARGEST for each in coefficients]
        coefficients[~np.array(sound)] = 0.0  # no calibration is so wrong: these spectra have another fault
        for i in np.flatnonzero(group >= 0):
            curve = draw_curve(coefficients[group[i]], wavelength * stretch[i], span)
            flux[i], ivar[i] = flux[i] / curve, ivar[i] * curve**2
    return {
        "column": column if len(labels) > 1 else None,
        "labels": labels if len(labels) > 1 else [],
        "coefficients": coefficients,
        "common": fit_common_curve(flux, ivar, wavelength, stretch, span),
        "span": span,
        "n_pixels": len(catalog.wavelength),
        "survey": catalog.survey,
    }


def apply_calibration(catalog, calibration):
    """Return the catalog without the errors of its calibration, and a sentence on them.

    Spectra of another survey, or on other wavelengths, are left as they are.
    """
    span = (float(catalog.wavelength[0]), float(catalog.wavelength[-1]))
    is_same = (catalog.survey, len(catalog.wavelength), span) == tuple(
        calibration[name] for name in ("survey", "n_pixels", "span")
    )
    if not is_same or catalog.frame != "observed" or catalog.is_recalibrated:
        return catalog, ""
    column, common = calibration["column"], draw_curve(calibration["common"], catalog.wavelength, span)
    factor, said = np.tile(common, (len(catalog), 1)), []
    if calibration["common"].any():
        said.append(f"a curve that all spectra share ({100 * np.std(common):.1f} %)")
    if column is not None and column in catalog.properties:
        curves = np.array([draw_curve(each, catalog.wavelength, span) for each in calibration["coefficients"]])
        group = pd.Index(calibration["labels"]).get_indexer(_read_labels(catalog, column))
        factor[group >= 0] *= curves[group[group >= 0]]
        said.append(f"curves of {len(curves)} groups by the column {column} ({100 * curves.std(axis=0).mean():.1f} %)")
    if not said:
        return catalog, ""
    sentence = (
        f"Calibration: divided by {' and '.join(said)}, smooth in observed wavelength, measured against galaxies with "
        "the same lines at other redshifts (--no-calibration leaves them)."
    )
    flux = (catalog.flux / factor).astype(catalog.flux.dtype)
    ivar = (catalog.ivar * factor**2).astype(catalog.ivar.dtype) if catalog.ivar is not None else None
    return replace(catalog, flux=flux, ivar=ivar, is_recalibrated=True), sentence


def _read_labels(catalog, column):
    """Return the labels of the groups as words, None where they are missing."""
    labels = catalog.properties[column]
    return labels.astype(str).astype(object).where(labels.notna(), None)
