"""SpectrumTable: spectra on one wavelength grid, with what is known of each object."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from numbers import Integral

import numpy as np
import pandas as pd

from sklearn_sedzoo._containers._columns import IVAR_PREFIX, KNOWN_SCALARS, name_wavelengths
from sklearn_sedzoo._containers._join import match_rows
from sklearn_sedzoo._containers._property_names import name_properties
from sklearn_sedzoo._containers._units import find_density
from sklearn_sedzoo._parameters import check_parameter
from sklearn_sedzoo._validation import FRAME, MEDIUM
from sklearn_sedzoo.exceptions import SedDataWarning

SAFE = (1e-15, 1e15)  # sizes of fluxes whose squares, and sums of them, are far from the ends of float32


@dataclass
class SpectrumTable:
    """Spectra on one wavelength grid, with what is known of each object.

    Parameters
    ----------
    flux : ndarray of shape (n_samples, n_wavelengths)
        Flux density per wavelength, in `flux_unit`, native byte order; NaN is masked.
    wavelength : ndarray of shape (n_wavelengths,)
        Wavelength in Angstrom, increasing.
    properties : DataFrame of shape (n_samples, n_properties)
        One row per spectrum; units in ``properties.attrs["units"]``.
    flux_unit : str, default=""
        Unit of the flux as written in the file.
    meta : dict
        What else is known: ``path``, ``origin`` (the reader and its version), ``unused`` (what the file holds and
        nobody read), ``assumed`` (what its header leaves open).
    ivar : ndarray of shape (n_samples, n_wavelengths), optional
        Inverse variance of the flux, in ``flux_unit ** -2``; 0 is masked.
    quality : ndarray of shape (n_samples,), optional
        Sum of the bits of `sklearn_sedzoo.io.QUALITY_BITS` that hold for each spectrum; 0 is good.
    frame : {"rest", "observed"} or None, default=None
        Whether the redshift is out of the wavelengths; None: not stated.
    medium : {"vacuum", "air"} or None, default=None
        Medium in which the wavelengths are given; None: not stated.
    survey : str or None, default=None
        Survey or instrument whose data model the file follows, such as "SDSS".
    is_dereddened : bool, default=False
        Whether the extinction by the dust of our Galaxy has been corrected for.
    is_recalibrated : bool, default=False
        Whether errors of the flux calibration were measured on these spectra and divided out, as `Zoo.fit` does.
    """

    flux: np.ndarray
    wavelength: np.ndarray
    properties: pd.DataFrame = field(default_factory=pd.DataFrame)
    flux_unit: str = ""
    meta: dict = field(default_factory=dict)
    ivar: np.ndarray | None = field(default=None, kw_only=True)
    quality: np.ndarray | None = field(default=None, kw_only=True)
    frame: str | None = field(default=None, kw_only=True)
    medium: str | None = field(default=None, kw_only=True)
    survey: str | None = field(default=None, kw_only=True)
    is_dereddened: bool = field(default=False, kw_only=True)
    is_recalibrated: bool = field(default=False, kw_only=True)

    def __post_init__(self):
        check_parameter("SpectrumTable", "frame", self.frame, FRAME)
        check_parameter("SpectrumTable", "medium", self.medium, MEDIUM)
        misplaced = [name for name in ("frame", "medium", "survey") if name in self.meta]
        if misplaced:
            raise ValueError(
                f"meta of SpectrumTable holds {misplaced[0]!r}, which is a field of its own. Pass "
                f"SpectrumTable(..., {misplaced[0]}={self.meta[misplaced[0]]!r})."
            )
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
        if self.ivar is not None and self.ivar.shape != self.flux.shape:
            raise ValueError(
                f"ivar of SpectrumTable must have the shape of flux, {self.flux.shape}, got {self.ivar.shape}."
            )
        if self.quality is not None and np.shape(self.quality) != (len(self.flux),):
            raise ValueError(
                f"quality of SpectrumTable must have one value for each of the {len(self.flux)} spectra, got shape "
                f"{np.shape(self.quality)}."
            )

    def __len__(self):
        return len(self.flux)

    def __getitem__(self, rows):
        """Return the table of the selected rows (slice, mask, indices; one number gives a table of one row)."""
        if isinstance(rows, tuple):  # scikit-learn selects rows of whatever has a shape by [rows, ...]
            rows, *rest = rows
            if any(part is not Ellipsis and part != slice(None) for part in rest):
                raise TypeError("SpectrumTable takes an index of rows only; its wavelengths stay together.")
        if isinstance(rows, Integral):
            rows = [rows]
        return replace(
            self,
            flux=self.flux[rows],
            properties=self.properties.iloc[rows],
            meta=dict(self.meta),
            ivar=None if self.ivar is None else self.ivar[rows],
            quality=None if self.quality is None else self.quality[rows],
        )

    @property
    def shape(self):
        """Number of spectra and of wavelengths."""
        return self.flux.shape

    @property
    def density(self):
        """Per what the flux is a density: "wavelength", "frequency", or None where the unit does not tell."""
        return find_density(self.flux_unit) or None

    @property
    def redshift(self):
        """The column ``redshift`` of the properties as floats, or None where there is none."""
        if "redshift" not in self.properties:
            return None
        return self.properties["redshift"].to_numpy(dtype=float)

    def join(self, table, *, on=None, redshift=None):
        """Return the spectra with the columns of another table, matched by an identifier.

        Every spectrum keeps its place. Those that the table does not know get missing values, with a warning; columns
        that both have are taken from the table, with a warning.

        Parameters
        ----------
        table : DataFrame or astropy Table
            One row for each object; rows of other objects are left out.
        on : str or (str, str), optional
            Column with the identifier in both, or (in the properties of the spectra, in the table); by default columns
            with a usual name such as ``id``, ``object_id``, ``TARGETID`` or ``file``. Numbers match their text, and
            file names match without their ending.
        redshift : str, optional
            Column of the table that holds the redshift, by default one with a usual name such as ``Z`` or ``zspec``.

        Returns
        -------
        joined : SpectrumTable
            The same spectra.

        Raises
        ------
        ValueError
            If a column is not there, an identifier is in the table twice, or none matches.

        Examples
        --------
        >>> import numpy as np
        >>> import pandas as pd
        >>> from sklearn_sedzoo import SpectrumTable
        >>> spectra = SpectrumTable(np.ones((2, 3)), np.array([4e3, 5e3, 6e3]), pd.DataFrame({"id": ["b", "a"]}))
        >>> spectra.join(pd.DataFrame({"id": ["a", "b", "c"], "zspec": [0.1, 0.2, 0.3]})).redshift
        array([0.2, 0.1])
        """
        table = table if isinstance(table, pd.DataFrame) else table.to_pandas(index=False)
        rows, key = match_rows(self.properties, table, on)
        if redshift is not None and redshift not in table:
            raise ValueError(
                f"`redshift` of join is {redshift!r}, but the table has no such column: {', '.join(map(str, table))}."
            )
        added = table.drop(columns=key).take(np.maximum(rows, 0)).set_axis(self.properties.index)
        if (rows < 0).any():
            whole = added.select_dtypes(["integer", "bool"])
            added = added.astype({name: whole[name].convert_dtypes().dtype for name in whole})  # which can be missing
            added = added.where(pd.Series(rows >= 0, index=added.index))
        added = name_properties(added)
        if redshift is not None:
            added["redshift"] = added[redshift].astype(float)
        twice = [name for name in added if name in self.properties]
        if twice:
            warnings.warn(
                f"Both the spectra and the table to join have {', '.join(map(str, twice))}: those of the table count.",
                SedDataWarning,
                stacklevel=2,
            )
        properties = pd.concat([self.properties.drop(columns=twice), added], axis=1)
        units = {**self.properties.attrs.get("units", {}), **table.attrs.get("units", {})}
        properties.attrs["units"] = units
        return replace(self, properties=properties)

    def to_frame(self):
        """Return what estimators take as X: fluxes, inverse variances and named numbers as columns of a DataFrame.

        Fluxes are named by their wavelength in Angstrom, inverse variances ``ivar_<wavelength>`` (if there are any);
        ``redshift`` and ``ebv`` (0 once it is corrected for) come along where the properties have them. Unit, medium
        and frame of the spectra stand in ``attrs``. Fluxes that float32 holds, but not their squares and inverse
        variances (plain cgs units), come as float64.
        """
        names, values = name_wavelengths(self.wavelength), self.flux
        if values.dtype == np.float32 and not _is_safe(self.flux, self.ivar):
            values = values.astype(float)
        if self.ivar is not None:
            values = np.concatenate([values, self.ivar.astype(values.dtype, copy=False)], axis=1)
            names = np.concatenate([names, IVAR_PREFIX + names])
        frame = pd.DataFrame(values, columns=names, index=self.properties.index)
        for name in KNOWN_SCALARS:
            if name in self.properties:
                frame[name] = self.properties[name].astype(float)
        if self.is_dereddened and "ebv" in frame:
            frame["ebv"] = 0.0  # what is left to correct for
        frame.attrs.update({"flux_unit": self.flux_unit, "medium": self.medium, "frame": self.frame})
        return frame


def _is_safe(flux, ivar):
    """Whether arithmetic in float32 is right for fluxes of this size and for their inverse variances."""
    with np.errstate(invalid="ignore"):
        size = np.nanmax(np.abs(flux), initial=0.0)
        is_safe = size == 0 or not np.isfinite(size) or SAFE[0] < size < SAFE[1]
    if not is_safe or ivar is None:
        return is_safe
    high = np.max(ivar, initial=0.0, where=np.isfinite(ivar))
    low = np.min(ivar, initial=np.inf, where=ivar > 0)
    return high < SAFE[1] ** 2 and low > SAFE[0] ** 2
