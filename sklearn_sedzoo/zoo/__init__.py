"""The workflow: a catalog of spectra to a map of them, with its pipelines, its table and its report."""

from sklearn_sedzoo.zoo._zoo import Zoo

__all__ = ["Zoo"]
