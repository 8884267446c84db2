"""What `in_domain` measured to a ranked list of the most unusual spectra, and what is unusual about each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sklearn_sedzoo._containers import REDSHIFT_NAMES, find_name
from sklearn_sedzoo._parameters import checked, integer

MEASURES = ("reconstruction error", "distance")


@checked(n_spectra=[integer(1)])
def rank_unusual(judged: pd.DataFrame, properties: pd.DataFrame | None = None, *, n_spectra: int = 20) -> pd.DataFrame:
    """List the most unusual spectra, whether or not any of them is out of domain.

    Outliers in a catalog are mostly its mistakes: wrong redshifts, sky residuals, two objects in one aperture. A
    spectrum can be in domain and still be worth a look.

    Parameters
    ----------
    judged : DataFrame of shape (n_samples, n_columns)
        What `in_domain` returns, or the table of results of ``sedzoo map`` and ``sedzoo apply`` (``map.fits``); rows
        without a score (not mapped) are left out.
    properties : DataFrame of shape (n_samples, n_properties), optional
        Where identifiers and redshifts are found, by default `judged` itself.
    n_spectra : int, default=20
        Length of the list, at most.

    Returns
    -------
    ranked : DataFrame of shape (n_listed, 7 or 8)
        The most unusual first: ``row`` (position in `judged`), ``id`` (the row where there is no identifier),
        ``redshift`` (only where known), ``outlier_score`` (log10 of the chance that a spectrum in the domain is as
        unusual; lower is more unusual), ``unusual_in`` ("reconstruction error", "distance" to the nearest cell with
        training spectra, or "not measurable"), ``reconstruction_error``, ``distance`` and ``is_inside``.

    Raises
    ------
    ValueError
        `judged` has no scores, or `properties` another number of rows.

    See Also
    --------
    in_domain : Makes the scores.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_sedzoo.inspection import rank_unusual
    >>> judged = pd.DataFrame({
    ...     "score": [-0.1, -2.2, -1.0], "is_inside": [True, False, True], "reconstruction_error": [0.1, 0.3, 0.2],
    ...     "distance": [1.0, 1.0, 4.0], "unusual_in": ["distance", "reconstruction error", "distance"],
    ... })
    >>> rank_unusual(judged, pd.DataFrame({"id": ["a", "b", "c"]}), n_spectra=2)[["id", "unusual_in"]].values.tolist()
    [['b', 'reconstruction error'], ['c', 'distance']]
    """
    judged = judged.rename(columns={"domain_score": "score", "in_domain": "is_inside"})
    needed = ("score", "unusual_in", "reconstruction_error", "distance", "is_inside")
    missing = [name for name in needed if name not in judged]
    if missing:
        raise ValueError(
            f"`judged` of rank_unusual must have the columns {', '.join(needed)}, as in_domain makes them; "
            f"{', '.join(missing)} is missing."
        )
    properties = judged if properties is None else properties
    if len(properties) != len(judged):
        raise ValueError(
            f"`properties` of rank_unusual must have {len(judged)} rows, as judged has, got {len(properties)}."
        )
    score = judged["score"].to_numpy(dtype=float)
    rows = np.argsort(score, kind="stable")  # NaN last
    rows = rows[~np.isnan(score[rows])][:n_spectra]
    ranked = pd.DataFrame({"row": rows, "id": rows if "id" not in properties else properties["id"].to_numpy()[rows]})
    redshift = find_name(properties.columns, REDSHIFT_NAMES)
    if redshift is not None:
        ranked["redshift"] = properties[redshift].to_numpy(dtype=float)[rows]
    ranked["outlier_score"] = score[rows]
    for name in needed[1:]:
        ranked[name] = judged[name].to_numpy()[rows]
    return ranked


def name_unusual(measured, calibration):
    """Return for each row which of its measures is the rarer one in the calibration (of equal ones the larger)."""
    ordered = np.sort(calibration, axis=0)
    columns = zip(measured.T, ordered.T, strict=True)
    counts = np.column_stack([len(known) - np.searchsorted(known, values) for values, known in columns])
    beyond = measured / np.maximum(ordered[-1], np.finfo(float).tiny)
    first = np.lexsort((-beyond, counts), axis=1)[:, 0]
    return np.where(np.isfinite(measured[:, 0]), np.array(MEASURES, dtype=object)[first], "not measurable")
