"""Self-organizing maps: spectra, latents or colours to the cells of a map."""

from sklearn_sedzoo.mapping._clusterer import SOMClusterer
from sklearn_sedzoo.mapping._mapper import SOMMapper
from sklearn_sedzoo.mapping._regressor import SOMRegressor

__all__ = ["SOMClusterer", "SOMMapper", "SOMRegressor"]
