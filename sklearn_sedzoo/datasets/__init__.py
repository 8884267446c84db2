"""Catalogs of galaxy spectra: seeded mocks that need no files, and draws from real libraries."""

from sklearn_sedzoo.datasets._mock import make_sed_catalog
from sklearn_sedzoo.datasets._observed import make_observed_catalog
from sklearn_sedzoo.datasets._sampling import sample_ssp_catalog
from sklearn_sedzoo.datasets._ssp_library import SSPLibrary, read_ssp_library

__all__ = ["SSPLibrary", "make_observed_catalog", "make_sed_catalog", "read_ssp_library", "sample_ssp_catalog"]
