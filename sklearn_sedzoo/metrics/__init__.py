"""Measures of embeddings, maps and redshifts: plain functions."""

from sklearn_sedzoo.metrics._reconstruction import reconstruct, reconstruction_error

__all__ = ["reconstruct", "reconstruction_error"]
