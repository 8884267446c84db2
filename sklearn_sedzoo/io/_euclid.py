"""Combined spectra of Euclid NISP: a table for each object, one in a file or many."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sklearn_sedzoo._containers import as_floats, bad_pixels, inverse_variances, rising_table, wavelengths_of
from sklearn_sedzoo.io._plain_rows import column_names, column_units, rows_of

COLUMNS = {"WAVELENGTH", "SIGNAL", "MASK", "VAR"}


def read_euclid(hdus, path, unit, mask_bits):
    """Read each table of WAVELENGTH, SIGNAL, VAR and MASK; the header's FSCALE is applied, its name is the id."""
    tables = []
    for hdu in hdus[1:]:
        if not set(column_names(hdu)) >= COLUMNS:
            continue
        data, units, header = rows_of(hdu), column_units(hdu), hdu.header
        scale = float(header.get("FSCALE", 1.0))
        flux = as_floats(data["SIGNAL"]).astype(float) * scale
        error = np.sqrt(np.clip(as_floats(data["VAR"], 0.0).astype(float), 0, None)) * scale
        ivar = inverse_variances(None, error, bad_pixels(data["MASK"], "Euclid", mask_bits), flux.shape)
        table = rising_table(
            flux[None],
            wavelengths_of(data["WAVELENGTH"], units["WAVELENGTH"], unit, f"HDU {hdu.name!r}"),
            ivar[None],
            str(units["SIGNAL"] or ""),
            pd.DataFrame({"id": [_object_id(hdu)]}),
            {"path": str(path), "used": {f"{hdu.name}/{name}" for name in COLUMNS}},
            survey="Euclid",
            frame="observed",
            medium="vacuum",
        )
        tables.append(table)
    return tables


def _object_id(hdu):
    """Return the object's number (which may be negative), or its name where that is no number."""
    name = hdu.name.strip()
    try:
        return int(name)
    except ValueError:
        return int(hdu.header["SOURC_ID"]) if "SOURC_ID" in hdu.header else name
