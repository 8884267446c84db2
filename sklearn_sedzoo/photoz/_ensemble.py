"""Labeled rows on several maps -> fits in their cells, and what these say of a row together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.neighbors import NearestNeighbors

from sklearn_sedzoo._kernels.local_lines import (
    LocalFits,
    evaluate_fits,
    evaluate_without,
    fit_lines,
    fit_medians,
    weigh_rows,
)
from sklearn_sedzoo.mapping import SOMMapper
from sklearn_sedzoo.mapping._donors import fit_within, thaw

ROWS_PER_CELL = 12  # of a default map
LONGEST_SIDE = 60
RIDGE = 0.03  # penalty on slopes, for features of unit variance
ROWS_PER_FEATURE = 20  # of a local line; fewer follow the data closer, more know the tails better
N_ROBUST = 2
_BLOCK = 512


class MapEnsemble(NamedTuple):
    """Maps with their fits of t = ln(1 + z); a map's weight for a row is 1 / scatter of the residuals near the row."""

    maps: list  # FittedMap
    fits: list  # LocalFits of each map
    metric: np.ndarray  # (d, d) X @ metric is where fits and distances live
    near: np.ndarray  # (n_labeled, d) labeled rows there
    by_distance: bool  # residuals of nearby rows count more; else all of a cell count the same
    floor: float  # of the scatter

    @property
    def typical_scatter(self):
        """Median scatter over all cells of all maps."""
        return float(np.median(np.concatenate([fits.scatter for fits in self.fits])))

    def ask(self, X):
        """Return what each map says: predictions (n_samples,), residuals (n_samples, m), their weights, its weight."""
        near, answers = X @ self.metric, []
        for fitted, fits in zip(self.maps, self.fits, strict=True):
            cells = fitted.find(X).best
            answers.append((evaluate_fits(fits, near, cells), fits.residual[cells], *self._weigh(fits, near, cells)))
        return answers

    def ask_without(self, t, label_cells, rows):
        """Return the same for labeled rows, by fits that did not see them.

        `label_cells` has the cells of all labeled rows on each map.
        """
        answers = []
        for fits, cells in zip(self.fits, label_cells, strict=True):
            predicted, own = evaluate_without(fits, self.near, t, cells, rows)
            weights = self._weigh(fits, self.near[rows], cells[rows], own)
            answers.append((predicted, fits.residual[cells[rows]], *weights))
        return answers

    def _weigh(self, fits, near, cells, own=None):
        """Weights of the residuals for each row, without those marked in `own`, and the map's weight."""
        if self.by_distance:
            weight = weigh_rows(fits, near, self.near, cells, own)
        else:
            weight = fits.weight[cells] if own is None else np.where(own, 0.0, fits.weight[cells])
        residual = fits.residual[cells]
        mean = (weight * residual).sum(axis=1, keepdims=True)
        return weight, 1 / np.sqrt((weight * (residual - mean) ** 2).sum(axis=1) + self.floor**2)


def average(answers):
    """Mean over the maps' predictions, weighted by 1 / scatter²; shape (n_samples,), in t."""
    total, norm = 0.0, 0.0
    for predicted, _, _, share in answers:
        total, norm = total + share**2 * predicted, norm + share**2
    return total / norm


def pool(answers):
    """Residuals around each map's prediction: positions in t and weights, both (n_samples, n_points)."""
    position = [predicted[:, None] + residual for predicted, residual, _, _ in answers]
    return np.hstack(position), np.hstack([weight * share[:, None] for _, _, weight, share in answers])


def fit_ensemble(maps, label_cells, X, t, statistic, min_count):
    """Fit t in the cells of each map: "local_linear" or "median"."""
    if statistic == "median":
        metric, near = np.eye(X.shape[1]), X
        fits = [fit_members(fitted, X, t, own, min_count) for fitted, own in zip(maps, label_cells, strict=True)]
    else:
        metric = learn_metric(X, t, maps, label_cells)
        near = X @ metric
        fits = [fit_near(fitted.codebook @ metric, near, t) for fitted in maps]
    ensemble = MapEnsemble(maps, fits, metric, near, statistic != "median", 0.0)
    return ensemble._replace(floor=0.1 * ensemble.typical_scatter + 1e-9)


def learn_metric(X, t, maps, cells):
    """Return (d, d) T so that distances in X @ T count a feature by how much redshift changes along it.

    T = S (1 + M^1/2) with S the inverse standard deviations and M the mean outer product of the slopes of local
    lines, scaled to a trace of d.
    """
    d = X.shape[1]
    spread = X.std(axis=0)
    scale = np.diag(1 / np.where(spread > 0, spread, 1.0))
    outer = np.zeros((d, d))
    for fitted, own in zip(maps, cells, strict=True):
        slope = fit_near(fitted.codebook @ scale, X @ scale, t).slope[own]
        outer += slope.T @ slope
    values, vectors = np.linalg.eigh(outer)
    total = max(values.sum(), np.finfo(float).tiny)
    root = (vectors * np.sqrt(np.maximum(values, 0) * d / total)) @ vectors.T
    return scale @ (np.eye(d) + root)


def fit_near(centers, samples, t):
    """Fit a line of t = ln(1 + z) to the rows nearest to each center, a block of centers at a time."""
    n_near = min(len(samples), max(20, ROWS_PER_FEATURE * samples.shape[1]))
    finder, ridge = NearestNeighbors(n_neighbors=n_near).fit(samples), np.full(samples.shape[1], RIDGE)
    parts = []
    for start in range(0, len(centers), _BLOCK):
        distance, rows = finder.kneighbors(centers[start : start + _BLOCK])
        parts.append(fit_lines(samples, t, rows, distance, ridge, N_ROBUST))
    return LocalFits(*map(np.concatenate, zip(*parts, strict=True)))


def fit_members(fitted, samples, t, cells, min_count):
    """Take the median of t over each cell's rows; a cell with fewer than `min_count` takes the nearest ones."""
    counts = fitted.aggregate(cells)
    enough = min(min_count, len(samples))
    members = np.zeros((fitted.n_cells, max(counts.max(), enough)), dtype=np.int64)
    order = np.argsort(cells, kind="stable")
    place = np.arange(len(cells)) - np.repeat(np.cumsum(counts) - counts, counts)
    members[cells[order], place] = order
    poor = np.flatnonzero(counts < enough)
    if len(poor):
        finder = NearestNeighbors(n_neighbors=enough).fit(samples)
        members[poor, :enough] = finder.kneighbors(fitted.codebook[poor], return_distance=False)
    return fit_medians(samples, t, members, np.maximum(counts, enough))


def train_maps(estimator, context, X, n_maps, generator):
    """Return the fitted maps of an estimator: frozen ones as they are, others trained on bootstrap samples of X.

    A map that always starts at the same weights would be the same map every time: the bootstrap and the seed make
    them differ.
    """
    som, frozen = estimator.som, list_frozen(estimator.som)
    if frozen is not None:
        soms = [thaw(estimator, one, X.shape[1]) for one in frozen]
        for one in soms:
            _check_metric(estimator, one, one.map_.metric)
        return soms
    if som is None:
        side = int(np.clip(np.sqrt(len(X) / ROWS_PER_CELL).round(), 1, LONGEST_SIDE))
        som = SOMMapper(side, side, init="sample")
    _check_metric(estimator, som, som.metric)
    soms = []
    for _ in range(n_maps):
        rows = generator.randint(0, len(X), len(X)) if n_maps > 1 else slice(None)
        each = clone(som).set_params(random_state=generator.randint(2**31 - 1))
        soms.append(fit_within(context, estimator, each, X[rows]))
    return soms


def list_frozen(som):
    """Return the frozen maps that a parameter holds, None where it holds one to be trained."""
    if isinstance(som, FrozenEstimator):
        return [som]
    if isinstance(som, (list, tuple)):
        if not som:
            raise ValueError("`som` of SOMRedshiftRegressor must not be an empty list.")
        return list(som)
    return None


def _check_metric(estimator, som, metric):
    if metric != "euclidean":
        raise ValueError(
            f"`som` of {type(estimator).__name__} must have metric='euclidean', got {metric!r}: lines are fitted "
            f"around the weights of {som!r}."
        )
