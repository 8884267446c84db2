"""Scores and choices without labels."""

from sklearn_sedzoo.model_selection._map_scorers import map_scorer
from sklearn_sedzoo.model_selection._scorers import reconstruction_scorer, silhouette_scorer

__all__ = ["map_scorer", "reconstruction_scorer", "silhouette_scorer"]
