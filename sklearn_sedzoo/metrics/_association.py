"""How far labels tell a property of the objects: plain functions, corrected for chance."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score

from sklearn_sedzoo._kernels import association
from sklearn_sedzoo._parameters import checked, integer

N_BINS = 10


def epsilon_squared(labels: Any, values: Any) -> float:
    """Return the share of a property's variance that groups explain, corrected for chance.

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
        Group of each object: clusters or cells.
    values : array-like of shape (n_samples,)
        The property, in any unit; NaN is left out.

    Returns
    -------
    epsilon2 : float
        At most 1; 0 on average for random labels, slightly negative at times; NaN where there are not more objects
        than groups.

    See Also
    --------
    adjusted_mutual_information : The same question without assuming that variance is what matters.
    sklearn_sedzoo.inspection.property_association : A table for many properties, with p-values.

    Notes
    -----
    With the raw share :math:`\\eta^2 = \\sum_g n_g (m_g - m)^2 / \\sum_i (y_i - m)^2`,
    :math:`\\epsilon^2 = 1 - (1 - \\eta^2) (n - 1) / (n - k)` for n objects in k groups. Raw :math:`\\eta^2` of random
    labels is :math:`(k - 1) / (n - 1)`: .12 for 800 objects in 100 cells.

    References
    ----------
    .. [1] T. L. Kelley, "An unbiased correlation ratio measure", PNAS 21 (1935) 554.

    Examples
    --------
    >>> from sklearn_sedzoo.metrics import epsilon_squared
    >>> round(epsilon_squared([0, 0, 1, 1], [1.0, 1.2, 5.0, 5.4]), 3)
    0.991
    >>> epsilon_squared([0, 1, 0, 1], [1.0, 1.0, 2.0, 2.0]) <= 0
    True
    """
    labels, values = _check(labels, values)
    return association.epsilon_squared(labels, values)


@checked(n_bins=[integer(1)])
def adjusted_mutual_information(labels: Any, values: Any, *, n_bins: int = N_BINS) -> float:
    """Return the information that labels and a property share, corrected for chance.

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
        Group of each object.
    values : array-like of shape (n_samples,)
        The property: numbers are cut into `n_bins` bins of equal counts (NaN is left out), words are taken as they
        are.
    n_bins : int, default=10
        Bins of a numeric property.

    Returns
    -------
    ami : float
        1 where one determines the other, 0 on average for random labels.

    References
    ----------
    .. [1] N. X. Vinh, J. Epps, J. Bailey, "Information Theoretic Measures for Clusterings Comparison", JMLR 11
       (2010) 2837.

    Examples
    --------
    >>> from sklearn_sedzoo.metrics import adjusted_mutual_information
    >>> round(adjusted_mutual_information([0, 0, 1, 1], ["red", "red", "blue", "blue"]), 3)
    1.0
    """
    labels, bins = bin_property(labels, values, n_bins)
    return float(adjusted_mutual_info_score(labels, bins))


@checked(n_bins=[integer(1)])
def conditional_entropy(labels: Any, values: Any, *, n_bins: int = N_BINS) -> tuple[float, float]:
    """Return how many bits of a property stay unknown when the group is known.

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
        Group of each object.
    values : array-like of shape (n_samples,)
        The property, cut into bins as in `adjusted_mutual_information`.
    n_bins : int, default=10
        Bins of a numeric property.

    Returns
    -------
    given_group : float
        H(property | group) in bits.
    alone : float
        H(property) in bits: log2(n_bins) for a numeric property without ties.

    Notes
    -----
    This is not corrected for chance: many small groups lower it by themselves. Compare it between labelings with
    equal numbers of groups.

    Examples
    --------
    >>> from sklearn_sedzoo.metrics import conditional_entropy
    >>> conditional_entropy([0, 0, 1, 1], [1.0, 2.0, 3.0, 4.0], n_bins=4)
    (1.0, 2.0)
    """
    labels, bins = bin_property(labels, values, n_bins)
    return association.conditional_entropy(bins, labels)


def bin_property(labels, values, n_bins):
    """Return (groups, bins), both numbered from 0, without the objects whose property is unknown."""
    labels, values = _check(labels, values)
    if values.dtype.kind == "f":
        kept = np.isfinite(values)
        which, _ = association.number_groups(labels[kept])
        return which, association.number_groups(association.cut_at_quantiles(values[kept], n_bins))[0]
    return association.number_groups(labels)[0], association.number_groups(values.astype(str))[0]


def _check(labels, values):
    labels, values = np.asarray(labels), np.asarray(values)
    if labels.ndim != 1 or labels.shape != values.shape:
        raise ValueError(
            f"`labels` and `values` must be lists of the same length, got shapes {labels.shape} and {values.shape}."
        )
    return labels, values.astype(float) if values.dtype.kind in "iufb" else values
