"""Labels and a table of properties to a table of what the labels explain."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

from sklearn_sedzoo._containers import judge_columns
from sklearn_sedzoo._kernels import association
from sklearn_sedzoo._parameters import Seed, checked, integer, random_state
from sklearn_sedzoo.metrics import adjusted_mutual_information, conditional_entropy, epsilon_squared

COLUMNS = ("n", "groups", "epsilon2", "low", "high", "ceiling", "ami", "entropy_given", "entropy", "p_value")


@checked(n_permutations=[integer(1)], n_resamples=[integer(2)], random_state=random_state())
def property_association(
    labels: ArrayLike,
    properties: pd.DataFrame,
    *,
    n_permutations: int = 500,
    n_resamples: int = 200,
    random_state: Seed = None,
) -> pd.DataFrame:
    """Measure how far groups explain each property, corrected for chance.

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
        Group of each object, clusters or cells; negative labels (not mapped) are left out.
    properties : DataFrame of shape (n_samples, n_properties)
        Numbers or words; NaN is left out, property by property. Identifiers are not judged; flags and plates count
        as words.
    n_permutations : int, default=500
        Shuffles for the p-values, whose smallest value is 1 / (n_permutations + 1).
    n_resamples : int, default=200
        Resamples for the intervals.
    random_state : int, RandomState or None, default=None
        Seed of shuffles and resamples.

    Returns
    -------
    table : DataFrame of shape (n_properties, 11)
        One row for each property:

        - ``n``: objects used; ``groups``: groups among them;
        - ``epsilon2``: share of the variance explained, corrected for chance, with its 68 % interval ``low``,
          ``high`` (NaN for words, and where the property is constant);
        - ``ceiling``: the epsilon² that the best possible groups, as many as these, would reach for this property
          alone;
        - ``ami``: adjusted mutual information; ``entropy_given``, ``entropy``: bits of the property that stay unknown
          with the group, and without it;
        - ``p_value``: chance of so much explained by shuffled labels; ``q_value``: the same, controlled for the
          number of properties looked at (Benjamini-Hochberg).

    See Also
    --------
    identifiability : Why a property is not explained.

    Notes
    -----
    Intervals come from random halves without replacement, whose spread around the full sample equals the standard
    error. The ordinary bootstrap draws objects twice, and twins share their cell: with many small cells it would
    inflate epsilon² by several tenths. Cost: O(n_samples (n_permutations + n_resamples)) per property.

    References
    ----------
    .. [1] T. L. Kelley, PNAS 21 (1935) 554 (epsilon²).
    .. [2] D. N. Politis, J. P. Romano, Ann. Statist. 22 (1994) 2031 (subsampling).
    .. [3] Y. Benjamini, Y. Hochberg, J. R. Stat. Soc. B 57 (1995) 289.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn_sedzoo.inspection import property_association
    >>> labels = np.repeat([0, 1, 2], 30)
    >>> rng = np.random.default_rng(0)
    >>> properties = pd.DataFrame({"age": labels + rng.normal(0, 0.1, 90), "mass": rng.normal(size=90)})
    >>> table = property_association(labels, properties, random_state=0)
    >>> (table["q_value"] < 0.01).to_dict()
    {'age': True, 'mass': False}
    """
    labels, properties = np.asarray(labels), pd.DataFrame(properties)
    if labels.shape != (len(properties),):
        raise ValueError(
            f"`labels` of property_association must be one for each of the {len(properties)} rows of properties, got "
            f"shape {labels.shape}."
        )
    properties = judge_columns(properties)
    rng = np.random.default_rng(check_random_state(random_state).randint(2**31))
    mapped = labels >= 0 if labels.dtype.kind in "iu" else np.ones(len(labels), dtype=bool)
    rows = [
        _measure(labels[mapped], column[mapped], n_permutations, n_resamples, rng) for _, column in properties.items()
    ]
    table = pd.DataFrame(rows, index=pd.Index(properties.columns, name="property"), columns=COLUMNS)
    table["q_value"] = association.control_false_discovery(table["p_value"].to_numpy(dtype=float))
    return table


def _measure(labels, column, n_permutations, n_resamples, rng):
    is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    known = column.notna().to_numpy()
    labels = labels[known]
    values = column[known].to_numpy(dtype=float if is_number else object)
    which, n_groups = association.number_groups(labels)
    row = {"n": len(values), "groups": n_groups} | dict.fromkeys(("epsilon2", "low", "high", "ceiling"), np.nan)
    if len(values) < 3 or len(pd.unique(values)) < 2:
        return row | dict.fromkeys(("ami", "entropy_given", "entropy", "p_value"), np.nan)
    row["ami"] = adjusted_mutual_information(labels, values if is_number else values.astype(str))
    row["entropy_given"], row["entropy"] = conditional_entropy(labels, values if is_number else values.astype(str))
    if not is_number:
        return row | {"p_value": _p_of_words(labels, values, row["entropy_given"], n_permutations, rng)}
    row["epsilon2"] = epsilon_squared(labels, values)
    row["low"], row["high"] = _interval(labels, values, row["epsilon2"], n_resamples, rng)
    row["ceiling"] = epsilon_squared(association.best_grouping(values, min(n_groups, len(values) - 1)), values)
    observed = association.explained_variance(which, n_groups, values[:, None])[0]
    chance = association.permute_variance(which, n_groups, values, n_permutations, rng)
    return row | {"p_value": _p_value(chance >= observed * (1 - 1e-12))}


def _interval(labels, values, center, n_resamples, rng):
    """Return the 68 % interval of epsilon² from random halves."""
    half = len(values) // 2
    draws = [rng.permutation(len(values))[:half] for _ in range(n_resamples)]
    spread = np.nanstd([epsilon_squared(labels[rows], values[rows]) for rows in draws]) if half > 2 else np.nan
    return center - spread, min(center + spread, 1.0)


def _p_of_words(labels, values, observed, n_permutations, rng):
    bins, which = association.number_groups(values.astype(str))[0], association.number_groups(labels)[0]
    chance = [association.conditional_entropy(rng.permutation(bins), which)[0] for _ in range(n_permutations)]
    return _p_value(np.array(chance) <= observed + 1e-12)


def _p_value(is_as_extreme):
    return (1 + np.count_nonzero(is_as_extreme)) / (1 + len(is_as_extreme))
