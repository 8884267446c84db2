"""Tables of spectra and the wavelengths that their column names carry."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sklearn_sedzoo._validation import check_option, check_spectra

FLUX_PREFIX = "flux_"
ANGSTROM = ("Angstrom", "angstrom", "AA", "A")


@dataclass
class SpectrumTable:
    """Spectra on one wavelength grid, with what is known of each object.

    Parameters
    ----------
    flux : ndarray of shape (n_samples, n_wavelengths)
        Flux density per wavelength, in `flux_unit`, native byte order.
    wavelength : ndarray of shape (n_wavelengths,)
        Wavelength in Angstrom, increasing.
    properties : DataFrame of shape (n_samples, n_properties)
        One row per spectrum; units in ``properties.attrs["units"]``.
    flux_unit : str, default=""
        Unit of the flux as written in the file.
    meta : dict
        What else is known: ``path``, ``medium`` ("vacuum" or "air"), ``origin``.
    """

    flux: np.ndarray
    wavelength: np.ndarray
    properties: pd.DataFrame = field(default_factory=pd.DataFrame)
    flux_unit: str = ""
    meta: dict = field(default_factory=dict)

    def __post_init__(self):
        if self.flux.ndim != 2 or self.flux.shape[1] != len(self.wavelength):
            raise ValueError(
                f"flux of SpectrumTable must have shape (n_samples, {len(self.wavelength)}) to match the "
                f"{len(self.wavelength)} wavelengths, got {self.flux.shape}."
            )
        if self.properties.empty and not len(self.properties.columns):
            self.properties = pd.DataFrame(index=pd.RangeIndex(len(self.flux)))
        if len(self.properties) != len(self.flux):
            raise ValueError(
                f"properties of SpectrumTable must have one row for each of the {len(self.flux)} spectra, "
                f"got {len(self.properties)} rows."
            )

    def __len__(self):
        return len(self.flux)

    def __getitem__(self, rows):
        """Return the table of the selected rows (slice, mask or indices)."""
        return SpectrumTable(
            self.flux[rows], self.wavelength, self.properties.iloc[rows], self.flux_unit, dict(self.meta)
        )

    def to_frame(self):
        """Return the fluxes as a DataFrame whose column names are the wavelengths in Angstrom."""
        return pd.DataFrame(self.flux, columns=name_wavelengths(self.wavelength), index=self.properties.index)


def to_angstrom(wavelength, unit="Angstrom"):
    """Convert a spectral axis (wavelength, frequency, energy or wavenumber) to Angstrom in vacuum."""
    if hasattr(wavelength, "unit"):
        wavelength, unit = wavelength.value, wavelength.unit
    wavelength = np.asarray(wavelength, dtype=float)
    if isinstance(unit, str) and unit in ANGSTROM:
        return wavelength
    import astropy.units as u  # here: keeps `import sklearn_sedzoo` light

    try:
        return (wavelength * u.Unit(unit)).to_value(u.AA, equivalencies=u.spectral())
    except (ValueError, TypeError, u.UnitConversionError) as error:
        raise ValueError(
            f"`unit` must be a unit of wavelength, frequency, energy or wavenumber, got {unit!r} ({error})."
        ) from None


def name_wavelengths(wavelength):
    """Return column names that carry wavelengths in Angstrom, exactly."""
    return np.array([repr(float(value)) for value in wavelength], dtype=object)


def parse_wavelength_names(names):
    """Return the numbers in column names ("4000.5" or "flux_4000.5"), or None when none of them is a number."""
    if names is None:
        return None
    values = np.array([_parse_name(name) for name in names])
    unreadable = np.isnan(values)
    if unreadable.all():
        return None
    if unreadable.any():
        others = [str(name) for name in np.asarray(names, dtype=object)[unreadable][:5]]
        raise ValueError(
            f"{unreadable.sum()} of {len(values)} column names are no wavelengths, e.g. {others}. "
            "Keep only the flux columns in X (object properties belong in another table)."
        )
    return values


def _parse_name(name):
    if isinstance(name, str):
        try:
            return float(name.removeprefix(FLUX_PREFIX))
        except ValueError:
            return np.nan
    return np.nan


def name_columns(X):
    """Turn float column labels into strings, so that scikit-learn sees (and checks) them; the rest is untouched.

    Integer labels are positions, not wavelengths: pandas makes them up where none were given.
    """
    if isinstance(X, SpectrumTable):
        return X.to_frame()
    columns = getattr(X, "columns", None)
    if columns is not None and len(columns) and all(isinstance(name, (float, np.floating)) for name in columns):
        return X.set_axis(name_wavelengths(columns), axis=1)
    return X


def read_spectra(estimator, X, *, reset, on_bad="raise", **check_params):
    """Validate X and, after `fit` on a plain array, refuse columns whose names speak of another grid."""
    X = name_columns(X)
    known = getattr(estimator, "wavelength_in_", None)
    if not reset and known is not None and not hasattr(estimator, "feature_names_in_"):
        named = parse_wavelength_names(getattr(X, "columns", None))
        if named is not None:
            named = to_angstrom(named, estimator.unit)
            if not _same_grid(named, known):
                raise ValueError(
                    f"X has other wavelengths than {type(estimator).__name__} was fitted on: {_span(named)} against "
                    f"{_span(known)}."
                )
            X = X.to_numpy()
    return check_spectra(estimator, X, reset=reset, on_bad=on_bad, **check_params)


def find_wavelength(estimator, n_features):
    """Return the wavelengths of the columns in Angstrom, as they stand, or None where the columns are pixels.

    They come from the names of the columns or from the estimator's `wavelength` (and `unit`); where both are
    there they must agree. ``wavelength="index"`` declares the pixel index to be the wavelength.
    """
    owner = type(estimator).__name__
    given = estimator.wavelength
    if isinstance(given, str):
        check_option(owner, "wavelength", given, ("index",))
        return np.arange(n_features, dtype=float)
    named = parse_wavelength_names(getattr(estimator, "feature_names_in_", None))
    if named is not None:
        named = to_angstrom(named, estimator.unit)
    if given is None:
        return None if named is None else check_grid(owner, named)
    given = to_angstrom(given, estimator.unit)
    if given.shape != (n_features,):
        raise ValueError(
            f"`wavelength` of {owner} must have one value for each of the {n_features} columns of X, "
            f"got shape {given.shape}."
        )
    if named is not None and not _same_grid(named, given):
        raise ValueError(
            f"`wavelength` of {owner} contradicts the column names of X: {_span(given)} against {_span(named)}. "
            "Pass only one of them."
        )
    return check_grid(owner, given)


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


def _same_grid(a, b):
    return len(a) == len(b) and np.allclose(a, b, rtol=1e-9, atol=0)


def _span(wavelength):
    return f"{len(wavelength)} values, {wavelength[0]:.6g} to {wavelength[-1]:.6g} Angstrom"
