"""Measures of embeddings, maps and redshifts: plain functions."""

from sklearn_sedzoo.metrics._association import adjusted_mutual_information, conditional_entropy, epsilon_squared
from sklearn_sedzoo.metrics._reconstruction import reconstruct, reconstruction_error

__all__ = [
    "adjusted_mutual_information",
    "conditional_entropy",
    "epsilon_squared",
    "reconstruct",
    "reconstruction_error",
]
