"""Batch training: assign all samples, move all cells, shrink the radius, again; and what a training tells and uses."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial

import numpy as np
from threadpoolctl import ThreadpoolController

from sklearn_sedzoo._kernels.som_search import Assignment, find_best_cells
from sklearn_sedzoo._kernels.som_update import update_weights


def train_batch(X, weights, radii, *, sample_weight, grid, search, subspace, reporter):
    """Return weights (n_cells, n_features) after one update for each radius, and the history by epoch.

    `grid` are the keywords of `update_weights` about the map, `search` those of `find_best_cells` about the data.
    With a `subspace` all epochs but the last run on its coordinates.
    """
    history = {"radius": [], "quantization_error": []}
    is_stopped, is_smooth = False, True
    parts = [(X, radii, False)]
    if subspace is not None:
        weights = subspace.project(weights)
        parts = [(subspace.coordinates, radii[:-1], True), (X, radii[-1:], False)]
    for data, part, is_projected in parts:
        if subspace is not None and not is_projected:
            weights = subspace.expand(weights)
        for radius in part if not is_stopped else ():
            reporter.begin()
            found = find_best_cells(
                data,
                weights,
                sample_weight=sample_weight,
                with_sums=True,
                is_exact=False,
                shape=grid["shape"] if is_smooth else None,
                **search,
            )
            is_smooth = found.is_smooth or not history["radius"]  # the first weights may be samples, later ones smooth
            weights = update_weights(weights, found, radius, **grid)
            error = average_error(found.squared, sample_weight, is_cosine=grid["is_normalized"])
            history["radius"].append(radius)
            history["quantization_error"].append(error)
            show = partial(subspace.expand if is_projected else np.copy, weights)
            is_stopped = reporter.end(show, radius=radius, quantization_error=error)
            if is_stopped:
                break
    return weights, history


def average_error(squared, sample_weight, *, is_cosine=False):
    """Return the mean distance to the best cell; for data of norm 1 the cosine distance is half the square."""
    return float(np.average(squared / 2 if is_cosine else np.sqrt(squared), weights=sample_weight))


def remember(past, found, memory):
    """Return the sums of the present batch with those of the past, times `memory`, about the present centre."""
    if past is None:
        return found
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

    `make_map(weights)` makes the FittedMap that a callback is shown.
    """

    def __init__(self, estimator, X, n_epochs, make_map):
        self.told, self.output, self.make_map = {"estimator": estimator, "X": X}, estimator.output, make_map
        self.context = estimator._init_callback_context(max_subtasks=n_epochs)
        self.context.call_on_fit_task_begin(**self.told)
        self.task = None

    def begin(self):
        """Open the next epoch."""
        self.task = self.context.subcontext(task_name="epoch")
        self.task.call_on_fit_task_begin(**self.told)

    def end(self, show, **metadata):
        """Close the epoch; return whether a callback asked to stop. `show()` gives the weights, where one asks."""
        return self.task.call_on_fit_task_end(
            **self.told,
            metadata=metadata,
            reconstruction_attributes=lambda: {"map_": self.make_map(show()), "output_": self.output},
        )

    def close(self, fitted):
        """Close the fit with its FittedMap."""
        self.context.call_on_fit_task_end(
            **self.told, reconstruction_attributes={"map_": fitted, "output_": self.output}
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
