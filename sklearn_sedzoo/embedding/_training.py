"""One training of one network: split, restarts, learning rate and early stopping; Keras takes the steps."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from sklearn.base import BaseEstimator

from sklearn_sedzoo._kernels._gappy_frame import find_missed
from sklearn_sedzoo._kernels._principal import fit_whitening
from sklearn_sedzoo._parameters import integer, kinds, nothing, number
from sklearn_sedzoo.embedding._backend import load_keras, seed_globals
from sklearn_sedzoo.embedding._inputs import fit_pixel_space, fit_score_space
from sklearn_sedzoo.embedding._latent_dim import measure_latent_noise
from sklearn_sedzoo.embedding._networks import Network
from sklearn_sedzoo.embedding._objectives import load_losses
from sklearn_sedzoo.embedding._stored_model import AutoencoderModel

N_STEPS = 40_000  # of the default training, however many spectra there are
SHORT = 16  # the epochs of a restart are this part of all
MANY_LATENTS = 64  # with more a step takes several times as long and seldom gains anything:
ENOUGH_STEPS = 1_000  # of a restart that has not beaten PCA are then the end of the training
WEIGHT_DECAY = 1e-2  # keeps a network of a few thousand weights from learning a few hundred spectra by heart
ROUNDING = 1e-6  # of a loss in float32


class Training(BaseEstimator):
    """How a network is trained.

    Parameters
    ----------
    n_epochs : int or None, default=None
        Largest number of passes over the data; None is 50 for `ThesisNetwork` and a callable; `ResidualNetwork` takes
        as many as make 40,000 steps, at least 10 and at most 1,250.
    n_init : int or None, default=None
        Train from so many initial weights, each for a 16th of the epochs, and go on from the one with the lowest
        validation loss; None is 4 for `ResidualNetwork`, else 1. Fewer than 16 epochs know one training only.
    learning_rate : float or None, default=None
        Step of the Adam optimizer; None is 2e-3 for `ResidualNetwork`, which lowers it to zero along a cosine, and
        1e-3 for the others, which keep it.
    batch_size : int or None, default=None
        Spectra per training step; None is about 64 for `ResidualNetwork`, else 100.
    patience : int or None, default=None
        Stop after so many epochs without a better validation loss; None is never for `ResidualNetwork`, else 10.
    validation_fraction : float, default=0.1
        Share of the spectra, rounded up, on which the validation loss is measured. The weights of the best epoch
        are kept. 0: train on all, and watch the training loss.

    See Also
    --------
    ConvAutoencoderEmbedder : Its `training_` has the numbers that None stands for.

    Examples
    --------
    >>> from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder, Training
    >>> embedder = ConvAutoencoderEmbedder(3, training=Training(n_epochs=20))
    >>> embedder.get_params()["training__n_epochs"]
    20
    """

    _parameters = kinds(
        n_epochs=[integer(1), nothing()],
        n_init=[integer(1), nothing()],
        learning_rate=[number(0, closed="neither"), nothing()],
        batch_size=[integer(1), nothing()],
        patience=[integer(1), nothing()],
        validation_fraction=[number(0, 1, closed="left")],
    )

    def __init__(
        self,
        n_epochs=None,
        n_init=None,
        learning_rate=None,
        batch_size=None,
        patience=None,
        validation_fraction=0.1,
    ):
        self.n_epochs = n_epochs
        self.n_init = n_init
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.patience = patience
        self.validation_fraction = validation_fraction

    def resolve(self, architecture, n_samples):
        """Return the training of a network on so many spectra, with a number for each None.

        Parameters
        ----------
        architecture : dict
            The network, as `make_config` describes it.
        n_samples : int
            Number of spectra.

        Returns
        -------
        training : Training
            What was asked for, or else the default of the architecture.
        """
        n_train = self.count_training_rows(n_samples)
        is_residual = architecture["architecture"] == "residual"
        batch_size = self.batch_size or (choose_batch_size(n_train) if is_residual else 100)
        enough = int(np.clip(N_STEPS * batch_size // n_train, 10, 1250)) if is_residual else 50
        n_epochs = self.n_epochs or enough
        return Training(
            n_epochs=n_epochs,
            n_init=self.n_init or (4 if is_residual else 1),
            learning_rate=float(self.learning_rate or (2e-3 if is_residual else 1e-3)),
            batch_size=batch_size,
            patience=self.patience or (n_epochs if is_residual else 10),
            validation_fraction=self.validation_fraction,
        )

    def count_training_rows(self, n_samples):
        """Return how many of the spectra the network learns from.

        Parameters
        ----------
        n_samples : int
            Number of spectra.

        Returns
        -------
        n_train : int
            All but those of the validation, of which there is at least one unless `validation_fraction` is 0.
        """
        return n_samples - min(math.ceil(self.validation_fraction * n_samples), n_samples - 1)


def choose_batch_size(n_train):
    """Return 32 to 96 spectra, at best a divisor of their number: a last batch of another size is compiled anew."""
    smallest = int(np.clip(n_train // 16, 32, 64))
    return min(range(smallest, smallest * 3 // 2 + 1), key=lambda size: n_train % size > 0)


@dataclass(frozen=True)
class Stage:
    """Where a training stands: the lowest loss of the network, its weights, and the losses of each epoch so far."""

    loss: float = math.inf
    weights: dict | None = None
    history: dict = field(default_factory=dict)


@dataclass(frozen=True)
class TrainedModel:
    """What a training has found; losses are in squared flux per pixel (or cross-entropy).

    Parameters
    ----------
    model : AutoencoderModel
        The network with its best weights.
    history : dict of list of float
        Losses after each epoch.
    best_loss, pca_loss : float
        Validation losses of the best weights, and of PCA with as many components.
    unseen : float
        Part of the validation loss that no network changes.
    noise : ndarray of shape (latent_dim,)
        Standard deviation that noise gives each latent, measured on the validation spectra.
    map : ndarray of shape (n_rows, n_columns, latent_dim) or None
        Of a `DESOM`.
    rows : ndarray of int
        The spectra that the model was learned from.
    """

    model: AutoencoderModel
    history: dict
    best_loss: float
    pca_loss: float
    unseen: float
    noise: np.ndarray
    map: np.ndarray | None
    rows: np.ndarray


class Trainer:
    """One training of one network.

    Parameters
    ----------
    spectra : Spectra
        To be split into training and validation.
    config : dict
        Shape of the network.
    training : Training
        Resolved.
    rng : numpy Generator
        Draws the split, the initial weights and the order of the spectra.
    report : callable
        ``(losses) -> bool``, told after each epoch; a true answer ends the training.
    whiten : bool or "robust"
        What becomes of the latents.
    start : AutoencoderModel, optional
        Of the same config, to go on from.
    """

    def __init__(self, spectra, config, training, rng, report=lambda losses: False, *, whiten=True, start=None):
        self.spectra, self.config, self.training, self.start = spectra, config, training, start
        self.rng, self.report, self.whiten = rng, report, whiten
        self.is_residual = config["architecture"] == "residual"
        order, n_train = rng.permutation(len(spectra)), training.count_training_rows(len(spectra))
        self.held_out, self.train = (np.sort(rows) for rows in np.split(order, [len(spectra) - n_train]))
        if start is not None:
            self.space = start.space
        elif self.is_residual:
            sizes = config["latent_dim"], config["n_axes"]
            self.space = fit_score_space(spectra, self.train, self.held_out, *sizes, rng)
        else:
            self.space = fit_pixel_space(spectra, self.train)
        self.batch = self.space.measure(spectra, self.train)
        self.validation = self.space.measure(spectra, self.held_out) if len(self.held_out) else None
        self.watched = self.batch if self.validation is None else self.validation
        self.is_told_to_stop = False

    def run(self) -> TrainedModel:
        """Train from each restart, then for long from the best; return the best that was found."""
        self.network = self._build_network()
        self.pca_loss = self._measure_pca() if self.is_residual else math.nan
        first, self.least_gain = self._find_first_to_beat()
        lengths = self._share_out_epochs()
        stages: list[Stage] = []
        for n_epochs, rng in zip(lengths, self.rng.spawn(len(lengths)), strict=True):
            if self._is_hopeless(stages, lengths[0]):
                break
            before = first
            if stages and len(stages) == len(lengths) - 1:
                before = min(stages, key=lambda stage: stage.loss)
                self.network.set_state(before.weights)
            elif self.start is None:
                self.network.initialize(rng)
            stages.append(self._train(before, n_epochs, int(rng.integers(2**31))))
            if self.is_told_to_stop:
                break
        best = min(reversed(stages), key=lambda stage: stage.loss)
        if best.weights is None:
            raise ValueError(
                "The training of ConvAutoencoderEmbedder diverged: its loss was never finite. "
                f"Lower `learning_rate` of Training (it was {self.training.learning_rate!r}) or normalize the spectra."
            )
        is_pca = self._is_pca(best)
        if is_pca:
            best = replace(first, history=best.history)
        model = self._make_model(best.weights)
        watched = self.spectra.take(self.held_out if len(self.held_out) else self.train)
        noise, map_ = measure_latent_noise(model, watched, self.rng), model.find_map()
        learns_from_all = is_pca and len(self.held_out) > 0
        return TrainedModel(
            model=self._fit_pca_to_all(model) if learns_from_all else model,
            history=best.history,
            best_loss=self._to_flux(best.loss),
            pca_loss=self._to_flux(self.pca_loss),
            unseen=self.watched.unseen / self.space.n_pixels,
            noise=noise,
            map=map_,
            rows=np.arange(len(self.spectra)) if learns_from_all else self.train,
        )

    def _build_network(self):
        is_scanned = self.is_residual and load_keras().config.backend() == "jax"
        network = Network(self.config, part=self.batch_size if is_scanned else None)
        if self.is_residual:
            network.load_frame(self.space)
        if self.start is not None:
            network.set_state(self.start.weights)
        return network

    @property
    def batch_size(self):
        """Spectra per training step."""
        return min(self.training.batch_size, len(self.train))

    def _share_out_epochs(self):
        """Return the epochs of each restart and, last, of the long training."""
        n_epochs, n_init = self.training.n_epochs, self.training.n_init
        short = n_epochs // SHORT
        n_restarts = n_init if n_init > 1 and short and self.start is None else 0
        return [short] * n_restarts + [n_epochs - n_restarts * short]

    def _is_hopeless(self, stages, n_epochs):
        """Tell whether a restart of some length with many latents has found nothing better than PCA."""
        n_steps = n_epochs * len(self.train) / self.batch_size
        is_slow = self.config["latent_dim"] > MANY_LATENTS and n_steps >= ENOUGH_STEPS
        return is_slow and bool(stages) and all(self._is_pca(stage) for stage in stages)

    def _is_pca(self, stage):
        """Tell whether weights are worth no more than PCA, which the network was before the training."""
        return bool(self._to_flux(stage.loss) >= self._to_flux(self.pca_loss) * (1 - self.least_gain))

    def _train(self, before, n_epochs, seed):
        """Train for some epochs and return where it ends: `before` where nothing is better."""
        if n_epochs < 1:
            return before
        self.network.reset_training(seed)
        wrapper, stopper = self._wrap(before, n_epochs, seed)
        inputs, targets, weight, _ = self.batch
        validation = (
            None if self.validation is None else tuple(each for each in self.validation[:3] if each is not None)
        )
        wrapper.fit(inputs, targets, sample_weight=weight, validation_data=validation)
        losses = {name: wrapper.history_[name] for name in ("loss", "val_loss") if name in wrapper.history_}
        history = {
            name: [*before.history.get(name, []), *(self._to_flux(loss, name) for loss in values)]
            for name, values in losses.items()
        }
        if stopper.best < before.loss:  # Keras has put the weights of the best epoch back
            return Stage(float(stopper.best), self.network.get_state(), history)
        return replace(before, history=history)

    def _wrap(self, before, n_epochs, seed):
        """Return the estimator of scikeras that compiles and fits the network, and the callback that stops it."""
        keras = load_keras()
        from scikeras.wrappers import BaseWrapper

        network, rate, loss = self.network, self.training.learning_rate, self.config["loss"]
        stopper = keras.callbacks.EarlyStopping(
            "loss" if self.validation is None else "val_loss",
            mode="min",
            patience=self.training.patience,
            baseline=before.loss if math.isfinite(before.loss) else None,
            restore_best_weights=True,
        )
        reporter = keras.callbacks.LambdaCallback(
            # Keras draws the order of an epoch when it begins, and once more when it compiles
            on_epoch_begin=lambda epoch, logs: seed_globals(seed, epoch),
            on_epoch_end=lambda epoch, logs: self._end_epoch((epoch + 1) / n_epochs, logs),
        )
        schedule = keras.callbacks.LearningRateScheduler(
            lambda epoch, _: rate * (1 + math.cos(math.pi * epoch / n_epochs)) / 2 if self.is_residual else rate
        )
        n_steps = len(self.train) // self.batch_size
        is_one_call = network.autoencoder.part is not None  # all full batches of an epoch
        wrapper = BaseWrapper(
            model=lambda: network.autoencoder,
            optimizer=keras.optimizers.Adam,
            optimizer__learning_rate=rate,
            optimizer__weight_decay=WEIGHT_DECAY if self.is_residual else None,
            loss=load_losses().get(loss, loss),
            compile__steps_per_execution=max(1, n_steps) if keras.config.backend() == "tensorflow" else 1,
            batch_size=self.batch_size * (max(1, n_steps) if is_one_call else 1),
            epochs=n_epochs,
            callbacks=[reporter, stopper, schedule],
            random_state=seed,
            verbose=0,
        )
        return wrapper, stopper

    def _end_epoch(self, progress, logs):
        """Tell the objective and whoever listens; stop where they ask for it, or where the loss is lost."""
        self.network.end_epoch(progress)
        losses = {name: self._to_flux(logs[name], name) for name in ("loss", "val_loss") if name in logs}
        self.is_told_to_stop = bool(self.report(losses))
        if self.is_told_to_stop or not math.isfinite(losses["loss"]):
            self.network.autoencoder.stop_training = True

    def _to_flux(self, loss, name="val_loss"):
        """Return a loss of the network in squared flux per pixel."""
        batch = self.batch if name == "loss" else self.watched
        return float(self.space.to_flux_loss(loss, batch.unseen))

    def _find_first_to_beat(self):
        """Return weights that are good before any training, and the share of their loss that others have to gain.

        Those of `start`, or zeros, which are PCA. The error of PCA on new spectra has a part of about
        latent_dim / n_rows from learning its axes. A network has to gain more than the held-out rows would make of
        that.
        """
        if self.config["objective"] is not None or self.config["loss"] not in {"mse", "chi_square"}:
            return Stage(), -math.inf
        if self.start is not None:
            inputs, targets, weight, _ = self.watched
            missed = find_missed(self.start.decode_codes(self.start.encode_inputs(inputs)), targets)
            return Stage(float(np.average(missed, weights=weight)), self.start.weights), -math.inf
        if not self.is_residual:
            return Stage(), -math.inf
        gain = max(self.config["latent_dim"] * (1 / len(self.train) - 1 / len(self.spectra)), ROUNDING)
        self.network.initialize(np.random.default_rng(0))
        return Stage(self.pca_loss, self.network.get_state()), gain

    def _measure_pca(self):
        """Return the loss of the residual network before training, which is that of PCA."""
        inputs, targets, weight, _ = self.watched
        decoded = inputs.astype(np.float64) * (self.space.frame.spread / self.space.unit)
        decoded[:, self.config["latent_dim"] :] = 0
        missed = find_missed(decoded, targets)
        return float(np.mean(missed if weight is None else weight * missed))

    def _make_model(self, weights):
        """Return the model of the best weights, its latents whitened by those of the training spectra."""
        model = AutoencoderModel(self.config, weights, self.space)
        latents = self.space.to_latent(model.refine(self.batch.inputs, self.spectra, self.train))
        model.spread = latents.std(axis=0)
        if self.start is not None:
            model.whitening = self.start.whitening  # the latents keep their meaning
        elif self.whiten:
            model.whitening = fit_whitening(latents, self.batch.weight, draw_in_tails=self.whiten == "robust")
        return model

    def _fit_pca_to_all(self, model):
        """Return a model that has remained PCA with its axes fitted to all rows, those of the validation too.

        With many latents the axes of a tenth more spectra make the error on new ones smaller by some per cent.
        """
        every, sizes = np.arange(len(self.spectra)), (self.config["latent_dim"], self.config["n_axes"])
        space = fit_score_space(self.spectra, every, every[:0], *sizes, self.rng)
        spread = np.maximum(space.frame.spread, model.space.frame.spread)  # of spectra beyond those of the axes
        space = replace(space, frame=space.frame._replace(spread=spread))
        batch = space.measure(self.spectra, every)
        latents = space.to_latent(batch.inputs[:, : model.latent_dim])
        whitening = model.whitening
        if whitening is not None:
            whitening = fit_whitening(latents, batch.weight, draw_in_tails=whitening.tails is not None)
        return AutoencoderModel(model.config, model.weights, space, whitening, latents.std(axis=0))
