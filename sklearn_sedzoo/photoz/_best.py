"""Densities of redshift -> the one redshift that is least at risk."""

from typing import Any

import numpy as np

from sklearn_sedzoo._kernels.redshift_pdf import cumulate, find_least_risk, find_median_within
from sklearn_sedzoo._parameters import checked, number
from sklearn_sedzoo._validation import check_density

_BLOCK = 4096


@checked(gamma=[number(0, closed="neither")], window=[number(0)])
def best_redshift(density: Any, zgrid: Any, *, gamma: float = 0.15, window: float = 0.04) -> np.ndarray:
    """Find the point estimate of each density that is least likely to be an outlier.

    A median lies between the two peaks of a density that has two, where no galaxy is, and a mode follows the noise of
    the density. The redshift of least risk stands on the peak with more mass, and the median of the density near it
    removes what the grid and the tails do to it.

    Parameters
    ----------
    density : array-like of shape (n_samples, n_z)
        Probability densities at `zgrid`, of `predict_dist`; they are normalized. A row of NaN has the redshift NaN.
    zgrid : array-like of shape (n_z,)
        Increasing redshifts.
    gamma : float, default=0.15
        Error dz = (z_true - z) / (1 + z) at which the loss is one half.
    window : float, default=0.04
        The median is taken of the density at dz of at most this; 0 leaves the redshift of least risk as it is.

    Returns
    -------
    ndarray of shape (n_samples,)

    See Also
    --------
    SOMRedshiftRegressor.predict_dist : Makes the densities.

    Notes
    -----
    The loss is 1 - 1 / (1 + (dz / gamma)^2) and its expectation over the density the risk: Tanaka et al. 2018, PASJ
    70, S9 (there with gamma = .15).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.photoz import best_redshift
    >>> z = np.linspace(0, 4, 401)
    >>> two_peaks = 0.6 * np.exp(-(((z - 0.5) / 0.05) ** 2)) + 0.4 * np.exp(-(((z - 3) / 0.05) ** 2))
    >>> best_redshift([two_peaks], z).round(2)
    array([0.5])
    """
    density, zgrid = check_density(density, zgrid)
    redshift = np.full(len(density), np.nan)
    known = np.flatnonzero(np.isfinite(density).all(axis=1))
    for rows in (known[start : start + _BLOCK] for start in range(0, len(known), _BLOCK)):
        least = zgrid[find_least_risk(density[rows], zgrid, gamma)]
        reach = window * (1 + least)
        redshift[rows] = find_median_within(cumulate(density[rows], zgrid), zgrid, least - reach, least + reach)
    return redshift
