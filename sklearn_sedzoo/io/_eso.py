"""One-dimensional spectra of the ESO Science Archive (Phase 3): one row whose cells are vectors."""

from __future__ import annotations

import pandas as pd
from astropy.io import fits

from sklearn_sedzoo._containers import as_floats, bad_pixels, find_name, inverse_variances, rising_table, wavelengths_of

# The standard's names in TUTYP, and the usual names of columns
AXIS = ("SPECTRALAXIS.VALUE", ("WAVE", "WAVELENGTH", "LAMBDA"))
FLUX = ("FLUXAXIS.VALUE", ("FLUX", "FLUX_REDUCED", "FLUX_EL"))
ERROR = ("FLUXAXIS.ACCURACY.STATERROR", ("ERR", "ERR_FLUX", "ERR_REDUCED", "ERROR", "NOISE"))
QUALITY = ("FLUXAXIS.ACCURACY.QUALITYSTATUS", ("QUAL",))
REDSHIFT_KEYS = ("REDSHIFT", "ZSPEC", "Z_SPEC", "PND Z", "Z")


def read_eso(hdus, path, unit, mask_bits):
    """Read the spectrum; TUCD tells the medium (air where it says obs.atmos), QUAL other than 0 masks."""
    primary = hdus[0].header
    for hdu in hdus[1:]:
        if not isinstance(hdu, fits.BinTableHDU) or not _is_phase_3(primary, hdu):
            continue
        axis, flux, error, flag = (_find_column(hdu, *names) for names in (AXIS, FLUX, ERROR, QUALITY))
        if axis is None or flux is None or hdu.columns.dtype[flux.name].shape in {(), (1,)}:
            continue
        row = hdu.data[0]
        values = as_floats(row[flux.name])
        ivar = inverse_variances(
            None,
            None if error is None else as_floats(row[error.name], 0.0).astype(float),
            None if flag is None else bad_pixels(row[flag.name], "ESO Phase 3", mask_bits),
            values.shape,
        )
        facts = {"id": primary.get("OBJECT", hdu.header.get("OBJECT", str(getattr(path, "stem", path))))}
        facts |= {key.lower(): float(primary[key]) for key in ("RA", "DEC") if key in primary}
        redshift = next((primary[key] for key in REDSHIFT_KEYS if isinstance(primary.get(key), (int, float))), None)
        if redshift is not None:
            facts["redshift"] = float(redshift)
        columns = [column for column in (axis, flux, error, flag) if column is not None]
        return [
            rising_table(
                values[None],
                wavelengths_of(row[axis.name], axis.unit, unit, f"HDU {hdu.name!r}"),
                None if ivar is None else ivar[None],
                str(flux.unit or ""),
                pd.DataFrame({name: [value] for name, value in facts.items()}),
                {"path": str(path), "used": {f"{hdu.name}/{column.name}" for column in columns}},
                survey="ESO Phase 3",
                frame="rest" if str(_header_of(primary, hdu, "SPECSYS")).strip() == "SOURCE" else "observed",
                medium=_medium(hdu, axis),
            )
        ]
    return []


def _is_phase_3(primary, hdu):
    kind = str(_header_of(primary, hdu, "PRODCATG")).upper().startswith("SCIENCE.SPECTRUM")
    return len(hdu.data) == 1 and (kind or str(hdu.header.get("VOCLASS", "")).upper().startswith("SPECTRUM"))


def _header_of(primary, hdu, key):
    return hdu.header.get(key, primary.get(key, ""))


def _find_column(hdu, utype, names):
    """Return the column of a role: of the usual names the first, else that whose TUTYP says so."""
    name = find_name(hdu.columns.names, names)
    if name is not None:
        return hdu.columns[name]
    for number, column in enumerate(hdu.columns, 1):
        if str(hdu.header.get(f"TUTYP{number}", "")).upper().endswith(utype):
            return column
    return None


def _medium(hdu, axis):
    """Return "air" or "vacuum" as the UCD of the wavelengths says, None where there is none."""
    ucd = str(hdu.header.get(f"TUCD{hdu.columns.names.index(axis.name) + 1}", "")).lower().replace(" ", "")
    if not ucd.startswith("em."):
        return None
    return "air" if "obs.atmos" in ucd else "vacuum"
