"""X as estimators receive it, checked and split into fluxes, inverse variances and named numbers."""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from sklearn_sedzoo._containers._columns import IVAR_PREFIX, parse_columns
from sklearn_sedzoo._containers._convert import name_columns
from sklearn_sedzoo._containers._grid import describe_grid, is_same_grid
from sklearn_sedzoo._containers._units import find_density, is_logarithmic, to_angstrom
from sklearn_sedzoo._validation import FLOAT_DTYPES, as_native, check_finite_spectra, check_ivar, check_spectra

_INDEXES: WeakKeyDictionary = WeakKeyDictionary()


class SpectrumBlocks(NamedTuple):
    """The parts of X: `flux` and `ivar` (or None) of shape (n_samples, n_flux), `scalars` by name, `index` of rows.

    `attrs` is what X states of itself: ``flux_unit``, ``medium``, ``frame``, and ``is_shifted`` once a resampler has
    brought it to the rest frame.
    """

    flux: np.ndarray
    ivar: np.ndarray | None = None
    scalars: dict | None = None
    index: pd.Index | None = None  # type: ignore[assignment] # tuples have a method of this name; nobody calls it here
    attrs: dict | None = None


def read_spectra(estimator, X, *, reset, on_bad="raise", **check_params):
    """Return the fluxes of X, for a step that takes nothing else: inverse variances are refused, redshifts left out.

    After `fit` on a plain array, columns whose names speak of another grid are refused too.
    """
    blocks = read_blocks(estimator, X, reset=reset, on_bad=on_bad, **check_params)
    if blocks.ivar is not None:
        raise ValueError(
            f"X of {type(estimator).__name__} has columns {IVAR_PREFIX}<wavelength> beside the fluxes, which it does "
            "not use. Drop them."
        )
    return blocks.flux


def read_blocks(estimator, X, *, reset, on_bad="raise", scalars=(), **check_params):
    """Validate X and split it; where each block stands is kept in ``estimator._columns`` by ``reset=True``.

    Pixels with inverse variance 0 are masked: whatever flux they hold passes. Inverse variances that are negative or
    not finite are refused, and so are NaN and infinite fluxes of other pixels with ``on_bad="raise"``.

    Parameters
    ----------
    estimator : estimator
        Whose X it is; has `wavelength` and `unit` where grids are compared.
    X : array-like, DataFrame, SpectrumTable or any container of `name_columns`
        Spectra.
    reset : bool
        True in `fit`.
    on_bad : {"raise", "mask"}
        See `check_spectra`.
    scalars : sequence of str
        Names of columns that the estimator uses, beside ``redshift`` and ``ebv``.
    **check_params
        To scikit-learn's `validate_data`.

    Returns
    -------
    blocks : SpectrumBlocks
    """
    if not reset and isinstance(X, pd.DataFrame) and _is_known(estimator, X):
        _check_flux_unit(estimator, X.attrs.get("flux_unit"))
        return _split(estimator, X, estimator._columns, on_bad, check_params)
    given, X = X, name_columns(X)
    _check_flux_unit(estimator, getattr(X, "attrs", {}).get("flux_unit") or getattr(given, "unit", None))
    names, attrs = _string_names(X), dict(getattr(X, "attrs", {}))
    if not reset and names is not None and not hasattr(estimator, "feature_names_in_"):
        _refuse_other_grid(estimator, names, scalars)
        X = X.to_numpy()
    columns = parse_columns(names, scalars=scalars) if reset and names is not None else None
    if not reset:
        columns = getattr(estimator, "_columns", None)
    if columns is None or columns.is_plain:
        flux = check_spectra(estimator, X, reset=reset, on_bad=on_bad, **check_params)
        if reset:
            estimator._columns = columns or parse_columns(None, flux.shape[1])
        return SpectrumBlocks(flux, None, {}, X.index if isinstance(X, pd.DataFrame) else None, attrs)
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    if reset:
        estimator._columns = columns
    return _split(estimator, X, columns, on_bad, check_params)


def take_flux(X):
    """Split what a step hands on: fluxes, NaN where they are masked; their inverse variances and wavelengths, or None.

    Parameters
    ----------
    X : array-like, DataFrame or SpectrumTable
        Spectra that a step has checked already.

    Returns
    -------
    flux : ndarray of shape (n_samples, n_flux)
    ivar : ndarray of shape (n_samples, n_flux) or None
    wavelength : ndarray of shape (n_flux,) or None
        In the unit of the column names.
    """
    X = name_columns(X)
    names = _string_names(X)
    values = np.asarray(X)
    if names is None or values.ndim != 2:
        return values, None, None
    columns = parse_columns(names)
    flux = values[:, columns.flux]
    if columns.ivar is None:
        return flux, None, columns.wavelength
    ivar = values[:, columns.ivar]
    return np.where(ivar > 0, flux, np.nan), ivar, columns.wavelength


def join_blocks(flux, ivar, names, blocks, **changed):
    """Return `flux` as it is, or a DataFrame where there is `ivar` or a frame that is no longer the observed one.

    An array would not tell flux and inverse variance apart. The DataFrame states what X did, but for what changed. An
    X without columns states nothing: an array comes back as an array.
    """
    is_changed = changed or (blocks.attrs or {}).get("is_shifted")
    if ivar is None and (not is_changed or blocks.index is None):
        return flux
    values = flux if ivar is None else np.concatenate([flux, ivar], axis=1)
    frame = pd.DataFrame(values, index=blocks.index, columns=names, copy=False)
    frame.attrs.update({**(blocks.attrs or {}), **changed})
    return frame


def refuse_shifted(estimator, blocks, what):
    """Raise where X has been brought to the rest frame already: `what` acts on observed wavelengths."""
    if (blocks.attrs or {}).get("frame") == "rest":
        raise ValueError(
            f"X of {type(estimator).__name__} is in the rest frame already, and {what} acts on observed "
            "wavelengths. Put it before SpectrumResampler(redshift=...)."
        )


def _string_names(X):
    """Return the column names of a DataFrame, or None where they are positions: scikit-learn ignores those too."""
    names = getattr(X, "columns", None)
    if names is None or isinstance(getattr(names, "dtype", None), pd.StringDtype):
        return names
    return names if all(isinstance(name, str) for name in names) else None


def _is_known(estimator, X):
    """Whether a DataFrame holds numbers under the names that an estimator was fitted on, compared as an Index.

    The Index is kept beside the estimator, not in it: it is no part of its state.
    """
    names = getattr(estimator, "feature_names_in_", None)
    if names is None or not hasattr(estimator, "_columns"):
        return False
    kept = _INDEXES.get(estimator)
    if kept is None or kept[0] is not names:
        kept = _INDEXES[estimator] = (names, pd.Index(names))
    return X.columns.equals(kept[1]) and all(getattr(kind, "kind", "O") in "iuf" for kind in set(X.dtypes))


def _split(estimator, X, columns, on_bad, check_params):
    owner = type(estimator).__name__

    def take(positions, dtype, **params):
        part = X.iloc[:, positions]
        values = part.to_numpy()  # scikit-learn looks at each of thousands of columns of a DataFrame
        part = as_native(values) if values.dtype.kind in "iuf" else part
        return check_array(part, dtype=dtype, ensure_all_finite=False, estimator=owner, input_name="X", **params)

    flux = take(columns.flux, FLOAT_DTYPES, **check_params)
    ivar = None if columns.ivar is None else check_ivar(owner, take(columns.ivar, [flux.dtype]), len(X))
    flux = check_finite_spectra(owner, flux, on_bad, masked=None if ivar is None else ivar == 0)
    if ivar is not None and np.isnan(flux).any():  # a masked pixel, whatever its error
        ivar = np.where(np.isnan(flux), ivar.dtype.type(0), ivar)
    scalars = {name: take([place], np.float64)[:, 0] for name, place in (columns.scalars or {}).items()}
    return SpectrumBlocks(flux, ivar, scalars, X.index, dict(X.attrs))


def _refuse_other_grid(estimator, names, scalars):
    """Compare names with the grid that was fitted where scikit-learn cannot: `fit` saw an array."""
    known = getattr(estimator, "wavelength_in_", None)
    named = parse_columns(names, scalars=scalars).wavelength
    if known is None or named is None:
        return
    named = to_angstrom(named, estimator.unit)
    if not is_same_grid(named, known):
        raise ValueError(
            f"X has other wavelengths than {type(estimator).__name__} was fitted on: {describe_grid(named)} against "
            f"{describe_grid(known)}."
        )


def _check_flux_unit(estimator, unit):
    """Refuse magnitudes, and densities per frequency where one per wavelength is declared, or the reverse."""
    if not unit:
        return
    if is_logarithmic(unit):
        raise ValueError(
            f"X of {type(estimator).__name__} is in {str(unit)!r}, a logarithm: means of it are no means of the flux. "
            "Convert X to a flux density first, for example with X.to('Jy')."
        )
    declared = getattr(estimator, "density", None)
    found = find_density(unit) if declared else ""
    if found and found != declared:
        raise ValueError(
            f"X of {type(estimator).__name__} is in {str(unit)!r}, a density per {found}, but density={declared!r}. "
            f"Pass density={found!r}, or convert X with astropy.units.spectral_density."
        )
