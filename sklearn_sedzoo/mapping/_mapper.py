"""SOMMapper: rows of numbers to cells of a self-organizing map."""

import warnings
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklearn_sedzoo._kernels.som_search import Assignment
from sklearn_sedzoo._kernels.som_start import make_weights
from sklearn_sedzoo._kernels.som_subspace import find_subspace
from sklearn_sedzoo._kernels.som_update import update_weights
from sklearn_sedzoo._validation import check_sample_weight, check_spectra, point_at
from sklearn_sedzoo.exceptions import SedDataWarning
from sklearn_sedzoo.mapping._fitted_map import FittedMap
from sklearn_sedzoo.mapping._online import train_online
from sklearn_sedzoo.mapping._parameters import (
    NEIGHBORHOODS,
    check_parameters,
    choose_init,
    draw_seeds,
    find_last_radius,
    find_radii,
    find_radius,
    plan_radii,
)
from sklearn_sedzoo.mapping._train import EpochReporter, average_error, hold_blas, remember, train_batch


@dataclass
class _Run:
    """One trained map: the map, history, final assignment of the data, distortion, size of the compressed data."""

    fitted: FittedMap
    history: dict
    found: Assignment
    energy: float
    n_compressed: int | None = None


def _is_batch(som):
    """MiniSom has no training in parts."""
    return som.algorithm == "batch"


class SOMMapper(CallbackSupportMixin, TransformerMixin, BaseEstimator):
    """Self-organizing map: each sample gets the cell whose weights are nearest.

    A grid of cells is laid through the data so that cells next to each other on the map have similar weights. The
    map is a transformer: `transform` gives the distances to all cells (or the place on the map), `predict` the
    number of the best cell, row by row. It is no clusterer, since cells may stay empty; `SOMClusterer` groups cells.

    Parameters
    ----------
    n_rows, n_columns : int, default=10
        Size of the map.
    algorithm : {"batch", "online"}, default="batch"
        "batch" moves all cells at once after each pass over the data: deterministic, fast. "online" moves them after
        each sample, drawn in random order, and leaves that to MiniSom, weight for weight.
    output : {"distance", "coordinates"}, default="distance"
        What `transform` returns: distances to all cells, or row and column of the best cell.
    topology : {"rectangular", "hexagonal"}, default="rectangular"
        A cell touches 8 others (rectangular) or 6 (hexagonal).
    is_toroidal : bool, default=False
        Join opposite edges of the map; a hexagonal map then needs an even number of rows. Only for "batch".
    metric : {"euclidean", "cosine"}, default="euclidean"
        "cosine" divides each sample by its norm; distances are then 1 - cosine of the angle.
    init : {"pca", "sample", "random"} or ndarray of shape (n_rows, n_columns, n_features), default=None
        First weights: along the two leading principal components out to two standard deviations, chosen samples,
        or uniformly random (batch: within the range of each feature; online: MiniSom's random directions of norm 1).
        None is "pca" for batch and "random" for online. For online, "pca" and "sample" are MiniSom's own.
    neighborhood : {"gaussian", "bubble", "mexican_hat", "cut_gaussian"}, default="gaussian"
        How cells follow each other, as a function of their distance d on the map and the radius r:
        exp(-d²/2r²); 1 within r; (1 - d²/2r²) exp(-d²/2r²), which pushes away in places and orders worse; the
        gaussian within 2r. Online: MiniSom's "gaussian", "bubble", "mexican_hat" and "triangle".
    radius_start : float, default=None
        First radius, in cells; None is half the longer side (online: at least 1). MiniSom calls it sigma.
    radius_end : float, default=0.5
        Radius of the last epoch. Smaller fits the data closer, larger keeps the map smoother. Batch only: MiniSom's
        decays have fixed ends.
    decay : {"exponential", "linear", "asymptotic"} or callable, default=None
        How the radius shrinks; a callable is asked for ``decay(radius_start, radius_end, fraction)`` with the
        fraction of the training from 0 to 1. Online: MiniSom's "asymptotic" (to a third of radius and learning
        rate), "linear" (radius to 1, rate to 0) or "inverse" (the same, by a hyperbola).
        None is "exponential" for batch and "asymptotic" for online.
    n_epochs : int, default=20
        Passes over the data.
    n_iterations : int, default=None
        Online only: number of samples shown; None is n_epochs times the number of samples.
    learning_rate : float, default=0.5
        Online only: share of the way that the best cell goes towards the first sample.
    n_init : int, default=1
        Number of maps trained; the one with the lowest distortion (`energy_`) is kept. With init="pca" (batch) or an
        array the first map starts there and the others at chosen samples.
    compress : float, default=None
        Batch only: train all epochs but the last on the leading principal components that leave less than this share
        of the variance, where they are fewer than half the features; the last epoch and the assignment use all
        features. Pays from some hundred features; holds n_samples x n_components numbers more. Not used while values
        are missing.
    memory : float, default=0.9
        Share of the earlier sums that `partial_fit` keeps.
    on_bad : {"mask", "raise"}, default="mask"
        What to do with missing values (NaN, infinity): measure distances over the observed features, or refuse them.
        A row with nothing observed is left out of the training; its cell is -1 and its distances are NaN. The online
        algorithm refuses them always.
    random_state : int, RandomState instance or None, default=None
        Order of samples and random first weights. For online an int is MiniSom's seed.

    Attributes
    ----------
    map_ : FittedMap
        What the fit decided: codebook, grid, metric. Predictions depend on nothing else, so `set_params` counts from
        the next fit.
    weights_ : ndarray of shape (n_rows, n_columns, n_features)
        Weights of the cells, in units of the data (float64); ``weights_[..., i]`` is a component plane.
    cell_positions_ : ndarray of shape (n_cells, 2)
        x and y of the cells' centres for drawing, in units of the distance between neighbours.
    labels_ : ndarray of shape (n_samples,)
        Cell of each training sample (of the last call of `partial_fit`, as are the next five).
    hits_ : ndarray of shape (n_rows, n_columns)
        Number of training samples in each cell (those with a weight above 0).
    u_matrix_ : ndarray of shape (n_rows, n_columns)
        Mean distance between the weights of a cell and those of the cells it touches.
    quantization_error_ : float
        Mean distance of the training samples to their best cell.
    topographic_error_ : float
        Share of the training samples whose two best cells do not touch.
    energy_ : float
        Distortion of the map at `radius_`: mean squared distance to the best cell and its neighbours, weighted by the
        neighbourhood function. Maps of one size and `radius_` can be compared by it; `n_init` does.
    radius_ : float
        Radius of the last epoch, whether it was reached or a callback stopped the training; 1 for online maps.
    history_ : dict of lists
        By epoch. Batch: "radius" and "quantization_error" (before the update). Online: "learning_rate".
    n_iter_ : int
        Number of epochs run, or of calls of `partial_fit`.
    n_compressed_ : int or None
        Number of components in which `compress` trained; None where it trained on all features.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had them.

    Notes
    -----
    Batch costs 2 n K D operations per epoch for n samples, K cells and D features (less in float32 while the
    neighbourhood is wide: the smooth weights are then multiplied in factors), and memory for the weights, one number
    per sample, and some blocks of 4 to 10 MB per thread; nothing of size n x K is held except what `transform` returns.
    Threads: as many as BLAS is allowed; results do not depend on their number. Ties between cells (to 1e-9, relative)
    go to the lowest cell.

    References
    ----------
    .. [1] T. Kohonen, "Essentials of the self-organizing map", Neural Networks 37 (2013) 52.
    .. [2] G. Vettigli, MiniSom, https://github.com/JustGlowing/minisom

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.mapping import SOMMapper
    >>> X = np.repeat([[0.0, 0.0], [1.0, 0.5], [5.0, 0.0], [6.0, 0.5]], 5, axis=0)
    >>> som = SOMMapper(1, 4, radius_end=0.1).fit(X)
    >>> som.hits_
    array([[5, 5, 5, 5]])
    >>> som.predict([[5.1, 0.0]])
    array([2])
    >>> som.transform(X).shape
    (20, 4)
    """

    def __init__(
        self,
        n_rows=10,
        n_columns=10,
        *,
        algorithm="batch",
        output="distance",
        topology="rectangular",
        is_toroidal=False,
        metric="euclidean",
        init=None,
        neighborhood="gaussian",
        radius_start=None,
        radius_end=0.5,
        decay=None,
        n_epochs=20,
        n_iterations=None,
        learning_rate=0.5,
        n_init=1,
        compress=None,
        memory=0.9,
        on_bad="mask",
        random_state=None,
    ):
        self.n_rows = n_rows
        self.n_columns = n_columns
        self.algorithm = algorithm
        self.output = output
        self.topology = topology
        self.is_toroidal = is_toroidal
        self.metric = metric
        self.init = init
        self.neighborhood = neighborhood
        self.radius_start = radius_start
        self.radius_end = radius_end
        self.decay = decay
        self.n_epochs = n_epochs
        self.n_iterations = n_iterations
        self.learning_rate = learning_rate
        self.n_init = n_init
        self.compress = compress
        self.memory = memory
        self.on_bad = on_bad
        self.random_state = random_state

    @property
    def cell_shape(self):
        """Rows and columns of the fitted map; ``numpy.unravel_index(cell, som.cell_shape)`` is the place of a cell."""
        return self.map_.shape if hasattr(self, "map_") else (self.n_rows, self.n_columns)

    @property
    def weights_(self):
        """Weights of the cells (n_rows, n_columns, n_features)."""
        return self.map_.weights.reshape(*self.map_.shape, -1)

    @property
    def cell_positions_(self):
        """Centers of the cells (n_cells, 2)."""
        return self.map_.positions

    @property
    def hits_(self):
        """Number of training samples in each cell (n_rows, n_columns)."""
        return self.map_.hits.reshape(self.map_.shape)

    @property
    def u_matrix_(self):
        """U-matrix (n_rows, n_columns)."""
        return self.map_.u_matrix

    @property
    def quantization_error_(self):
        """Mean distance of the training samples to their best cell."""
        return self.map_.quantization_error

    @property
    def radius_(self):
        """Radius of the last epoch."""
        return self.map_.radius

    @with_callbacks
    def fit(self, X, y=None, sample_weight=None):
        """Train the map.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training data.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples. "online" draws its samples with these chances.

        Returns
        -------
        self
        """
        check_parameters(self)
        X, weight = self._read_training(X, sample_weight, reset=True)
        with hold_blas() as map_slabs:
            reporter = EpochReporter(self, X, self.n_epochs * self.n_init, self._make_map)
            train = self._train_online if self.algorithm == "online" else self._train_batch
            starts = [(choose_init(self, X.shape[1], number), seed) for number, seed in enumerate(draw_seeds(self))]
            best = min(train(X, weight, starts, map_slabs, reporter), key=lambda run: run.energy)
            self._keep(X, weight, best, best.found)
            reporter.close(self.map_)
        return self

    @available_if(_is_batch)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Train one epoch on a part of the data, and remember the earlier parts.

        The sums and numbers of each cell's members are kept, times `memory` at each call, and the radius falls over
        the first `n_epochs` calls and then stays: it never starts again. After `fit` it stays at `radius_end`. A
        first call sets the first weights from its part.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            A part of the data.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        self
        """
        check_parameters(self)
        is_first, shape = not hasattr(self, "map_"), (self.n_rows, self.n_columns)
        if self.cell_shape != shape:
            raise ValueError(
                f"partial_fit of {type(self).__name__} cannot turn a map of {self.cell_shape} cells into one of "
                f"{shape}: set n_rows and n_columns back, or train anew with fit."
            )
        X, weight = self._read_training(X, sample_weight, reset=is_first)
        n_calls = 0 if is_first else self.n_iter_
        fraction = min(1.0, n_calls / (self.n_epochs - 1)) if self.n_epochs > 1 else 1.0
        radius = find_radius(type(self).__name__, self.decay or "exponential", *find_radii(self), fraction)
        with hold_blas() as map_slabs:
            if is_first:
                old = self._make_map(
                    self._first_weights(X, weight, choose_init(self, X.shape[1], 0), draw_seeds(self)[0])
                )
            else:
                old = self._make_map(self.map_.weights)
            search = {"map_slabs": map_slabs, "sample_weight": weight}
            found = remember(None if is_first else self._sums, old.find(X, with_sums=True, **search), self.memory)
            grid = {**old.grid, "neighborhood": old.neighborhood, "is_normalized": old.metric == "cosine"}
            fitted = self._make_map(update_weights(old.codebook, found, radius, **grid))
            final = fitted.find(X, with_second=True, with_sums=True, **search)
        history = {"radius": [], "quantization_error": []} if is_first else self.history_
        error = average_error(found.squared, weight, is_cosine=self.metric == "cosine")
        history = {
            "radius": [*history["radius"], radius],
            "quantization_error": [*history["quantization_error"], error],
        }
        self._keep(X, weight, _Run(fitted, history, final, fitted.distortion(final)), found)
        return self

    def fit_predict(self, X, y=None, sample_weight=None):
        """Train the map and return the cell of each sample, shape (n_samples,)."""
        return self.fit(X, sample_weight=sample_weight).labels_

    def transform(self, X):
        """Place samples on the map.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n_samples, n_cells) or (n_samples, 2)
            Distances to all cells, or row and column of the best cell; NaN for a row with nothing observed.
        """
        X = self._read(X)
        with hold_blas() as map_slabs:
            if self.output_ == "distance":
                return self.map_.distances(X, map_slabs=map_slabs)
            cells = self.map_.find(X, map_slabs=map_slabs).best
        places = np.column_stack(np.divmod(cells, self.cell_shape[1])).astype(X.dtype)
        places[cells < 0] = np.nan
        return places

    def predict(self, X):
        """Return the number of the best cell of each sample, row by row: row * n_columns + column.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        ndarray of shape (n_samples,)
            Cells; -1 for a row with nothing observed (`on_bad="mask"`).
        """
        X = self._read(X)
        with hold_blas() as map_slabs:
            return self.map_.find(X, map_slabs=map_slabs).best

    def score(self, X, y=None):
        """Return minus the quantization error: the mean distance to the best cell.

        It falls with every cell added: do not choose the size of the map by it alone.
        """
        return -self.map_.average_distance(self._read(X), self.predict(X))

    def win_map(self, X):
        """Return a dict from (row, column) to the row numbers of the samples in that cell; empty cells are left out."""
        cells = self.predict(X)
        order = np.argsort(cells, kind="stable")
        kinds, starts = np.unique(cells[order], return_index=True)
        members = np.split(order, starts[1:])
        n_columns = self.cell_shape[1]
        return {divmod(int(kind), n_columns): rows for kind, rows in zip(kinds, members, strict=True) if kind >= 0}

    def cell_statistics(self, X, y):
        """Return count, median and scatter of properties in each cell.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data, placed by `predict`.
        y : DataFrame, Series or array-like of shape (n_samples,) or (n_samples, n_properties)
            Properties of the samples; NaN where unknown.

        Returns
        -------
        DataFrame of shape (n_cells, 1 + 3 * n_properties)
            "count" of the samples in the cell, and for each property "<name>_count" of the known values,
            "<name>_median" and "<name>_scatter" (half the distance from the 16th to the 84th percentile); NaN in
            cells without known values. The index is (row, column).
        """
        cells = self.predict(X)
        table = y.to_frame() if isinstance(y, pd.Series) else pd.DataFrame(y)
        if len(table) != len(cells):
            raise ValueError(
                f"y of cell_statistics must have one row for each of {len(cells)} samples, got {len(table)}."
            )
        out = {"count": self.map_.aggregate(cells)}
        for name in table.columns:
            values = table[name].to_numpy(dtype=float)
            low, median, high = self.map_.aggregate(cells, values, statistic=_percentiles).T
            out[f"{name}_count"] = self.map_.aggregate(np.where(np.isnan(values), -1, cells))
            out |= {f"{name}_median": median, f"{name}_scatter": (high - low) / 2}
        return pd.DataFrame(out, pd.MultiIndex.from_tuples(list(np.ndindex(self.cell_shape)), names=["row", "column"]))

    def get_feature_names_out(self, input_features=None):
        """Return the names of what `transform` returns: cell0_0, cell0_1, ... or row, column."""
        check_is_fitted(self)
        if self.output_ == "coordinates":
            return np.array(["row", "column"], dtype=object)
        cells = np.ndindex(self.cell_shape)
        return np.array([f"cell{row}_{column}" for row, column in cells], dtype=object)

    @property
    def masks(self):
        """Whether the next fit leaves missing values out: MiniSom's training cannot do that."""
        return self.on_bad == "mask" and self.algorithm == "batch"

    def _read_training(self, X, sample_weight, *, reset):
        X = check_spectra(self, X, reset=reset, on_bad="mask" if self.masks else "raise")
        weight = check_sample_weight(type(self).__name__, sample_weight, len(X))
        if self.masks:
            missing = np.isnan(X)
            empty = missing.all(axis=1)
            if empty.all() or (reset and missing.all(axis=0).any()):
                where = "row" if empty.all() else f"value of column {missing.all(axis=0).argmax()}"
                raise ValueError(f"X of {type(self).__name__} must have observed values: every {where} is missing.")
            if empty.any():
                fault = point_at(empty, len(X), "hold no value")
                warnings.warn(f"{fault} They are left out and get the cell -1.", SedDataWarning, stacklevel=4)
                weight = np.where(empty, 0.0, 1.0 if weight is None else weight)
        self._make_map(np.zeros((1, 1))).check(X, type(self).__name__)
        return X, weight

    def _read(self, X):
        check_is_fitted(self)
        X = check_spectra(self, X, reset=False, on_bad="mask" if self.map_.masks else "raise")
        return self.map_.check(X, type(self).__name__)

    def _make_map(self, weights):
        """Return the FittedMap of weights (n_cells, n_features) under the present parameters."""
        names = getattr(self, "feature_names_in_", None)
        return FittedMap(
            np.asarray(weights).reshape(-1, np.shape(weights)[-1]),
            (self.n_rows, self.n_columns),
            self.topology,
            self.is_toroidal,
            self.metric,
            self.neighborhood if self.neighborhood in NEIGHBORHOODS else "gaussian",
            find_last_radius(self),
            self.masks,
            feature_names=None if names is None else tuple(names),
        )

    def _first_weights(self, X, weight, init, seed):
        if isinstance(init, str):
            generator = np.random.RandomState(seed)
            init = make_weights(X, init, (self.n_rows, self.n_columns), sample_weight=weight, random_state=generator)
        return self._make_map(init).codebook

    def _train_batch(self, X, weight, starts, map_slabs, reporter):
        """Yield the run of each start."""
        search = {"map_slabs": map_slabs, "has_missing": self.masks and bool(np.isnan(X).any())}
        search["is_normalized"] = self.metric == "cosine"
        subspace = None
        if self.compress is not None and self.n_epochs > 1 and not search["has_missing"]:
            subspace = find_subspace(X, self.compress, sample_weight=weight, map_slabs=map_slabs)
        radii = plan_radii(type(self).__name__, self.decay or "exponential", *find_radii(self), self.n_epochs)
        empty = self._make_map(np.zeros((1, 1)))
        grid = {**empty.grid, "neighborhood": empty.neighborhood, "is_normalized": self.metric == "cosine"}
        shared = {"sample_weight": weight, "grid": grid, "search": search, "subspace": subspace, "reporter": reporter}
        for init, seed in starts:
            trained = train_batch(X, self._first_weights(X, weight, init, seed), radii, **shared)
            yield self._judge(X, weight, *trained, map_slabs, None if subspace is None else len(subspace.components))

    def _train_online(self, X, weight, starts, map_slabs, reporter):
        """Yield the run of each start."""
        for init, seed in starts:
            shown = X
            if weight is not None:  # MiniSom knows no weights: show it samples drawn by weight
                shown = X[np.random.RandomState(seed).choice(len(X), len(X), p=weight / weight.sum())]
            trained = train_online(
                shown,
                init,
                shape=(self.n_rows, self.n_columns),
                topology=self.topology,
                metric=self.metric,
                neighborhood=self.neighborhood,
                decay=self.decay or "asymptotic",
                radius=find_radii(self)[0],
                learning_rate=self.learning_rate,
                n_iterations=self.n_iterations or self.n_epochs * len(X),
                n_epochs=self.n_epochs,
                seed=seed,
                reporter=reporter,
            )
            yield self._judge(X, weight, *trained, map_slabs)

    def _judge(self, X, weight, weights, history, map_slabs, n_compressed=None):
        """Return the run of trained weights: where the data lie on them, and their distortion."""
        fitted = self._make_map(weights)
        found = fitted.find(X, sample_weight=weight, with_second=True, with_sums=True, map_slabs=map_slabs)
        return _Run(fitted, history, found, fitted.distortion(found), n_compressed)

    def _keep(self, X, weight, run, sums):
        """Set the fitted attributes, all at the end of the fit; `sums` is what `partial_fit` will go on from."""
        found, counted = run.found, np.ones(len(X), dtype=bool) if weight is None else weight > 0
        touching = run.fitted.touch(found.best[counted], found.second[counted])
        self.map_ = replace(
            run.fitted,
            hits=run.fitted.aggregate(found.best[counted]),
            quantization_error=run.fitted.average_distance(X, found.best, weight),
        )
        self.output_ = self.output
        self.labels_ = found.best
        self.topographic_error_ = 1 - float(np.average(touching, weights=None if weight is None else weight[counted]))
        self.energy_ = run.energy
        self.history_ = run.history
        self.n_iter_ = len(next(iter(run.history.values())))
        self.n_compressed_ = run.n_compressed
        self._sums = {"center": sums.center, "sums": sums.sums, "counts": sums.counts}

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.masks
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _percentiles(values):
    return np.percentile(values, [16, 50, 84])
