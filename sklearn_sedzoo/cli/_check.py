"""`sedzoo check`: what a file holds and how it will be read, before any training."""

from sklearn_sedzoo.cli._input import read_input
from sklearn_sedzoo.io import diagnose_catalog


def check_file(options):
    """Run `sedzoo check` with parsed arguments."""
    catalog = read_input(options)
    origin = catalog.meta.get("origin") or catalog.survey
    print(f"{options.spectra}{f' ({origin})' if origin else ''}")
    print(diagnose_catalog(catalog, frame=options.frame, medium=options.medium))
