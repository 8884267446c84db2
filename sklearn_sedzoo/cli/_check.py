"""`sedzoo check`: what a file holds and how it will be read, before any training."""

from sklearn_sedzoo.io import diagnose_catalog, read_spectra


def check_file(options):
    """Run `sedzoo check` with parsed arguments."""
    catalog = read_spectra(options.catalog, unit=options.unit)
    print(f"{options.catalog}{_origin(catalog)}")
    print(diagnose_catalog(catalog))


def _origin(catalog):
    origin = catalog.meta.get("origin") or catalog.survey
    return f" ({origin})" if origin else ""
