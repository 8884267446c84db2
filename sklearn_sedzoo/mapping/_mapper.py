"""SOMMapper: rows of numbers to cells of a self-organizing map."""

import warnings
from dataclasses import replace
from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklearn_sedzoo._kernels.som_donors import group_rows
from sklearn_sedzoo._kernels.som_start import make_weights
from sklearn_sedzoo._parameters import (
    check_parameters,
    flag,
    instance_of,
    integer,
    kinds,
    nothing,
    numbers,
    option,
    random_state,
)
from sklearn_sedzoo._validation import ON_BAD, check_sample_weight, check_spectra, point_at
from sklearn_sedzoo.exceptions import SedDataWarning
from sklearn_sedzoo.mapping._fitted_map import FittedMap
from sklearn_sedzoo.mapping._online import Online
from sklearn_sedzoo.mapping._train import Batch, EpochReporter, hold_blas, remember


def _trains_in_parts(som):
    """MiniSom has no training in parts."""
    return not isinstance(som.algorithm, Online)


class SOMMapper(CallbackSupportMixin, TransformerMixin, BaseEstimator):
    """Self-organizing map: each sample gets the cell whose weights are nearest.

    A grid of cells is laid through the data so that cells next to each other on the map have similar weights. The
    map is a transformer: `transform` gives the distances to all cells (or the place on the map), `predict` the
    number of the best cell, row by row. It is no clusterer, since cells may stay empty; `SOMClusterer` groups cells.

    Parameters
    ----------
    n_rows, n_columns : int, default=10
        Size of the map.
    algorithm : Batch or Online, default=None
        How cells are moved, with the parameters of the training, which a search reaches as ``algorithm__radius_end``
        and so on; None is ``Batch()``, deterministic and fast. ``Online()`` leaves the training to MiniSom, weight for
        weight.
    output : {"distance", "coordinates"}, default="distance"
        What `transform` returns: distances to all cells, or row and column of the best cell.
    topology : {"rectangular", "hexagonal"}, default="rectangular"
        A cell touches 8 others (rectangular) or 6 (hexagonal).
    is_toroidal : bool, default=False
        Join opposite edges of the map; a hexagonal map then needs an even number of rows. Not for `Online`.
    metric : {"euclidean", "cosine"}, default="euclidean"
        "cosine" divides each sample by its norm; distances are then 1 - cosine of the angle.
    init : {"pca", "sample", "random"} or ndarray of shape (n_rows, n_columns, n_features), default=None
        First weights: along the two leading principal components out to two standard deviations (data on a line winds
        over the map, so that all cells are used), chosen samples, or uniformly random (`Batch`: within the range of
        each feature; `Online`: MiniSom's random directions of norm 1). None is "pca" for `Batch` and "random" for
        `Online`, for which "pca" and "sample" are MiniSom's own.
    n_init : int, default=1
        Number of maps trained; the one with the lowest distortion (`energy_`) is kept. With init="pca" (`Batch`) or an
        array the first map starts there and the others at chosen samples.
    on_bad : {"mask", "raise"}, default="mask"
        What to do with missing values (NaN, infinity): measure distances over the observed features, or refuse them.
        A row with nothing observed is left out of the training; its cell is -1 and its distances are NaN. `Online`
        refuses them always.
    random_state : int, RandomState instance or None, default=None
        Order of samples and random first weights. For `Online` an int is MiniSom's seed.

    Attributes
    ----------
    map_ : FittedMap
        What the fit decided: codebook, grid, metric. Predictions depend on nothing else, so `set_params` counts from
        the next fit.
    algorithm_ : Batch or Online
        The algorithm of the last fit.
    weights_ : ndarray of shape (n_rows, n_columns, n_features)
        Weights of the cells, in units of the data (float64); ``weights_[..., i]`` is a component plane.
    cell_positions_ : ndarray of shape (n_cells, 2)
        x and y of the cells' centers for drawing, in units of the distance between neighbors.
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
        Distortion of the map at `radius_`: mean squared distance to the best cell and its neighbors, weighted by the
        neighborhood function. Maps of one size and `radius_` can be compared by it; `n_init` does.
    radius_ : float
        Radius of the last epoch, whether it was reached or a callback stopped the training; 1 for online maps.
    history_ : dict of lists
        By epoch. `Batch`: "radius" and "quantization_error" (before the update). `Online`: "learning_rate".
    n_iter_ : int
        Number of epochs run, or of calls of `partial_fit`.
    n_compressed_ : int or None
        Number of components in which ``Batch(compress=...)`` trained; None where it trained on all features.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had them.

    See Also
    --------
    Batch, Online : The algorithms.
    SOMClusterer, SOMRegressor, SOMClassifier : Built on a map.
    FittedMap : What the fit decided, for other tools.

    Notes
    -----
    `Batch` costs 2 n K D operations per epoch for n samples, K cells and D features (less in float32 while the
    neighborhood is wide: the smooth weights are then multiplied in factors), and memory for the weights, one number
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
    >>> from sklearn_sedzoo.mapping import Batch, SOMMapper
    >>> X = np.repeat([[0.0, 0.0], [1.0, 0.5], [5.0, 0.0], [6.0, 0.5]], 5, axis=0)
    >>> som = SOMMapper(1, 4, algorithm=Batch(radius_end=0.1)).fit(X)
    >>> som.hits_
    array([[5, 5, 5, 5]])
    >>> som.predict([[5.1, 0.0]])
    array([2])
    >>> som.transform(X).shape
    (20, 4)
    """

    _parameters = kinds(
        n_rows=[integer(1)],
        n_columns=[integer(1)],
        algorithm=[instance_of(Batch, Online, words="Batch(...), Online(...)"), nothing()],
        output=[option("distance", "coordinates")],
        topology=[option("rectangular", "hexagonal")],
        is_toroidal=[flag()],
        metric=[option("euclidean", "cosine")],
        init=[
            option("pca", "sample", "random"),
            numbers("an array of shape (n_rows, n_columns, n_features)", ndim=(1, 2, 3)),
            nothing(),
        ],
        n_init=[integer(1)],
        on_bad=ON_BAD,
        random_state=random_state(),
    )

    def __init__(
        self,
        n_rows=10,
        n_columns=10,
        *,
        algorithm=None,
        output="distance",
        topology="rectangular",
        is_toroidal=False,
        metric="euclidean",
        init=None,
        n_init=1,
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
        self.n_init = n_init
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
            Weights of the samples. `Online` draws its samples with these chances.

        Returns
        -------
        self
        """
        algorithm = self._check_parameters()
        X, weight, empty = self._read_training(X, sample_weight, algorithm, reset=True)
        told, best = {"estimator": self, "X": X}, None
        context = self._init_callback_context(max_subtasks=algorithm.n_epochs * self.n_init)
        context.call_on_fit_task_begin(**told)
        reporter = EpochReporter(context, told, lambda weights: self._show(replace(empty, weights=weights)))
        starts, options = self._choose_starts(algorithm, X.shape[1]), {"fitted": empty, "reporter": reporter}
        with hold_blas() as map_slabs:
            search = {"sample_weight": weight, "map_slabs": map_slabs}
            for weights, history, n_compressed in algorithm.train(X, starts, **options, **search):
                fitted = replace(empty, weights=weights)
                found = fitted.find(X, with_second=True, with_sums=True, **search)
                energy = fitted.distortion(found)
                if best is None or energy < best[-2]:
                    best = fitted, found, weight, history, energy, n_compressed
        fitted, found, *rest = best
        fitted = replace(fitted, quantization_error=fitted.average_distance(X, found.best, weight))
        self._keep(algorithm, fitted, found, *rest, sums=found)
        context.call_on_fit_task_end(**told, reconstruction_attributes=self._show(self.map_))
        return self

    @available_if(_trains_in_parts)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Train one epoch on a part of the data, and remember the earlier parts.

        The sums and numbers of each cell's members are kept, times `memory` of `Batch` at each call, and the radius
        falls over the first `n_epochs` calls and then stays: it never starts again. After `fit` it stays at
        `radius_end`. A first call sets the first weights from its part.

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
        algorithm = self._check_parameters()
        is_first, shape = not hasattr(self, "map_"), (self.n_rows, self.n_columns)
        if self.cell_shape != shape:
            raise ValueError(
                f"partial_fit of {type(self).__name__} cannot turn a map of {self.cell_shape} cells into one of "
                f"{shape}: set n_rows and n_columns back, or train anew with fit."
            )
        X, weight, empty = self._read_training(X, sample_weight, algorithm, reset=is_first)
        n_calls, n_epochs = 0 if is_first else self.n_iter_, algorithm.n_epochs
        radius = algorithm.find_radius(shape, min(1.0, n_calls / (n_epochs - 1)) if n_epochs > 1 else 1.0)
        with hold_blas() as map_slabs:
            search = {"with_sums": True, "sample_weight": weight, "map_slabs": map_slabs}
            if is_first:
                init, seed = self._choose_starts(algorithm, X.shape[1])[0]
                old = replace(empty, weights=make_weights(X, init, shape, sample_weight=weight, seed=seed))
                found = old.find(X, **search)
            else:
                old = replace(empty, weights=self.map_.weights)
                found = remember(self._sums, old.find(X, **search), algorithm.memory)
            fitted = old.update(found, radius)
            final = fitted.find(X, with_second=True, **search)
        fitted = replace(fitted, quantization_error=fitted.average_distance(X, final.best, weight))
        now = {"radius": radius, "quantization_error": old.average_found(found, weight)}
        past = {} if is_first else self.history_
        history = {name: [*past.get(name, []), value] for name, value in now.items()}
        self._keep(algorithm, fitted, final, weight, history, fitted.distortion(final), None, sums=found)
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
        order, starts = group_rows(cells, self.map_.n_cells)
        pairs = enumerate(np.split(order, starts[1:-1]))
        return {divmod(cell, self.cell_shape[1]): rows for cell, rows in pairs if len(rows)}

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
            cells without known values. Of a property in words, "<name>_<word>" is the count of each. The index is
            (row, column).
        """
        cells = self.predict(X)
        table = y.to_frame() if isinstance(y, pd.Series) else pd.DataFrame(y)
        if len(table) != len(cells):
            raise ValueError(
                f"y of cell_statistics must have one row for each of {len(cells)} samples, got {len(table)}."
            )
        out = {"count": self.map_.aggregate(cells)}
        for name in table.columns:
            if not pd.api.types.is_numeric_dtype(table[name]):
                known = table[name].notna().to_numpy()
                out[f"{name}_count"] = self.map_.aggregate(np.where(known, cells, -1))
                for word in sorted(table[name].dropna().unique(), key=str):
                    is_word = (table[name] == word).fillna(False).to_numpy(dtype=bool)
                    out[f"{name}_{word}"] = self.map_.aggregate(np.where(is_word, cells, -1))
                continue
            values = table[name].to_numpy(dtype=float)
            summary = self.map_.aggregate(cells, values, statistic=_percentiles)
            low, median, high = np.broadcast_to(summary.T, (3, self.map_.n_cells))  # one NaN where nothing is known
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
        return self.on_bad == "mask" and not isinstance(self.algorithm, Online)

    def _check_parameters(self):
        """Raise unless all parameters are allowed, alone and together; return the algorithm of this fit."""
        owner = type(self).__name__
        check_parameters(self)
        if self.is_toroidal and self.topology == "hexagonal" and self.n_rows % 2:
            raise ValueError(
                f"`n_rows` of {owner} must be even for a toroidal hexagonal map, whose odd rows are moved by half a "
                f"cell, got {self.n_rows!r}."
            )
        algorithm = Batch() if self.algorithm is None else self.algorithm
        algorithm.check((self.n_rows, self.n_columns), self)
        return clone(algorithm)

    def _read_training(self, X, sample_weight, algorithm, *, reset):
        """Return checked X, weights of the samples, and the FittedMap of this fit, still without weights of cells."""
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
        names, shape = getattr(self, "feature_names_in_", None), (self.n_rows, self.n_columns)
        fitted = FittedMap(
            np.zeros((1, X.shape[1])),
            shape,
            self.topology,
            self.is_toroidal,
            self.metric,
            "gaussian" if algorithm.neighborhood == "triangle" else algorithm.neighborhood,
            algorithm.find_radius(shape, 1.0),
            self.masks,
            feature_names=None if names is None else tuple(names),
        )
        return fitted.check(X, type(self).__name__), weight, fitted

    def _choose_starts(self, algorithm, n_features):
        """Return for each map of n_init the kind of its start, or given weights (n_cells, n_features), and a seed.

        The first seed is `random_state` itself where that is an integer.
        """
        seeds = [int(seed) for seed in check_random_state(self.random_state).randint(2**31 - 1, size=self.n_init)]
        if isinstance(self.random_state, Integral):
            seeds[0] = int(self.random_state)
        init = self.init
        if init is None:
            init = "random" if isinstance(algorithm, Online) else "pca"
        if isinstance(init, str):
            return [("sample" if number and init == "pca" else init, seed) for number, seed in enumerate(seeds)]
        init, shape = np.asarray(init, dtype=np.float64), (self.n_rows, self.n_columns, n_features)
        if init.shape != shape:
            raise ValueError(
                f"`init` of {type(self).__name__} must be an array of finite numbers of shape {shape}, got shape "
                f"{init.shape}."
            )
        return [("sample" if number else init.reshape(-1, n_features), seed) for number, seed in enumerate(seeds)]

    def _read(self, X):
        check_is_fitted(self)
        X = check_spectra(self, X, reset=False, on_bad="mask" if self.map_.masks else "raise")
        return self.map_.check(X, type(self).__name__)

    def _show(self, fitted):
        """Return the attributes with which an estimator can predict."""
        return {"map_": fitted, "output_": self.output}

    def _keep(self, algorithm, fitted, found, weight, history, energy, n_compressed, *, sums):
        """Set the fitted attributes, all at the end of the fit; `sums` is what `partial_fit` goes on from."""
        counted = found.best >= 0 if weight is None else weight > 0
        first, second = found.best[counted], found.second[counted]
        touching = np.average(fitted.touch(first, second), weights=None if weight is None else weight[counted])
        self.map_ = replace(fitted, hits=fitted.aggregate(first))
        self.algorithm_ = algorithm
        self.output_ = self.output
        self.labels_ = found.best
        self.topographic_error_ = 1 - float(touching)
        self.energy_ = energy
        self.history_ = history
        self.n_iter_ = len(next(iter(history.values())))
        self.n_compressed_ = n_compressed
        self._sums = {"center": sums.center, "sums": sums.sums, "counts": sums.counts}

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.masks
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _percentiles(values):
    return np.percentile(values, [16, 50, 84])
