"""The catalog of a command: read, joined with what is known of its objects, its frame and medium decided."""

import sys

import numpy as np

from sklearn_sedzoo._containers import settle_frame
from sklearn_sedzoo.datasets import make_sed_catalog
from sklearn_sedzoo.io import read_properties, read_spectra

EXAMPLE_SIZE = 1000


def read_input(options):
    """Read the user's file or folder and join the table of `--catalog`."""
    catalog = read_spectra(
        options.spectra,
        unit=options.unit,
        grid=options.grid,
        mask_bits=options.mask_bits,
        progress=sys.stderr.isatty(),
    )
    if options.catalog is not None:
        catalog = catalog.join(read_properties(options.catalog), on=options.on, redshift=options.redshift_column)
    elif options.redshift_column is not None:
        if options.redshift_column not in catalog.properties:
            raise ValueError(
                f"--redshift-column {options.redshift_column}: {options.spectra} has no such column; it has "
                f"{', '.join(map(str, catalog.properties.columns)) or 'none'}. A table beside it comes by --catalog."
            )
        catalog.properties["redshift"] = catalog.properties[options.redshift_column].astype(float)
    return catalog


def prepare_input(options):
    """Return the settled catalog, or the built-in example, and sentences on what was decided about it."""
    if options.spectra is None:
        return make_sed_catalog(options.galaxies or EXAMPLE_SIZE, random_state=options.seed), []
    catalog = read_input(options)
    galaxies = getattr(options, "galaxies", None)
    if galaxies is not None:
        if galaxies > len(catalog):
            raise ValueError(f"--galaxies {galaxies}: {options.spectra} holds only {len(catalog)} spectra.")
        catalog = catalog[:galaxies]
    catalog, decision = settle_frame(catalog, frame=options.frame, medium=options.medium)
    said = [*decision.reasons, *decision.warnings]
    if catalog.meta.get("unused"):
        said.append(f"Not read: {', '.join(catalog.meta['unused'])}.")
    dust = describe_dust(catalog, options.dereddening)
    return catalog, [*said, dust] if dust else said


def describe_dust(catalog, dereddening):
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


def wants_dereddening(catalog, dereddening):
    """Whether the spectra are to be corrected for the dust of our Galaxy."""
    is_observed = catalog.frame == "observed" and not catalog.is_dereddened
    return dereddening and is_observed and "ebv" in catalog.properties
