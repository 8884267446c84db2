"""Pictures of spectra, latents, maps and their meaning: displays that take and give back matplotlib axes."""

from sklearn_sedzoo.plotting._association import AssociationDisplay
from sklearn_sedzoo.plotting._history import TrainingHistoryDisplay
from sklearn_sedzoo.plotting._latent import LatentDisplay
from sklearn_sedzoo.plotting._latent_sizes import LatentSizeDisplay
from sklearn_sedzoo.plotting._map import MapDisplay
from sklearn_sedzoo.plotting._map_panels import MapPanelsDisplay
from sklearn_sedzoo.plotting._map_spectra import MapSpectraDisplay
from sklearn_sedzoo.plotting._n_clusters import ClusterChoiceDisplay
from sklearn_sedzoo.plotting._nz import NzDisplay
from sklearn_sedzoo.plotting._photoz import PhotoZDisplay
from sklearn_sedzoo.plotting._pit import PITDisplay
from sklearn_sedzoo.plotting._reconstruction import ReconstructionDisplay
from sklearn_sedzoo.plotting._redshift_map import RedshiftMapDisplay
from sklearn_sedzoo.plotting._spectra import SpectraDisplay
from sklearn_sedzoo.plotting._stability import StabilityDisplay
from sklearn_sedzoo.plotting._typical import TypicalSpectraDisplay
from sklearn_sedzoo.plotting._violins import PropertyViolinsDisplay

__all__ = [
    "AssociationDisplay",
    "ClusterChoiceDisplay",
    "LatentDisplay",
    "LatentSizeDisplay",
    "MapDisplay",
    "MapPanelsDisplay",
    "MapSpectraDisplay",
    "NzDisplay",
    "PITDisplay",
    "PhotoZDisplay",
    "PropertyViolinsDisplay",
    "ReconstructionDisplay",
    "RedshiftMapDisplay",
    "SpectraDisplay",
    "StabilityDisplay",
    "TrainingHistoryDisplay",
    "TypicalSpectraDisplay",
]
