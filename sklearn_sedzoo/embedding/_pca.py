"""Turns spectra into their scores on principal axes, whatever is masked or uncertain in them, and back."""

from __future__ import annotations

from functools import partial

import numpy as np
from sklearn.decomposition import PCA

from sklearn_sedzoo._kernels._gappy_frame import find_noise, fit_gappy_frame, scores_to_flux
from sklearn_sedzoo._kernels._principal import Frame, fit_whitening, project, unwhiten, whiten
from sklearn_sedzoo._parameters import check_parameters, integer, kinds
from sklearn_sedzoo._validation import check_squares
from sklearn_sedzoo.embedding._inputs import SpectrumEmbedder, fit_score_space, read_training_spectra
from sklearn_sedzoo.embedding._networks import N_AXES


def fit_plain_frame(X, ivar, rows, n_axes, rng, row_weight):
    """Return the principal frame of full spectra by scikit-learn's PCA, and what its axes leave out of a pixel."""
    # not "auto": by the covariance in float32, spectra of 500 pixels are reconstructed with 5 times the error
    solver = "full" if min(X.shape) <= 10 * n_axes else "randomized"
    with np.errstate(invalid="ignore"):  # the share of the variance where there is none
        pca = PCA(n_axes, svd_solver=solver, random_state=0).fit(X)
    spread = np.sqrt(pca.explained_variance_.astype(np.float64) * (len(X) - 1) / len(X))
    frame = Frame(pca.mean_.astype(np.float64), pca.components_.astype(np.float64), spread)
    return frame, find_noise(X, rows, frame)


class SpectrumPCA(SpectrumEmbedder):
    r"""Embed spectra by principal component analysis, with masked pixels and errors.

    Parameters
    ----------
    latent_dim : int, default=16
        Number of components, at most ``min(n_samples, n_wavelengths)``.
    whiten : bool or "robust", default=False
        Give each component unit variance. ``"robust"`` then measures each by the range s of its inner 68 % and draws
        in its tails, ``asinh(x / s)``, as `ConvAutoencoderEmbedder` does.
    on_bad : {"mask", "raise"}, default="mask"
        What to do with NaN and infinite fluxes: leave them out, or refuse them.
    on_empty : {"raise", "nan"}, default="raise"
        What `transform` does with a spectrum without any valid pixel: refuse it by its row, or give NaN as its
        latents, so that every row keeps its place. `fit` leaves such spectra out.

    Attributes
    ----------
    components_ : ndarray of shape (latent_dim, n_wavelengths)
        Principal axes, by decreasing variance; the largest loading of each is positive.
    explained_variance_ : ndarray of shape (latent_dim,)
        Variance of the scores along each axis, in squared flux.
    mean_ : ndarray of shape (n_wavelengths,)
        Mean spectrum.
    noise_variance_ : float
        Variance of a pixel that further axes leave out, of which there are at least 48 in all.
    training_rows_ : ndarray of int
        Rows of the X of `fit` that were used.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of str
        Column names, where X has them.

    See Also
    --------
    ConvAutoencoderEmbedder : Starts from these axes, and learns what is nonlinear.
    sklearn.decomposition.PCA : Finds the axes where every pixel is there and no error is known.

    Notes
    -----
    The scores of a spectrum :math:`x` with inverse variances :math:`w` (0 where masked) are the most probable ones,

    .. math:: c = (V W V^T + \mathrm{diag}(s^{-2}))^{-1} V W (x - \mu), \quad W = \mathrm{diag}(1 / (1/w + \psi)),

    with the variance :math:`s^2` of the scores and :math:`\psi` of a pixel that the axes V leave out (48 of them, or
    twice `latent_dim`). To find the axes, gaps are filled from the axes of the round before, and noisy pixels are
    drawn towards them by their share of the noise; four rounds. Nothing is drawn at random. Time of `transform`
    grows with n_samples x n_wavelengths x latent_dim; with gaps or errors with the square of the number of axes.

    References
    ----------
    Connolly & Szalay 1999, AJ 117, 2052 (gaps); Delchambre 2015, MNRAS 446, 3545 (weights).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.embedding import SpectrumPCA
    >>> X = np.outer(np.linspace(1, 2, 30), np.linspace(0, 3, 40))
    >>> X[0, :10] = np.nan
    >>> pca = SpectrumPCA(1).fit(X)
    >>> bool(np.allclose(pca.inverse_transform(pca.transform(X))[1:], X[1:], atol=1e-3))
    True
    """

    _parameters = kinds(latent_dim=[integer(1)])

    def __init__(self, latent_dim=16, *, whiten=False, on_bad="mask", on_empty="raise"):
        self.latent_dim = latent_dim
        self.whiten = whiten
        self.on_bad = on_bad
        self.on_empty = on_empty

    def fit(self, X, y=None, sample_weight=None):
        """Find the principal axes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Normalized fluxes. A DataFrame may hold a second block of columns ``ivar_<name>``: inverse variances.
        y : None
            Not used.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the spectra; those of weight 0 are left out.

        Returns
        -------
        self : SpectrumPCA
            The fitted embedder.
        """
        check_parameters(self)
        spectra = read_training_spectra(self, X, sample_weight, reset=True)
        check_squares(type(self).__name__, spectra.flux)
        n_samples, n_pixels = spectra.flux.shape
        self._check_latent_dim(n_samples, n_samples, n_pixels)
        every, n_axes = np.arange(n_samples), min(n_samples, n_pixels, max(N_AXES, 2 * self.latent_dim))
        is_plain = spectra.ivar is None and spectra.weight is None
        fit_frame = fit_plain_frame if is_plain else partial(fit_gappy_frame, by_errors=True)
        rng = np.random.default_rng(0)
        space = fit_score_space(spectra, every, every[:0], self.latent_dim, n_axes, rng, fit_frame=fit_frame)
        self.components_ = space.frame.axes[: self.latent_dim]
        self._space, self._whitening = space, None
        if self.whiten:
            scores = self._find_latents(spectra)
            self._whitening = fit_whitening(scores, spectra.weight, draw_in_tails=self.whiten == "robust")
        self.mean_ = space.frame.mean
        self.explained_variance_ = space.frame.spread[: self.latent_dim] ** 2
        self.noise_variance_ = space.noise
        self.training_rows_ = spectra.rows
        return self

    def _find_latents(self, spectra):
        n_latents, frame = len(self.components_), self._space.frame
        if spectra.ivar is None:
            scores = project(spectra.flux, frame._replace(axes=frame.axes[:n_latents]))
        else:
            scores = self._space.find_scores(spectra)[:, :n_latents]
        return scores if self._whitening is None else whiten(scores, self._whitening)

    @property
    def _n_latents(self):
        return len(self.components_)

    def _decode(self, latents):
        scores = latents if self._whitening is None else unwhiten(latents, self._whitening)
        frame = self._space.frame
        return scores_to_flux(scores, frame._replace(axes=frame.axes[: self._n_latents]), self._space.hidden)

    def _reconstruct(self, spectra):
        return self._decode(self._find_latents(spectra))

    def __sklearn_is_fitted__(self):
        return hasattr(self, "components_")
