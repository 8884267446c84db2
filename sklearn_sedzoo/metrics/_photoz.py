"""Quality of photometric redshifts: point estimates, densities, distributions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_sedzoo._kernels.redshift_pdf import (
    cumulate,
    interpolate_rows,
    measure_cde_loss,
    measure_crps,
    measure_ks,
)
from sklearn_sedzoo._parameters import checked, number, option
from sklearn_sedzoo._validation import check_density

_IQR_OF_GAUSSIAN = 1.3489795


THRESHOLD = [number(0, closed="neither"), option("rail")]


def scaled_residual(z_true: ArrayLike, z_phot: ArrayLike) -> np.ndarray:
    """Residuals (z_phot - z_true) / (1 + z_true).

    Parameters
    ----------
    z_true, z_phot : array-like of shape (n_samples,)
        Spectroscopic and photometric redshifts.

    Returns
    -------
    ndarray of shape (n_samples,)

    Examples
    --------
    >>> from sklearn_sedzoo.metrics import scaled_residual
    >>> scaled_residual([1.0, 0.5], [1.2, 0.5])
    array([0.1, 0. ])
    """
    z_true, z_phot = np.asarray(z_true, float), np.asarray(z_phot, float)
    if z_true.ndim != 1 or z_true.shape != z_phot.shape or not len(z_true):
        raise ValueError(
            f"z_true and z_phot must be two lists of one length, got shapes {z_true.shape} and {z_phot.shape}."
        )
    for name, values in (("z_true", z_true), ("z_phot", z_phot)):
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            raise ValueError(f"{name} must be finite: {len(bad)} of {len(values)} are not, first at row {bad[0]}.")
    if (z_true <= -1).any():
        raise ValueError(f"z_true must be above -1, got {z_true.min()!r} at row {z_true.argmin()}.")
    return (z_phot - z_true) / (1 + z_true)


def photoz_bias(z_true: ArrayLike, z_phot: ArrayLike) -> float:
    """Median of (z_phot - z_true) / (1 + z_true).

    Parameters
    ----------
    z_true, z_phot : array-like of shape (n_samples,)

    Returns
    -------
    float

    Examples
    --------
    >>> from sklearn_sedzoo.metrics import photoz_bias
    >>> photoz_bias([1.0, 1.0, 1.0], [1.2, 1.0, 1.04]).__round__(3)
    0.02
    """
    return float(np.median(scaled_residual(z_true, z_phot)))


def sigma_nmad(z_true: ArrayLike, z_phot: ArrayLike) -> float:
    """Normalized median absolute deviation: 1.4826 times the median distance of the scaled errors to their median.

    Parameters
    ----------
    z_true, z_phot : array-like of shape (n_samples,)

    Returns
    -------
    float

    References
    ----------
    Brammer, van Dokkum & Coppi 2008, ApJ 686, 1503.

    Examples
    --------
    >>> from sklearn_sedzoo.metrics import sigma_nmad
    >>> sigma_nmad([1.0, 1.0, 1.0], [1.2, 1.0, 1.04]).__round__(4)
    0.0297
    """
    d = scaled_residual(z_true, z_phot)
    return float(1.4826 * np.median(abs(d - np.median(d))))


def sigma_iqr(z_true: ArrayLike, z_phot: ArrayLike) -> float:
    """Interquartile range of (z_phot - z_true) / (1 + z_true), over 1.349: sigma of a Gaussian.

    Parameters
    ----------
    z_true, z_phot : array-like of shape (n_samples,)

    Returns
    -------
    float

    References
    ----------
    LSST Science Requirements Document; Schmidt et al. 2020, MNRAS 499, 1587.

    Examples
    --------
    >>> from sklearn_sedzoo.metrics import sigma_iqr
    >>> sigma_iqr([1.0, 1.0, 1.0], [1.2, 1.0, 1.04]).__round__(4)
    0.0371
    """
    low, high = np.quantile(scaled_residual(z_true, z_phot), [0.25, 0.75])
    return float((high - low) / _IQR_OF_GAUSSIAN)


@checked(threshold=THRESHOLD)
def outlier_rate(z_true: ArrayLike, z_phot: ArrayLike, threshold: float | str = 0.15) -> float:
    """Share of ``|z_phot - z_true| / (1 + z_true)`` above a threshold.

    Parameters
    ----------
    z_true, z_phot : array-like of shape (n_samples,)
    threshold : float or "rail", default=0.15
        "rail" is max(0.06, 3 sigma_iqr), as in RAIL and Schmidt et al. (2020).

    Returns
    -------
    float

    Examples
    --------
    >>> from sklearn_sedzoo.metrics import outlier_rate
    >>> outlier_rate([1.0, 1.0, 1.0, 1.0], [1.0, 1.1, 1.5, 1.0])
    0.25
    """
    if isinstance(threshold, str):
        threshold = max(0.06, 3 * sigma_iqr(z_true, z_phot))
    return float(np.mean(abs(scaled_residual(z_true, z_phot)) > threshold))


def _check_density(z_true, density, zgrid):
    density, zgrid = check_density(density, zgrid)
    z_true = np.asarray(z_true, float)
    if len(density) != len(z_true):
        raise ValueError(f"density must have a row for each of {len(z_true)} redshifts, got {len(density)}.")
    bad = ~(np.isfinite(density).all(axis=1) & np.isfinite(z_true))
    if bad.any():
        raise ValueError(
            f"{bad.sum()} of {len(bad)} densities or redshifts are not finite; first at row {bad.argmax()}."
        )
    return z_true, density, zgrid


def cde_loss(z_true: ArrayLike, density: ArrayLike, zgrid: ArrayLike) -> float:
    """Conditional density estimation loss: mean of int p(z)^2 dz - 2 p(z_true); lower is better.

    Parameters
    ----------
    z_true : array-like of shape (n_samples,)
    density : array-like of shape (n_samples, n_z)
        Probability densities at `zgrid`; they are normalized.
    zgrid : array-like of shape (n_z,)
        Increasing redshifts. Densities narrower than its step cannot be told apart.

    Returns
    -------
    float

    References
    ----------
    Izbicki & Lee 2017, Electron. J. Statist. 11, 2800.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.metrics import cde_loss
    >>> cde_loss([0.5], np.ones((1, 11)), np.linspace(0, 1, 11)).__round__(6)
    -1.0
    """
    return measure_cde_loss(*_check_density(z_true, density, zgrid))


def crps(z_true: ArrayLike, density: ArrayLike, zgrid: ArrayLike) -> float:
    """Continuous ranked probability score: mean of int (F(z) - H(z - z_true))^2 dz; lower is better.

    Parameters
    ----------
    z_true : array-like of shape (n_samples,)
    density : array-like of shape (n_samples, n_z)
        Probability densities at `zgrid`; they are normalized.
    zgrid : array-like of shape (n_z,)
        Increasing redshifts.

    Returns
    -------
    float
        In redshift; for a point estimate it is the mean absolute error.

    References
    ----------
    Gneiting & Raftery 2007, JASA 102, 359, eq. 20.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.metrics import crps
    >>> round(crps([0.5], np.ones((1, 11)), np.linspace(0, 1, 11)), 4)
    0.0833
    """
    z_true, density, zgrid = _check_density(z_true, density, zgrid)
    return float(np.mean(measure_crps(z_true, cumulate(density, zgrid), zgrid)))


def pit(z_true: ArrayLike, density: ArrayLike, zgrid: ArrayLike) -> np.ndarray:
    """Probability integral transform: the cumulative density at the true redshift, uniform if calibrated.

    Parameters
    ----------
    z_true : array-like of shape (n_samples,)
    density : array-like of shape (n_samples, n_z)
    zgrid : array-like of shape (n_z,)

    Returns
    -------
    ndarray of shape (n_samples,)

    See Also
    --------
    pit_ks : Their distance to a uniform distribution.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.metrics import pit
    >>> pit([0.3], np.ones((1, 11)), np.linspace(0, 1, 11)).round(3)
    array([0.3])
    """
    z_true, density, zgrid = _check_density(z_true, density, zgrid)
    return interpolate_rows(z_true, zgrid, cumulate(density, zgrid))


def pit_ks(z_true: ArrayLike, density: ArrayLike, zgrid: ArrayLike) -> float:
    """Kolmogorov-Smirnov distance of the PITs to the uniform distribution.

    Parameters
    ----------
    z_true : array-like of shape (n_samples,)
    density : array-like of shape (n_samples, n_z)
    zgrid : array-like of shape (n_z,)

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.metrics import pit_ks
    >>> pit_ks([0.25, 0.75], np.ones((2, 11)), np.linspace(0, 1, 11)).__round__(3)
    0.25
    """
    return measure_ks(pit(z_true, density, zgrid))


def nz_mean_shift(z_true: ArrayLike, nz: ArrayLike, zgrid: ArrayLike, weights: Any = None) -> float:
    """Shift of the mean of an estimated redshift distribution: (mean of N(z) - true mean) / (1 + true mean).

    Parameters
    ----------
    z_true : array-like of shape (n_samples,)
        True redshifts of the sample that N(z) describes.
    nz : array-like of shape (n_z,)
        The distribution at `zgrid`, of any normalization.
    zgrid : array-like of shape (n_z,)
        Increasing redshifts.
    weights : array-like of shape (n_samples,), optional

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.metrics import nz_mean_shift
    >>> round(nz_mean_shift([0.4, 0.6], np.ones(11), np.linspace(0, 1, 11)), 6)
    0.0
    """
    nz, zgrid = np.asarray(nz, float), np.asarray(zgrid, float)
    if nz.shape != zgrid.shape or nz.ndim != 1 or not (np.diff(zgrid) > 0).all():
        raise ValueError(
            f"nz and zgrid must be two lists of one length, zgrid increasing, got {nz.shape}, {zgrid.shape}."
        )
    total = np.trapezoid(nz, zgrid)
    if not (np.isfinite(total) and total > 0):
        raise ValueError(f"nz must be finite with a positive integral, got {total!r}.")
    truth = float(np.average(np.asarray(z_true, float), weights=weights))
    return float((np.trapezoid(nz * zgrid, zgrid) / total - truth) / (1 + truth))
