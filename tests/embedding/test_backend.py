"""Which Keras backend is taken, and that the environment stays as it was. Each in a process of its own."""

import os
import subprocess
import sys

import pytest

from sklearn_sedzoo.embedding import _backend

FIT = """
import os
import numpy as np
from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder
X = np.random.default_rng(0).standard_normal((30, 8))
ConvAutoencoderEmbedder(2, epochs=1, filters=(2,), strides=4, random_state=0).fit(X)
import keras
print(keras.config.backend(), os.environ.get("KERAS_BACKEND"))
"""


def run_python(code, **env):
    kept = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"}
    return subprocess.run(
        [sys.executable, "-c", code], env={**kept, **env}, capture_output=True, text=True, check=False
    )


def test_import_is_light():
    done = run_python(
        "import sys, sklearn_sedzoo.embedding as e; assert 'keras' not in sys.modules, 'keras'; "
        "assert 'scikeras' not in sys.modules"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_installed_backend_is_taken_and_environment_left_alone(tmp_path):
    done = run_python(FIT, KERAS_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [_backend.choose_backend(), "None"]


def test_no_backend_says_what_to_install(monkeypatch):
    monkeypatch.setattr(_backend, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"none is installed\. Install one: pip install jax"):
        _backend.choose_backend()
    with pytest.raises(ImportError, match="KERAS_BACKEND names 'torch', which is not installed"):
        _backend.choose_backend("torch")


def test_order_of_backends(monkeypatch):
    monkeypatch.setattr(_backend, "find_spec", lambda name: name != "jax" or None)
    assert _backend.choose_backend() == "torch"
    assert _backend.choose_backend("tensorflow") == "tensorflow"
