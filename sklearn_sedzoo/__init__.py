"""Resample, normalise, embed, cluster and map galaxy spectra with scikit-learn."""

from sklearn_sedzoo._containers import FrameDecision, SpectrumTable, decide_frame
from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder
from sklearn_sedzoo.mapping import SOMMapper
from sklearn_sedzoo.pipeline import make_sed_pipeline
from sklearn_sedzoo.preprocessing import FluxNormalizer, FluxScale, SpectrumResampler

__version__ = "0.1.0"

__all__ = [
    "ConvAutoencoderEmbedder",
    "FluxNormalizer",
    "FluxScale",
    "FrameDecision",
    "SOMMapper",
    "SpectrumResampler",
    "SpectrumTable",
    "decide_frame",
    "make_sed_pipeline",
]
