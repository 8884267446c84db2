"""Residuals around predictions -> calibrated probability densities of redshift."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sklearn_sedzoo._kernels.redshift_pdf import (
    calibration_curve,
    deposit,
    interpolate_rows,
    mass_to_density,
    measure_cde_loss,
    remap_mass,
    smooth_mass,
)

N_BINS = 800  # in t = ln(1 + z)
TRIAL_WIDTHS = (0.05, 0.1, 0.2, 0.4, 0.8)  # of the smoothing, in units of the typical scatter


class Calibration(NamedTuple):
    """How points in t become a density in z."""

    step: float  # of the grid in t
    width: float  # of the Gaussian that smooths, in t
    knots: np.ndarray  # the curve that cumulative densities are sent through
    values: np.ndarray

    def densities(self, position, weight, zgrid):
        """Densities at `zgrid` of points with weights, one set for each row; shape (n_rows, n_z)."""
        mass = smooth_mass(deposit(position, weight, self.step, N_BINS), self.width / self.step)
        return mass_to_density(remap_mass(mass, self.knots, self.values), self.step, zgrid)


def find_step(highest):
    """Step of a grid in t that holds redshifts up to the highest."""
    return max(np.log1p(highest), 1e-6) * 1.02 / N_BINS


def calibrate(mass, t, step, widths):
    """Take the width with the lowest CDE loss, then the curve that makes the rows' cumulative densities uniform.

    Parameters
    ----------
    mass : ndarray of shape (n_rows, N_BINS)
        Mixtures for rows that the fits did not see.
    t : ndarray of shape (n_rows,)
        Their ln(1 + z).
    step : float
        Of the grid.
    widths : list of float
        Smoothings to try, in t.

    Returns
    -------
    Calibration
    """
    z, centers = np.expm1(t), np.expm1((np.arange(N_BINS) + 0.5) * step)
    losses = [
        measure_cde_loss(z, mass_to_density(smooth_mass(mass, width / step), step, centers), centers)
        for width in widths
    ]
    width = float(widths[int(np.argmin(losses))])
    cumulative = np.cumsum(smooth_mass(mass, width / step), axis=1)
    cumulative = np.concatenate([np.zeros((len(z), 1)), cumulative], axis=1)
    edges = np.arange(N_BINS + 1) * step
    curve = calibration_curve(interpolate_rows(t, edges, cumulative / cumulative[:, -1:]))
    return Calibration(step, width, *curve)
