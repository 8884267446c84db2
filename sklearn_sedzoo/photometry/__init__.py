"""From spectra to magnitudes, from magnitudes to features."""

from sklearn_sedzoo.photometry._bands import list_bands
from sklearn_sedzoo.photometry._color import MagnitudeToColor
from sklearn_sedzoo.photometry._distance import ab_to_vega, absolute_magnitude, distance_modulus, johnson_bands
from sklearn_sedzoo.photometry._synthetic import SyntheticPhotometry
from sklearn_sedzoo.photometry._training_set import make_training_set

__all__ = [
    "MagnitudeToColor",
    "SyntheticPhotometry",
    "ab_to_vega",
    "absolute_magnitude",
    "distance_modulus",
    "johnson_bands",
    "list_bands",
    "make_training_set",
]
