"""Spectra on different grids into one table, with what each one covers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sklearn_sedzoo._containers import SpectrumTable, flux_factor
from sklearn_sedzoo._parameters import checked, nothing, numbers
from sklearn_sedzoo.exceptions import SedReadError
from sklearn_sedzoo.preprocessing import SpectrumResampler

SAME = 1e-9  # relative difference of two wavelengths that counts as none
EXACT = 2**53  # above it a float does not hold every whole number
OFF_LATTICE = 1e-3  # pixels by which a wavelength may be off its lattice


@checked(grid=[numbers("wavelengths in Angstrom, rising"), nothing()])
def stack_spectra(
    tables: Sequence[SpectrumTable], *, grid: ArrayLike | None = None, path: str | os.PathLike = ""
) -> SpectrumTable:
    """Join tables of spectra into one.

    Tables on the same grid are joined as they are. Grids that are parts of one lattice (steps constant in wavelength
    or in its logarithm, as those of SDSS spectra are) are laid into it, pixel by pixel and exactly. Other grids need
    `grid`: the spectra are resampled to it. Pixels that a spectrum does not cover are NaN with inverse variance 0.
    Fluxes in other scales of the first table's unit are converted to it.

    Parameters
    ----------
    tables : list of SpectrumTable
        At least one.
    grid : array-like of shape (n_wavelengths,), optional
        Bin centers in Angstrom, rising.
    path : str or path
        For messages.
    """
    first = tables[0]
    tables = [_convert(table, first.flux_unit, path) for table in tables]
    for name, cure in (("medium", "Convert them to vacuum."), ("frame", "Bring them to one frame.")):
        stated = {getattr(table, name) or "not stated" for table in tables}
        if len(stated) > 1:
            raise SedReadError(f"{path}: the spectra differ in their {name} ({', '.join(sorted(stated))}). {cure}")
    if grid is not None:
        wavelength = np.asarray(grid, dtype=float)
        parts = [_resample(table, wavelength) for table in tables]
    elif have_one_grid(tables):
        wavelength, parts = first.wavelength, [(table.flux, table.ivar) for table in tables]
    else:
        wavelength, offsets = _find_lattice([table.wavelength for table in tables], path)
        parts = [_place(table, offset, len(wavelength)) for table, offset in zip(tables, offsets, strict=True)]
    with_ivar = all(ivar is not None for _, ivar in parts)
    properties = join_properties([table.properties for table in tables])
    properties.attrs["units"] = first.properties.attrs.get("units", {})
    quality = None
    if any(table.quality is not None for table in tables):
        quality = np.concatenate(
            [np.zeros(len(table), dtype=np.int16) if table.quality is None else table.quality for table in tables]
        )
    return replace(
        first,
        flux=np.concatenate([flux for flux, _ in parts]),
        wavelength=wavelength,
        properties=properties,
        meta=dict(first.meta),
        ivar=np.concatenate([ivar for _, ivar in parts]) if with_ivar else None,
        quality=quality,
    )


def join_properties(frames):
    """Return one DataFrame of several; ids too long for a float survive where some of the frames lack them."""
    names = {name for frame in frames for name in frame}
    partial = {name for name in names if any(name not in frame for frame in frames if len(frame))}

    def protected(frame):
        wide = [name for name in partial & set(frame) if _is_wide(frame[name])]
        return frame.astype(dict.fromkeys(wide, "Int64")) if wide else frame

    return pd.concat([protected(frame) for frame in frames], ignore_index=True)


def _is_wide(column):
    return column.dtype == np.int64 and len(column) > 0 and np.abs(column.astype(float)).max() > EXACT


def have_one_grid(tables):
    """Whether tables have the same wavelengths."""
    first = tables[0].wavelength
    return all(table.wavelength is first or _is_same(table.wavelength, first) for table in tables[1:])


def _convert(table, unit, path):
    """Return the table with its fluxes in `unit`; refuse where it is a unit of another kind."""
    factor = flux_factor(table.flux_unit, unit)
    if factor is None:
        units = ", ".join(sorted([table.flux_unit or "not stated", unit or "not stated"]))
        raise SedReadError(f"{path}: the spectra are in different units ({units}). Convert them.")
    if factor == 1:
        return table
    kind = table.flux.dtype
    ivar = None if table.ivar is None else table.ivar.astype(float) / factor**2
    return replace(table, flux=(table.flux.astype(float) * factor).astype(kind), ivar=ivar, flux_unit=unit)


def _is_same(a, b):
    return len(a) == len(b) and bool((np.abs(a - b) <= SAME * np.abs(b)).all())


def _resample(table, grid):
    resampler = SpectrumResampler(grid, wavelength=None, on_bad="mask", fill_value=np.nan)
    resampler.set_params(density=table.density or "wavelength")
    frame = SpectrumTable(table.flux, table.wavelength, ivar=table.ivar).to_frame()
    values = np.asarray(resampler.fit_transform(frame))
    return values[:, : len(grid)].astype(table.flux.dtype), None if table.ivar is None else values[:, len(grid) :]


def _find_lattice(grids, path):
    """Return the lattice that all grids are part of, and where in it each one begins; raise if there is none."""
    fits = []
    for forward, back in ((np.asarray, np.asarray), (np.log, np.exp)):
        axes = [forward(grid) for grid in grids]
        step = (axes[0][-1] - axes[0][0]) / (len(axes[0]) - 1)
        start = min(axis[0] for axis in axes)
        positions = [(axis - start) / step for axis in axes]
        offsets = [int(np.round(position[0])) for position in positions]
        off = max(
            np.abs(position - offset - np.arange(len(position))).max()
            for position, offset in zip(positions, offsets, strict=True)
        )
        n_pixels = max(offset + len(axis) for offset, axis in zip(offsets, axes, strict=True))
        fits.append((off, back(start + step * np.arange(n_pixels)), offsets))
    off, lattice, offsets = min(fits, key=lambda fit: fit[0])
    if off < OFF_LATTICE:
        return lattice, offsets
    other = next(i for i, grid in enumerate(grids) if not _is_same(grid, grids[0]))
    raise SedReadError(
        f"{path}: the spectra have different wavelength grids: {_describe(grids[0])} for the first, "
        f"{_describe(grids[other])} for number {other}. Pass grid=... (bin centers in Angstrom; --grid on the command "
        "line) to resample them."
    )


def _place(table, offset, n_pixels):
    flux = np.full((len(table), n_pixels), np.nan, dtype=table.flux.dtype)
    here = slice(offset, offset + table.flux.shape[1])
    flux[:, here] = table.flux
    if table.ivar is None:
        return flux, None
    ivar = np.zeros(flux.shape, dtype=table.ivar.dtype)
    ivar[:, here] = table.ivar
    return flux, ivar


def _describe(grid):
    return f"{len(grid)} pixels from {grid[0]:.6g} to {grid[-1]:.6g} Angstrom"
