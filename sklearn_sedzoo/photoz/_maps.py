"""Features -> the maps that a photometric redshift regressor stands on."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from sklearn_sedzoo._kernels.som_search import find_best_cells
from sklearn_sedzoo.mapping import SOMMapper

ROWS_PER_CELL = 12  # of a default map
LONGEST_SIDE = 60


def train_maps(owner, som, X, n_maps, generator, names=None):
    """Return a list of fitted maps: frozen ones as they are, others trained on bootstrap samples of X.

    A map that always starts at the same weights would be the same map every time: the bootstrap and the seed make
    them differ. `names` are the features' names, which those of a frozen map must agree with.
    """
    if isinstance(som, (list, tuple)):
        if not som:
            raise ValueError(f"`som` of {owner} must not be an empty list.")
        return [_thaw(owner, one, X, names) for one in som]
    if isinstance(som, FrozenEstimator):
        return [_thaw(owner, som, X, names)]
    if som is None:
        side = int(np.clip(np.sqrt(len(X) / ROWS_PER_CELL).round(), 1, LONGEST_SIDE))
        som = SOMMapper(side, side, init="sample")
    if not (hasattr(som, "fit") and hasattr(som, "n_rows") and hasattr(som, "predict")):
        raise TypeError(
            f"`som` of {owner} must be a SOMMapper, a FrozenEstimator of one, a list of those, or None, got {som!r}."
        )
    _check_metric(owner, som)
    maps = []
    for _ in range(n_maps):
        rows = generator.randint(0, len(X), len(X)) if n_maps > 1 else slice(None)
        maps.append(clone(som).set_params(random_state=generator.randint(2**31 - 1)).fit(X[rows]))
    return maps


def _thaw(owner, frozen, X, names):
    som = frozen.estimator if isinstance(frozen, FrozenEstimator) else frozen
    if not hasattr(som, "weights_"):
        raise ValueError(
            f"`som` of {owner}: a FrozenEstimator or a list must hold fitted maps, got {som!r}. Fit the map on the "
            "photometric sample first, or pass it unfitted and alone."
        )
    if som.weights_.shape[-1] != X.shape[1]:
        raise ValueError(
            f"`som` of {owner} was fitted on {som.weights_.shape[-1]} features, but X has {X.shape[1]} features."
        )
    known = getattr(som, "feature_names_in_", None)
    if known is not None and names is not None and list(known) != list(names):
        raise ValueError(f"`som` of {owner} was fitted on the features {list(known)}, but X has {list(names)}.")
    _check_metric(owner, som)
    return som


def _check_metric(owner, som):
    if som.metric != "euclidean":
        raise ValueError(
            f"`som` of {owner} must have metric='euclidean', got {som.metric!r}: lines are fitted around its weights."
        )


def find_cells(som, X):
    """Cell of each row; X was checked before, and the map knows nothing of its names."""
    return find_best_cells(X, codebook(som)).best


def n_cells(som):
    """Number of cells of a fitted map."""
    return som.weights_.shape[0] * som.weights_.shape[1]


def codebook(som):
    """Weights of a fitted map, shape (n_cells, n_features)."""
    return som.weights_.reshape(n_cells(som), -1)
