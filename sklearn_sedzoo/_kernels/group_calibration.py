"""Smooth errors of the flux calibration, of groups of spectra and of all: plain arrays in, plain arrays out."""

from __future__ import annotations

import numpy as np
from numpy.polynomial.legendre import legvander
from scipy.spatial import KDTree

from sklearn_sedzoo._kernels.heteroscedastic_pca import fit_all, fit_spectrum_model

PRIOR = 0.05  # spread of the coefficients of a curve
SHARE = 0.9  # of the spectra that cover the wavelengths at which galaxies are compared
BRIGHT = 5.0  # signal-to-noise ratio of a pixel, of spectra that are compared
FEWEST = 200  # of them
MOST = 10_000
N_FEATURES, N_NEIGHBORS, N_STEPS = 8, 30, 5
SIGNIFICANT = 3.0  # a coefficient over its error, to be believed
FLOOR = 1e-3  # scatter of neighbors that is no chance


def fit_group_curves(flux, ivar, wavelength, stretch, group, span, *, degree=3, n_axes=10, n_rounds=2) -> np.ndarray:
    r"""Return the Legendre coefficients of a curve in observed wavelength for each group, relative to all groups.

    Each spectrum is fitted by a low-rank model of the rest frame (see `fit_spectrum_model`). What the spectra of a
    group leave in common, as a function of observed wavelength, is its curve: with design :math:`D_i = \hat f_i B_i` of
    the polynomials B at the observed wavelengths, weights W and the axes V,

    .. math:: a_g = (\sum_{i \in g} D_i^T P_i D_i + \sigma^{-2})^{-1} \sum_{i \in g} D_i^T W_i (f_i - \hat f_i),
              \quad P_i = W_i - W_i V C_i V^T W_i,

    so that what the axes of a spectrum can take up says nothing of its group. The mean of all groups is taken off: see
    `fit_common_curve`.

    Parameters
    ----------
    flux, ivar : ndarray of shape (n_samples, n_wavelengths)
        Spectra at rest and inverse variances, 0 where masked.
    wavelength : ndarray of shape (n_wavelengths,)
        At rest.
    stretch : ndarray of shape (n_samples,)
        1 + z.
    group : ndarray of int of shape (n_samples,)
        From 0; those below 0 belong to none.
    span : (float, float)
        First and last observed wavelength.
    degree : int
        Of the polynomials.
    n_axes : int
        Of the model.
    n_rounds : int
        Cost of each: that of the model, and n_samples x n_wavelengths x (n_axes + degree)^2.

    Returns
    -------
    coefficients : ndarray of shape (n_groups, degree + 1)
    """
    n_groups, n_terms = group.max() + 1, degree + 1
    coefficients, prior = np.zeros((n_groups, n_terms)), np.eye(n_terms) / PRIOR**2
    for _ in range(n_rounds):
        curve = np.ones(flux.shape)
        for i in np.flatnonzero(group >= 0):
            curve[i] = draw_curve(coefficients[group[i]], wavelength * stretch[i], span)
        now, weight = flux / curve, ivar * curve**2
        model = fit_spectrum_model(now, weight, n_axes=n_axes)
        curvature, pull = np.tile(prior, (n_groups, 1, 1)), -coefficients @ prior
        for rows, basis, fit in fit_all(now, weight, model):
            fitted = fit.coefficients @ basis
            rest = fit.weight * (fit.flux - fitted)
            for n, i in enumerate(rows):
                if group[i] < 0:
                    continue
                design = _polynomials(wavelength * stretch[i], span, degree) * fitted[n][:, None]
                weighed = design * fit.weight[n][:, None]
                along = basis @ weighed
                curvature[group[i]] += design.T @ weighed - along.T @ fit.covariance[n] @ along
                pull[group[i]] += design.T @ rest[n]
        coefficients = coefficients + np.linalg.solve(curvature, pull[:, :, None])[:, :, 0]
        coefficients -= coefficients.mean(axis=0)
    return coefficients


def fit_common_curve(flux, ivar, wavelength, stretch, span, *, degree=3) -> np.ndarray:
    r"""Return the Legendre coefficients of the curve in observed wavelength that all spectra share.

    Galaxies with the same lines and breaks should have the same continuum at every redshift. The logarithm of a model
    fitted to each spectrum is split into a polynomial of log wavelength at rest, with coefficients :math:`p_i`, and
    features, of which the leading principal components find the nearest neighbors N. A curve a moves the polynomial of
    a galaxy by :math:`X_i a`, which depends on its redshift, and

    .. math:: p_i - \mathrm{median}_{N(i)} p = (X_i - \mathrm{mean}_{N(i)} X) a + \epsilon_i

    is solved by weighted least squares with Huber weights, in units of the scatter of the neighbors. Level and slope
    cannot be told from those of galaxies, and stay 0; so do coefficients below three standard errors.

    Parameters
    ----------
    flux, ivar, wavelength, stretch, span, degree
        As in `fit_group_curves`.

    Returns
    -------
    coefficients : ndarray of shape (degree + 1,)
        Zeros where fewer than 200 spectra are bright enough, or no range of wavelengths is common to 90 % of them.
    """
    coefficients = np.zeros(degree + 1)
    signal = np.where(ivar > 0, np.abs(flux) * np.sqrt(ivar), np.nan)
    covered = (ivar > 0).any(axis=1)
    bright = np.flatnonzero(covered)[np.nanmedian(signal[covered], axis=1) > BRIGHT]
    if len(bright) > MOST:
        bright = np.sort(np.random.default_rng(0).choice(bright, MOST, replace=False))
    if len(bright) < FEWEST:
        return coefficients
    shared = np.flatnonzero((ivar[bright] > 0).mean(axis=0) >= SHARE)
    if len(shared) < len(wavelength) / 4:
        return coefficients
    inside = slice(shared[0], shared[-1] + 1)
    flux, ivar, wavelength, stretch = flux[bright, inside], ivar[bright, inside], wavelength[inside], stretch[bright]
    x = 2 * np.log(wavelength / wavelength[0]) / np.log(wavelength[-1] / wavelength[0]) - 1
    terms = legvander(x, degree)
    project = np.linalg.pinv(terms)
    logs = np.full(flux.shape, np.nan)
    for rows, basis, fit in fit_all(flux, ivar, fit_spectrum_model(flux, ivar)):
        fitted = fit.coefficients @ basis
        logs[rows] = np.log(np.where((fitted > 0).all(axis=1, keepdims=True), fitted, np.nan))
    known = np.isfinite(logs).all(axis=1)
    logs, stretch = logs[known], stretch[known]
    if len(logs) < FEWEST:
        return coefficients
    smooth = logs @ project.T
    features = logs - smooth @ terms.T
    features -= features.mean(axis=0)
    axes = np.linalg.svd(features[: FEWEST * 10], full_matrices=False)[2][:N_FEATURES]
    places = features @ axes.T
    near = KDTree(places).query(places, N_NEIGHBORS + 1)[1][:, 1:]
    moves = np.stack([project @ _polynomials(wavelength * each, span, degree) for each in stretch])
    smooth, moves = smooth[:, 1:], moves[:, 1:, 2:]  # without the level; neither level nor slope of the curve
    middle = np.median(smooth[near], axis=1)
    scatter = 1.4826 * np.median(np.abs(smooth[near] - middle[:, None]), axis=1) + FLOOR
    off, moved = smooth - middle, moves - moves[near].mean(axis=1)
    found = np.zeros(degree - 1)
    for _ in range(N_STEPS):
        size = np.abs((off - moved @ found) / scatter)
        weight = 1 / (np.maximum(1, size / 2) * scatter**2)
        curvature = np.einsum("ijk,ij,ijl->kl", moved, weight, moved) + np.eye(degree - 1) / PRIOR**2
        found = np.linalg.solve(curvature, np.einsum("ijk,ij,ij->k", moved, weight, off))
    error = np.sqrt(np.diag(np.linalg.inv(curvature)))
    coefficients[2:] = np.where(np.abs(found) > SIGNIFICANT * error, found, 0.0)
    return coefficients


def draw_curve(coefficients, observed, span):
    """Return a curve at observed wavelengths; its mean over the span (in log wavelength) is one."""
    curve = 1 + _polynomials(observed, span, len(coefficients) - 1) @ coefficients
    return curve / (1 + coefficients[0])


def _polynomials(observed, span, degree):
    low, high = np.log(span)
    return legvander(np.clip(2 * (np.log(observed) - low) / (high - low) - 1, -1, 1), degree)
