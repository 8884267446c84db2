"""Spectra of JWST: the pipeline's x1d and c1d files, and those of the DAWN archive."""

from __future__ import annotations

import numpy as np
import pandas as pd
from astropy.io import fits

from sklearn_sedzoo._containers import as_floats, bad_pixels, find_name, inverse_variances, rising_table, wavelengths_of

ERRORS = ("FLUX_ERROR", "ERROR")


def read_jwst(hdus, path, unit, mask_bits):
    """Read each spectrum of the HDUs EXTRACT1D or COMBINE1D: a row for each pixel, or a row for each spectrum."""
    tables = []
    for number, hdu in enumerate(hdus):
        if not isinstance(hdu, fits.BinTableHDU) or hdu.name.upper() not in {"EXTRACT1D", "COMBINE1D"}:
            continue
        names = {name.upper(): name for name in hdu.columns.names}
        if not {"WAVELENGTH", "FLUX"} <= set(names):
            continue
        rows = [hdu.data] if hdu.columns.dtype[names["FLUX"]].shape == () else list(hdu.data)
        for row in rows:
            header = hdu.header
            source = row[names["SOURCE_ID"]] if "SOURCE_ID" in names else header.get("SOURCEID", header.get("EXTVER"))
            facts = {"id": number if source is None else source}
            facts |= {"ra": header["SRCRA"], "dec": header["SRCDEC"]} if {"SRCRA", "SRCDEC"} <= set(header) else {}
            error = find_name(names.values(), ERRORS)
            table = _table_of(
                row,
                hdu,
                (names["WAVELENGTH"], names["FLUX"], error, names.get("DQ")),
                ("um", "Jy"),
                path,
                unit,
                facts,
                lambda dq: bad_pixels(dq, "JWST", mask_bits),
            )
            tables.append(table)
    return tables


def read_dawn(hdus, path, unit, mask_bits):
    """Read ``*.spec.fits`` of the DAWN archive: SPEC1D with wave, flux and err, perhaps the column valid."""
    hdu = next((hdu for hdu in hdus if hdu.name.upper() == "SPEC1D"), None)
    if not isinstance(hdu, fits.BinTableHDU) or not {"wave", "flux", "err"} <= {n.lower() for n in hdu.columns.names}:
        return []
    names = {name.lower(): name for name in hdu.columns.names}
    header = hdu.header
    facts = {"id": header.get("SRCNAME", header.get("SRCID", str(getattr(path, "stem", path))))}
    facts |= {name: header[key] for name, key in (("ra", "SRCRA"), ("dec", "SRCDEC")) if key in header}
    columns = (names["wave"], names["flux"], names["err"], names.get("valid"))
    table = _table_of(
        hdu.data, hdu, columns, ("um", "uJy"), path, unit, facts, lambda valid: ~np.asarray(valid, dtype=bool)
    )
    table.meta["origin"] = f"msaexp {header.get('VERSION', '')}".strip()
    return [table]


def _table_of(row, hdu, columns, units, path, unit, facts, find_bad):
    """Return the table of one spectrum; pixels without a wavelength, which fill rows up, are left out."""
    axis, flux, error, flag = (None if name is None else np.ma.filled(np.ma.asanyarray(row[name])) for name in columns)
    file_units = [hdu.columns[name].unit or unit for name, unit in zip(columns, units, strict=False)]
    here = np.isfinite(axis) & (axis > 0)
    flux = as_floats(flux)[here]
    error = None if error is None else as_floats(error, 0.0)[here].astype(float)
    bad = None if flag is None else find_bad(flag[here])
    ivar = inverse_variances(None, error, bad, flux.shape)
    return rising_table(
        flux[None],
        wavelengths_of(axis[here], file_units[0], unit, f"HDU {hdu.name!r}"),
        None if ivar is None else ivar[None],
        str(file_units[1]),
        pd.DataFrame({name: [value] for name, value in facts.items()}),
        {"path": str(path), "used": {f"{hdu.name}/{name}" for name in columns if name is not None}},
        survey="JWST",
        frame="observed",
        medium="vacuum",
    )
