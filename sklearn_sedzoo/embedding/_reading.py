"""From what the user hands over to fluxes and their inverse variances."""

from __future__ import annotations

import numpy as np
from sklearn.utils import check_array

from sklearn_sedzoo._containers import read_blocks
from sklearn_sedzoo._validation import point_at


def read_weighted_spectra(estimator, X, *, reset, **check_params):
    """Return ``(flux, ivar)``: `ivar` is None where every pixel is there and no error is known.

    Masked pixels have ``ivar = 0`` and flux 0; pixels without a known error have ``ivar = inf``.
    """
    blocks = read_blocks(estimator, X, reset=reset, on_bad=estimator.on_bad, **check_params)
    flux, ivar = blocks.flux, blocks.ivar
    missing = np.isnan(flux)
    if ivar is None and not missing.any():
        return flux, None
    ivar = np.full(flux.shape, np.inf, dtype=flux.dtype) if ivar is None else ivar.copy()
    ivar[missing] = 0
    return np.where(ivar > 0, flux, 0), ivar


def refuse_empty(estimator, ivar):
    """Raise where a spectrum has no valid pixel, unless the estimator's `on_empty` lets it pass."""
    empty = np.zeros(0, dtype=bool) if ivar is None else ~(ivar > 0).any(axis=1)
    if empty.any() and estimator.on_empty == "raise":
        owner = type(estimator).__name__
        raise ValueError(
            f"X of {owner} has spectra without latents: {point_at(empty, len(empty), 'have no valid pixel')} Drop them "
            "(a FluxNormalizer makes rows without flux in its band NaN), or pass on_empty='nan' to keep their places."
        )


def keep_useful_rows(flux, ivar, sample_weight):
    """Return ``(flux, ivar, row_weight)`` without the rows that have no usable pixel or no weight."""
    row_weight = None if sample_weight is None else _check_weights(sample_weight, len(flux))
    useful = np.ones(len(flux), dtype=bool)
    if ivar is not None:
        useful &= (ivar > 0).any(axis=1)
    if row_weight is not None:
        if not row_weight.any():
            raise ValueError("`sample_weight` must not be zero for all spectra; zero leaves a spectrum out.")
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
