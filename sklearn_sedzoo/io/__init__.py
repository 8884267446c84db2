"""Catalogues in, results out."""

from sklearn_sedzoo.io._catalog import read_catalog, write_catalog
from sklearn_sedzoo.io._map_table import read_map, write_map

__all__ = ["read_catalog", "read_map", "write_catalog", "write_map"]
