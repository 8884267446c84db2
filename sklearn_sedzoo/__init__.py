"""Resample, normalize, embed, cluster and map galaxy spectra with scikit-learn."""

from importlib import import_module
from typing import TYPE_CHECKING

from sklearn_sedzoo._version import __version__

if TYPE_CHECKING:
    from sklearn_sedzoo._containers import FrameDecision, SpectrumTable, decide_frame
    from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder
    from sklearn_sedzoo.mapping import SOMMapper
    from sklearn_sedzoo.pipeline import make_sed_pipeline
    from sklearn_sedzoo.preprocessing import FluxNormalizer, FluxScale, SpectrumResampler
    from sklearn_sedzoo.zoo import Zoo

_HOMES = {
    "ConvAutoencoderEmbedder": "embedding",
    "FluxNormalizer": "preprocessing",
    "FluxScale": "preprocessing",
    "FrameDecision": "_containers",
    "SOMMapper": "mapping",
    "SpectrumResampler": "preprocessing",
    "SpectrumTable": "_containers",
    "Zoo": "zoo",
    "decide_frame": "_containers",
    "make_sed_pipeline": "pipeline",
}  # imported when they are asked for: astropy and scikit-learn's families take half a second

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


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__():
    return sorted([*globals(), *_HOMES])
