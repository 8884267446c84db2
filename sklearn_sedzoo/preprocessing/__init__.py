"""Spectra made comparable: one frame, one wavelength grid, one brightness."""

from sklearn_sedzoo._containers import ABSORPTION_FEATURES, ABSORPTION_LINES, EMISSION_LINES, SKY_LINES
from sklearn_sedzoo._kernels.rebinning import fine_range
from sklearn_sedzoo._kernels.refraction import air_to_vacuum, vacuum_to_air
from sklearn_sedzoo.preprocessing._continuum import ContinuumRemover
from sklearn_sedzoo.preprocessing._extinction import ExtinctionCorrector
from sklearn_sedzoo.preprocessing._line_masker import LineMasker
from sklearn_sedzoo.preprocessing._normalizer import FluxNormalizer, FluxScale
from sklearn_sedzoo.preprocessing._resampler import SpectrumResampler
from sklearn_sedzoo.preprocessing._smoother import SpectrumSmoother

__all__ = [
    "ABSORPTION_FEATURES",
    "ABSORPTION_LINES",
    "EMISSION_LINES",
    "SKY_LINES",
    "ContinuumRemover",
    "ExtinctionCorrector",
    "FluxNormalizer",
    "FluxScale",
    "LineMasker",
    "SpectrumResampler",
    "SpectrumSmoother",
    "air_to_vacuum",
    "fine_range",
    "vacuum_to_air",
]
