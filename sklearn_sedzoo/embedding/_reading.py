"""From what the user hands over to fluxes and their inverse variances."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.utils import check_array

from sklearn_sedzoo._containers import read_spectra
from sklearn_sedzoo._validation import point_at
from sklearn_sedzoo.exceptions import SedDataWarning

IVAR_PREFIX = "ivar_"


def read_weighted_spectra(estimator, X, *, reset, **check_params):
    """Return ``(flux, ivar)``: `ivar` is None where every pixel is there and no error is known.

    Columns named ``ivar_<name of a flux column>`` hold inverse variances. Masked pixels have ``ivar = 0`` and
    flux 0; pixels without a known error have ``ivar = inf``.
    """
    X = read_spectra(estimator, X, reset=reset, on_bad=estimator.on_bad, **check_params)
    flux_columns, ivar_columns = find_columns(
        type(estimator).__name__, getattr(estimator, "feature_names_in_", None), X.shape[1]
    )
    flux = X if ivar_columns is None else X[:, flux_columns]
    missing = np.isnan(flux)
    if ivar_columns is None and not missing.any():
        return flux, None
    ivar = np.full(flux.shape, np.inf, dtype=flux.dtype) if ivar_columns is None else X[:, ivar_columns].copy()
    if ivar_columns is not None:
        wrong = (ivar < 0).any(axis=1)
        if wrong.any():
            raise ValueError(f"X of {type(estimator).__name__}: {point_at(wrong, len(X), 'have negative ivar')}")
    ivar[missing | np.isnan(ivar)] = 0
    empty = ~(ivar > 0).any(axis=1)
    if empty.any():
        warnings.warn(
            f"{point_at(empty, len(X), 'have no usable pixel')} They teach nothing and embed as NaN.",
            SedDataWarning,
            stacklevel=3,
        )
    return np.where(ivar > 0, flux, 0), ivar


def find_columns(owner, names, n_columns):
    """Return the positions of the flux columns and of their ``ivar_`` columns (None where there are none)."""
    is_ivar = np.zeros(n_columns, dtype=bool)
    if names is not None:
        is_ivar[:] = [str(name).startswith(IVAR_PREFIX) for name in names]
    if not is_ivar.any():
        return np.arange(n_columns), None
    place = {str(name).removeprefix(IVAR_PREFIX): i for i, name in enumerate(names) if is_ivar[i]}
    flux = np.flatnonzero(~is_ivar)
    lonely = [str(names[i]) for i in flux if str(names[i]) not in place]
    if lonely or len(place) != len(flux):
        raise ValueError(
            f"X of {owner} has {len(flux)} flux columns and {is_ivar.sum()} ivar columns; each flux column needs its "
            f"own 'ivar_<name>' column{f', missing for {lonely[:3]}' if lonely else ''}."
        )
    return flux, np.array([place[str(names[i])] for i in flux])


def keep_useful_rows(flux, ivar, sample_weight):
    """Return ``(flux, ivar, row_weight)`` without the rows that have no usable pixel or no weight."""
    row_weight = None if sample_weight is None else _check_weights(sample_weight, len(flux))
    useful = np.ones(len(flux), dtype=bool)
    if ivar is not None:
        useful &= (ivar > 0).any(axis=1)
    if row_weight is not None:
        useful &= row_weight > 0
    if useful.all():
        return flux, ivar, row_weight
    if useful.sum() < 2:
        raise ValueError(f"ConvAutoencoderEmbedder needs 2 spectra with usable pixels and weight, got {useful.sum()}.")
    return flux[useful], None if ivar is None else ivar[useful], None if row_weight is None else row_weight[useful]


def _check_weights(sample_weight, n_rows):
    weights = check_array(sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight")
    if weights.shape != (n_rows,):
        raise ValueError(
            f"`sample_weight` must have one number for each of the {n_rows} spectra, got shape {weights.shape}."
        )
    if (weights < 0).any():
        raise ValueError(f"`sample_weight` must not be negative, got {weights.min()!r}.")
    return weights
