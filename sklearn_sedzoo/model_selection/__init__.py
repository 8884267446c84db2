"""Scores and choices without labels."""

from sklearn_sedzoo.model_selection._map_scorers import map_scorer
from sklearn_sedzoo.model_selection._n_clusters import ClusterChoice, choose_n_clusters
from sklearn_sedzoo.model_selection._photoz_scorers import photoz_scorer
from sklearn_sedzoo.model_selection._propagators import compare_propagators
from sklearn_sedzoo.model_selection._reference import fit_reference
from sklearn_sedzoo.model_selection._scorers import reconstruction_scorer, silhouette_scorer
from sklearn_sedzoo.model_selection._stability import stability

__all__ = [
    "ClusterChoice",
    "choose_n_clusters",
    "compare_propagators",
    "fit_reference",
    "map_scorer",
    "photoz_scorer",
    "reconstruction_scorer",
    "silhouette_scorer",
    "stability",
]
