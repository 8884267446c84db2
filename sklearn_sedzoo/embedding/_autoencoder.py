"""Turns spectra into a few latent variables with an autoencoder, and back."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
from sklearn.base import clone
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sklearn_sedzoo._parameters import (
    check_parameters,
    flag,
    function,
    instance_of,
    integer,
    kinds,
    nothing,
    option,
    random_state,
)
from sklearn_sedzoo.embedding._backend import isolated_randomness, load_keras
from sklearn_sedzoo.embedding._inputs import SpectrumEmbedder, read_training_spectra
from sklearn_sedzoo.embedding._latent_dim import (
    find_intrinsic_dimension,
    is_in_the_noise,
    measure_latent_noise,
    search_size,
)
from sklearn_sedzoo.embedding._networks import ResidualNetwork, ThesisNetwork, make_config
from sklearn_sedzoo.embedding._objectives import DESOM, VAE
from sklearn_sedzoo.embedding._training import Trainer, Training

LARGEST = 1e15  # squares of larger fluxes, summed over a spectrum, leave the range of float32


class ConvAutoencoderEmbedder(CallbackSupportMixin, SpectrumEmbedder):
    r"""Embed spectra in a few latent variables with a convolutional autoencoder.

    The default network starts as a principal component analysis and learns what bends away from it, so that on
    the validation spectra it never reconstructs worse than PCA with as many components. The literal network of
    convolution and pooling blocks is there too (``architecture=ThesisNetwork()``), and so is a network of your own.

    Parameters
    ----------
    latent_dim : int or "auto", default=16
        Number of latent variables, at most ``min(n_samples, n_wavelengths)``. With ``"auto"`` (`ResidualNetwork`
        only) the smallest at which the validation error reaches the noise, reaches a hundred-thousandth of the
        variance, or stops falling; costs a short training for each.
    architecture : ResidualNetwork, ThesisNetwork or callable, default=None
        The network and its sizes; None is ``ResidualNetwork()``. A callable
        ``(n_wavelengths, latent_dim) -> (encoder, decoder)`` returns two Keras models of your own.
    training : Training, default=None
        Epochs, restarts, learning rate, batches, early stopping and validation; None is ``Training()``.
    objective : VAE or DESOM, default=None
        What the training asks of the latents beside a good reconstruction; None: nothing. With an objective the
        losses contain its penalty, and there is no promise about PCA.
    loss : {"mse", "binary_crossentropy"}, default="mse"
        Cross-entropy is for `ThesisNetwork` or a callable, and for fluxes within [0, 1].
    whiten : bool or "robust", default=True
        Rotate the latents to their principal axes, order them by variance and give each unit variance, as in
        PCA. ``"robust"`` then measures each axis by the range s of its inner 68 % and draws in its tails,
        ``asinh(x / s)``, so that a few extreme spectra (the very young) do not squeeze all others together:
        clusters and cells then follow weaker properties too. With False the latents come as the network has them.
    warm_start : bool, default=False
        `fit` goes on from the weights of the last `fit`, where number of wavelengths and parameters are the same.
    on_bad : {"mask", "raise"}, default="mask"
        What to do with NaN and infinite fluxes: leave them out, or refuse them.
    on_empty : {"raise", "nan"}, default="raise"
        What `transform` does with a spectrum without any valid pixel: refuse it by its row, or give NaN as its
        latents, so that every row keeps its place. `fit` leaves such spectra out.
    random_state : int, RandomState instance or None, default=None
        Draws the split, the initial weights and the order of the spectra. The global generators are left alone.

    Attributes
    ----------
    architecture_ : ResidualNetwork, ThesisNetwork or callable
        The network that was trained.
    training_ : Training
        How it was trained, with a number for each None.
    history_ : dict of list of float
        ``"loss"`` and ``"val_loss"`` after each epoch, in squared flux per pixel (or cross-entropy).
    n_iter_ : int
        Number of epochs trained.
    best_loss_ : float
        Validation loss of the weights that were kept, with the latents of the encoder; those of `transform` are
        at least as good.
    pca_loss_ : float
        Validation loss of PCA with as many components (`ResidualNetwork` only, else NaN).
    model_ : AutoencoderModel
        The network as plain arrays, independent of the Keras backend, and the whitening of its latents.
    latent_noise_ : ndarray of shape (latent_dim,)
        Standard deviation that noise gives each latent, measured on the validation spectra: from ``ivar_*`` where
        given, else from what the reconstruction leaves.
    is_noisy_ : ndarray of bool of shape (latent_dim,)
        Which latents have a spread below 1.5 times their noise. ``latent_dim="auto"`` drops such.
    size_search_ : dict of list of float or None
        With ``latent_dim="auto"`` the sizes tried, their validation losses and those of PCA and of noise alone;
        `LatentSizeDisplay` draws them.
    intrinsic_dimension_ : float or None
        With ``latent_dim="auto"`` the number of dimensions in which the spectra vary, estimated from the distances
        to ten nearest neighbors on those principal axes that stand out of the noise; see
        `sklearn_sedzoo.metrics.intrinsic_dimension`. Much above the number of latents, it says that the latents miss
        something; NaN where nothing stands out. With 48 wavelengths or fewer noise is not told from spectra.
    map_ : ndarray of shape (n_rows, n_columns, latent_dim) or None
        With ``objective=DESOM(...)`` the map, in the latents that `transform` returns.
    training_rows_ : ndarray of int
        Rows of the X of `fit` that the network learned from; the others measured the validation loss, or were left
        out. All usable rows where no training came below PCA: its axes are then fitted to all, and both losses are
        those from before.
    n_features_in_ : int
        Number of wavelengths.
    feature_names_in_ : ndarray of shape (n_wavelengths,)
        Column names, where X has them.

    See Also
    --------
    SpectrumPCA : The linear embedding that this one starts from.
    ResidualNetwork, ThesisNetwork : The networks.
    Training : How they are trained.

    Notes
    -----
    With the mean spectrum :math:`\mu` and the leading principal axes :math:`V`, the scores of a spectrum are
    :math:`c = V (x - \mu)`. The residual network is

    .. math:: z = c_{1..d} + f(c), \qquad \hat{x} = \mu + V^T ([z, 0] + g(z)),

    where the last layers of :math:`f` and :math:`g` start at zero. Strided convolutions over the spectrum act
    on the axes instead (they are linear), so that training needs n_samples x 48 scores, not the spectra.
    Time grows with epochs x n_samples, memory with n_samples x n_wavelengths.

    `transform` refines the encoder's answer :math:`z_0` by two Levenberg-Marquardt steps towards the smallest

    .. math:: \sum_j w_j (x_j - \hat{x}_j(z))^2 + |z - z_0|^2,

    with z in units of the spread of the scores and the inverse variances w of the pixels; where none are given, w is
    the inverse of the variance that the principal axes leave out. A step that does not lower this is not taken, so
    that no spectrum is decoded worse than from :math:`z_0`. Rare spectra gain most: the encoder has seen few like
    them. Latents under an `objective`, of `ThesisNetwork`, of a callable and of more than 64 are the encoder's.

    The Keras backend is the one that ``KERAS_BACKEND`` names, else the first installed of jax, torch and
    tensorflow. It serves training only where the network is a `ResidualNetwork`: `transform` computes that with numpy,
    in forked processes too. Other networks refuse to work in a fork of the process that started Keras. Results are
    the same bit for bit on one backend and machine, and close on others.

    References
    ----------
    Hinton & Salakhutdinov 2006, Science 313, 504; Portillo et al. 2020, AJ 160, 45 (autoencoders for spectra).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder, Training
    >>> X = np.sin(np.outer(np.linspace(1, 2, 30), np.linspace(0, 3, 40)))
    >>> embedder = ConvAutoencoderEmbedder(2, training=Training(n_epochs=1), random_state=0).fit(X)
    >>> embedder.transform(X).shape
    (30, 2)
    >>> bool(embedder.best_loss_ <= embedder.pca_loss_)
    True
    """

    _parameters = kinds(
        latent_dim=[integer(1), option("auto")],
        architecture=[
            instance_of(ResidualNetwork, ThesisNetwork, words="ResidualNetwork(...), ThesisNetwork(...)"),
            function("a function (n_wavelengths, latent_dim) -> (encoder, decoder)"),
            nothing(),
        ],
        training=[instance_of(Training, words="Training(...)"), nothing()],
        objective=[instance_of(VAE, DESOM, words="VAE(...), DESOM(...)"), nothing()],
        loss=[option("mse", "binary_crossentropy")],
        warm_start=[flag()],
        random_state=random_state(),
    )

    def __init__(
        self,
        latent_dim=16,
        *,
        architecture=None,
        training=None,
        objective=None,
        loss="mse",
        whiten=True,
        warm_start=False,
        on_bad="mask",
        on_empty="raise",
        random_state=None,
    ):
        self.latent_dim = latent_dim
        self.architecture = architecture
        self.training = training
        self.objective = objective
        self.loss = loss
        self.whiten = whiten
        self.warm_start = warm_start
        self.on_bad = on_bad
        self.on_empty = on_empty
        self.random_state = random_state

    @with_callbacks
    def fit(self, X, y=None, sample_weight=None):
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Normalized fluxes. A DataFrame may hold a second block of columns ``ivar_<name>``: inverse variances.
        y : None
            Not used.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the spectra in the principal axes and in the loss; those of weight 0 are left out.

        Returns
        -------
        self : ConvAutoencoderEmbedder
            The fitted embedder. A training that is broken off leaves the embedder as it was.
        """
        return self._fit(X, sample_weight, goes_on=self.warm_start)

    @with_callbacks
    def partial_fit(self, X, y=None, sample_weight=None):
        """Train on one more batch of spectra, from the weights that are there; the first batch is a `fit`.

        The first batch decides the principal axes and the whitening, so it should be a fair sample. Later ones train
        for at most `n_epochs` of `training` each and never end above the loss that they find on their own validation
        spectra.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Normalized fluxes.
        y : None
            Not used.
        sample_weight : array-like of shape (n_samples,), default=None
            As in `fit`.

        Returns
        -------
        self : ConvAutoencoderEmbedder
            The embedder.
        """
        return self._fit(X, sample_weight, goes_on=True)

    def summary(self):
        """Return the layers of the network, their shapes and numbers of weights, as text.

        Returns
        -------
        text : str
            What Keras prints as the summary of encoder and decoder.
        """
        check_is_fitted(self)
        return self.model_.summary()

    def _fit(self, X, sample_weight, *, goes_on):
        check_parameters(self)
        architecture = ResidualNetwork() if self.architecture is None else clone(self.architecture, safe=False)
        training = Training() if self.training is None else self.training
        check_parameters(training)
        self._check_together(architecture)
        start = getattr(self, "model_", None) if goes_on else None
        load_keras()
        with keep_on_failure(self, ("n_features_in_", "feature_names_in_", "_columns")):
            spectra = read_training_spectra(self, X, sample_weight, reset=start is None)
            has_ivar, (n_samples, n_pixels) = spectra.ivar is not None, spectra.flux.shape
            n_train = training.count_training_rows(n_samples)
            if self.latent_dim != "auto":
                self._check_latent_dim(n_train, n_samples, n_pixels)
            self._check_range(spectra.flux.min(), spectra.flux.max(), has_ivar)
            loss = self._choose_loss(architecture, has_ivar)
            rng = make_generator(self.random_state)

            def configure(size):
                return make_config(architecture, n_train, n_pixels, size, loss, self.objective)

            training = training.resolve(configure(1), n_samples)
            context = self._init_callback_context(max_subtasks=training.n_epochs)
            with isolated_randomness(int(rng.integers(2**31))):
                search = dimension = None
                if start is not None:
                    search, dimension = self.size_search_, self.intrinsic_dimension_
                    config = {**configure(start.latent_dim), "n_axes": start.config["n_axes"]}
                    check_same(self, config, start.config)
                elif self.latent_dim == "auto":
                    size, search, dimension = self._search_size(spectra, configure, training)
                    config = configure(size)
                else:
                    config = configure(self.latent_dim)
                report = EpochReporter(self, context, spectra.flux)
                trained = Trainer(spectra, config, training, rng, report, whiten=self.whiten, start=start).run()
        self.architecture_ = architecture
        self.training_ = training
        self.model_ = trained.model
        self.history_ = trained.history
        self.n_iter_ = len(trained.history["loss"])
        self.best_loss_ = trained.best_loss
        self.pca_loss_ = trained.pca_loss
        self.latent_noise_ = trained.noise
        self.is_noisy_ = is_in_the_noise(trained.noise, trained.model)
        self.size_search_ = search
        self.intrinsic_dimension_ = dimension
        self.map_ = trained.map
        self.training_rows_ = spectra.rows[trained.rows]
        report.close()
        return self

    def _check_together(self, architecture):
        """Raise where a parameter does not go with the network."""
        owner = type(self).__name__
        is_residual = isinstance(architecture, ResidualNetwork)
        if self.latent_dim == "auto" and not is_residual:
            raise ValueError(f"latent_dim='auto' of {owner} needs a ResidualNetwork, got {self.architecture!r}.")
        if self.loss == "binary_crossentropy" and is_residual:
            raise ValueError(
                f"`loss` of {owner} must be 'mse' with a ResidualNetwork, got 'binary_crossentropy'. "
                "Cross-entropy needs fluxes in [0, 1] and architecture=ThesisNetwork() or a callable."
            )

    def _check_range(self, low, high, has_ivar):
        """Raise where float32 cannot hold the fluxes, or cross-entropy is not for them."""
        owner = type(self).__name__
        largest = max(abs(float(low)), abs(float(high)))
        if largest > LARGEST:
            raise ValueError(
                f"X of {owner} holds values up to {largest:.3g}; the network computes in float32 and needs "
                f"values within {LARGEST:.0e}. Put a FluxNormalizer before it."
            )
        if self.loss == "binary_crossentropy" and has_ivar:
            raise ValueError(f"loss='binary_crossentropy' of {owner} knows no masks and errors. Use loss='mse'.")
        if self.loss == "binary_crossentropy" and not (low >= 0 and high <= 1):
            raise ValueError(
                f"loss='binary_crossentropy' of {owner} needs fluxes in [0, 1], got {low!r} to {high!r}. "
                "Use loss='mse', or FluxNormalizer(statistic='max')."
            )

    def _choose_loss(self, architecture, has_ivar):
        if not has_ivar:
            return self.loss
        return "chi_square" if isinstance(architecture, ResidualNetwork) else "masked_mse"

    def _search_size(self, spectra, configure, training):
        """Return the number of latents, how it was found and the intrinsic dimension; each size sees one split."""
        seed = int(make_generator(self.random_state).integers(2**31))

        def train(size, training):
            return Trainer(spectra, configure(size), training, np.random.default_rng(seed), whiten=self.whiten).run()

        def count_noisy(model):
            noise = measure_latent_noise(model, spectra, np.random.default_rng(seed))
            return int(np.sum(is_in_the_noise(noise, model)))

        size, search, model = search_size(train, count_noisy, min(len(spectra) // 2, spectra.flux.shape[1]), training)
        return size, search, find_intrinsic_dimension(model.space, spectra, np.random.default_rng(seed))

    @property
    def _n_latents(self):
        return self.model_.latent_dim

    def _find_latents(self, spectra):
        return self.model_.encode(spectra)

    def _decode(self, latents):
        return self.model_.decode(latents)

    def _reconstruct(self, spectra):
        return self.model_.reconstruct(spectra)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "model_")


@contextmanager
def keep_on_failure(estimator, names):
    """Put the named attributes back as they were (or were not) when the block fails or is broken off."""
    before = {name: value for name, value in vars(estimator).items() if name in names}
    try:
        yield
    except BaseException:
        for name in names:
            vars(estimator).pop(name, None)
        vars(estimator).update(before)
        raise


def check_same(embedder, config, known):
    """Raise where a training cannot go on because the network has another shape."""
    changed = [name for name in config if config[name] != known[name]]
    if changed:
        raise ValueError(
            f"{type(embedder).__name__} cannot go on with its training: {changed[0]} was {known[changed[0]]!r} and is "
            f"now {config[changed[0]]!r}. Use a clone, or warm_start=False and `fit`."
        )


def make_generator(random_state):
    """Return a numpy Generator; None draws from the system, so that the global generator is left alone."""
    if random_state is None:
        return np.random.default_rng()
    return np.random.default_rng(check_random_state(random_state).randint(2**31 - 1))


class EpochReporter:
    """Tells scikit-learn's callbacks about each epoch of a training; one may ask to stop by returning True."""

    def __init__(self, estimator, context, X):
        self.estimator, self.context, self.X = estimator, context, X
        context.call_on_fit_task_begin(estimator=estimator, X=X)

    def __call__(self, losses):
        """Tell of an epoch; return whether a callback asked to stop."""
        task = self.context.subcontext(task_name="epoch")
        task.call_on_fit_task_begin(estimator=self.estimator, X=self.X)
        return task.call_on_fit_task_end(estimator=self.estimator, X=self.X, metadata=losses)

    def close(self):
        """Tell that the fit is over."""
        self.context.call_on_fit_task_end(estimator=self.estimator, X=self.X)
