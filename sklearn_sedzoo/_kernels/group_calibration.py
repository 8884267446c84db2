"""Smooth relative flux calibration of groups of spectra, such as plates: plain arrays in, plain arrays out."""

from __future__ import annotations

import numpy as np
from numpy.polynomial.legendre import legvander

from sklearn_sedzoo._kernels.heteroscedastic_pca import fit_all, fit_spectrum_model

PRIOR = 0.05  # spread of the coefficients of a curve


def fit_group_curves(flux, ivar, wavelength, stretch, group, span, *, degree=3, n_axes=10, n_rounds=2) -> np.ndarray:
    r"""Return the Legendre coefficients of a curve in observed wavelength for each group, relative to all groups.

    Each spectrum is fitted by a low-rank model of the rest frame (see `fit_spectrum_model`). What the spectra of a
    group leave in common, as a function of observed wavelength, is its curve: with design :math:`D_i = \hat f_i B_i` of
    the polynomials B at the observed wavelengths, weights W and the axes V,

    .. math:: a_g = (\sum_{i \in g} D_i^T P_i D_i + \sigma^{-2})^{-1} \sum_{i \in g} D_i^T W_i (f_i - \hat f_i),
              \quad P_i = W_i - W_i V C_i V^T W_i,

    so that what the axes of a spectrum can take up says nothing of its group. The mean of all groups is taken off: an
    error that all share cannot be told from galaxies that change with redshift.

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


def draw_curve(coefficients, observed, span):
    """Return a curve at observed wavelengths; its mean over the span (in log wavelength) is one."""
    curve = 1 + _polynomials(observed, span, len(coefficients) - 1) @ coefficients
    return curve / (1 + coefficients[0])


def _polynomials(observed, span, degree):
    low, high = np.log(span)
    return legvander(np.clip(2 * (np.log(observed) - low) / (high - low) - 1, -1, 1), degree)
