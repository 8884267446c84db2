"""The networks: parameter objects that can be searched, and the residual network in numpy against its Keras twin."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sklearn_sedzoo import make_sed_pipeline
from sklearn_sedzoo._kernels.residual_network import ACTIVATIONS, make_decoder_with_slopes
from sklearn_sedzoo.embedding import (
    DESOM,
    VAE,
    ConvAutoencoderEmbedder,
    ResidualNetwork,
    ThesisNetwork,
    Training,
)
from sklearn_sedzoo.embedding._backend import load_keras
from sklearn_sedzoo.embedding._inputs import Spectra, fit_score_space
from sklearn_sedzoo.embedding._networks import Network, make_config
from sklearn_sedzoo.embedding._stored_model import AutoencoderModel
from sklearn_sedzoo.embedding._training import WEIGHT_DECAY
from tests.embedding.test_autoencoder import make_spectra, tiny

PART = 8
N_ROWS = 5 * PART + 3  # the last part is smaller
ROUNDING = 3e-5  # of float32, after two epochs at a step of 2e-3; Adam divides small gradients by small ones


def test_architectures_are_searched_as_objects():
    embedder = ConvAutoencoderEmbedder(2, **tiny())
    grid = {"architecture": [ResidualNetwork((2,), patch=8), ThesisNetwork((2, 3), kernel_size=3, pool_size=2)]}
    search = GridSearchCV(embedder, grid, cv=2).fit(make_spectra())
    assert isinstance(search.best_estimator_.architecture_, ResidualNetwork)  # it starts as PCA
    assert search.best_estimator_.architecture_ is not search.best_params_["architecture"]


def test_parameters_of_architecture_and_training_are_searched():
    embedder = ConvAutoencoderEmbedder(2, **tiny())
    grid = {"architecture__filters": [(), (3,)], "training__n_epochs": [1, 2]}
    search = GridSearchCV(embedder, grid, cv=2).fit(make_spectra())
    assert len(search.cv_results_["params"]) == 4
    best = search.best_estimator_
    assert best.architecture_.filters == search.best_params_["architecture__filters"]
    assert best.n_iter_ == best.training_.n_epochs == search.best_params_["training__n_epochs"]


def test_a_pipeline_names_the_parameters_of_network_and_training():
    names = make_sed_pipeline(grid=8, band=None).get_params()
    assert names["embed__architecture__filters"] == (4,)
    assert names["embed__training__n_epochs"] is None


def test_none_is_resolved_and_left_alone():
    X = make_spectra()
    embedder = ConvAutoencoderEmbedder(2, random_state=0).set_params(training=Training(n_epochs=1)).fit(X)
    assert embedder.architecture is None
    assert embedder.architecture_.get_params() == ResidualNetwork().get_params()
    assert embedder.training_.get_params() == {
        "batch_size": 32,
        "learning_rate": 2e-3,
        "n_epochs": 1,
        "n_init": 4,
        "patience": 1,
        "validation_fraction": 0.1,
    }
    assert clone(embedder).get_params()["architecture"] is None
    thesis = Training().resolve({"architecture": "thesis"}, 1000)
    assert (thesis.n_epochs, thesis.n_init, thesis.batch_size, thesis.patience) == (50, 1, 100, 10)


def make_network(objective, part=PART, **changes):
    rng, spectra = np.random.default_rng(0), Spectra(make_spectra()[:N_ROWS])
    space = fit_score_space(spectra, np.arange(N_ROWS), np.arange(0), 2, 6, rng)
    architecture = ResidualNetwork(**{"filters": (2,), "patch": 8, "activation": "tanh", **changes})
    config = {**make_config(architecture, N_ROWS, 43, 2, "mse", objective), "n_axes": 6}
    network = Network(config, part)
    network.initialize(rng)
    network.load_frame(space)
    return network, space, space.measure(spectra, np.arange(N_ROWS))


@pytest.mark.parametrize("changes", [{"filters": ()}, {"filters": (3, 2), "kernel_size": 4}, {}])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_numpy_equals_keras(changes, activation):
    network, space, batch = make_network(None, activation=activation, **changes)
    rng = np.random.default_rng(1)
    weights = {name: 0.3 * rng.standard_normal(value.shape) for name, value in network.get_state().items()}
    network.set_state(weights)
    model = AutoencoderModel(network.config, weights, space)
    codes = model.encode_inputs(batch.inputs)
    decoded = model.decode_codes(codes)
    np.testing.assert_allclose(codes, network.encode(batch.inputs), atol=1e-5 * np.abs(codes).max())
    np.testing.assert_allclose(decoded, network.decode(codes), atol=1e-5 * np.abs(decoded).max())


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_slopes_are_the_derivatives_of_the_decoder(activation):
    network, space, _ = make_network(None, activation=activation)
    rng = np.random.default_rng(1)
    weights = {name: 0.3 * rng.standard_normal(value.shape) for name, value in network.get_state().items()}
    model = AutoencoderModel(network.config, weights, space)
    codes, step = rng.standard_normal((5, 2)), 1e-6
    decoded, slopes = make_decoder_with_slopes(model._arrays)(codes)
    np.testing.assert_allclose(decoded, model.decode_codes(codes), rtol=1e-12)
    for i in range(2):
        shift = step * np.eye(2)[i]
        numeric = (model.decode_codes(codes + shift) - model.decode_codes(codes - shift)) / (2 * step)
        np.testing.assert_allclose(slopes[:, i], numeric, atol=1e-7 * np.abs(slopes).max())


def train(network, model, batch, batch_size, weight):
    """Train for two epochs and return the losses and all that changed."""
    keras = load_keras()
    model.compile(keras.optimizers.Adam(2e-3, weight_decay=WEIGHT_DECAY), loss="mse", jit_compile=True)
    settings = {"batch_size": batch_size, "epochs": 2, "shuffle": False, "verbose": 0, "sample_weight": weight}
    held_out = batch.inputs[:7], batch.targets[:7]
    history = model.fit(batch.inputs, batch.targets, validation_data=held_out, **settings).history
    seeds = [] if network.objective is None else [network.objective.seeds.state]
    changed = [*model.trainable_variables, *model.optimizer.variables, *seeds]
    return history, [np.array(keras.ops.convert_to_numpy(each.value)) for each in changed]


@pytest.mark.skipif(load_keras().config.backend() != "jax", reason="other backends take the steps of Keras")
@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize(
    "objective", [None, *(pytest.param(each, marks=pytest.mark.slow) for each in (VAE(), DESOM(2, 2)))]
)
def test_an_epoch_in_one_call_equals_keras_step_by_step(objective, is_weighted):
    network, _, batch = make_network(objective)
    weight = np.linspace(0.5, 1.5, N_ROWS, dtype=np.float32) if is_weighted else None
    history, state = train(network, network.autoencoder, batch, N_ROWS - N_ROWS % PART, weight)
    twin, _, _ = make_network(objective)
    plain = load_keras().Model(twin.autoencoder.inputs, twin.autoencoder.outputs)
    expected, expected_state = train(twin, plain, batch, PART, weight)
    for name, values in expected.items():
        assert history[name] == pytest.approx(values, rel=1e-5), name
    for value, wanted in zip(state, expected_state, strict=True):
        assert value == pytest.approx(wanted, rel=ROUNDING, abs=ROUNDING)
