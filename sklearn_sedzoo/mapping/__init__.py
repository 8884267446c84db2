"""Self-organizing maps: spectra, latents or colours to the cells of a map."""

from sklearn_sedzoo.mapping._mapper import SOMMapper

__all__ = ["SOMMapper"]
