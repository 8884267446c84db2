"""Scores and choices without labels."""

from sklearn_sedzoo.model_selection._photoz_scorers import photoz_scorer
from sklearn_sedzoo.model_selection._scorers import reconstruction_scorer, silhouette_scorer

__all__ = ["photoz_scorer", "reconstruction_scorer", "silhouette_scorer"]
