"""Spectra of specutils as tables: Spectrum, SpectrumCollection, SpectrumList."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

from sklearn_sedzoo._containers._header import medium_of
from sklearn_sedzoo._containers._table import SpectrumTable
from sklearn_sedzoo._containers._units import to_angstrom

KINDS = ("Spectrum", "Spectrum1D", "SpectrumCollection", "SpectrumList")


def is_specutils(X):
    """Whether X is a container of specutils, without importing it."""
    module = sys.modules.get("specutils")
    kinds = tuple(getattr(module, name) for name in KINDS if hasattr(module, name)) if module else ()
    return isinstance(X, kinds) and (type(X).__name__ != "list") if kinds else False


def table_from_specutils(spectra):
    """Return a SpectrumTable of spectra on one grid; mask, uncertainty and redshift come along.

    Parameters
    ----------
    spectra : specutils.Spectrum, SpectrumCollection or SpectrumList
        A Spectrum may hold many spectra as rows; those of a list must have one grid.
    """
    parts = list(spectra) if isinstance(spectra, (list, tuple)) else [spectra]
    if not parts:
        raise ValueError("The SpectrumList X is empty.")
    blocks = [read_spectrum(part) for part in parts]
    first = blocks[0]
    for i, block in enumerate(blocks[1:], 1):
        if len(block[0]) != len(first[0]) or not np.allclose(block[0], first[0], rtol=1e-9, atol=0):
            raise ValueError(
                f"Spectrum {i} has another wavelength grid than spectrum 0 ({len(block[0])} pixels from "
                f"{block[0][0]:.6g} against {len(first[0])} from {first[0][0]:.6g} Angstrom). Bring them to one grid "
                "with sklearn_sedzoo.io.stack_spectra."
            )
        if block[4] != first[4]:
            raise ValueError(f"Spectrum {i} is in {block[4]!r}, spectrum 0 in {first[4]!r}. Convert them to one unit.")
    with_ivar = all(block[2] is not None for block in blocks)
    media = {_medium_of(part) for part in parts}
    if len(media) > 1:
        stated = ", ".join(sorted(str(medium or "not stated") for medium in media))
        raise ValueError(f"The spectra are in different media ({stated}). Convert them to vacuum.")
    redshift = np.concatenate([block[3] for block in blocks])
    properties = pd.DataFrame(index=pd.RangeIndex(len(redshift)))
    if np.isfinite(redshift).any() and np.any(redshift != 0):  # 0 is what specutils says where nobody gave one
        properties["redshift"] = redshift
    return SpectrumTable(
        np.concatenate([block[1] for block in blocks]),
        first[0],
        properties,
        first[4],
        ivar=np.concatenate([block[2] for block in blocks]) if with_ivar else None,
        medium=media.pop(),
    )


def _medium_of(spectrum):
    """Return what the header that came with a spectrum says of its medium."""
    meta = getattr(spectrum, "meta", None) or {}
    header = meta.get("header", meta)
    return medium_of(header) if hasattr(header, "get") else None


def split_specutils(spectra):
    """Return a list of containers that have one grid each: those of a list, the spectra of a collection."""
    parts = list(spectra) if isinstance(spectra, (list, tuple)) else [spectra]
    axes = [np.asarray(part.spectral_axis.value) for part in parts]
    return [
        one
        for part, axis in zip(parts, axes, strict=True)
        for one in (part if axis.ndim == 2 and (axis != axis[0]).any() else [part])
    ]


def read_spectrum(spectrum):
    """Return (wavelength, flux, ivar or None, redshift, unit): rising wavelengths in Angstrom, 2-D arrays."""
    axis = np.asarray(to_angstrom(spectrum.spectral_axis))
    if axis.ndim == 2:  # a collection: one axis per spectrum
        if not np.allclose(axis, axis[0], rtol=1e-9, atol=0):
            raise ValueError(
                "The spectra of the SpectrumCollection have different grids. Bring them to one with "
                "sklearn_sedzoo.io.stack_spectra."
            )
        axis = axis[0]
    flux = np.atleast_2d(np.asarray(spectrum.flux.value)).reshape(-1, len(axis))
    flux = np.array(flux, dtype=np.result_type(flux.dtype.newbyteorder("="), np.float32))
    ivar = _inverse_variance(spectrum.uncertainty, flux.shape)
    mask = getattr(spectrum, "mask", None)
    if mask is not None and np.any(mask):
        mask = np.broadcast_to(np.asarray(mask, dtype=bool), np.shape(spectrum.flux)).reshape(flux.shape)
        flux[mask] = np.nan
        if ivar is not None:
            ivar[mask] = 0.0
    redshift = getattr(spectrum, "redshift", None)
    redshift = np.nan if redshift is None else np.asarray(getattr(redshift, "value", redshift), dtype=float)
    redshift = np.broadcast_to(np.ravel(redshift) if np.ndim(redshift) else redshift, len(flux)).astype(float)
    if axis[0] > axis[-1]:
        axis, flux, ivar = axis[::-1], flux[:, ::-1], None if ivar is None else ivar[:, ::-1]
    return axis, flux, ivar, redshift, str(spectrum.flux.unit)


def _inverse_variance(uncertainty, shape):
    if uncertainty is None:
        return None
    from astropy.nddata import InverseVariance

    ivar = np.array(uncertainty.represent_as(InverseVariance).array, dtype=float)
    ivar = np.broadcast_to(ivar, np.shape(ivar)).reshape(shape)
    return np.where(np.isfinite(ivar) & (ivar > 0), ivar, 0.0)
