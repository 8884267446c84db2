"""Scores and choices without labels."""

from sklearn_sedzoo.model_selection._scorers import reconstruction_scorer, silhouette_scorer

__all__ = ["reconstruction_scorer", "silhouette_scorer"]
