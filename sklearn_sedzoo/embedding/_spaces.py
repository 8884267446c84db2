"""What the network sees of a spectrum: its pixels, or its scores on principal axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sklearn_sedzoo._kernels._principal import Frame, fit_principal_frame, project, residual_energy

LARGEST = 1e15  # squares of larger fluxes, summed over a spectrum, leave the range of float32


@dataclass
class PixelSpace:
    """The fluxes themselves, as float32."""

    n_pixels: int

    def measure(self, X):
        """Return what the network reads, and the energy per row that it cannot see (none)."""
        return np.asarray(X, dtype=np.float32), np.zeros(len(X))

    def to_input(self, X):
        """Return what the encoder reads."""
        return np.asarray(X, dtype=np.float32)

    def to_target(self, inputs):
        """Return what the decoder has to draw."""
        return inputs

    def to_latent(self, code):
        """Turn what the encoder gives into latents."""
        return np.asarray(code, dtype=np.float64)

    def from_latent(self, latents):
        """Turn latents into what the decoder reads."""
        return np.asarray(latents, dtype=np.float32)

    def to_flux(self, drawn):
        """Turn what the decoder draws into spectra."""
        return drawn

    def to_flux_loss(self, loss, unseen):
        """Turn the network's loss into the mean squared error per pixel."""
        return loss


@dataclass
class ScoreSpace:
    """Scores on principal axes, in units of their spread; drawn in units of `unit`.

    Because the axes are orthonormal, the squared error of a spectrum is the squared error of its scores plus the
    energy outside the axes, which no network changes: training needs the scores only.
    """

    frame: Frame
    unit: float

    @property
    def n_pixels(self):
        """Number of pixels of a spectrum."""
        return len(self.frame.mean)

    def measure(self, X):
        """Return what the network reads, and the energy per row that lies outside the axes."""
        scores = project(X, self.frame)
        return (scores / self.frame.spread).astype(np.float32), residual_energy(X, self.frame, scores)

    def to_input(self, X):
        """Return what the encoder reads."""
        return (project(X, self.frame) / self.frame.spread).astype(np.float32)

    def to_target(self, inputs):
        """Return what the decoder has to draw."""
        return inputs * (self.frame.spread / self.unit).astype(np.float32)

    def to_latent(self, code):
        """Turn what the encoder gives into latents: in flux units, as the scores of PCA are."""
        return code * self.frame.spread[: code.shape[1]]

    def from_latent(self, latents):
        """Turn latents into what the decoder reads."""
        return (latents / self.frame.spread[: latents.shape[1]]).astype(np.float32)

    def to_flux(self, drawn):
        """Turn what the decoder draws into spectra."""
        return (drawn.astype(np.float64) * self.unit) @ self.frame.axes + self.frame.mean

    def to_flux_loss(self, loss, unseen):
        """Turn the network's loss into the mean squared error per pixel."""
        return (loss * len(self.frame.axes) * self.unit**2 + unseen) / self.n_pixels


def fit_score_space(X, train, held_out, latent_dim, n_axes, rng):
    """Fit the principal axes on the training rows and measure the spread on the held-out rows too.

    An axis that only the training rows fill would otherwise blow up a new spectrum without bound.
    """
    frame = fit_principal_frame(X, train, n_axes, rng)
    spread = frame.spread
    if len(held_out):
        spread = np.maximum(spread, np.sqrt(np.mean(project(X[np.sort(held_out)], frame) ** 2, axis=0)))
    total = np.sqrt(np.sum(spread**2))
    spread = np.maximum(spread, 1e-7 * total) if total > 0 else np.ones_like(spread)
    unit = max(float(np.sqrt(np.sum(frame.spread[latent_dim:] ** 2))), 1e-4 * float(total)) or 1.0
    return ScoreSpace(frame._replace(spread=spread), unit)
