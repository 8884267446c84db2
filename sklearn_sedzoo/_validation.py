"""The one home of input checks and of their wording."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_sedzoo._parameters import column, nothing, number, option

FLOAT_DTYPES = [np.float64, np.float32]
ON_BAD = [option("mask", "raise")]  # of the parameter `on_bad`
FRAME = [option("rest", "observed"), nothing()]
MEDIUM = [option("vacuum", "air"), nothing()]
LOWEST_REDSHIFT, HIGHEST_REDSHIFT = -0.1, 20
COLUMN_OR_REDSHIFT = [column(), number(LOWEST_REDSHIFT, HIGHEST_REDSHIFT, closed="right"), nothing()]


def point_at(rows, n_rows, fault):
    """Say how many of the rows have a fault and where the first one is."""
    rows = np.flatnonzero(rows) if np.asarray(rows).dtype == bool else np.asarray(rows)
    return f"{len(rows)} of {n_rows} spectra {fault}; first at row {rows[0]}."


def as_native(X):
    """Return an array with its bytes in machine order, at the same width (FITS data is big-endian)."""
    if isinstance(X, np.ndarray) and not X.dtype.isnative:
        return X.astype(X.dtype.newbyteorder("="))
    return X


def check_spectra(estimator, X, *, reset, on_bad="raise", **check_params):
    """Validate a matrix of spectra: float32 or float64, native byte order, faults counted and located.

    `on_bad="raise"` refuses NaN and infinity, `"mask"` lets NaN through and turns infinity into NaN.
    Masked arrays hand over their mask as NaN. Booleans and strings are refused: they are no fluxes.
    """
    owner = type(estimator).__name__
    if isinstance(X, np.ma.MaskedArray):
        X = np.ma.filled(X.astype(np.result_type(X.dtype, np.float32)), np.nan)
    kind = getattr(getattr(X, "dtype", None), "kind", "f")
    if kind in "bUS" or (kind == "O" and any(isinstance(value, str) for value in np.ravel(X))):
        raise ValueError(f"X of {owner} must hold numbers, got dtype {X.dtype!r}.")
    if isinstance(X, np.ndarray):
        check_range(owner, X)
    X = validate_data(estimator, as_native(X), reset=reset, dtype=FLOAT_DTYPES, ensure_all_finite=False, **check_params)
    return check_finite_spectra(owner, X, on_bad)


def check_range(owner, X):
    """Refuse numbers that only a longer type than float64 can hold, before they become infinite."""
    if X.dtype.kind == "f" and X.dtype.itemsize > 8:
        largest = np.abs(X[np.isfinite(X)]).max(initial=0)
        if largest > np.finfo(np.float64).max:
            raise ValueError(f"X of {owner} holds {largest!r}, more than float64 can. Scale the fluxes first.")


def check_squares(owner, X):
    """Refuse numbers whose squares, or sums of them, leave the range of their type (NaN is a missing value)."""
    low, high = (1e-150, 1e150) if X.dtype == np.float64 else (0, 1e30)
    with np.errstate(invalid="ignore"):
        largest = max(np.fmax.reduce(X, axis=None, initial=0), -np.fmin.reduce(X, axis=None, initial=0))
    if largest > high or 0 < largest < low:
        raise ValueError(
            f"X of {owner} must hold numbers of at most {high:g} and not all below {low:g}, whose squares {X.dtype} "
            f"can hold; got up to {largest:.3g}. Multiply X by a constant."
        )


def check_finite_spectra(owner, X, on_bad, masked=None):
    """Raise for spectra that are not finite, or turn infinity into NaN; pixels that are `masked` may hold anything."""
    with np.errstate(over="ignore", invalid="ignore"):
        total = X @ np.ones(X.shape[1], dtype=X.dtype)  # one pass by BLAS; a sum may also overflow
    suspects = np.flatnonzero(~np.isfinite(total))
    finite = np.isfinite(X[suspects])
    bad = suspects[~(finite if masked is None else finite | masked[suspects]).all(axis=1)]
    if len(bad) and on_bad == "raise":
        column = np.flatnonzero(~np.isfinite(X[bad[0]]) & (True if masked is None else ~masked[bad[0]]))[0]
        raise ValueError(
            f"X of {owner} contains NaN or infinity: {point_at(bad, len(X), 'are not finite')[:-1]}, column {column}. "
            "Mend or drop these rows, or pass on_bad='mask'."
        )
    infinite = suspects[np.isinf(X[suspects]).any(axis=1)]
    if len(infinite):
        X = X.copy()
        X[infinite] = np.where(np.isinf(X[infinite]), np.nan, X[infinite])
    return X


def check_ivar(owner, ivar, n_samples):
    """Return inverse variances; raise where one is negative or not finite (0 is a masked pixel)."""
    with np.errstate(over="ignore", invalid="ignore"):
        wrong = ~(np.isfinite(ivar) & (ivar >= 0))
    if wrong.any():
        rows = wrong.any(axis=1)
        row, column = np.argwhere(wrong)[0]
        raise ValueError(
            f"X of {owner} has inverse variances that are negative or not finite: "
            f"{point_at(rows, n_samples, 'have them')[:-1]}, pixel {column}: {float(ivar[row, column])!r}. A "
            "masked pixel has inverse variance 0."
        )
    return ivar


def is_usable_redshift(redshift):
    """Whether redshifts are finite, above -0.1 and at most 20."""
    redshift = np.asarray(redshift, dtype=float)
    return np.isfinite(redshift) & (redshift > LOWEST_REDSHIFT) & (redshift <= HIGHEST_REDSHIFT)


def check_redshift(owner, redshift):
    """Return redshifts as floats; raise unless all are finite, above -0.1 and at most 20."""
    redshift = np.asarray(redshift, dtype=float)
    wrong = ~is_usable_redshift(redshift)
    if wrong.any():
        first = redshift.flat[np.flatnonzero(wrong)[0]]
        raise ValueError(
            f"Redshifts of {owner} must be finite, above -0.1 and at most 20: "
            f"{point_at(np.atleast_1d(wrong), redshift.size, 'have others')[:-1]}, {float(first)!r}. Drop or mend "
            "these rows (a redshift that is not known is no redshift of 0)."
        )
    return redshift


def check_sample_weight(owner, sample_weight, n_samples):
    """Return float64 weights (n_samples,), or None; raise unless all are finite, none negative, some positive."""
    if sample_weight is None:
        return None
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (n_samples,):
        raise ValueError(f"`sample_weight` of {owner} must have shape ({n_samples},), got {weight.shape}.")
    if not np.isfinite(weight).all() or (weight < 0).any() or not weight.any():
        raise ValueError(
            f"`sample_weight` of {owner} must be finite, not negative and not zero everywhere, "
            f"got weights from {float(weight.min())} to {float(weight.max())}."
        )
    return weight


def check_density(density, zgrid):
    """Return densities of redshift (n_samples, n_z), each divided by its integral, and their grid; rows of NaN stay."""
    density, zgrid = np.asarray(density, float), np.asarray(zgrid, float)
    if zgrid.ndim != 1 or len(zgrid) < 2 or not np.isfinite(zgrid).all() or not (np.diff(zgrid) > 0).all():
        got = np.array2string(zgrid, threshold=8)
        raise ValueError(f"zgrid must be at least 2 finite, increasing redshifts, got {got}.")
    if density.ndim != 2 or density.shape[1] != len(zgrid):
        raise ValueError(f"density must have shape (n_samples, {len(zgrid)}), as zgrid has it, got {density.shape}.")
    bad = np.isinf(density).any(axis=1) | (density < 0).any(axis=1)
    if bad.any():
        raise ValueError(f"{bad.sum()} of {len(bad)} densities are negative or infinite; first at row {bad.argmax()}.")
    norm = np.trapezoid(density, zgrid, axis=1)
    if (norm <= 0).any():
        raise ValueError(f"{(norm <= 0).sum()} of {len(norm)} densities are zero; first at row {(norm <= 0).argmax()}.")
    return density / norm[:, None], zgrid


def keep_parameters(estimator: Any) -> None:
    """Keep the parameters of a fit, at its end: what `set_params` changes counts from the next fit."""
    estimator._fit_params = estimator.get_params(deep=False)


def as_fitted(estimator: Any) -> Any:
    """Return a fitted estimator with the parameters of its fit; raise where there was none."""
    check_is_fitted(estimator)
    now = estimator.get_params(deep=False)
    if all(now[name] is value for name, value in estimator._fit_params.items()):
        return estimator
    fitted = copy.copy(estimator)
    vars(fitted).update(estimator._fit_params)
    return fitted
