"""How well an embedding gives the spectra back."""

from typing import Any

import numpy as np

from sklearn_sedzoo._containers import take_flux
from sklearn_sedzoo._kernels.masked import masked_mean
from sklearn_sedzoo._parameters import checked, flag
from sklearn_sedzoo.pipeline import split_at_embedding


def reconstruct(estimator: Any, X: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the normalized spectra and what the embedding gives back of them.

    Parameters
    ----------
    estimator : Pipeline or transformer
        Fitted; a step with `transform` and `inverse_transform` after the spectral steps.
    X : array-like of shape (n_samples, n_wavelengths)
        Spectra as the estimator takes them.

    Returns
    -------
    normalized, reconstructed : ndarray of shape (n_samples, n_bins)
        In the space in which the embedding works: normalized flux; NaN in `normalized` where it is masked.

    Examples
    --------
    >>> from sklearn.decomposition import PCA
    >>> from sklearn_sedzoo.metrics import reconstruct
    >>> X = [[1., 2.], [2., 4.], [3., 6.]]
    >>> normalized, reconstructed = reconstruct(PCA(1).fit(X), X)
    >>> bool(abs(normalized - reconstructed).max() < 1e-12)
    True
    """
    normalized, _, reconstructed = _reconstruct(estimator, X)
    return normalized, reconstructed


@checked(per_sample=[flag()])
def reconstruction_error(estimator: Any, X: Any, *, per_sample: bool = False) -> float | np.ndarray:
    """Return the mean squared difference between normalized spectra and their reconstruction.

    Parameters
    ----------
    estimator : Pipeline or transformer
        As in `reconstruct`.
    X : array-like of shape (n_samples, n_wavelengths)
        Spectra. Masked pixels are left out of the mean; where X has inverse variances, they weigh the pixels.
    per_sample : bool, default=False
        Return one value for each spectrum.

    Returns
    -------
    error : float or ndarray of shape (n_samples,)
        In squared units of normalized flux.

    Examples
    --------
    >>> from sklearn.decomposition import PCA
    >>> from sklearn_sedzoo.metrics import reconstruction_error
    >>> X = [[1., 2.], [2., 4.], [3., 6.], [0., 1.]]
    >>> round(reconstruction_error(PCA(1).fit(X), X), 4)
    0.0095
    """
    normalized, ivar, reconstructed = _reconstruct(estimator, X)
    error = average_square(normalized, reconstructed, ivar, axis=1 if per_sample else None)
    return error if per_sample else float(error)


def average_square(normalized, reconstructed, ivar, axis):
    """Return the mean squared difference over the pixels that are there, weighted by the inverse variances."""
    square = (normalized.astype(float) - reconstructed) ** 2
    if ivar is None:
        return masked_mean(square, axis=axis)
    with np.errstate(invalid="ignore"):  # a spectrum without any pixel has error NaN
        weight = np.where(np.isnan(square), 0.0, ivar)  # NaN: masked, or seen in no spectrum of the training
        return np.nansum(ivar * square, axis=axis) / np.sum(weight, axis=axis, dtype=float)


def _reconstruct(estimator, X):
    front, embedding = split_at_embedding(estimator)
    handed_on = X if front is None else front.transform(X)
    reconstructed = embedding.inverse_transform(embedding.transform(handed_on))
    normalized, ivar, _ = take_flux(handed_on)
    return normalized, ivar, np.asarray(reconstructed)
