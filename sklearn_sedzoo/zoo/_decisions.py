"""What is decided about a catalog before anything is fitted: frame, medium, dust of our Galaxy."""

from __future__ import annotations

import numpy as np

from sklearn_sedzoo._containers import settle_frame


def settle_catalog(catalog, *, frame=None, medium=None, dereddening=True):
    """Return the catalog with its frame and medium decided, and sentences on what was decided and why."""
    catalog, decision = settle_frame(catalog, frame=frame, medium=medium)
    said = [*decision.reasons, *decision.warnings]
    if catalog.meta.get("unused"):
        said.append(f"Not read: {', '.join(catalog.meta['unused'])}.")
    dust = _describe_dust(catalog, dereddening)
    return catalog, [*said, dust] if dust else said


def wants_dereddening(catalog, dereddening):
    """Whether the spectra are to be corrected for the dust of our Galaxy."""
    is_observed = catalog.frame == "observed" and not catalog.is_dereddened
    return dereddening and is_observed and "ebv" in catalog.properties


def _describe_dust(catalog, dereddening):
    """Say what is done about the dust of our Galaxy; "" where nothing is known of it."""
    if "ebv" not in catalog.properties or catalog.frame != "observed":
        return ""
    if catalog.is_dereddened:
        return "Galactic dust: the file states that it is corrected for."
    if not dereddening:
        return "Galactic dust: not corrected for, as you said."
    ebv = catalog.properties["ebv"].to_numpy(dtype=float)
    return (
        f"Galactic dust: corrected for by the column ebv (median E(B-V) {np.nanmedian(ebv):.3g} mag, Fitzpatrick 1999 "
        "with R_V = 3.1; --no-dereddening leaves it)."
    )
