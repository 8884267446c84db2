"""Resample, normalise, embed, cluster and map galaxy spectra with scikit-learn."""

from sklearn_sedzoo._containers import FrameDecision, SpectrumTable, decide_frame
from sklearn_sedzoo._version import __version__
from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder
from sklearn_sedzoo.mapping import SOMMapper
from sklearn_sedzoo.pipeline import make_sed_pipeline
from sklearn_sedzoo.preprocessing import FluxNormalizer, FluxScale, SpectrumResampler
from sklearn_sedzoo.zoo import Zoo

__all__ = [
    "ConvAutoencoderEmbedder",
    "FluxNormalizer",
    "FluxScale",
    "FrameDecision",
    "SOMMapper",
    "SpectrumResampler",
    "SpectrumTable",
    "Zoo",
    "__version__",
    "decide_frame",
    "make_sed_pipeline",
]
