"""Measures of embeddings, maps and redshifts: plain functions."""

from sklearn_sedzoo.metrics._association import adjusted_mutual_information, conditional_entropy, epsilon_squared
from sklearn_sedzoo.metrics._intrinsic_dimension import intrinsic_dimension
from sklearn_sedzoo.metrics._map_quality import (
    combined_error,
    distortion,
    map_trustworthiness,
    neighborhood_preservation,
    quantization_error,
    topographic_error,
    topographic_product,
)
from sklearn_sedzoo.metrics._photoz import (
    cde_loss,
    crps,
    nz_mean_shift,
    outlier_rate,
    photoz_bias,
    pit,
    pit_ks,
    scaled_residual,
    sigma_iqr,
    sigma_nmad,
)
from sklearn_sedzoo.metrics._reconstruction import reconstruct, reconstruction_error

__all__ = [
    "adjusted_mutual_information",
    "cde_loss",
    "combined_error",
    "conditional_entropy",
    "crps",
    "distortion",
    "epsilon_squared",
    "intrinsic_dimension",
    "map_trustworthiness",
    "neighborhood_preservation",
    "nz_mean_shift",
    "outlier_rate",
    "photoz_bias",
    "pit",
    "pit_ks",
    "quantization_error",
    "reconstruct",
    "reconstruction_error",
    "scaled_residual",
    "sigma_iqr",
    "sigma_nmad",
    "topographic_error",
    "topographic_product",
]
