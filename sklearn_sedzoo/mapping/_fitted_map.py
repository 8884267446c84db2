"""FittedMap: what the training of a map decided, for all that ask where a sample lies on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array

from sklearn_sedzoo._kernels.som_aggregate import aggregate_cells
from sklearn_sedzoo._kernels.som_distance import measure_distances, measure_own
from sklearn_sedzoo._kernels.som_grid import are_neighbors, average_neighbors, find_neighbors, lay_cells, smooth_cells
from sklearn_sedzoo._kernels.som_search import Assignment, find_best_cells
from sklearn_sedzoo._kernels.som_update import measure_energy, update_weights
from sklearn_sedzoo._validation import FLOAT_DTYPES, as_native, check_finite_spectra, check_squares, point_at


@dataclass(frozen=True, eq=False, repr=False)
class FittedMap:
    """A trained self-organizing map: its codebook, its grid, and how samples are compared with it.

    `SOMMapper.fit` makes it, as ``som.map_``; what asks for a map takes it from there, so that all find the same
    cells. It never changes: `set_params` on the estimator counts from the next fit.

    Parameters
    ----------
    weights : ndarray of shape (n_cells, n_features)
        Weights of the cells, row by row of the map, in units of the data.
    shape : tuple of int
        Rows and columns.
    topology : {"rectangular", "hexagonal"}, default="rectangular"
        A cell touches 8 others or 6.
    is_toroidal : bool, default=False
        Whether opposite edges are joined.
    metric : {"euclidean", "cosine"}, default="euclidean"
        Distance between samples and weights.
    neighborhood : str, default="gaussian"
        Neighborhood function by which `distortion` weighs the cells.
    radius : float, default=0.5
        Radius of the last epoch, in cells.
    masks : bool, default=True
        Whether missing values (NaN) are left out of distances; otherwise they are refused.
    hits : ndarray of shape (n_cells,), optional
        Number of training samples in each cell.
    quantization_error : float, default=1.0
        Mean distance of the training samples to their best cell: the width of soft cells.
    feature_names : tuple of str, optional
        Names of the features, where the training data had them.

    See Also
    --------
    SOMMapper : Trains a map.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_sedzoo.mapping import FittedMap, SOMMapper
    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> pipeline = make_pipeline(StandardScaler(), SOMMapper(3, 4)).fit(X)
    >>> fitted = FittedMap.of(pipeline)
    >>> fitted.shape
    (3, 4)
    >>> cells = fitted.locate(pipeline, X)
    >>> bool((cells == pipeline.predict(X)).all())
    True
    >>> fitted.aggregate(cells, X[:, 0]).shape
    (12,)
    """

    weights: np.ndarray
    shape: tuple[int, int]
    topology: str = "rectangular"
    is_toroidal: bool = False
    metric: str = "euclidean"
    neighborhood: str = "gaussian"
    radius: float = 0.5
    masks: bool = True
    hits: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int))
    quantization_error: float = 1.0
    feature_names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("weights", "hits"):
            view = np.asarray(getattr(self, name)).view()
            view.setflags(write=False)
            object.__setattr__(self, name, view)

    @classmethod
    def of(cls, estimator: Any) -> FittedMap:
        """Return the map that an estimator was fitted with.

        Parameters
        ----------
        estimator : estimator or FittedMap
            `SOMMapper`, `SOMClusterer`, `SOMRegressor`, `SOMClassifier`, `SOMRedshiftRegressor` (of several maps the
            first), a pipeline that ends with one of them, or a FrozenEstimator of any of these.

        Returns
        -------
        FittedMap
        """
        holder, _ = _unwrap(estimator)
        found = holder if isinstance(holder, cls) else getattr(holder, "map_", None)
        if not isinstance(found, cls):
            raise NotFittedError(
                f"{type(holder).__name__} holds no fitted map: pass a fitted SOMMapper, an estimator that was fitted "
                "with one, a pipeline that ends with one, or a FrozenEstimator of these."
            )
        return found

    @classmethod
    def locate(cls, estimator: Any, X: Any) -> np.ndarray:
        """Return the cell of each row, as the estimator's map has it, through the steps before it.

        Parameters
        ----------
        estimator : estimator or FittedMap
            As for `of`.
        X : array-like of shape (n_samples, n_features)
            Data as the estimator takes them.

        Returns
        -------
        ndarray of shape (n_samples,)
            Cells; -1 for a row with nothing observed.
        """
        fitted = cls.of(estimator)
        for front in _unwrap(estimator)[1]:
            X = front.transform(X)
        return fitted.find(fitted.read(X)).best

    def __repr__(self) -> str:
        rows, columns = self.shape
        edge = "toroidal " if self.is_toroidal else ""
        return f"<FittedMap of {rows} x {columns} {edge}{self.topology} cells, {self.n_features} features>"

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.weights)

    @property
    def n_features(self) -> int:
        """Number of features."""
        return self.weights.shape[1]

    @property
    def codebook(self) -> np.ndarray:
        """Weights as samples are compared with them (n_cells, n_features): of norm 1 for the cosine metric."""
        if self.metric == "euclidean":
            return self.weights
        norms = np.linalg.norm(self.weights, axis=1, keepdims=True)
        return self.weights / np.where(norms > 0, norms, 1)

    @property
    def grid(self) -> dict[str, Any]:
        """Keywords of the kernels about the grid: shape, topology, is_toroidal."""
        return {"shape": self.shape, "topology": self.topology, "is_toroidal": self.is_toroidal}

    @property
    def positions(self) -> np.ndarray:
        """Return x and y of the cells' centers (n_cells, 2), in units of the distance between neighbors."""
        return lay_cells(*self.shape, self.topology)

    @property
    def neighbors(self) -> tuple[np.ndarray, np.ndarray]:
        """All ordered pairs of cells that touch: two arrays of cells."""
        return find_neighbors(*self.shape, self.topology, self.is_toroidal)

    @property
    def u_matrix(self) -> np.ndarray:
        """Mean distance between the weights of each cell and those of the cells it touches (n_rows, n_columns)."""
        return average_neighbors(self.weights.reshape(*self.shape, -1), self.topology, self.is_toroidal)

    def touch(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return whether each pair of cells touches, or is one cell; -1 for a second one that is not there."""
        touching = are_neighbors(*self.shape, self.topology, self.is_toroidal, first, np.maximum(second, 0))
        return touching | (second < 0)

    def smooth(self, values: np.ndarray, radius: float) -> np.ndarray:
        """Return values (n_cells, m) summed over the map with gaussian weights."""
        cube = np.asarray(values, dtype=float).reshape(*self.shape, -1)
        return smooth_cells(cube, radius, topology=self.topology, is_toroidal=self.is_toroidal).reshape(
            self.n_cells, -1
        )

    def read(self, X: Any) -> np.ndarray:
        """Return data as an array that the map takes: its features, and nothing missing that it refuses."""
        names = getattr(X, "columns", None)
        X = np.ma.filled(X.astype(float), np.nan) if np.ma.isMaskedArray(X) else as_native(X)
        X = check_array(X, dtype=FLOAT_DTYPES, ensure_all_finite=False, input_name="X")
        self.check_features("The map", X.shape[1], names)
        return self.check(check_finite_spectra("FittedMap", X, "mask" if self.masks else "raise"), "FittedMap")

    def check_features(self, owner: str, n_features: int, names: Any = None) -> None:
        """Raise unless the map was fitted on as many features, of these names where both are known."""
        if n_features != self.n_features:
            raise ValueError(f"{owner} was fitted on {self.n_features} features, but X has {n_features} features.")
        if names is not None and self.feature_names is not None and tuple(names) != self.feature_names:
            raise ValueError(f"{owner} was fitted on the features {list(self.feature_names)}, but X has {list(names)}.")

    def check(self, X: np.ndarray, owner: str) -> np.ndarray:
        """Return X; raise where squares overflow, or where a row has no direction for the cosine metric."""
        check_squares(owner, X)
        if self.metric == "cosine":
            zero = ~np.any(np.nan_to_num(X) if self.masks else X, axis=1) & ~np.isnan(X).all(axis=1)
            if zero.any():
                fault = point_at(zero, len(X), "are zero and have no direction")
                raise ValueError(f"{fault} Drop them or use metric='euclidean'.")
        return X

    def find(self, X: np.ndarray, **options: Any) -> Assignment:
        """Find the best cells of samples.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Data that were checked, by `read` or by an estimator.
        **options
            Of the search: `with_second` for the second-best cells, `with_sums` and `sample_weight` for sums over the
            members of each cell, `map_slabs` for a ``map`` of several threads.

        Returns
        -------
        Assignment
            ``best`` (n_samples,), -1 for a row with nothing observed; ``second``, -1 on a map of one cell.
        """
        return find_best_cells(X, self.codebook, **self.compare(X), **options)

    def distances(self, X: np.ndarray, cells: np.ndarray | None = None, *, map_slabs: Callable = map) -> np.ndarray:
        """Measure distances of samples to all cells, or to one given for each.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Data that were checked.
        cells : ndarray of shape (n_samples,), optional
            A cell for each sample.
        map_slabs : callable, default=map
            A ``map`` of several threads.

        Returns
        -------
        ndarray of shape (n_samples, n_cells) or (n_samples,)
            In units of X, or 1 - cosine; NaN to all cells for a row with nothing observed.
        """
        if cells is not None:
            distances = measure_own(X, self.codebook, cells, **self.compare(X))
        else:
            distances = measure_distances(X, self.codebook, map_slabs=map_slabs, **self.compare(X))
            if self.masks:
                distances[np.isnan(X).all(axis=1)] = np.nan
        return distances**2 / 2 if self.metric == "cosine" else distances

    def average_distance(self, X: np.ndarray, cells: np.ndarray, sample_weight: np.ndarray | None = None) -> float:
        """Return the mean distance of samples to their given cells; rows of cell -1 are left out."""
        weight = (cells >= 0).astype(float) if sample_weight is None else sample_weight
        return float(np.average(self.distances(X, cells)[weight > 0], weights=weight[weight > 0]))

    def average_found(self, found: Assignment, sample_weight: np.ndarray | None = None) -> float:
        """Return the mean distance to the best cells of a search that left nothing out, from its squared distances."""
        distance = found.squared / 2 if self.metric == "cosine" else np.sqrt(found.squared)
        return float(np.average(distance, weights=sample_weight))

    def update(self, found: Assignment, radius: float) -> FittedMap:
        """Return the map after one step of batch training, from the sums of `find`."""
        options = {"neighborhood": self.neighborhood, "is_normalized": self.metric == "cosine", **self.grid}
        return replace(self, weights=update_weights(self.codebook, found, radius, **options))

    def aggregate(
        self,
        cells: np.ndarray,
        values: ArrayLike | None = None,
        weights: np.ndarray | None = None,
        statistic: str | Callable = "mean",
    ) -> np.ndarray:
        """Return a statistic of the values in each cell.

        Parameters
        ----------
        cells : ndarray of shape (n_samples,)
            Cell of each sample; those below 0 are left out.
        values : array-like of shape (n_samples,) or (n_samples, m), optional
            Without values the samples, or their weights, are counted. NaN is left out.
        weights : ndarray of shape (n_samples,), optional
            Weights of the samples, for counts, "sum" and "mean".
        statistic : {"mean", "sum"} or callable, default="mean"
            A callable is given the values of one cell.

        Returns
        -------
        ndarray of shape (n_cells,) or (n_cells, m)
            NaN (counts and sums: 0) where a cell has no values.
        """
        return aggregate_cells(cells, self.n_cells, values, weights, statistic)

    def distortion(self, found: Assignment, radius: float | None = None) -> float:
        """Return the mean squared distance to best cells and their neighbors, from the sums of `find`."""
        radius = self.radius if radius is None else radius
        return measure_energy(self.codebook, found, radius, neighborhood=self.neighborhood, **self.grid)

    def compare(self, X: np.ndarray) -> dict[str, Any]:
        """Return the keywords of the kernels about the comparison of these samples with weights."""
        return {"is_normalized": self.metric == "cosine", "has_missing": self.masks and bool(np.isnan(X).any())}


def _unwrap(estimator):
    """Return the estimator inside pipelines and frozen ones, and the steps before it, outermost first."""
    fronts = []
    while isinstance(estimator, Pipeline | FrozenEstimator):
        if isinstance(estimator, Pipeline):
            fronts += [estimator[:-1]] if len(estimator) > 1 else []
            estimator = estimator.steps[-1][1]
        else:
            estimator = estimator.estimator
    return estimator, fronts
