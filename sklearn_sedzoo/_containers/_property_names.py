"""Usual names of the redshift and of the Galactic color excess among the properties of a catalog."""

from __future__ import annotations

REDSHIFT_NAMES = ("REDSHIFT", "Z", "Z_SPEC", "ZSPEC", "SPE_Z", "ZBEST", "Z_BEST", "Z_SYS", "ZHELIO", "Z_HELIO")
EBV_NAMES = ("EBV", "E(B-V)", "E_BV", "SFD_EBV", "EBV_SFD", "EBV_MW", "MW_EBV", "EBVMW", "EBV_GAL", "GAL_EBV")


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
