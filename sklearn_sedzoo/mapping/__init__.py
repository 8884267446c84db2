"""Self-organizing maps: spectra, latents or colors to the cells of a map."""

from sklearn_sedzoo.mapping._classifier import SOMClassifier
from sklearn_sedzoo.mapping._clusterer import SOMClusterer
from sklearn_sedzoo.mapping._fitted_map import FittedMap
from sklearn_sedzoo.mapping._mapper import SOMMapper
from sklearn_sedzoo.mapping._online import Online
from sklearn_sedzoo.mapping._regressor import SOMRegressor
from sklearn_sedzoo.mapping._train import Batch

__all__ = ["Batch", "FittedMap", "Online", "SOMClassifier", "SOMClusterer", "SOMMapper", "SOMRegressor"]
