"""The columns of X: fluxes, their inverse variances, and named numbers such as the redshift."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

FLUX_PREFIX = "flux_"
IVAR_PREFIX = "ivar_"
KNOWN_SCALARS = ("redshift", "ebv")


@dataclass(frozen=True)
class SpectrumColumns:
    """Where fluxes, inverse variances and named numbers stand among the columns of X.

    Parameters
    ----------
    flux : slice or ndarray of int
        Positions of the flux columns.
    n_flux : int
        How many there are.
    ivar : slice or ndarray of int, optional
        Positions of the inverse variances, in the order of the fluxes.
    scalars : dict of str to int
        Position of each named column (``redshift``, ``ebv``).
    wavelength : ndarray of shape (n_flux,), optional
        The numbers in the names of the flux columns, in the unit they are in.
    """

    flux: slice | np.ndarray
    n_flux: int
    ivar: slice | np.ndarray | None = None
    scalars: dict | None = None
    wavelength: np.ndarray | None = None

    @property
    def is_plain(self):
        """Whether X holds fluxes only."""
        return self.ivar is None and not self.scalars


def parse_columns(names, n_features=None, scalars=()):
    """Sort column names into fluxes, inverse variances and named numbers.

    Parameters
    ----------
    names : sequence of str or None
        Names of the columns; None or names without any number are all fluxes (pixels).
    n_features : int, optional
        Number of columns where `names` is None.
    scalars : sequence of str
        Names that the caller asks for, beside `KNOWN_SCALARS`.

    Returns
    -------
    columns : SpectrumColumns
    """
    if names is None:
        return SpectrumColumns(slice(0, n_features), n_features, scalars={})
    names = [str(name) for name in names]
    known = {*KNOWN_SCALARS, *scalars}
    named = {name: i for i, name in enumerate(names) if name in known}
    ivar = np.array([i for i, name in enumerate(names) if name.startswith(IVAR_PREFIX)], dtype=int)
    flux = np.setdiff1d(np.arange(len(names)), [*named.values(), *ivar])
    values = np.array([_parse_name(names[i]) for i in flux])
    if np.isnan(values).all():
        if len(ivar):
            raise ValueError(f"X has {len(ivar)} columns {IVAR_PREFIX}<wavelength>, but no flux column named by one.")
        return SpectrumColumns(_as_slice(flux), len(flux), scalars=named)
    _refuse_unreadable(values, [names[i] for i in flux])
    if len(ivar):
        ivar = ivar[_match_ivar(values, [names[i] for i in ivar])]
    return SpectrumColumns(_as_slice(flux), len(flux), _as_slice(ivar) if len(ivar) else None, named, values)


def name_wavelengths(wavelength):
    """Return column names that carry wavelengths in Angstrom, exactly."""
    return _name_bytes(np.asarray(wavelength, dtype=np.float64).tobytes()).copy()


@lru_cache(maxsize=16)
def _name_bytes(wavelength):
    """Return names of wavelengths; every step asks for the same thousands of them again and again."""
    return np.array([repr(value) for value in np.frombuffer(wavelength).tolist()], dtype=object)


def parse_wavelength_names(names):
    """Return the numbers in column names ("4000.5" or "flux_4000.5"), or None when none of them is a number."""
    if names is None:
        return None
    values = np.array([_parse_name(name) for name in names])
    if np.isnan(values).all():
        return None
    _refuse_unreadable(values, names)
    return values


def _parse_name(name):
    if isinstance(name, str):
        try:
            return float(name.removeprefix(FLUX_PREFIX))
        except ValueError:
            return np.nan
    return np.nan


def _refuse_unreadable(values, names):
    unreadable = np.isnan(values)
    if unreadable.any():
        others = [str(name) for name in np.asarray(names, dtype=object)[unreadable][:5]]
        raise ValueError(
            f"{unreadable.sum()} of {len(values)} column names are no wavelengths, e.g. {others}. "
            "Keep only the flux columns in X (object properties belong in another table); columns called "
            f"{IVAR_PREFIX}<wavelength>, {' and '.join(KNOWN_SCALARS)} may stand beside them."
        )


def _match_ivar(wavelength, names):
    """Return the order in which the columns of inverse variance belong to the fluxes."""
    values = np.array([_parse_name(name.removeprefix(IVAR_PREFIX)) for name in names])
    order = np.argsort(values)
    place = np.argsort(np.argsort(wavelength))
    if len(values) != len(wavelength) or not np.array_equal(values[order[place]], wavelength):
        raise ValueError(
            f"The columns {IVAR_PREFIX}<wavelength> of X must name the wavelengths of the fluxes, one for each: got "
            f"{len(values)} of them ({names[0]} ...) for {len(wavelength)} fluxes ({wavelength[0]!r} ...)."
        )
    return order[place]


def _as_slice(positions):
    """Return a slice for consecutive positions: it takes a view of X, not a copy."""
    if len(positions) and np.array_equal(positions, np.arange(positions[0], positions[0] + len(positions))):
        return slice(int(positions[0]), int(positions[0]) + len(positions))
    return positions
