"""Catalogues in, results out."""

from sklearn_sedzoo.io._catalog import read_catalog, write_catalog
from sklearn_sedzoo.io._map_table import read_map, write_map
from sklearn_sedzoo.io._models import load_model, save_model
from sklearn_sedzoo.io._photometry import read_photometry

__all__ = [
    "load_model",
    "read_catalog",
    "read_map",
    "read_photometry",
    "save_model",
    "write_catalog",
    "write_map",
]
