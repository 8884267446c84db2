"""An epoch in one call against its slow twin: the same network whose steps Keras takes one by one."""

import importlib

import numpy as np
import pytest

from sklearn_sedzoo.embedding import DESOM, VAE, InfoVAE
from sklearn_sedzoo.embedding._backend import load_keras
from sklearn_sedzoo.embedding._network import Network
from sklearn_sedzoo.embedding._spaces import fit_score_space
from sklearn_sedzoo.embedding._training import WEIGHT_DECAY
from tests.embedding.test_autoencoder import TINY, make_spectra

PART = 8
N_ROWS = 5 * PART + 3  # the last part is smaller
ROUNDING = 3e-5  # of float32, after two epochs at a step of 2e-3; Adam divides small gradients by small ones


def make_network(objective):
    X = make_spectra()[:N_ROWS].astype(np.float64)
    rng = np.random.default_rng(0)
    space = fit_score_space(X, np.arange(N_ROWS), np.arange(0), 2, 6, rng)
    config = {
        **TINY["residual"],
        "architecture": "residual",
        "n_pixels": X.shape[1],
        "n_axes": 6,
        "latent_dim": 2,
        "width": 8,
        "depth": 1,
        "kernel_size": 3,
        "loss": "mse",
        "objective": objective and objective.describe(),
    }
    network = Network(config, PART)
    network.initialise(rng)
    network.load_frame(space)
    return network, space.measure(X)


def train(network, model, batch, batch_size, weight):
    """Train for two epochs and return the losses and all that changed."""
    keras = load_keras()
    optimizer = keras.optimizers.Adam(2e-3, weight_decay=WEIGHT_DECAY)
    backend = keras.config.backend()
    if backend == "tensorflow":  # scikeras asks for determinism, with which Keras compiles nothing
        importlib.import_module("tensorflow.python.framework.config").disable_op_determinism()
    model.compile(optimizer, loss="mse", jit_compile=backend != "torch")  # compiled draws are others
    model.optimizer.build(model.trainable_variables)
    settings = {"batch_size": batch_size, "epochs": 2, "shuffle": False, "verbose": 0, "sample_weight": weight}
    held_out = batch.inputs[:7], batch.targets[:7]
    history = model.fit(batch.inputs, batch.targets, validation_data=held_out, **settings).history
    changed = [*model.trainable_variables, *model.optimizer.variables, *network._seeds()]
    return history, [np.array(keras.ops.convert_to_numpy(each.value)) for each in changed]


@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize(
    "objective", [None, *(pytest.param(each, marks=pytest.mark.slow) for each in (VAE(), InfoVAE(), DESOM(2, 2)))]
)
def test_equals_keras_step_by_step(objective, is_weighted):
    network, batch = make_network(objective)
    weight = np.linspace(0.5, 1.5, N_ROWS, dtype=np.float32) if is_weighted else None
    history, state = train(network, network.autoencoder, batch, N_ROWS - N_ROWS % PART, weight)
    twin, _ = make_network(objective)
    plain = load_keras().Model(twin.autoencoder.inputs, twin.autoencoder.outputs)
    expected, expected_state = train(twin, plain, batch, PART, weight)
    for name, values in expected.items():
        assert history[name] == pytest.approx(values, rel=1e-5), name
    for value, wanted in zip(state, expected_state, strict=True):
        assert value == pytest.approx(wanted, rel=ROUNDING, abs=ROUNDING)


def test_weights_are_those_at_the_call():
    network, batch = make_network(None)
    network.autoencoder.compile(loss="mse")
    first = network.autoencoder.evaluate(batch.inputs, batch.targets, verbose=0)
    network.set_state([value + 0.1 for value in network.get_state()])
    drawn = network.decode(network.encode(batch.inputs))
    again = network.autoencoder.evaluate(batch.inputs, batch.targets, verbose=0)
    assert again != pytest.approx(first, rel=1e-2)
    assert again == pytest.approx(np.mean((drawn - batch.targets) ** 2), rel=1e-5)
