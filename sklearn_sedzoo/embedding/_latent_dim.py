"""How many latents spectra need, and how far noise moves each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sklearn.base import clone
from sklearn.neighbors import NearestNeighbors

from sklearn_sedzoo._kernels.intrinsic_dimension import estimate_dimension

LARGEST_SIZE = 16
SHARE = 10  # a size is tried with this part of the epochs
WORTHWHILE = 0.5  # one more latent has to halve what noise does not explain
AT_NOISE = 0.25  # what is left above the noise is at most this part of it ...
NEGLIGIBLE = 1e-5  # ... or this part of the variance of the spectra, of which training leaves that much anyway
N_NEIGHBORS = 10  # of the intrinsic dimension: fewer see the noise, more the borders
MOST_ROWS = 5000  # that the intrinsic dimension is estimated from, at most
NOISE_ROWS = 500  # spectra that are enough to measure a spread to 3 %
IN_THE_NOISE = 1.5  # a latent whose spread is below so many times its noise is not to be trusted
CLEAR = 1.5  # an axis counts for it whose spread is so many times what noise alone would give


def search_size(train, count_noisy, largest, training):
    """Return the number of latents that spectra need, the errors that led to it and the last model that was tried.

    Parameters
    ----------
    train : callable
        ``(latent_dim, training) -> TrainedModel`` trains a residual network.
    count_noisy : callable
        ``model -> int``, the number of its latents that are lost in the noise.
    largest : int
        The largest number of latents that the spectra allow.
    training : Training
        The whole training, resolved; a tenth of its epochs is spent on each size.

    Returns
    -------
    size : int
        The smallest number whose validation error is at the noise, is a hundred-thousandth of the variance, or is
        not halved by one more latent.
    search : dict of list of float
        ``"latent_dim"``, ``"loss"`` and ``"pca_loss"`` (validation error per pixel), ``"noise"`` (what noise alone
        leaves of it) and ``"aim"`` (how much more than that is good enough).
    model : AutoencoderModel
        Of the largest number that was tried.
    """
    short = clone(training).set_params(n_epochs=max(1, training.n_epochs // SHARE), n_init=min(training.n_init, 2))
    search = {"latent_dim": [], "loss": [], "pca_loss": [], "noise": [], "aim": []}
    n_clear = {}
    for size in range(1, min(LARGEST_SIZE, largest) + 1):
        trained = train(size, short)
        model = trained.model
        search["latent_dim"].append(size)
        search["loss"].append(trained.best_loss)
        search["pca_loss"].append(trained.pca_loss)
        noise, aim = find_noise_floor(model, trained.unseen)
        search["noise"].append(noise)
        search["aim"].append(aim)
        n_clear[size] = max(1, size - count_noisy(model))
        chosen = choose_size(**search)
        if chosen is not None:
            return n_clear[chosen], search, model
    return n_clear[search["latent_dim"][int(np.argmin(search["loss"]))]], search, model


def find_noise_floor(model, unseen):
    """Return the error per pixel that noise alone leaves with so many latents, and how much more is good enough.

    Beyond the axes there is nothing but noise; it is taken to be as strong along each of them. Only the part of it on
    the axes is compared with the error: it is what the network sees.
    """
    n_pixels, n_axes = model.space.n_pixels, model.config["n_axes"]
    noise = unseen / max(n_pixels - n_axes, 1)  # of one direction, as a share of the error per pixel
    variance = float(np.sum(model.space.frame.spread**2)) / n_pixels
    aim = max(AT_NOISE * noise * max(n_axes - model.latent_dim, 1), NEGLIGIBLE * variance)
    return noise * (n_pixels - model.latent_dim), aim


def choose_size(latent_dim, loss, pca_loss, noise, aim):
    """Return the size where the error has stopped falling, or None where it still falls."""
    excess = np.maximum(np.asarray(loss) - np.asarray(noise), 0)
    if excess[-1] <= aim[-1]:
        return latent_dim[-1]
    if len(excess) > 1 and excess[-1] > WORTHWHILE * excess[-2]:
        return latent_dim[-2]
    return None


def find_intrinsic_dimension(space, spectra, rng):
    """Return the intrinsic dimension of spectra, on the principal axes that stand out of the noise.

    Noise fills all axes: with those that are hardly more than noise the estimate would count them. Noise alone has a
    spread of up to ``sigma (1 + sqrt(n_pixels / n_rows))`` along the largest axes (Marchenko & Pastur 1967).
    """
    n_pixels, spread = space.n_pixels, space.frame.spread
    sigma = np.sqrt(space.noise * n_pixels / max(n_pixels - len(spread), 1))
    is_clear = spread > CLEAR * sigma * (1 + np.sqrt(n_pixels / len(spectra)))
    rows = np.sort(rng.permutation(len(spectra))[:MOST_ROWS])
    points = space.find_scores(spectra.take(rows))[:, is_clear]
    points = np.unique(points, axis=0)
    if not is_clear.any() or len(points) <= N_NEIGHBORS:
        return np.nan
    return estimate_dimension(NearestNeighbors(n_neighbors=N_NEIGHBORS).fit(points).kneighbors()[0])


def is_in_the_noise(noise, model):
    """Return which latents have a spread that is hardly above their noise."""
    return IN_THE_NOISE * noise > model.latent_spread


def measure_latent_noise(model, spectra, rng):
    """Return the standard deviation that noise gives each latent.

    The reconstruction of a spectrum is embedded twice, as it is and with noise added: normal deviates of the
    spread that `ivar` gives, or where no error is known what the reconstruction leaves of the pixel, with a random
    sign. The sign makes it independent from pixel to pixel: the remainder itself has lost its part along the latents.

    Parameters
    ----------
    model : AutoencoderModel
        The trained network.
    spectra : Spectra
        By preference some that the network has not learned from.
    rng : numpy Generator
        Draws the noise.

    Returns
    -------
    noise : ndarray of shape (latent_dim,)
        In the units of the latents.
    """
    spectra = spectra.take(np.sort(rng.permutation(len(spectra))[:NOISE_ROWS]))
    flux, ivar = spectra.flux, spectra.ivar
    smooth = np.nan_to_num(model.reconstruct(spectra))  # NaN: pixels that no spectrum has, nor these
    lost = np.sqrt(flux.shape[1] / max(flux.shape[1] - model.latent_dim, 1))
    noise = np.abs(flux - smooth) * lost * rng.choice([-1.0, 1.0], flux.shape)
    if ivar is not None:
        known = np.isfinite(ivar) & (ivar > 0)
        noise[known] = rng.standard_normal(int(known.sum())) / np.sqrt(ivar[known])
        noise[ivar == 0] = 0
    noisy, smooth = (replace(spectra, flux=each.astype(flux.dtype)) for each in (smooth + noise, smooth))
    return np.sqrt(np.mean((model.encode(noisy) - model.encode(smooth)) ** 2, axis=0))
