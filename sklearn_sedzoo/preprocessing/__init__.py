"""Spectra made comparable: one wavelength grid, one brightness."""

from sklearn_sedzoo._kernels.rebinning import fine_range
from sklearn_sedzoo.preprocessing._normalizer import FluxNormalizer, FluxScale
from sklearn_sedzoo.preprocessing._resampler import SpectrumResampler

__all__ = ["FluxNormalizer", "FluxScale", "SpectrumResampler", "fine_range"]
