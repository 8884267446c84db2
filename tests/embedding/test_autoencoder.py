"""ConvAutoencoderEmbedder: what it promises about spectra, seeds, state and progress."""

import copy
import pickle
import random
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError

from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder, ResidualNetwork, ThesisNetwork, Training
from sklearn_sedzoo.embedding._backend import load_keras

TINY = {
    "residual": {
        "architecture": ResidualNetwork(filters=(2,), patch=8, activation="tanh"),
        "training": Training(n_epochs=3, batch_size=64),
    },
    "thesis": {
        "architecture": ThesisNetwork(filters=(2, 3), kernel_size=3, pool_size=2),
        "training": Training(n_epochs=2, batch_size=64),
    },
}


def tiny(kind="residual", **training):
    """Return the settings of a tiny network, with changes to its training."""
    settings = {name: clone(value) for name, value in TINY[kind].items()}
    settings["training"].set_params(**training)
    return {**settings, "random_state": 0}


BOTH = pytest.mark.parametrize("kind", list(TINY))


def make_spectra(n_samples=60, n_pixels=43, seed=0):
    """Spectra with a slope, a line of changing width and a little noise: curved, not linear."""
    rng = np.random.default_rng(seed)
    age, width = rng.uniform(0, 1, (2, n_samples, 1))
    x = np.linspace(0, 1, n_pixels)
    return 1 + age * x - np.exp(-((x - 0.5) ** 2) / (0.02 + 0.1 * width)) + 1e-3 * rng.standard_normal((n_samples, 1))


@BOTH
@pytest.mark.parametrize("dtype", [np.float32, np.float64, ">f4", ">f8"])
def test_shapes_names_and_dtype(kind, dtype):
    X = make_spectra().astype(dtype)
    embedder = ConvAutoencoderEmbedder(2, **TINY[kind], random_state=0).fit(X)
    Z = embedder.transform(X)
    assert Z.shape == (60, 2)
    assert Z.dtype == np.float32
    assert list(embedder.get_feature_names_out()) == ["latent0", "latent1"]
    drawn = embedder.inverse_transform(Z)
    assert drawn.shape == X.shape
    assert np.isfinite(drawn).all()
    assert embedder.score(X) == pytest.approx(-np.mean((X - drawn.astype(float)) ** 2), rel=1e-3)
    native = ConvAutoencoderEmbedder(2, **TINY[kind], random_state=0).fit(X.astype(X.dtype.newbyteorder("=")))
    np.testing.assert_array_equal(native.transform(X), Z)


def test_never_above_pca_on_validation():
    X = make_spectra()
    embedder = ConvAutoencoderEmbedder(2, **TINY["residual"], random_state=0).fit(X)
    assert embedder.best_loss_ <= embedder.pca_loss_
    # before any training the network is PCA itself
    still = ConvAutoencoderEmbedder(2, **tiny(learning_rate=1e-30, validation_fraction=0)).fit(X)
    pca = PCA(2).fit(X)
    np.testing.assert_allclose(
        still.inverse_transform(still.transform(X)), pca.inverse_transform(pca.transform(X)), atol=1e-5
    )
    white = PCA(2, whiten=True).fit_transform(X) * np.sqrt(60 / 59)
    np.testing.assert_allclose(np.abs(still.transform(X)), np.abs(white), atol=1e-4)
    pca_error = np.mean((pca.inverse_transform(pca.transform(X)) - X) ** 2)
    assert still.pca_loss_ == pytest.approx(pca_error, rel=1e-5)
    assert still.score(X) == pytest.approx(-pca_error, rel=1e-4)


@pytest.mark.slow
def test_beats_pca_on_curved_spectra():
    X = make_spectra(300)
    training = Training(batch_size=30, learning_rate=3e-3)
    embedder = ConvAutoencoderEmbedder(2, architecture=ResidualNetwork(patch=8), training=training, random_state=0)
    embedder.fit(X[:200])
    pca = PCA(2).fit(X[:200])
    error = np.mean((pca.inverse_transform(pca.transform(X[200:])) - X[200:]) ** 2)
    assert -embedder.score(X[200:]) < 0.3 * error


@BOTH
def test_whitened_latents(kind):
    X = make_spectra()
    white = ConvAutoencoderEmbedder(2, **tiny(kind, validation_fraction=0)).fit(X)
    Z = white.transform(X).astype(float)
    np.testing.assert_allclose(np.cov(Z.T, bias=True), np.eye(2), atol=1e-4)
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-4)
    raw = ConvAutoencoderEmbedder(2, **tiny(kind, validation_fraction=0), whiten=False).fit(X)
    np.testing.assert_allclose(raw.inverse_transform(raw.transform(X)), white.inverse_transform(Z), atol=1e-4)
    spread = np.sqrt(np.linalg.eigvalsh(np.cov(raw.transform(X).astype(float).T, bias=True)))[::-1]
    np.testing.assert_allclose(white.model_.whitening.spread, spread, rtol=1e-3)


def test_robust_latents_are_the_same_network_with_tails_drawn_in():
    X = make_spectra()
    kind = next(iter(TINY.values()))
    plain = ConvAutoencoderEmbedder(2, **kind, random_state=0).fit(X)
    robust = ConvAutoencoderEmbedder(2, **kind, random_state=0, whiten="robust").fit(X)
    Z = robust.transform(X)
    np.testing.assert_allclose(robust.inverse_transform(Z), plain.inverse_transform(plain.transform(X)), atol=1e-4)
    for axis in range(2):  # each axis is bent, its order stays
        order = np.argsort(plain.transform(X)[:, axis])
        assert (np.diff(Z[order, axis]) >= -1e-5).all()
    with pytest.raises(ValueError, match="`whiten` of ConvAutoencoderEmbedder must be True or False or 'robust'"):
        ConvAutoencoderEmbedder(2, whiten="yes").fit(X)


@BOTH
def test_same_seed_same_bits_and_globals_untouched(kind):
    X = make_spectra()
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    before = random.getstate(), np.random.get_state()[1].copy(), np.random.get_state()[2]  # noqa: NPY002
    first = ConvAutoencoderEmbedder(2, **TINY[kind], random_state=5).fit(X)
    after = random.getstate(), np.random.get_state()[1], np.random.get_state()[2]  # noqa: NPY002
    assert before[0] == after[0]
    np.testing.assert_array_equal(before[1], after[1])
    assert before[2] == after[2]
    np.random.seed(99)  # noqa: NPY002
    again = ConvAutoencoderEmbedder(2, **TINY[kind], random_state=5).fit(X)
    other = ConvAutoencoderEmbedder(2, **TINY[kind], random_state=6).fit(X)
    np.testing.assert_array_equal(first.transform(X), again.transform(X))
    assert first.history_ == again.history_
    assert not np.array_equal(first.transform(X), other.transform(X))


@BOTH
def test_pickle_copy_clone(kind):
    X = make_spectra()
    embedder = ConvAutoencoderEmbedder(2, **TINY[kind], random_state=0).fit(X)
    Z = embedder.transform(X)
    raw = pickle.dumps(embedder)
    assert len(raw) < 500_000
    np.testing.assert_array_equal(pickle.loads(raw).transform(X), Z)
    np.testing.assert_array_equal(copy.deepcopy(embedder).transform(X), Z)
    with pytest.raises(NotFittedError):
        clone(embedder).transform(X)


@BOTH
@pytest.mark.parametrize("n_pixels", [2, 7])
def test_any_width(kind, n_pixels):
    X = make_spectra(n_pixels=n_pixels)
    embedder = ConvAutoencoderEmbedder(2, **TINY[kind], random_state=0).fit(X)
    assert embedder.inverse_transform(embedder.transform(X)).shape == X.shape


@BOTH
def test_batches_do_not_matter(kind):
    embedder = ConvAutoencoderEmbedder(2, **TINY[kind], random_state=0).fit(make_spectra())
    X = make_spectra(300, seed=1)
    whole = embedder.transform(X)
    alone = np.vstack([embedder.transform(X[i : i + 1]) for i in range(0, 300, 37)])
    np.testing.assert_allclose(alone, whole[::37], atol=1e-6 * np.abs(whole).max())


@BOTH
def test_wavelength_columns_and_pandas_output(kind):
    X = make_spectra()
    frame = pd.DataFrame(X, columns=[repr(4000.0 + i) for i in range(X.shape[1])])
    embedder = ConvAutoencoderEmbedder(2, **TINY[kind], random_state=0).set_output(transform="pandas").fit(frame)
    assert list(embedder.transform(frame).columns) == ["latent0", "latent1"]
    with pytest.raises(ValueError, match="feature names"):
        embedder.transform(frame.rename(columns={"4000.0": "3999.0"}))


@BOTH
def test_history_and_early_stopping(kind):
    X = make_spectra()
    embedder = ConvAutoencoderEmbedder(2, **TINY[kind], random_state=0).fit(X)
    assert type(embedder.history_) is dict
    assert len(embedder.history_["loss"]) == len(embedder.history_["val_loss"]) == embedder.n_iter_
    assert all(type(value) is float for value in embedder.history_["val_loss"])
    stuck = ConvAutoencoderEmbedder(2, **tiny(kind, n_epochs=20, patience=2, learning_rate=1e-30)).fit(X)
    assert stuck.n_iter_ <= 4


def test_goes_on_from_the_best_start():
    X = make_spectra()
    settings = {"n_epochs": 40, "learning_rate": 1e-3}
    told = StopAfterTwo()
    one, four, stopped = (
        ConvAutoencoderEmbedder(2, **tiny(**settings, n_init=n_init)).set_callbacks(*watchers).fit(X)
        for n_init, watchers in ((1, ()), (4, ()), (4, (told,)))
    )
    assert len(one.history_["loss"]) == 40
    assert len(four.history_["loss"]) == 2 + 40 - 4 * 2  # the epochs of the other starts are spent
    assert four.best_loss_ == min(four.history_["val_loss"])
    assert stopped.n_iter_ == 2  # told to stop in the first start: no other start, no long training
    assert len(told.losses) == 2


def test_no_filters_is_no_convolution():
    X = make_spectra()
    plain = ConvAutoencoderEmbedder(2, **tiny()).set_params(architecture__filters=()).fit(X)
    assert "patch" not in plain.summary()
    assert plain.best_loss_ <= plain.pca_loss_
    with pytest.raises(ValueError, match="`filters` of ThesisNetwork must be a tuple of integers >= 1, got "):
        ConvAutoencoderEmbedder(2, architecture=ThesisNetwork(filters=())).fit(X)


def test_history_is_the_error_per_pixel():
    X = make_spectra()
    settings = tiny(n_epochs=1, learning_rate=1e-30, validation_fraction=0)
    embedder = ConvAutoencoderEmbedder(2, **settings).fit(X)
    assert embedder.history_["loss"][0] == pytest.approx(-embedder.score(X), rel=1e-4)


class StopAfterTwo:
    """A callback that stops the training and remembers what it was told."""

    def __init__(self):
        self.tasks, self.losses = [], []

    def setup(self, estimator, context):
        self.n_expected = context.max_subtasks

    def teardown(self, estimator, context):
        self.is_closed = True

    def on_fit_task_begin(self, estimator, context, *, X=None):
        self.tasks.append(context.task_name)

    def on_fit_task_end(self, estimator, context, *, metadata=None):
        if context.task_name == "epoch":
            self.losses.append(metadata)
            return len(self.losses) >= 2
        return False


@BOTH
def test_callbacks_see_epochs_and_may_stop(kind):
    watcher = StopAfterTwo()
    embedder = ConvAutoencoderEmbedder(2, **tiny(kind, n_epochs=9, n_init=1)).set_callbacks(watcher)
    embedder.fit(make_spectra())
    assert watcher.n_expected == 9
    assert watcher.tasks == ["fit", "epoch", "epoch"]
    assert watcher.is_closed
    assert embedder.n_iter_ == 2
    assert [told["val_loss"] for told in watcher.losses] == embedder.history_["val_loss"]


def test_progress_bar(capsys):
    ConvAutoencoderEmbedder(2, **TINY["residual"], random_state=0).set_callbacks(ProgressBar()).fit(make_spectra())


class Interrupt(StopAfterTwo):
    """A user who presses Ctrl-C in the first epoch."""

    def on_fit_task_end(self, estimator, context, *, metadata=None):
        raise KeyboardInterrupt


@BOTH
def test_interrupt_leaves_it_as_it_was(kind):
    X = make_spectra()
    fresh = ConvAutoencoderEmbedder(2, **TINY[kind], random_state=0).set_callbacks(Interrupt())
    with pytest.raises(KeyboardInterrupt):
        fresh.fit(X)
    with pytest.raises(NotFittedError):
        fresh.transform(X)
    fitted = ConvAutoencoderEmbedder(2, **TINY[kind], random_state=0).fit(X)
    Z = fitted.transform(X)
    with pytest.raises(KeyboardInterrupt):
        fitted.set_callbacks(Interrupt()).fit(2 * X)
    np.testing.assert_array_equal(fitted.transform(X), Z)
    again = ConvAutoencoderEmbedder(2, **TINY[kind], random_state=0).fit(X)
    np.testing.assert_array_equal(again.transform(X), Z)


def test_summary_names_the_layers():
    embedder = ConvAutoencoderEmbedder(2, **TINY["thesis"], random_state=0).fit(make_spectra())
    text = embedder.summary()
    upsampling = "Repeat" if load_keras().config.backend() == "torch" else "UpSampling1D"
    for layer in ("Conv1D", "MaxPooling1D", "Conv1DTranspose", upsampling, "Dense", "LeakyReLU"):
        assert layer in text


def test_binary_crossentropy():
    X = make_spectra()
    X = (X - X.min()) / np.ptp(X)
    embedder = ConvAutoencoderEmbedder(2, **TINY["thesis"], loss="binary_crossentropy", random_state=0).fit(X)
    drawn = embedder.inverse_transform(embedder.transform(X))
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    with pytest.raises(ValueError, match=r"needs fluxes in \[0, 1\]"):
        ConvAutoencoderEmbedder(2, **TINY["thesis"], loss="binary_crossentropy").fit(X + 1)


def build_plain(n_wavelengths, latent_dim):
    import keras

    encoder = keras.Sequential([keras.Input((n_wavelengths,)), keras.layers.Dense(latent_dim)])
    decoder = keras.Sequential([keras.Input((latent_dim,)), keras.layers.Dense(n_wavelengths)])
    return encoder, decoder


def test_own_architecture():
    X = make_spectra()
    first, again = (
        ConvAutoencoderEmbedder(2, architecture=build_plain, training=Training(2), random_state=0).fit(X)
        for _ in range(2)
    )
    Z = first.transform(X)
    np.testing.assert_array_equal(again.transform(X), Z)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(first)).transform(X), Z)


@BOTH
def test_constant_spectra_stay_finite(kind):
    X = np.full((60, 43), 2.0)
    embedder = ConvAutoencoderEmbedder(2, **TINY[kind], random_state=0).fit(X)
    Z = embedder.transform(X)
    assert np.isfinite(Z).all()
    assert np.isfinite(embedder.inverse_transform(Z)).all()


def test_tiny_fluxes_are_no_zeros():
    X = make_spectra()
    small = ConvAutoencoderEmbedder(2, **TINY["residual"], random_state=0).fit(X * 1e-17)
    usual = ConvAutoencoderEmbedder(2, **TINY["residual"], random_state=0).fit(X)
    np.testing.assert_allclose(small.transform(X * 1e-17), usual.transform(X), atol=1e-3)


@pytest.mark.slow
def test_memory_map_is_not_copied(tmp_path):
    X = np.lib.format.open_memmap(tmp_path / "flux.npy", "w+", np.float32, (20_000, 512))
    rng = np.random.default_rng(0)
    X[:] = rng.standard_normal((len(X), 3), dtype=np.float32) @ rng.standard_normal((3, 512), dtype=np.float32)
    X = np.load(tmp_path / "flux.npy", mmap_mode="r")
    settings = tiny(n_epochs=1)
    ConvAutoencoderEmbedder(2, **settings).fit(X[:60])  # imports are not data
    tracemalloc.start()
    ConvAutoencoderEmbedder(2, **settings).fit(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.8 * X.nbytes


def spoil(value):
    X = make_spectra()
    X[3, 5] = value
    return X


@pytest.mark.parametrize(
    ("settings", "X", "message"),
    [
        ({"on_bad": "raise"}, spoil(np.nan), "1 of 60 spectra are not finite; first at row 3"),
        ({"on_bad": "raise"}, spoil(np.inf), "1 of 60 spectra are not finite; first at row 3"),
        ({}, spoil(1e300), "holds values up to 1e\\+300.*FluxNormalizer"),
        ({}, np.array([["a", "b"], ["c", "d"]]), "must hold numbers"),
        ({"latent_dim": 50}, make_spectra(), "`latent_dim` of ConvAutoencoderEmbedder must be at most 43, got 50"),
        ({"latent_dim": 6}, make_spectra(6), "5 spectra to train on"),
        ({"latent_dim": 0}, make_spectra(), "`latent_dim` .* must be >= 1, got 0"),
        ({"latent_dim": "many"}, make_spectra(), "`latent_dim` .* must be an integer >= 1 or 'auto', got 'many'"),
        (
            {"latent_dim": "auto", "architecture": ThesisNetwork()},
            make_spectra(),
            r"needs a ResidualNetwork, got ThesisNetwork\(\)",
        ),
        (
            {"architecture": "thesis"},
            make_spectra(),
            r"`architecture` .* a function .* got 'thesis'",
        ),
        (
            {"architecture": ThesisNetwork},
            make_spectra(),
            "`architecture` .* must be ResidualNetwork",
        ),
        ({"training": {"n_epochs": 3}}, make_spectra(), r"`training` .* must be Training\(...\) or None, got {"),
        ({"warm_start": "no"}, make_spectra(), "`warm_start` of ConvAutoencoderEmbedder must be True or False"),
        ({"loss": "mae"}, make_spectra(), "`loss` of ConvAutoencoderEmbedder must be one of"),
        ({"loss": "binary_crossentropy"}, make_spectra(), "`loss` .* must be 'mse' with a ResidualNetwork"),
        ({"training": Training(validation_fraction=1.0)}, make_spectra(), r"`validation_fraction` .* in \[0, 1\)"),
        ({"training": Training(learning_rate=0)}, make_spectra(), "`learning_rate` of Training must be > 0, got 0"),
        ({"training": Training(n_epochs=0)}, make_spectra(), "`n_epochs` of Training must be >= 1, got 0"),
        (
            {"training": Training(n_init=1.5)},
            make_spectra(),
            "`n_init` of Training must be an integer >= 1 or None",
        ),
        (
            {"architecture": ResidualNetwork(filters=(0,))},
            make_spectra(),
            r"`filters` of ResidualNetwork must be a tuple of integers >= 1, got \(0,\)",
        ),
        ({"architecture": ResidualNetwork(filters=4)}, make_spectra(), "`filters` of ResidualNetwork must be a tuple"),
        ({"architecture": ResidualNetwork(patch=0)}, make_spectra(), "`patch` of ResidualNetwork must be >= 1, got 0"),
        ({"architecture": ThesisNetwork(activation="swish")}, make_spectra(), "`activation` of ThesisNetwork must be"),
        ({}, make_spectra(1), "minimum of 2"),
    ],
)
def test_bad_input(settings, X, message):
    embedder = ConvAutoencoderEmbedder(**{"latent_dim": 2, **settings})
    with pytest.raises((ValueError, TypeError), match=message):
        embedder.fit(X)
    with pytest.raises(NotFittedError):
        embedder.transform(make_spectra())


def test_bad_refit_keeps_the_fitted_model():
    X = make_spectra()
    embedder = ConvAutoencoderEmbedder(2, **TINY["residual"], random_state=0).fit(X)
    Z = embedder.transform(X)
    with pytest.raises(ValueError, match="not finite"):
        embedder.set_params(on_bad="raise").fit(spoil(np.nan))
    with pytest.raises(ValueError, match="at most 1, got 2"):
        embedder.fit(X[:, :1])
    np.testing.assert_array_equal(embedder.transform(X), Z)


def test_wrong_number_of_latents():
    embedder = ConvAutoencoderEmbedder(2, **TINY["residual"], random_state=0).fit(make_spectra())
    with pytest.raises(ValueError, match=r"must hold the 2 latents of ConvAutoencoderEmbedder, got .* \(4, 3\)"):
        embedder.inverse_transform(np.zeros((4, 3)))
