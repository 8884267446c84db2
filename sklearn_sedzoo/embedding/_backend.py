"""The door to Keras: which backend, imported when, and with which random numbers."""

from __future__ import annotations

import os
import random
import sys
from contextlib import contextmanager
from importlib.util import find_spec

import numpy as np

BACKENDS = ("jax", "torch", "tensorflow")
# Where jax and tensorflow look for the number of their threads; torch obeys OMP_NUM_THREADS itself.
THREADS = {"jax": ("NPROC",), "tensorflow": ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")}
INSTALL = {
    "jax": "pip install jax",
    "torch": "pip install 'sklearn-sedzoo[torch]'",
    "tensorflow": "pip install 'sklearn-sedzoo[tensorflow]'",
}


def load_keras():
    """Import keras with a backend that is installed and return the module.

    ``KERAS_BACKEND`` decides where it is set. Where it is not, the first of jax, torch and tensorflow that is
    installed is taken. Every backend is told to use ``OMP_NUM_THREADS`` threads where that is set, as joblib does in
    the processes of a search. The environment is left as it was found; a keras that is already imported is kept.
    """
    if "keras" in sys.modules:
        return sys.modules["keras"]
    backend = choose_backend(os.environ.get("KERAS_BACKEND"))
    n_threads = os.environ.get("OMP_NUM_THREADS")
    with environment(KERAS_BACKEND=backend, **{name: n_threads for name in THREADS.get(backend, ()) if n_threads}):
        import keras

        _start(backend)
    return keras


def _start(backend):
    """Let the backend make its threads now: it reads their number when it is first used."""
    if backend == "jax":
        import jax

        jax.devices()
    elif backend == "tensorflow":
        import tensorflow as tf

        tf.config.list_logical_devices()


@contextmanager
def environment(**wanted):
    """Set variables of the environment that are not set, for as long as the block takes."""
    missing = [name for name in wanted if not os.environ.get(name)]
    before = {name: os.environ[name] for name in missing if name in os.environ}
    try:
        os.environ.update({name: wanted[name] for name in missing})
        yield
    finally:
        for name in missing:
            del os.environ[name]
        os.environ.update(before)


def choose_backend(wanted=None):
    """Return the name of the backend to use; raise ImportError with the cure where there is none."""
    if wanted:
        if wanted in BACKENDS and find_spec(wanted) is None:
            raise ImportError(
                f"KERAS_BACKEND names {wanted!r}, which is not installed. Install it ({INSTALL[wanted]}) or set "
                f"KERAS_BACKEND to one of {_installed()!r}."
            )
        return wanted
    installed = _installed()
    if not installed:
        raise ImportError(
            "ConvAutoencoderEmbedder needs a Keras backend and none is installed. "
            f"Install one: {INSTALL['jax']} (the smallest on a CPU), or {INSTALL['torch']}."
        )
    return installed[0]


def _installed():
    return tuple(name for name in BACKENDS if find_spec(name) is not None)


@contextmanager
def isolated_randomness(seed):
    """Seed every global generator that Keras may draw from, and put them back as they were."""
    torch = sys.modules.get("torch")
    states = random.getstate(), np.random.get_state(), torch and torch.random.get_rng_state()  # noqa: NPY002
    try:
        seed_globals(seed)
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        if torch:
            torch.random.set_rng_state(states[2])


def seed_globals(*seeds):
    """Seed the generators that Keras draws from: inside `isolated_randomness` only."""
    seed = int(np.random.SeedSequence(seeds).generate_state(1)[0])
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  Keras shuffles with the global generator
    if "torch" in sys.modules:
        sys.modules["torch"].random.manual_seed(seed)
