"""Fits in the cells of several maps -> what they say of a row together: a prediction, and residuals around it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sklearn_sedzoo._kernels.local_lines import evaluate_fits, evaluate_without, weigh_rows
from sklearn_sedzoo.photoz._cell_fits import fit_members, fit_near, learn_metric
from sklearn_sedzoo.photoz._maps import codebook, find_cells


class MapEnsemble(NamedTuple):
    """Maps with their fits of t = ln(1 + z); a map's vote for a row is 1 / scatter of the residuals near the row."""

    soms: list
    fits: list  # LocalFits of each map
    metric: np.ndarray  # (d, d) X @ metric is where fits and distances live
    near: np.ndarray  # (n_labelled, d) labelled rows there
    by_distance: bool  # residuals of nearby rows count more; else all of a cell count the same
    floor: float  # of the scatter

    @property
    def typical_scatter(self):
        """Median scatter over all cells of all maps."""
        return float(np.median(np.concatenate([fits.scatter for fits in self.fits])))

    def predict(self, X):
        """Mean over the maps' fits, weighted by 1 / scatter²; shape (n_samples,), in t."""
        return _average(self._ask(X))

    def spread(self, X):
        """Residuals around each map's prediction: positions in t and weights, both (n_samples, n_points)."""
        return _pool(self._ask(X))

    def leave_out(self, t, label_cells, rows):
        """Predict and spread for labelled rows, each by fits that did not see it.

        `label_cells` has the cells of all labelled rows on each map. Returns predictions, positions and weights.
        """
        answers = list(self._ask_without(t, label_cells, rows))
        return _average(answers), *_pool(answers)

    def _ask(self, X):
        """Yield what each map says: predictions (n_samples,), residuals (n_samples, m), their weights, votes."""
        near = X @ self.metric
        for som, fits in zip(self.soms, self.fits, strict=True):
            cells = find_cells(som, X)
            yield evaluate_fits(fits, near, cells), fits.residual[cells], *self._weigh(fits, near, cells)

    def _ask_without(self, t, label_cells, rows):
        for fits, cells in zip(self.fits, label_cells, strict=True):
            predicted, own = evaluate_without(fits, self.near, t, cells, rows)
            yield predicted, fits.residual[cells[rows]], *self._weigh(fits, self.near[rows], cells[rows], own)

    def _weigh(self, fits, near, cells, own=None):
        """Weights of the residuals for each row, without those marked in `own`, and the map's vote."""
        if self.by_distance:
            weight = weigh_rows(fits, near, self.near, cells, own)
        else:
            weight = fits.weight[cells] if own is None else np.where(own, 0.0, fits.weight[cells])
        residual = fits.residual[cells]
        mean = (weight * residual).sum(axis=1, keepdims=True)
        return weight, 1 / np.sqrt((weight * (residual - mean) ** 2).sum(axis=1) + self.floor**2)


def _average(answers):
    total, norm = 0.0, 0.0
    for predicted, _, _, vote in answers:
        total, norm = total + vote**2 * predicted, norm + vote**2
    return total / norm


def _pool(answers):
    position, weight = [], []
    for predicted, residual, share, vote in answers:
        position.append(predicted[:, None] + residual)
        weight.append(share * vote[:, None])
    return np.hstack(position), np.hstack(weight)


def fit_ensemble(soms, label_cells, X, t, statistic, min_count):
    """Fit t in the cells of each map: "local_linear" or "median"."""
    if statistic == "median":
        metric, near = np.eye(X.shape[1]), X
        pairs = zip(soms, label_cells, strict=True)
        fits = [fit_members(som, X, t, own, min_count) for som, own in pairs]
    else:
        metric = learn_metric(X, t, soms, label_cells)
        near = X @ metric
        fits = [fit_near(codebook(som) @ metric, near, t) for som in soms]
    ensemble = MapEnsemble(soms, fits, metric, near, statistic != "median", 0.0)
    return ensemble._replace(floor=0.1 * ensemble.typical_scatter + 1e-9)
