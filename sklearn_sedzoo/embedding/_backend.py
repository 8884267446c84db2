"""The door to Keras: which backend, imported when, and with which random numbers."""

from __future__ import annotations

import os
import random
import sys
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np

BACKENDS = ("jax", "torch", "tensorflow")
# Where jax and tensorflow look for the number of their threads; torch obeys OMP_NUM_THREADS itself.
THREADS = {"jax": ("NPROC",), "tensorflow": ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")}
INSTALL = {
    "jax": "pip install jax",
    "torch": "pip install 'sklearn-sedzoo[torch]'",
    "tensorflow": "pip install 'sklearn-sedzoo[tensorflow]'",
}
_USER: dict[str, int] = {}  # the process that started Keras


def load_keras():
    """Import keras with a backend that is installed and return the module.

    ``KERAS_BACKEND`` decides where it is set. Where it is not, the first of jax, torch and tensorflow that is
    installed is taken. Every backend is told to use ``OMP_NUM_THREADS`` threads where that is set, as joblib does in
    the processes of a search. The environment is left as it was found; a keras that is already imported is kept.

    Threads do not survive a fork: in a child of a process that has used Keras this raises, instead of waiting forever.
    """
    if _USER.setdefault("pid", os.getpid()) != os.getpid():
        raise RuntimeError(
            f"Keras was started in process {_USER['pid']}, and this process {os.getpid()} is a fork of it: its threads "
            "are gone, and a network would wait for them forever. Start processes with "
            "multiprocessing.get_context('spawn') or with joblib."
        )
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


@lru_cache(maxsize=8)
def load_programs(shape):
    """Return where models of one shape share what is compiled; the last eight shapes are kept."""
    return SimpleNamespace(train=None, test=None)


@lru_cache(maxsize=1)
def load_autoencoder():
    """Return the class of Keras models that the networks are trained as.

    Under jax all training steps of an epoch are one call: a step of a small network takes less time than Keras needs
    for its call. Keras hands over a whole epoch as one batch, which is scanned in parts of the size ``part``; where
    that is None, and under the other backends, the steps are those of Keras.

    Compiled steps are functions of the whole state, weights included, so models of one shape share them: those of the
    folds of a search, of restarts and of batches. They hand them on in ``programs``, where it is not None.
    """
    keras = load_keras()
    if keras.config.backend() != "jax":

        class Autoencoder(keras.Model):
            part = programs = None

        return Autoencoder
    import jax

    class ScannedAutoencoder(keras.Model):
        part = programs = None

        def make_train_function(self, force=False):
            super().make_train_function(force)
            if self.programs is not None:
                self.train_function = self.programs.train = self.programs.train or self.train_function

        def make_test_function(self, force=False):
            super().make_test_function(force)
            if self.programs is not None:
                self.test_function = self.programs.test = self.programs.test or self.test_function

        def train_step(self, state, data):
            x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
            parts = tuple(each for each in (x, y, weight) if each is not None)
            if self.part is None or len(x) % self.part or len(x) == self.part:
                return super().train_step(state, data)

            def step(state, rows):
                logs, state = keras.Model.train_step(self, state, rows)
                return state, logs

            state, logs = jax.lax.scan(
                step, state, tuple(each.reshape(-1, self.part, *each.shape[1:]) for each in parts)
            )
            return {name: value[-1] for name, value in logs.items()}, state

    return ScannedAutoencoder
