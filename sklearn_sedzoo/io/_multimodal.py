"""Spectra of the Multimodal Universe, in Parquet or HDF5: a column ``spectrum`` of flux, ivar, lambda and mask."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sklearn_sedzoo._containers import (
    as_floats,
    bad_pixels,
    find_name,
    inverse_variances,
    name_properties,
    rising_table,
    wavelengths_of,
)
from sklearn_sedzoo.io._quality import QUALITY_BITS

PARTS = ("flux", "lambda", "ivar", "mask")
PREFIXES = ("spectrum.", "spectrum_")
WARNINGS = ("ZWARN", "ZWARNING")  # SDSS and DESI have it: wavelengths in vacuum, one unit of flux
FLUX_UNIT = "1e-17 erg / (s cm2 Angstrom)"


def is_multimodal(columns):
    """Whether columns by name (a dict of arrays) are those of the Multimodal Universe."""
    if any({f"{prefix}flux", f"{prefix}lambda"} <= set(columns) for prefix in PREFIXES):
        return True
    cells = columns.get("spectrum", ())
    if np.ndim(cells) == 0 or not len(cells) or np.asarray(cells).dtype.kind != "O":
        return False
    first = cells[0]
    return isinstance(first, dict) or (np.ndim(first) == 1 and len(first) > 0 and isinstance(first[0], dict))


def read_multimodal(columns, unit=None, mask_bits=None):
    """Return a table for each row; wavelengths are in Angstrom, those not above 0 fill a row up and are left out.

    Parameters
    ----------
    columns : dict of str to array
        The column ``spectrum`` of structs (or lists of structs), or its parts ``spectrum_flux``, ``spectrum_lambda``,
        ``spectrum_ivar``, ``spectrum_mask``, and what is known of each object beside them.
    unit : str, optional
        Unit of the wavelengths, where it is not Angstrom.
    mask_bits : int, optional
        As in `bad_pixels`.
    """
    prefix = next((prefix for prefix in PREFIXES if f"{prefix}flux" in columns), None)
    if prefix is None:
        spectra, used = [_parts_of(cell) for cell in columns["spectrum"]], {"spectrum"}
    else:
        names = {part: f"{prefix}{part}" for part in PARTS if f"{prefix}{part}" in columns}
        n_rows = len(columns[names["flux"]])
        spectra = [{part: columns[name][row] for part, name in names.items()} for row in range(n_rows)]
        used = set(names.values())
    beside = {
        name: _decoded(values)
        for name, values in columns.items()
        if not str(name).startswith("spectrum") and np.ndim(values) == 1 and len(values) == len(spectra)
    }
    properties = pd.DataFrame({name: values for name, values in beside.items() if not np.ndim(values[0])})
    properties = name_properties(properties) if len(properties.columns) else pd.DataFrame(index=range(len(spectra)))
    identifier = find_name(properties.columns, ("OBJECT_ID",))
    if identifier is not None and "id" not in properties:
        properties.insert(0, "id", properties[identifier])
    warned = find_name(properties.columns, WARNINGS)
    flagged = np.zeros(len(spectra), bool) if warned is None else properties[warned].fillna(0).to_numpy() != 0
    tables = []
    for row, parts in enumerate(spectra):
        missing = [part for part in ("flux", "lambda") if part not in parts]
        if missing:
            raise ValueError(f"row {row} of the column spectrum has no {missing[0]}; it holds {', '.join(parts)}.")
        arrays = {part: np.ravel(np.asarray(parts[part])) for part in PARTS if parts.get(part) is not None}
        here = np.isfinite(arrays["lambda"].astype(float)) & (arrays["lambda"].astype(float) > 0)
        arrays = {part: values[here] for part, values in arrays.items()}
        where = f"row {row} of the column spectrum"
        mask = bad_pixels(arrays["mask"], None, mask_bits, f"mask in {where}") if "mask" in arrays else None
        flux = as_floats(arrays["flux"])
        ivar = inverse_variances(arrays.get("ivar"), None, mask, flux.shape)
        table = rising_table(
            flux[None],
            wavelengths_of(arrays["lambda"], None, unit or "Angstrom", where),
            None if ivar is None else ivar[None],
            "" if warned is None else FLUX_UNIT,
            properties.iloc[row : row + 1].reset_index(drop=True),
            {"used": used},
            survey="Multimodal Universe",
            frame="observed",
            medium=None if warned is None else "vacuum",
            quality=np.array([QUALITY_BITS["flagged"] if flagged[row] else 0], dtype=np.int16),
        )
        tables.append(table)
    return tables


def _parts_of(cell):
    """Return the parts of a spectrum: of a struct of lists as it is, of a list of structs gathered."""
    if isinstance(cell, dict):
        return cell
    if len(cell) and all(isinstance(pixel, dict) for pixel in cell):
        return {part: np.array([pixel[part] for pixel in cell]) for part in PARTS if part in cell[0]}
    raise ValueError(f"the column spectrum must hold structs of {', '.join(PARTS)}, got {type(cell).__name__}.")


def _decoded(values):
    """Return bytes, which HDF5 has for text, as text."""
    values = np.asarray(values)
    return np.char.decode(values, "utf-8") if values.dtype.kind == "S" else values
