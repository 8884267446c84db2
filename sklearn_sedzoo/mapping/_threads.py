"""How many threads a map may use: as many as BLAS is allowed now, each with BLAS held to one."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial

from threadpoolctl import ThreadpoolController


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
