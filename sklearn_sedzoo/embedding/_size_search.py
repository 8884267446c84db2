"""How many latents spectra need: the error against the number of latents, and where it stops falling."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

LARGEST_SIZE = 16
SHARE = 4  # a size is tried with this part of the epochs
WORTHWHILE = 0.5  # one more latent has to halve what noise does not explain
AT_NOISE = 0.25  # what is left above the noise is at most this part of it


def search_size(train, find_noisy, largest, plan):
    """Return the number of latents that spectra need and a dict of the errors that led to it.

    Parameters
    ----------
    train : callable
        ``(latent_dim, plan) -> (model, monitor)`` trains a residual network.
    find_noisy : callable
        ``model -> int``, the number of its latents that are lost in the noise.
    largest : int
        The largest number of latents that the spectra allow.
    plan : Plan
        Of the whole training; a fourth of its epochs is spent on each size.

    Returns
    -------
    size : int
        The smallest number whose validation error is at the noise or which one more latent does not halve.
    search : dict of list of float
        ``"latent_dim"``, ``"loss"`` and ``"pca_loss"`` (validation error per pixel), ``"noise"`` (what noise alone
        leaves of it) and ``"visible_noise"`` (the part of that on the axes that the network sees).
    """
    short = replace(plan, epochs=max(1, plan.epochs // SHARE), n_init=min(plan.n_init, 2))
    search = {"latent_dim": [], "loss": [], "pca_loss": [], "noise": [], "visible_noise": []}
    n_clear = {}
    for size in range(1, min(LARGEST_SIZE, largest) + 1):
        model, monitor = train(size, short)
        search["latent_dim"].append(size)
        search["loss"].append(monitor.best_loss)
        search["pca_loss"].append(monitor.pca_loss)
        noise, visible = find_noise_floor(model, monitor.unseen)
        search["noise"].append(noise)
        search["visible_noise"].append(visible)
        n_clear[size] = max(1, size - find_noisy(model))
        chosen = choose_size(**search)
        if chosen is not None:
            return n_clear[chosen], search
    return n_clear[search["latent_dim"][int(np.argmin(search["loss"]))]], search


def find_noise_floor(model, unseen):
    """Return the error per pixel that noise alone leaves with so many latents, and its part on the axes.

    Beyond the axes there is nothing but noise; it is taken to be as strong along each of them.
    """
    n_pixels, n_axes = model.space.n_pixels, model.config["n_axes"]
    variance = unseen / max(n_pixels - n_axes, 1)  # of one direction, as a share of the error per pixel
    return variance * (n_pixels - model.latent_dim), variance * max(n_axes - model.latent_dim, 1)


def choose_size(latent_dim, loss, pca_loss, noise, visible_noise):
    """Return the size where the error has stopped falling, or None where it still falls."""
    excess = np.maximum(np.asarray(loss) - np.asarray(noise), 0)
    if excess[-1] <= AT_NOISE * visible_noise[-1]:
        return latent_dim[-1]
    if len(excess) > 1 and excess[-1] > WORTHWHILE * excess[-2]:
        return latent_dim[-2]
    return None
