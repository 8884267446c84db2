"""The catalog of a command: read, joined with what is known of its objects."""

import sys

from sklearn_sedzoo.datasets import make_sed_catalog
from sklearn_sedzoo.io import read_properties, read_spectra

EXAMPLE_SIZE = 1000


def read_input(options):
    """Read the user's file or folder and join the table of `--catalog`; without a file make the built-in example."""
    galaxies = getattr(options, "galaxies", None)
    if options.spectra is None:
        return make_sed_catalog(galaxies or EXAMPLE_SIZE, random_state=options.seed)
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
    if galaxies is not None:
        if galaxies > len(catalog):
            raise ValueError(f"--galaxies {galaxies}: {options.spectra} holds only {len(catalog)} spectra.")
        catalog = catalog[:galaxies]
    return catalog
