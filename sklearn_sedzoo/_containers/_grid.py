"""Where the wavelengths of the columns come from, and what a grid must be."""

from __future__ import annotations

import numpy as np

from sklearn_sedzoo._containers._units import check_plausible, is_axis_unit, to_angstrom
from sklearn_sedzoo._parameters import Kind, Table, is_array, nothing, option

AXIS_UNIT = Kind(
    "a unit of wavelength, frequency, energy or wavenumber",
    lambda value: isinstance(value, str) or hasattr(value, "physical_type"),
    lambda value: "" if is_axis_unit(value) else "be a unit of wavelength, frequency, energy or wavenumber",
)
_WAVELENGTHS = Kind("wavelengths, one for each column of X", lambda value: is_array(value, (1, 2)))
# Parameters of steps that know wavelengths.
AXIS: Table = {
    "wavelength": [_WAVELENGTHS, option("index"), nothing()],
    "unit": [AXIS_UNIT],
}  # of steps that know wavelengths


def find_wavelength(estimator, n_flux):
    """Return the wavelengths of the flux columns in Angstrom, as they stand, or None where the columns are pixels.

    They come from the names of the columns or from the estimator's `wavelength` (and `unit`); where both are
    there they must agree. ``wavelength="index"`` declares the pixel index to be the wavelength.
    """
    owner = type(estimator).__name__
    given = estimator.wavelength
    if isinstance(given, str):
        return np.arange(n_flux, dtype=float)
    numbers = estimator._columns.wavelength
    named = None if numbers is None else to_angstrom(numbers, estimator.unit)
    if given is None:
        return None if named is None else _checked(owner, named, numbers, estimator.unit)
    unit = getattr(given, "unit", estimator.unit)
    numbers = np.asarray(getattr(given, "value", given), dtype=float)
    given = to_angstrom(numbers, unit)
    if given.shape != (n_flux,):
        raise ValueError(
            f"`wavelength` of {owner} must have one value for each of the {n_flux} columns of X, "
            f"got shape {given.shape}."
        )
    if named is not None and not is_same_grid(named, given):
        raise ValueError(
            f"`wavelength` of {owner} contradicts the column names of X: {describe_grid(given)} against "
            f"{describe_grid(named)}. Pass only one of them."
        )
    return _checked(owner, given, numbers, unit)


def check_grid(owner, wavelength, name="wavelength"):
    """Return the grid (increasing or decreasing); raise where it is not finite, positive and strictly monotonic."""
    wavelength = np.asarray(wavelength, dtype=float)
    if wavelength.ndim != 1 or len(wavelength) < 2:
        raise ValueError(
            f"`{name}` of {owner} must be a list of at least 2 wavelengths, got n_features = "
            f"{wavelength.size} with shape {wavelength.shape}."
        )
    wrong = np.flatnonzero(~(np.isfinite(wavelength) & (wavelength > 0)))
    if len(wrong):
        raise ValueError(
            f"`{name}` of {owner} must be finite and positive, got {wavelength[wrong[0]]!r} at index {wrong[0]}."
        )
    steps = np.diff(wavelength)
    wrong = np.flatnonzero(np.sign(steps) != (1 if wavelength[-1] > wavelength[0] else -1))
    if len(wrong):
        i = wrong[0]
        raise ValueError(
            f"`{name}` of {owner} must rise or fall strictly, got {wavelength[i]!r} followed by "
            f"{wavelength[i + 1]!r} at index {i}. Sort the columns and remove duplicates."
        )
    return wavelength


def require_wavelength(estimator, wavelength, parameter):
    """Raise because `parameter` speaks of wavelengths and the columns of X are only pixels."""
    if wavelength is None:
        owner = type(estimator).__name__
        raise ValueError(
            f"`{parameter}` of {owner} is given in Angstrom, but the columns of X carry no wavelengths. "
            f"Pass wavelength=... to {owner}, or a DataFrame whose column names are wavelengths "
            "(wavelength='index' takes the column index as the wavelength)."
        )


def is_same_grid(a, b):
    """Whether two grids in Angstrom are the same to 1e-9."""
    return len(a) == len(b) and np.allclose(a, b, rtol=1e-9, atol=0)


def describe_grid(wavelength):
    """Say how many wavelengths there are, and from where to where."""
    return f"{len(wavelength)} values, {wavelength[0]:.6g} to {wavelength[-1]:.6g} Angstrom"


def _checked(owner, wavelength, numbers, unit):
    wavelength = check_grid(owner, wavelength)
    check_plausible(owner, numbers, unit)
    return wavelength
