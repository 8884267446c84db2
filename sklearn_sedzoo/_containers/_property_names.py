"""What the properties of a catalog are: redshift, Galactic color excess, identifiers, labels, observing conditions."""

from __future__ import annotations

import numpy as np
import pandas as pd

REDSHIFT_NAMES = ("REDSHIFT", "Z", "Z_SPEC", "ZSPEC", "SPE_Z", "ZBEST", "Z_BEST", "Z_SYS", "ZHELIO", "Z_HELIO")
EBV_NAMES = ("EBV", "E(B-V)", "E_BV", "SFD_EBV", "EBV_SFD", "EBV_MW", "MW_EBV", "EBVMW", "EBV_GAL", "GAL_EBV")

ID_NAMES = ("ID", "OBJECT_ID", "OBJID", "TARGETID", "SPECOBJID", "SOURCE_ID", "GALAXY_ID", "OBJECT", "NAME", "FILE",
            "FILENAME", "OBJNAME", "TARGET_ID", "BESTOBJID", "CATAID", "MANGAID", "PLATEIFU", "OBSID",
            "DESIGNATION", "UID", "UUID", "PATH", "INDEX", "ROW")  # fmt: skip
LABEL_NAMES = ("PLATE", "TILE", "TILEID", "FIELD", "FIELD_ID", "RUN", "CAMCOL", "CLASS", "TYPE", "SURVEY")
FEWEST_UNIQUE = 10  # known values from which it is no chance that all differ


def is_identifier(name, column):
    """Tell whether a column names its objects, by its name or because all of its words or whole numbers differ.

    Floats are none, but for whole numbers under the name of an identifier that gaps (NaN) have made floats. Flags and
    plates are labels, even where each occurs once; so are categories.
    """
    known = column.dropna()
    if not len(known) or pd.api.types.is_bool_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return False
    is_named = _squash(name) in {_squash(usual) for usual in ID_NAMES}
    if pd.api.types.is_float_dtype(column):
        return bool(is_named and len(known) < len(column) and (known == np.round(known)).all())
    if is_named:
        return True
    if _names_label(name) or is_nuisance(name) or isinstance(column.dtype, pd.CategoricalDtype):
        return False
    return len(known) >= FEWEST_UNIQUE and known.map(str).nunique() == len(known)


def is_label(name, column):
    """Tell whether a column of whole numbers only labels its objects: flags, bit masks, plates, classes."""
    return _names_label(name) and pd.api.types.is_integer_dtype(column)


def _names_label(name):
    name = _squash(name)
    return name in {_squash(usual) for usual in LABEL_NAMES} or "FLAG" in name or name.endswith("MASK")


def is_nuisance(name):
    """Tell whether a property is a condition of the observation (or the redshift), which a model should not know."""
    name = _squash(name)
    return name in NUISANCES or name.startswith(("SNR", "TSNR", "SNMEDIAN", "MEDIANSN", "MEANSN", "LOGSN"))


def judge_columns(properties):
    """Return the properties that say something of the objects: without identifiers, labels as words.

    Numbers become float64 in native byte order, NaN where they are missing or infinite.
    """
    judged = properties[[name for name in properties if not is_identifier(name, properties[name])]].copy()
    for name in judged:
        column = judged[name].infer_objects()  # numbers that came as objects
        if is_label(name, column):
            words = column.astype("Int64").astype(str).astype(object)
            judged[name] = words.where(column.notna(), None)
        elif pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            values = column.to_numpy(dtype=float, na_value=np.nan)
            judged[name] = np.where(np.isfinite(values), values, np.nan)
    judged.attrs = dict(properties.attrs)
    return judged


def _squash(name):
    return "".join(letter for letter in str(name).upper() if letter.isalnum())


NUISANCES = {
    _squash(name)
    for name in (
        *REDSHIFT_NAMES, *EBV_NAMES, "S/N", "S2N", "SN_R", "LOG_S/N", "PLATE", "TILE", "TILEID", "FIBER", "FIBERID",
        "FIBER_ID", "MJD", "NIGHT", "EXPTIME", "AIRMASS", "SEEING", "RA", "DEC",
    )
}  # fmt: skip


def find_name(names, group):
    """Return the first of the names that belongs to a group, whatever its case, or None."""
    upper = {str(name).upper(): name for name in reversed(list(names))}
    return next((upper[name] for name in group if name in upper), None)


def name_properties(properties):
    """Return properties with columns ``redshift`` and ``ebv`` where another usual name holds them."""
    for name, group in (("redshift", REDSHIFT_NAMES), ("ebv", EBV_NAMES)):
        found = find_name(properties.columns, group)
        if found is not None and name not in properties:
            properties[name] = properties[found].astype(float)
    return properties
