"""One training of a map, batch or online, and the measures that it leaves."""

from dataclasses import dataclass

import numpy as np

from sklearn_sedzoo._kernels.som_search import Assignment, find_best_cells
from sklearn_sedzoo._kernels.som_update import measure_energy
from sklearn_sedzoo.mapping._batch import train_batch
from sklearn_sedzoo.mapping._compress import find_subspace
from sklearn_sedzoo.mapping._initial import make_weights
from sklearn_sedzoo.mapping._online import train_online
from sklearn_sedzoo.mapping._parameters import choose_init, describe_grid, find_last_radius, find_radii, find_shape
from sklearn_sedzoo.mapping._schedule import plan_radii


@dataclass
class Run:
    """A trained map: weights (n_cells, n_features), history, final assignment of the data, distortion."""

    weights: np.ndarray
    history: dict
    found: Assignment
    energy: float
    n_compressed: int | None = None


def choose_subspace(som, X, sample_weight, search):
    """Return the Subspace in which all maps of a fit are trained, None where it is all features."""
    if som.algorithm == "online" or som.compress is None or som.n_epochs == 1 or search["has_missing"]:
        return None
    return find_subspace(X, som.compress, sample_weight=sample_weight, map_slabs=search["map_slabs"])


def train_map(som, X, sample_weight, *, number, seed, subspace, search, reporter):
    """Return the Run of the map of this number (of n_init)."""
    init = choose_init(som, X.shape[1], number)
    train = _train_online if som.algorithm == "online" else _train_batch
    weights, history = train(som, X, sample_weight, init, seed, subspace, search, reporter)
    codebook = normalize_weights(weights, som.metric)
    found = find_best_cells(X, codebook, sample_weight=sample_weight, with_second=True, with_sums=True, **search)
    energy = measure_energy(codebook, found, find_last_radius(som), **describe_grid(som))
    return Run(weights, history, found, energy, None if subspace is None else len(subspace.components))


def normalize_weights(weights, metric):
    """Return the weights as the search wants them: of norm 1 for the cosine metric."""
    if metric == "euclidean":
        return weights
    norms = np.linalg.norm(weights, axis=1, keepdims=True)
    return weights / np.where(norms > 0, norms, 1)


def _train_batch(som, X, sample_weight, init, seed, subspace, search, reporter):
    radii = plan_radii(type(som).__name__, som.decay or "exponential", *find_radii(som), som.n_epochs)
    if isinstance(init, str):
        generator = np.random.RandomState(seed)
        init = make_weights(X, init, find_shape(som), sample_weight=sample_weight, random_state=generator)
    return train_batch(
        X,
        normalize_weights(init, som.metric),
        radii,
        sample_weight=sample_weight,
        grid={**describe_grid(som), "is_normalized": som.metric == "cosine"},
        search=search,
        subspace=subspace,
        reporter=reporter,
    )


def _train_online(som, X, sample_weight, init, seed, subspace, search, reporter):
    if sample_weight is not None:  # MiniSom knows no weights: show it samples drawn by weight
        chance = sample_weight / sample_weight.sum()
        X = X[np.random.RandomState(seed).choice(len(X), len(X), p=chance)]
    return train_online(
        X,
        init,
        shape=find_shape(som),
        topology=som.topology,
        metric=som.metric,
        neighborhood=som.neighborhood,
        decay=som.decay or "asymptotic",
        radius=find_radii(som)[0],
        learning_rate=som.learning_rate,
        n_iterations=som.n_iterations or som.n_epochs * len(X),
        n_epochs=som.n_epochs,
        seed=seed,
        reporter=reporter,
    )
