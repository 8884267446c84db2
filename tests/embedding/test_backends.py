"""A model moves between the Keras backends, and each backend trains, repeats and saves. In processes of their own."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder, _backend
from sklearn_sedzoo.io import save_model
from tests.embedding.test_autoencoder import TINY, make_spectra, tiny

OTHERS = [name for name in ("torch", "tensorflow", "jax") if find_spec(name)]

CODE = """
import json, sys
import keras
import numpy as np
from sklearn_sedzoo.embedding import DESOM, VAE, ConvAutoencoderEmbedder
from sklearn_sedzoo.io import load_model
from tests.embedding.test_autoencoder import TINY, make_spectra, tiny

folder, X = sys.argv[1], make_spectra()
found = {"backend": keras.config.backend()}
for kind in TINY:
    model = load_model(f"{folder}/{kind}.skops")
    Z = model.transform(X)
    expected = np.load(f"{folder}/{kind}.npz")
    found[f"{kind} latents"] = float(np.abs(Z - expected["Z"]).max())
    found[f"{kind} spectra"] = float(np.abs(model.inverse_transform(expected["Z"]) - expected["flux"]).max())
    trained = ConvAutoencoderEmbedder(2, **tiny(kind, batch_size=8)).fit(X)
    found[f"{kind} losses"] = float(np.abs(np.divide(trained.history_["loss"], expected["losses"]) - 1).max())
for name, objective in {"none": None, "VAE": VAE(), "DESOM": DESOM(2, 3)}.items():
    settings = {**TINY["residual"], "objective": objective, "random_state": 0}
    first, again = (ConvAutoencoderEmbedder(2, **settings).fit(X) for _ in range(2))
    found[f"{name} repeats"] = bool(np.array_equal(first.transform(X), again.transform(X)))
    found[f"{name} is finite"] = bool(np.isfinite(first.history_["val_loss"]).all())
    if objective is None:
        found["never above PCA"] = first.best_loss_ <= first.pca_loss_
        alone = np.vstack([first.transform(X[i : i + 1]) for i in range(5)])
        found["one by one"] = float(np.abs(alone - first.transform(X)[:5]).max())
print(json.dumps(found))
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", [name for name in OTHERS if name != _backend.choose_backend()])
def test_other_backend_trains_and_reads_our_models(tmp_path, backend):
    X = make_spectra()
    for kind, settings in TINY.items():
        # whitening divides the latents of a hardly trained network by almost nothing, and roundings with them
        embedder = ConvAutoencoderEmbedder(2, **settings, whiten=False, random_state=0).fit(X)
        Z = embedder.transform(X)
        losses = ConvAutoencoderEmbedder(2, **tiny(kind, batch_size=8)).fit(X).history_["loss"]
        np.savez(tmp_path / f"{kind}.npz", Z=Z, flux=embedder.inverse_transform(Z), losses=losses)
        save_model(embedder, tmp_path / f"{kind}.skops")
    env = {**os.environ, "KERAS_BACKEND": backend, "KERAS_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path)], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    bounds = {"one by one": 1e-6}
    # each backend draws the order of the spectra with a generator of its own
    bounds |= dict.fromkeys((f"{kind} losses" for kind in TINY), 0.5)
    assert found.pop("backend") == backend
    for name, value in found.items():
        if isinstance(value, bool):
            assert value, name
        else:
            assert value < bounds.get(name, 1e-5), (name, value)
