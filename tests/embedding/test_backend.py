"""Which Keras backend is taken, and that the environment stays as it was. Each in a process of its own."""

import os
import pathlib
import subprocess
import sys
from importlib.util import find_spec

import pytest

from sklearn_sedzoo.embedding import _backend

FIT = """
import os
import numpy as np
from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder, Training
X = np.random.default_rng(0).standard_normal((30, 8))
ConvAutoencoderEmbedder(2, training=Training(n_epochs=1), random_state=0).fit(X)
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


SEARCH = """
import joblib
from importlib.util import find_spec
from sklearn.model_selection import GridSearchCV
from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder
from tests.embedding.test_autoencoder import TINY, make_spectra
from tests.embedding.test_backend import count_threads

if __name__ == "__main__":
    embedder = ConvAutoencoderEmbedder(2, **TINY["residual"], random_state=0)
    X = make_spectra()
    embedder.fit(X)  # this process has the backend and its threads when the search starts
    search = GridSearchCV(embedder, {"latent_dim": [1, 2]}, cv=2, n_jobs=2, scoring=count_threads, refit=False).fit(X)
    print(*search.cv_results_["mean_test_score"], max(1, joblib.cpu_count() // 2))
"""


def count_threads(embedder, X):
    """Return how many threads the backend computes with in this process."""
    import keras

    backend = keras.config.backend()
    if backend == "torch":
        return sys.modules["torch"].get_num_threads()
    name = {"jax": "XLAEigen", "tensorflow": "tf_Compute"}[backend]
    return sum(name in (task / "comm").read_text() for task in pathlib.Path("/proc/self/task").iterdir())


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads are counted in /proc")
@pytest.mark.parametrize("backend", [name for name in _backend.BACKENDS if find_spec(name)])
def test_search_in_two_processes_ends_and_shares_the_cores(tmp_path, backend):
    script = tmp_path / "search.py"
    script.write_text(SEARCH)
    env = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
    env |= {"KERAS_BACKEND": backend, "KERAS_HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, str(script)], env=env, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    *found, share = map(float, done.stdout.split())
    assert found == [share, share]


FORK = """
import multiprocessing
import numpy as np
from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder, SpectrumPCA
from tests.embedding.test_autoencoder import make_spectra, tiny

X = make_spectra()
embedders = {kind: ConvAutoencoderEmbedder(2, **tiny(kind)).fit(X) for kind in ("residual", "thesis")}
embedders["pca"] = SpectrumPCA(2).fit(X)


def ask(kind, method):
    try:
        return np.asarray(getattr(embedders[kind], method)(X if method != "inverse_transform" else X[:, :2]))
    except RuntimeError as error:
        return str(error)


with multiprocessing.get_context("fork").Pool(1) as pool:
    for kind in embedders:
        for method in ("transform", "inverse_transform"):
            found, expected = pool.apply_async(ask, (kind, method)).get(timeout=60), ask(kind, method)
            if kind == "thesis":
                assert "is a fork of it" in found and "multiprocessing.get_context('spawn')" in found, found
            else:
                np.testing.assert_array_equal(found, expected)
    assert "is a fork of it" in pool.apply_async(ask, ("residual", "fit")).get(timeout=60)
print("answered")
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are forked")
def test_a_forked_process_answers_or_raises(tmp_path):
    done = run_python(FORK, KERAS_HOME=str(tmp_path), PYTHONPATH=os.pathsep.join(sys.path))
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == ["answered"]


def test_environment_is_put_back(monkeypatch):
    monkeypatch.setenv("SEDZOO_SET", "mine")
    monkeypatch.setenv("SEDZOO_EMPTY", "")
    monkeypatch.delenv("SEDZOO_MISSING", raising=False)
    with _backend.environment(SEDZOO_SET="a", SEDZOO_EMPTY="b", SEDZOO_MISSING="c"):
        assert [os.environ[f"SEDZOO_{name}"] for name in ("SET", "EMPTY", "MISSING")] == ["mine", "b", "c"]
    assert (os.environ["SEDZOO_SET"], os.environ["SEDZOO_EMPTY"]) == ("mine", "")
    assert "SEDZOO_MISSING" not in os.environ


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
