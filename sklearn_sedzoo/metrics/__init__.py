"""Measures of embeddings, maps and redshifts: plain functions."""

from sklearn_sedzoo.metrics._association import adjusted_mutual_information, conditional_entropy, epsilon_squared
from sklearn_sedzoo.metrics._map_quality import (
    combined_error,
    distortion,
    map_trustworthiness,
    neighborhood_preservation,
    quantization_error,
    topographic_error,
    topographic_product,
)
from sklearn_sedzoo.metrics._reconstruction import reconstruct, reconstruction_error

__all__ = [
    "adjusted_mutual_information",
    "combined_error",
    "conditional_entropy",
    "distortion",
    "epsilon_squared",
    "map_trustworthiness",
    "neighborhood_preservation",
    "quantization_error",
    "reconstruct",
    "reconstruction_error",
    "topographic_error",
    "topographic_product",
]
