"""How many threads a map may use: as many as BLAS is allowed now, each with BLAS held to one."""

from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def _controller():
    return ThreadpoolController()


@contextmanager
def hold_blas():
    """Hold BLAS to one thread inside the block, and yield the number of threads that it was allowed before.

    OMP_NUM_THREADS, joblib's workers and `threadpoolctl.threadpool_limits` are thus respected.
    """
    pools = _controller().select(user_api="blas")
    n_threads = max((pool["num_threads"] for pool in pools.info()), default=1)
    with pools.limit(limits=1):
        yield n_threads
