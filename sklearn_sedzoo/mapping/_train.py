"""Batch training: assign all samples, move all cells, shrink the radius, again."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial

import numpy as np
from sklearn.base import BaseEstimator
from threadpoolctl import ThreadpoolController

from sklearn_sedzoo._kernels.som_search import Assignment, find_best_cells
from sklearn_sedzoo._kernels.som_start import make_weights
from sklearn_sedzoo._kernels.som_subspace import find_subspace
from sklearn_sedzoo._parameters import (
    check_parameter,
    check_parameters,
    function,
    integer,
    kinds,
    nothing,
    number,
    option,
)


class Batch(BaseEstimator):
    """Train a map by moving all cells at once after each pass over the data: deterministic, fast.

    Parameters
    ----------
    n_epochs : int, default=20
        Passes over the data.
    neighborhood : {"gaussian", "bubble", "mexican_hat", "cut_gaussian"}, default="gaussian"
        How cells follow each other, as a function of their distance d on the map and the radius r:
        exp(-d²/2r²); 1 within r; (1 - d²/2r²) exp(-d²/2r²), which pushes away in places and orders worse; the
        gaussian within 2r.
    radius_start : float or None, default=None
        First radius, in cells; None is half the longer side.
    radius_end : float, default=0.5
        Radius of the last epoch. Smaller fits the data closer, larger keeps the map smoother.
    decay : {"exponential", "linear", "asymptotic"} or callable, default="exponential"
        How the radius shrinks; a callable is asked for ``decay(radius_start, radius_end, fraction)`` with the
        fraction of the training from 0 to 1.
    compress : float or None, default=None
        Train all epochs but the last on the leading principal components that leave less than this share of the
        variance, where they are fewer than half the features; the last epoch and the assignment use all features.
        Pays from some hundred features; holds n_samples x n_components numbers more. Not used while values are missing.
    memory : float, default=0.9
        Share of the earlier sums that `SOMMapper.partial_fit` keeps.

    See Also
    --------
    Online : One sample at a time.
    SOMMapper : Takes it as `algorithm`; has the formulae.

    Notes
    -----
    With f the fraction of the training, s and e the first and the last radius: exponential, ``s (e / s)^f``; linear,
    ``s + (e - s) f``; asymptotic, ``s / (1 + (s / e - 1) f)``.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_sedzoo.mapping import Batch, SOMMapper
    >>> som = SOMMapper(4, 4, algorithm=Batch(n_epochs=5, radius_end=0.3)).fit(load_iris().data)
    >>> [round(radius, 2) for radius in som.history_["radius"]]
    [2.0, 1.24, 0.77, 0.48, 0.3]
    """

    _parameters = kinds(
        n_epochs=[integer(1)],
        neighborhood=[option("gaussian", "bubble", "mexican_hat", "cut_gaussian")],
        radius_start=[number(0), nothing()],
        radius_end=[number(0)],
        decay=[option("exponential", "linear", "asymptotic"), function()],
        compress=[number(0, 1, closed="neither"), nothing()],
        memory=[number(0, 1)],
    )

    def __init__(
        self,
        n_epochs=20,
        *,
        neighborhood="gaussian",
        radius_start=None,
        radius_end=0.5,
        decay="exponential",
        compress=None,
        memory=0.9,
    ):
        self.n_epochs = n_epochs
        self.neighborhood = neighborhood
        self.radius_start = radius_start
        self.radius_end = radius_end
        self.decay = decay
        self.compress = compress
        self.memory = memory

    def check(self, shape, som):
        """Raise unless all parameters are allowed, alone and for a map of this shape and parameters of `som`."""
        check_parameters(self)
        if self.compress is not None and som.metric == "cosine":
            raise ValueError(f"`compress` of Batch must be None for metric='cosine', got {self.compress!r}.")
        if self.radius_start is not None and self.radius_start < self.radius_end:
            raise ValueError(
                f"`radius_start` of Batch must not be less than radius_end, got {self.radius_start!r} < "
                f"{self.radius_end!r}."
            )
        self.find_radius(shape, 1.0)

    def find_radius(self, shape, fraction):
        """Return the radius after the given fraction (0 to 1) of the training of a map of this shape."""
        end = float(self.radius_end)
        start = max(max(shape) / 2, end) if self.radius_start is None else float(self.radius_start)
        if callable(self.decay):
            radius = self.decay(start, end, fraction)
            check_parameter("Batch", "decay", radius, [number(0)])
            return float(radius)
        if self.decay == "linear" or start == end:
            return start + (end - start) * fraction
        if end == 0:
            raise ValueError(
                f"`radius_end` of Batch must be above 0 for decay={self.decay!r}, got 0. Pass decay='linear' to reach "
                "0."
            )
        if self.decay == "exponential":
            return start * (end / start) ** fraction
        return start / (1 + (start / end - 1) * fraction)

    def train(self, X, starts, *, fitted, sample_weight, map_slabs, reporter):
        """Yield weights (n_cells, n_features), history by epoch and the size of the compressed data, for each start.

        `starts` are pairs of a kind of start, or weights, and a seed; `fitted` is a map of the grid to train on.
        """
        options = {"sample_weight": sample_weight, "map_slabs": map_slabs}
        search, subspace = {**options, **fitted.compare(X)}, None
        if self.compress is not None and self.n_epochs > 1 and not search["has_missing"]:
            subspace = find_subspace(X, self.compress, **options)
        radii = [self.find_radius(fitted.shape, n / max(self.n_epochs - 1, 1)) for n in range(self.n_epochs - 1)]
        radii.append(self.find_radius(fitted.shape, 1.0))
        for init, seed in starts:
            weights = make_weights(X, init, fitted.shape, sample_weight=sample_weight, seed=seed)
            fitted = replace(fitted, weights=weights)
            history, is_inside, is_smooth = {"radius": [], "quantization_error": []}, subspace is not None, True
            if is_inside:
                fitted = replace(fitted, weights=subspace.project(fitted.weights))
            for epoch, radius in enumerate(radii):
                if is_inside and epoch == len(radii) - 1:
                    fitted, is_inside = replace(fitted, weights=subspace.expand(fitted.weights)), False
                reporter.begin()
                found = find_best_cells(
                    subspace.coordinates if is_inside else X,
                    fitted.codebook,
                    with_sums=True,
                    is_exact=False,
                    shape=fitted.shape if is_smooth else None,
                    **search,
                )
                is_smooth = found.is_smooth or epoch == 0  # the first weights may be samples, later ones smooth
                fitted = fitted.update(found, radius)
                error = fitted.average_found(found, sample_weight)
                history["radius"].append(radius)
                history["quantization_error"].append(error)
                show = partial(subspace.expand if is_inside else np.copy, fitted.weights)
                if reporter.end(show, radius=radius, quantization_error=error):
                    break
            weights = subspace.expand(fitted.weights) if is_inside else fitted.weights
            yield weights, history, None if subspace is None else len(subspace.components)


def remember(past, found, memory):
    """Return the sums of the present batch with those of the past, times `memory`, about the present center."""
    moved = past["sums"] + past["counts"] * (past["center"] - found.center)
    return Assignment(
        found.best,
        found.squared,
        found.center,
        found.second,
        sums=found.sums + memory * moved,
        counts=found.counts + memory * past["counts"],
    )


class EpochReporter:
    """Tell scikit-learn's callbacks about each epoch: one subtask per epoch, at whose end a callback may ask to stop.

    `told` is what all of them hear; `attributes(weights)` are those of an estimator with such a map.
    """

    def __init__(self, context, told, attributes):
        self.context, self.told, self.attributes = context, told, attributes
        self.task = None

    def begin(self):
        """Open the next epoch."""
        self.task = self.context.subcontext(task_name="epoch")
        self.task.call_on_fit_task_begin(**self.told)

    def end(self, show, **metadata):
        """Close the epoch; return whether a callback asked to stop. `show()` gives the weights, where one asks."""
        return self.task.call_on_fit_task_end(
            **self.told, metadata=metadata, reconstruction_attributes=lambda: self.attributes(show())
        )


@cache
def _controller():
    return ThreadpoolController()


@contextmanager
def hold_blas():
    """Hold BLAS to one thread inside the block, and yield a ``map`` that has the threads that it was allowed before.

    OMP_NUM_THREADS, joblib's workers and `threadpoolctl.threadpool_limits` are thus respected. The threads live as
    long as the block: new ones for each epoch cost as much as a small epoch.
    """
    pools = _controller().select(user_api="blas")
    n_threads = max((pool["num_threads"] for pool in pools.info()), default=1)
    with pools.limit(limits=1), ThreadPoolExecutor(max(1, n_threads - 1)) as pool:
        yield map if n_threads == 1 else partial(_map_few, pool, n_threads)


def _map_few(pool, n_threads, work, tasks):
    """Yield work(task) in the order of the tasks: `n_threads` of them at a time, the first by the thread that asks."""
    for start in range(0, len(tasks), n_threads):
        others = [pool.submit(work, task) for task in tasks[start + 1 : start + n_threads]]
        yield work(tasks[start])
        yield from (other.result() for other in others)
