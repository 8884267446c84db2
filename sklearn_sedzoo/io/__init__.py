"""Catalogs in, results out."""

from sklearn_sedzoo.io._catalog import read_catalog, read_spectra, write_catalog
from sklearn_sedzoo.io._diagnosis import Diagnosis, diagnose_catalog
from sklearn_sedzoo.io._map_table import read_map, write_map
from sklearn_sedzoo.io._models import load_model, save_model
from sklearn_sedzoo.io._photometry import read_photometry
from sklearn_sedzoo.io._properties import read_properties
from sklearn_sedzoo.io._quality import QUALITY_BITS, count_quality
from sklearn_sedzoo.io._stack import stack_spectra

__all__ = [
    "QUALITY_BITS",
    "Diagnosis",
    "count_quality",
    "diagnose_catalog",
    "load_model",
    "read_catalog",
    "read_map",
    "read_photometry",
    "read_properties",
    "read_spectra",
    "save_model",
    "stack_spectra",
    "write_catalog",
    "write_map",
]
