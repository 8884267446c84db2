"""The door to Keras: which backend, imported when, and with which random numbers."""

from __future__ import annotations

import os
import random
import sys
from contextlib import contextmanager
from importlib.util import find_spec

import numpy as np

BACKENDS = ("jax", "torch", "tensorflow")
INSTALL = {
    "jax": "pip install jax",
    "torch": "pip install 'sklearn-sedzoo[torch]'",
    "tensorflow": "pip install 'sklearn-sedzoo[tensorflow]'",
}


def load_keras():
    """Import keras with a backend that is installed and return the module.

    ``KERAS_BACKEND`` decides where it is set. Where it is not, the first of jax, torch and tensorflow that is
    installed is taken; the environment is left as it was found. A keras that is already imported is kept as it is.
    """
    if "keras" in sys.modules:
        return sys.modules["keras"]
    wanted = os.environ.get("KERAS_BACKEND")
    backend = choose_backend(wanted)
    try:
        os.environ["KERAS_BACKEND"] = backend
        import keras
    finally:
        if wanted is None:
            os.environ.pop("KERAS_BACKEND", None)
        else:
            os.environ["KERAS_BACKEND"] = wanted
    return keras


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
