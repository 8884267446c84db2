"""Pictures of spectra, latents and maps: displays that take and give back matplotlib axes."""

from sklearn_sedzoo.plotting._history import TrainingHistoryDisplay
from sklearn_sedzoo.plotting._latent import LatentDisplay
from sklearn_sedzoo.plotting._map import MapDisplay
from sklearn_sedzoo.plotting._map_panels import MapPanelsDisplay
from sklearn_sedzoo.plotting._map_spectra import MapSpectraDisplay
from sklearn_sedzoo.plotting._reconstruction import ReconstructionDisplay
from sklearn_sedzoo.plotting._spectra import SpectraDisplay

__all__ = [
    "LatentDisplay",
    "MapDisplay",
    "MapPanelsDisplay",
    "MapSpectraDisplay",
    "ReconstructionDisplay",
    "SpectraDisplay",
    "TrainingHistoryDisplay",
]
