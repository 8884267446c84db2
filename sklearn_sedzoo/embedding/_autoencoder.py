"""Turns spectra into a few latent variables with an autoencoder, and back."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted

from sklearn_sedzoo.embedding._backend import isolated_randomness, load_keras
from sklearn_sedzoo.embedding._fitting import fit_autoencoder, fit_pca_to_all
from sklearn_sedzoo.embedding._noise import measure_latent_noise
from sklearn_sedzoo.embedding._parameters import check_parameters, check_sizes, make_config, make_plan
from sklearn_sedzoo.embedding._progress import EpochReporter
from sklearn_sedzoo.embedding._reading import keep_useful_rows, read_weighted_spectra, refuse_empty
from sklearn_sedzoo.embedding._size_search import find_intrinsic_dimension, search_size
from sklearn_sedzoo.embedding._spaces import scale_ivar

IN_THE_NOISE = 1.5  # a latent whose spread is below so many times its noise is not to be trusted


class ConvAutoencoderEmbedder(CallbackSupportMixin, TransformerMixin, BaseEstimator):
    r"""Embed spectra in a few latent variables with a convolutional autoencoder.

    The default network starts as a principal component analysis and learns what bends away from it, so that on
    the validation spectra it never reconstructs worse than PCA with as many components. The literal network of
    convolution and pooling blocks is there too (``architecture="thesis"``), and so is a network of your own.

    Parameters
    ----------
    latent_dim : int or "auto", default=16
        Number of latent variables, at most ``min(n_samples, n_wavelengths)``. With ``"auto"`` ("residual" only) the
        smallest at which the validation error reaches the noise, reaches a hundred-thousandth of the variance, or
        stops falling; costs a short training for each.
    architecture : {"residual", "thesis"} or callable, default="residual"
        ``"residual"``: PCA and a convolutional residual that starts at zero. ``"thesis"``: Conv1D + max-pooling
        blocks, dense bottleneck, Conv1DTranspose + up-sampling blocks, final Conv1D. A callable
        ``(n_wavelengths, latent_dim) -> (encoder, decoder)`` returns two Keras models of your own.
    whiten : bool or "robust", default=True
        Rotate the latents to their principal axes, order them by variance and give each unit variance, as in
        PCA. ``"robust"`` then measures each axis by the range s of its inner 68 % and draws in its tails,
        ``asinh(x / s)``, so that a few extreme spectra (the very young) do not squeeze all others together:
        clusters and cells then follow weaker properties too. With False the latents come as the network has them.
    filters : tuple of int, default=None
        Filters of the convolution of each block; None is ``(4,)`` for "residual", ``(32, 16)`` for "thesis". With
        ``()`` "residual" has no convolutions.
    kernel_size : int, default=None
        Width of the convolutions, in pixels for "thesis" (None: 5), in patches for "residual" (None: 3).
    strides : int, default=None
        Stride of the convolutions of "thesis" (None: 1); pixels of a patch of "residual" (None: 128).
    pool_size : int, default=None
        Pooling of each block of "thesis" (None: 4).
    activation : str, default=None
        Name of a Keras activation; None is ``"gelu"`` for "residual", ``"leaky_relu"`` for "thesis".
    loss : {"mse", "binary_crossentropy"}, default="mse"
        Cross-entropy is for ``architecture="thesis"`` or a callable, and for fluxes within [0, 1].
    objective : VAE, InfoVAE or DESOM, default=None
        What the training asks of the latents beside a good reconstruction; None: nothing. With an objective the
        losses contain its penalty, and there is no promise about PCA.
    learning_rate : float, default=None
        Step of the Adam optimiser; None is 2e-3 for "residual", which lowers it to zero along a cosine, and 1e-3
        for "thesis" and a callable, which keep it.
    batch_size : int, default=None
        Spectra per training step; None is 100 for "thesis" and a callable, about 64 for "residual".
    epochs : int, default=None
        Largest number of passes over the data; None is 50 for "thesis" and a callable; "residual" takes as many as
        make 40,000 steps, at least 10 and at most 1,250.
    patience : int, default=None
        Stop after so many epochs without a better validation loss; None is never for "residual", else 10.
    n_init : int, default=None
        Train from so many initial weights, each for an 8th of the epochs, and go on from the one with the lowest
        validation loss; None is 4 for "residual", 1 for "thesis" and a callable. Fewer than 16 epochs know one start.
    validation_fraction : float, default=0.1
        Share of the spectra, rounded up, on which the validation loss is measured. The weights of the best epoch
        are kept. 0: train on all, and watch the training loss.
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
    history_ : dict of list of float
        ``"loss"`` and ``"val_loss"`` after each epoch, in squared flux per pixel (or cross-entropy).
    n_iter_ : int
        Number of epochs trained.
    best_loss_ : float
        Validation loss of the weights that were kept, with the latents of the encoder; those of `transform` are
        at least as good.
    pca_loss_ : float
        Validation loss of PCA with as many components ("residual" only, else NaN).
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
        to ten nearest neighbours on those principal axes that stand out of the noise; see
        `sklearn_sedzoo.metrics.intrinsic_dimension`. Much above the number of latents, it says that the latents miss
        something; NaN where nothing stands out. With 48 wavelengths or fewer noise is not told from spectra.
    map_ : ndarray of shape (n_rows, n_columns, latent_dim) or None
        With ``objective=DESOM(...)`` the map, in the latents that `transform` returns.
    training_rows_ : ndarray of int
        Rows of the X of `fit` that the network learned from; the others measured the validation loss. All rows where
        no training came below PCA: its axes are then fitted to all, and both losses are those from before.
    n_features_in_ : int
        Number of wavelengths.
    feature_names_in_ : ndarray of shape (n_wavelengths,)
        Column names, where X has them.

    See Also
    --------
    sklearn.decomposition.PCA : The linear embedding that this one starts from.

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
    that no spectrum is drawn worse than from :math:`z_0`. Rare spectra gain most: the encoder has seen few like them.
    Latents under an `objective`, of "thesis", of a callable and of more than 64 are the encoder's.

    The Keras backend is the one that ``KERAS_BACKEND`` names, else the first installed of jax, torch and
    tensorflow. Results are the same bit for bit on one backend and machine, and close on others.

    References
    ----------
    Hinton & Salakhutdinov 2006, Science 313, 504; Portillo et al. 2020, AJ 160, 45 (autoencoders for spectra).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder
    >>> X = np.sin(np.outer(np.linspace(1, 2, 30), np.linspace(0, 3, 40)))
    >>> embedder = ConvAutoencoderEmbedder(2, epochs=1, strides=8, random_state=0).fit(X)
    >>> embedder.transform(X).shape
    (30, 2)
    >>> bool(embedder.best_loss_ <= embedder.pca_loss_)
    True
    """

    def __init__(
        self,
        latent_dim=16,
        *,
        architecture="residual",
        whiten=True,
        filters=None,
        kernel_size=None,
        strides=None,
        pool_size=None,
        activation=None,
        loss="mse",
        objective=None,
        learning_rate=None,
        batch_size=None,
        epochs=None,
        patience=None,
        n_init=None,
        validation_fraction=0.1,
        warm_start=False,
        on_bad="mask",
        on_empty="raise",
        random_state=None,
    ):
        self.latent_dim = latent_dim
        self.architecture = architecture
        self.whiten = whiten
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.pool_size = pool_size
        self.activation = activation
        self.loss = loss
        self.objective = objective
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.patience = patience
        self.n_init = n_init
        self.validation_fraction = validation_fraction
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
            Normalised fluxes. A DataFrame may hold a second block of columns ``ivar_<name>``: inverse variances.
        y : None
            Not used.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the spectra in the principal axes and in the loss; those of weight 0 are left out.

        Returns
        -------
        self : ConvAutoencoderEmbedder
            The fitted embedder. A training that is broken off leaves the embedder as it was.
        """
        return self._train(X, sample_weight, goes_on=self.warm_start and hasattr(self, "model_"))

    @with_callbacks
    def partial_fit(self, X, y=None, sample_weight=None):
        """Train on one more batch of spectra, from the weights that are there; the first batch is a `fit`.

        The first batch decides the principal axes and the whitening, so it should be a fair sample. Later ones train
        for at most `epochs` epochs each and never end above the loss that they find on their own validation spectra.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Normalised fluxes.
        y : None
            Not used.
        sample_weight : array-like of shape (n_samples,), default=None
            As in `fit`.

        Returns
        -------
        self : ConvAutoencoderEmbedder
            The embedder.
        """
        return self._train(X, sample_weight, goes_on=hasattr(self, "model_"))

    def transform(self, X):
        """Return the latents.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Normalised fluxes.

        Returns
        -------
        Z : ndarray of shape (n_samples, latent_dim), float32
            The latents; columns are named ``latent0``, ``latent1``, ...
        """
        check_is_fitted(self)
        flux, ivar = read_weighted_spectra(self, X, reset=False)
        refuse_empty(self, ivar)
        return self.model_.encode(flux, ivar).astype(np.float32)

    def inverse_transform(self, X):
        """Return the spectra that the decoder draws.

        Parameters
        ----------
        X : array-like of shape (n_samples, latent_dim)
            Latents, as `transform` gives them.

        Returns
        -------
        flux : ndarray of shape (n_samples, n_wavelengths), float32
            Normalised fluxes.
        """
        check_is_fitted(self)
        latents = check_array(X, dtype=[np.float64, np.float32])
        if latents.shape[1] != self.model_.latent_dim:
            raise ValueError(
                f"X must hold the {self.model_.latent_dim} latents of {type(self).__name__}, got an array of shape "
                f"{latents.shape}."
            )
        return self.model_.decode(latents).astype(np.float32)

    def score(self, X, y=None):
        """Return minus the mean squared error of the reconstruction.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Normalised fluxes.
        y : None
            Not used.

        Returns
        -------
        score : float
            ``-mean((X - inverse_transform(transform(X)))**2)``, over the pixels that are there, weighted by their
            inverse variances where X has them.
        """
        check_is_fitted(self)
        X, ivar = read_weighted_spectra(self, X, reset=False)
        squares = np.nan_to_num((X - self.model_.reconstruct(X, ivar)) ** 2)  # NaN: what no training spectrum has
        return -float(np.average(squares, weights=None if ivar is None else scale_ivar(ivar, X.shape)))

    def summary(self):
        """Return the layers of the network, their shapes and numbers of weights, as text.

        Returns
        -------
        text : str
            What Keras prints as the summary of encoder and decoder.
        """
        check_is_fitted(self)
        return self.model_.summary()

    def get_feature_names_out(self, input_features=None):
        """Return the names of the latents: ``latent0``, ``latent1``, ...

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Not used.

        Returns
        -------
        names : ndarray of str of shape (latent_dim,)
            Column names of `transform`.
        """
        check_is_fitted(self)
        return np.array([f"latent{i}" for i in range(self.model_.latent_dim)], dtype=object)

    def _train(self, X, sample_weight, goes_on):
        check_parameters(self)
        load_keras()
        with keep_on_failure(self, ("n_features_in_", "feature_names_in_", "_columns")):
            X, ivar = read_weighted_spectra(self, X, reset=not goes_on, ensure_min_samples=2)
            X, ivar, row_weight = keep_useful_rows(X, ivar, sample_weight)
            start = self.model_ if goes_on else None
            check_sizes(self, X, ivar)
            rng, plan = make_generator(self.random_state), make_plan(self, len(X))
            report = EpochReporter(self, X, plan.epochs, (ivar, row_weight))
            with isolated_randomness(int(rng.integers(2**31))):
                if start is None:
                    size, search, dimension = self._choose_size(X, ivar, row_weight, plan)
                else:
                    size, search, dimension = start.latent_dim, self.size_search_, self.intrinsic_dimension_
                config = make_config(self, X, ivar, size)
                if start is not None:
                    config = {**config, "n_axes": start.config["n_axes"]}
                    check_same(self, config, start.config)
                model, monitor = fit_autoencoder(X, config, plan, rng, report, ivar, row_weight, start)
                rows = monitor.held_out_rows if len(monitor.held_out_rows) else monitor.training_rows
                noise = measure_latent_noise(model, X[rows], None if ivar is None else ivar[rows], rng)
                map_, training_rows = model.find_map(), monitor.training_rows
                if monitor.is_pca and len(monitor.held_out_rows):
                    model, training_rows = fit_pca_to_all(model, X, rng, ivar, row_weight), np.arange(len(X))
        self.model_ = model
        self.history_ = monitor.history
        self.n_iter_ = len(monitor.history["loss"])
        self.best_loss_ = monitor.best_loss
        self.pca_loss_ = monitor.pca_loss
        self.latent_noise_ = noise
        self.is_noisy_ = IN_THE_NOISE * noise > model.latent_spread
        self.size_search_ = search
        self.intrinsic_dimension_ = dimension
        self.map_ = map_
        self.training_rows_ = training_rows
        report.close()
        return self

    def _choose_size(self, X, ivar, row_weight, plan):
        """Return the number of latents, how it was found and the intrinsic dimension; each size sees one split."""
        if self.latent_dim != "auto":
            return self.latent_dim, None, None
        seed = int(make_generator(self.random_state).integers(2**31))

        def train(size, plan):
            config = make_config(self, X, ivar, size)
            return fit_autoencoder(X, config, plan, np.random.default_rng(seed), SILENT, ivar, row_weight)

        def find_noisy(model):
            noise = measure_latent_noise(model, X, ivar, np.random.default_rng(seed))
            return int(np.sum(IN_THE_NOISE * noise > model.latent_spread))

        size, search, model = search_size(train, find_noisy, min(len(X) // 2, X.shape[1]), plan)
        return size, search, find_intrinsic_dimension(model.space, X, ivar, np.random.default_rng(seed))

    def __sklearn_is_fitted__(self):
        return hasattr(self, "model_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        tags.non_deterministic = False
        tags.input_tags.allow_nan = self.on_bad == "mask"
        return tags


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


class _Silent:
    """A report that tells nobody."""

    def begin(self, course):
        """Tell nobody."""

    def __call__(self, losses):
        """Go on."""
        return False


SILENT = _Silent()
