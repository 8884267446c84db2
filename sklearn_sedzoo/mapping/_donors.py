"""Which labeled samples donate their values to a query, on one map or several."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import check_random_state

from sklearn_sedzoo._kernels.som_donors import correct_linearly, gather_members, group_rows, take_nearest
from sklearn_sedzoo._parameters import instance_of, nothing
from sklearn_sedzoo._validation import check_spectra, point_at
from sklearn_sedzoo.mapping._fitted_map import FittedMap
from sklearn_sedzoo.mapping._mapper import SOMMapper

_BLOCK_ROWS = 8192
_BLOCK_ENTRIES = 2**22
_POOL_FACTOR = 4
_REACH = 2.0  # times the 99 % quantile of the training distances

SOM = [instance_of(SOMMapper, FrozenEstimator, words="a SOMMapper, a FrozenEstimator of a fitted one"), nothing()]


def begin_fit(estimator, X, n_maps):
    """Tell the callbacks of an estimator that it begins to fit so many maps; return their context."""
    n_maps = 0 if isinstance(estimator.som, FrozenEstimator) else n_maps
    context = estimator._init_callback_context(max_subtasks=n_maps)
    return context.call_on_fit_task_begin(estimator=estimator, X=X)


def fit_maps(estimator, context, X, *, n_maps=1, random_state=None, sample_weight=None):
    """Return the fitted maps of an estimator that has a parameter `som`, and the cells of checked X on each.

    Maps are told apart by their seeds, and all but the first start at chosen samples. A frozen map stays as it is.
    """
    som = estimator.som
    if isinstance(som, FrozenEstimator):
        if n_maps > 1:
            raise ValueError(f"`n_maps` of {type(estimator).__name__} must be 1 for a frozen map, got {n_maps!r}.")
        thawed = thaw(estimator, som, X.shape[1])
        return [thawed], [thawed.map_.find(thawed.map_.check(X, type(estimator).__name__)).best]
    soms = [SOMMapper() if som is None else clone(som) for _ in range(n_maps)]
    if random_state is not None or n_maps > 1:
        for number, seed in enumerate(check_random_state(random_state).randint(2**31 - 1, size=n_maps)):
            soms[number].set_params(random_state=int(seed), **({"init": "sample"} if number else {}))
    for each in soms:
        fit_within(context, estimator, each, X, sample_weight=sample_weight)
    return soms, [each.labels_ for each in soms]


def thaw(estimator, som, n_features):
    """Return the SOMMapper in a FrozenEstimator (or itself), fitted on the features of the estimator."""
    owner, names = type(estimator).__name__, getattr(estimator, "feature_names_in_", None)
    som = som.estimator if isinstance(som, FrozenEstimator) else som
    if not isinstance(som, SOMMapper):
        raise TypeError(_describe_wrong(estimator, som))
    if not hasattr(som, "map_"):
        raise ValueError(f"`som` of {owner} must hold fitted maps where it is frozen or a list, got {som!r}.")
    som.map_.check_features(f"`som` of {owner}", n_features, names)
    return som


def _describe_wrong(estimator, som):
    owner = type(estimator).__name__
    return f"`som` of {owner} must be a SOMMapper, a FrozenEstimator of a fitted one, or None, got {som!r}."


def fit_within(context, estimator, som, X, **fit_params):
    """Fit a map as a subtask of an estimator's fit, so that callbacks reach it."""
    task = context.subcontext(task_name="fit-map")
    with task.propagate_callback_context(som):
        task.call_on_fit_task_begin(estimator=estimator, X=X)
        som.fit(X, **fit_params)
        task.call_on_fit_task_end(estimator=estimator, X=X)
    return som


def allows_missing(som):
    """Return whether the map given as a parameter takes NaN for missing values."""
    som = som.estimator if isinstance(som, FrozenEstimator) else som
    return som.map_.masks if hasattr(som, "map_") else getattr(som, "masks", som is None)


def read_samples(estimator, X, *, reset, masks):
    """Return checked X; NaN passes where the map masks it, but a row with nothing observed has no cell."""
    X = check_spectra(estimator, X, reset=reset, on_bad="mask" if masks else "raise")
    bad = np.isnan(X).all(axis=1) if masks else np.zeros(0, dtype=bool)
    if bad.any():
        raise ValueError(f"{point_at(bad, len(X), 'hold no value')} Drop them.")
    return X


@dataclass(frozen=True)
class Labels:
    """Labels of some outputs that are known for the same samples, and these samples' cells on each map."""

    outputs: np.ndarray
    rows: np.ndarray
    values: np.ndarray
    weights: np.ndarray
    orders: list
    starts: list

    def count(self, number):
        """Return the number of labeled samples in each cell of a map."""
        return np.diff(self.starts[number])


@dataclass(frozen=True)
class Donors:
    """Maps, the labels on them, and the rules by which labeled samples donate to queries, as a fit decided them."""

    owner: str
    maps: list
    labels: list
    samples: list | None
    reaches: list
    n_near: int
    n_neighbors: int
    min_count: int
    fallback: str

    @classmethod
    def collect(
        cls, estimator, X, y, soms, cells, *, weights=None, n_neighbors=0, n_near=1, min_count=1, fallback="neighbor"
    ):
        """Place labels y (n_samples, n_outputs), NaN where unknown, on fitted maps; weights are those of the samples.

        With `n_neighbors` the donors are that many nearest samples, else the members of the nearest cells.
        """
        maps = [FittedMap.of(som) for som in soms]
        weights = np.ones(len(X)) if weights is None else weights
        known = ~np.isnan(y) & (weights > 0)[:, None]
        patterns, kinds = np.unique(known, axis=1, return_inverse=True)
        labels = []
        for kind in range(patterns.shape[1]):
            outputs, rows = np.flatnonzero(kinds.ravel() == kind), np.flatnonzero(patterns[:, kind])
            grouped = [group_rows(part[rows], fitted.n_cells) for fitted, part in zip(maps, cells, strict=True)]
            orders, starts = zip(*grouped, strict=True)
            labels.append(Labels(outputs, rows, y[np.ix_(rows, outputs)], weights[rows], list(orders), list(starts)))
        samples = [X[group.rows].astype(np.float64) for group in labels] if n_neighbors else None
        reaches = [
            _REACH * np.quantile(fitted.distances(X, part)[part >= 0], 0.99)
            for fitted, part in zip(maps, cells, strict=True)
        ]
        return cls(type(estimator).__name__, maps, labels, samples, reaches, n_near, n_neighbors, min_count, fallback)

    @property
    def n_outputs(self):
        """Number of outputs."""
        return sum(len(group.outputs) for group in self.labels)

    def count_labels(self):
        """Return the number of labeled samples in each cell of the first map (n_rows, n_columns, n_outputs)."""
        counts = np.empty((self.maps[0].n_cells, self.n_outputs), dtype=int)
        for group in self.labels:
            counts[:, group.outputs] = group.count(0)[:, None]
        return counts.reshape(*self.maps[0].shape, self.n_outputs)

    def reduce(self, X: np.ndarray, reduce: Callable, n_results: int, excluded: np.ndarray | None = None) -> np.ndarray:
        """Return reduce(values, weights) -> (n, n_results) for all outputs: (n_samples, n_results, n_outputs).

        `excluded` are the rows of the training data that the queries are, which may not donate to themselves. Queries
        that `fallback` leaves without an answer are NaN.
        """
        out = np.empty((len(X), n_results, self.n_outputs))
        for group, labels in enumerate(self.labels):
            chosen = None if excluded is None else _position(labels.rows, excluded)
            for start in range(0, len(X), _BLOCK_ROWS):
                part = slice(start, start + _BLOCK_ROWS)
                places = [self._locate(X[part], number, labels) for number in range(len(self.maps))]
                lost = self._find_lost(X[part], labels)
                inverse: Any = slice(None)
                rest = None if chosen is None else chosen[part]
                if len(places) == 1 and not self.n_neighbors and rest is None and self.n_near == 1:
                    unique, inverse = np.unique(places[0][0], return_inverse=True)
                    inverse = inverse.ravel()
                    places = [(unique[:, None], np.ones((len(unique), 1)))]
                values, weights = self._donate(X[part], group, places, rest)
                for place, output in enumerate(labels.outputs):
                    out[part, :, output] = reduce(values[:, :, place], weights)[inverse]
                if lost is not None:
                    out[part][np.ix_(lost, range(n_results), labels.outputs)] = np.nan
        return out

    def is_covered(self, X: np.ndarray, *, surrounded: bool = True) -> np.ndarray:
        """Return for each sample the share of maps on which it is covered by labels, for every output.

        Its cell must be a labeled one, no farther than twice the 99 % quantile of the training samples; where
        `surrounded`, at least half of the cells around it that hold training samples must be labeled too.
        """
        share = np.zeros(len(X))
        for number, fitted in enumerate(self.maps):
            cells = fitted.find(X).best
            covered = (cells >= 0) & (fitted.distances(X, cells) <= self.reaches[number])
            cell, near = fitted.neighbors
            cell, near = cell[fitted.hits[near] > 0], near[fitted.hits[near] > 0]
            for labels in self.labels:
                labeled = labels.count(number) >= self.min_count
                if surrounded:
                    n_labeled = np.bincount(cell, labeled[near], fitted.n_cells)
                    labeled &= 2 * n_labeled >= np.bincount(cell, minlength=fitted.n_cells)
                covered &= labeled[cells]
            share += covered
        return share / len(self.maps)

    def _find_lost(self, X, labels):
        """Return which queries lie in cells without labels, where `fallback` wants to know."""
        if self.fallback == "neighbor":
            return None
        lost = labels.count(0)[self.maps[0].find(X).best] < self.min_count
        if lost.any() and self.fallback == "raise":
            raise ValueError(
                f"{point_at(lost, len(X), 'lie in cells without labels')} Pass another `fallback` to {self.owner}."
            )
        return lost

    def _locate(self, X, number, labels):
        """Return the nearest labeled cells of each sample (n_samples, n_near), and how much each of them counts.

        ``exp(-(d_k² - d_1²) / 2 s²)`` with s the map's quantization error.
        """
        fitted, counts = self.maps[number], labels.count(number)
        labeled = np.flatnonzero(counts >= self.min_count)
        if not len(labeled):
            raise ValueError(
                f"`min_count` of {self.owner} must leave a cell with labels: the fullest has {counts.max()}, got "
                f"{self.min_count!r}."
            )
        part = replace(fitted, weights=fitted.weights[labeled])
        n_near = min(1 if self.n_neighbors else self.n_near, len(labeled))
        if n_near == 1:
            return labeled[part.find(X).best][:, None], np.ones((len(X), 1))
        near, shares = np.empty((len(X), n_near), dtype=np.intp), np.empty((len(X), n_near))
        n_block, error = max(1, _BLOCK_ENTRIES // len(labeled)), fitted.quantization_error or 1.0
        for start in range(0, len(X), n_block):
            rows = slice(start, start + n_block)
            distances = part.distances(X[rows].astype(np.float64))
            squared, width = (2 * distances, 2 * error) if fitted.metric == "cosine" else (distances**2, error**2)
            first = np.argpartition(squared, n_near - 1, axis=1)[:, :n_near]
            squared = np.take_along_axis(squared, first, axis=1)
            squared -= squared.min(axis=1, keepdims=True)
            near[rows], shares[rows] = labeled[first], np.exp(-squared / (2 * width))
        return near, shares

    def _donate(self, X, group, places, excluded):
        """Return the donors of all maps: values (n, k, n_outputs), weights (n, k), each map weighing the same."""
        parts = []
        for number, (cells, shares) in enumerate(places):
            if self.n_neighbors:
                values, weights = self._donate_neighbors(X.astype(np.float64), group, number, cells[:, 0], excluded)
            else:
                values, weights = _donate_members(self.labels[group], number, cells, shares, excluded)
            total = weights.sum(axis=1, keepdims=True)
            parts.append((values, weights / np.where(total > 0, total, 1)))
        if len(parts) == 1:
            return parts[0]
        return np.concatenate([v for v, _ in parts], axis=1), np.concatenate([w for _, w in parts], axis=1)

    def _donate_neighbors(self, X, group, number, cells, excluded):
        """Return values moved along local linear fits (n, k, n_outputs), and weights (n, k).

        Neighbors are the nearest of the labeled samples in the cells around the query's nearest labeled cell, four
        times as many as asked for.
        """
        labels, known, codebook = self.labels[group], self.samples[group], self.maps[number].codebook
        n_kept = max(1, min(self.n_neighbors, len(labels.rows) - (excluded is not None)))
        values = np.zeros((len(X), n_kept, len(labels.outputs)))
        weights = np.zeros((len(X), n_kept))
        order, starts = labels.orders[number], labels.starts[number]
        counts = labels.count(number)
        occupied = np.flatnonzero(counts)
        queries, query_starts = group_rows(cells, len(counts))
        for cell in np.flatnonzero(np.diff(query_starts)):
            rows = queries[query_starts[cell] : query_starts[cell + 1]]
            nearest = occupied[np.argsort(((codebook[occupied] - codebook[cell]) ** 2).sum(axis=1), kind="stable")]
            n_cells = 1 + np.searchsorted(np.cumsum(counts[nearest]), _POOL_FACTOR * n_kept + 1)
            pool = np.concatenate([order[starts[near] : starts[near + 1]] for near in nearest[:n_cells]])
            n_block = max(1, _BLOCK_ENTRIES // max(len(pool), n_kept * X.shape[1]))
            for start in range(0, len(rows), n_block):
                part = rows[start : start + n_block]
                place = None if excluded is None else _find_place(pool, excluded[part])
                taken, weights[part] = take_nearest(X[part], known[pool], n_kept, place)
                donors = pool[taken]
                values[part] = correct_linearly(known[donors] - X[part][:, None], labels.values[donors], weights[part])
        return values, weights


def _donate_members(labels, number, cells, shares, excluded):
    """Return values (n, k, n_outputs) and weights (n, k) of the labeled members of each query's cells.

    The members of a cell divide its share by their own weights.
    """
    order, starts = labels.orders[number], labels.starts[number]
    total = np.add.reduceat(np.append(labels.weights[order], 0.0), starts[:-1])
    shares = shares * labels.count(number)[cells] / total[cells]
    members, weights = gather_members(order, starts, cells, shares)
    weights *= labels.weights[members]
    if excluded is not None:
        weights[members == excluded[:, None]] = 0
    return labels.values[members], weights


def _position(rows, wanted):
    """Return where each wanted row stands in the sorted rows; -1 where it does not."""
    place = np.minimum(np.searchsorted(rows, wanted), len(rows) - 1)
    return np.where(rows[place] == wanted, place, -1)


def _find_place(pool, wanted):
    """Return where each wanted row stands in the pool, -1 where it does not."""
    order = np.argsort(pool)
    place = order[np.minimum(np.searchsorted(pool, wanted, sorter=order), len(pool) - 1)]
    return np.where(pool[place] == wanted, place, -1)
