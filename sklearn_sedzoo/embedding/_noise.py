"""How far the noise of the spectra moves their latents."""

from __future__ import annotations

import numpy as np

N_ROWS = 500  # spectra that are enough to measure a spread to 3 %


def measure_latent_noise(model, X, ivar, rng):
    """Return the standard deviation that noise gives each latent.

    The reconstruction of a spectrum is embedded twice, as it is and with noise added: normal deviates of the
    spread that `ivar` tells, or where no error is known what the reconstruction leaves of the pixel, with a random
    sign. The sign makes it independent from pixel to pixel: the remainder itself has lost its part along the latents.

    Parameters
    ----------
    model : AutoencoderModel
        The trained network.
    X, ivar : ndarray of shape (n_samples, n_wavelengths)
        Spectra, by preference some that the network has not learned from, and their inverse variances or None.
    rng : numpy Generator
        Draws the noise.

    Returns
    -------
    noise : ndarray of shape (latent_dim,)
        In the units of the latents.
    """
    rows = np.sort(rng.permutation(len(X))[:N_ROWS])
    X, ivar = X[rows], None if ivar is None else ivar[rows]
    drawn = np.nan_to_num(model.reconstruct(X, ivar))  # NaN: pixels that no spectrum has, nor these
    lost = np.sqrt(X.shape[1] / max(X.shape[1] - model.latent_dim, 1))
    noise = np.abs(X - drawn) * lost * rng.choice([-1.0, 1.0], X.shape)
    if ivar is not None:
        known = np.isfinite(ivar) & (ivar > 0)
        noise[known] = rng.standard_normal(int(known.sum())) / np.sqrt(ivar[known])
        noise[ivar == 0] = 0
    moved = model.encode((drawn + noise).astype(X.dtype), ivar) - model.encode(drawn.astype(X.dtype), ivar)
    return np.sqrt(np.mean(moved**2, axis=0))
