"""One spectrum to the spectra most like it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sklearn_sedzoo._parameters import checked, integer, numbers


@checked(
    query=[integer(0), numbers("the latents of one spectrum")],
    n_neighbors=[integer(1)],
)
def find_similar(latents: ArrayLike, query: int | ArrayLike, *, n_neighbors: int = 6) -> pd.DataFrame:
    """Return the spectra nearest to a given one in the latents.

    Parameters
    ----------
    latents : array-like of shape (n_samples, n_latents)
        What the embedding makes of the spectra, best whitened: then a step counts alike in every direction. Rows with
        NaN (spectra that could not be embedded) are nobody's neighbors.
    query : int or array-like of shape (n_latents,)
        A row, counted from 0, or the latents of a spectrum that is not among them.
    n_neighbors : int, default=6
        How many; all there are, where they are fewer.

    Returns
    -------
    table : DataFrame of shape (n_neighbors, 2)
        ``row`` and ``distance``, the nearest first; a row is not its own neighbor, its duplicates are.

    See Also
    --------
    sklearn_sedzoo.inspection.in_domain : Whether a spectrum belongs there at all; the nearest may be far.

    Notes
    -----
    Cost: n_samples x n_latents. For all rows at once take `sklearn.neighbors.NearestNeighbors`.

    Examples
    --------
    >>> from sklearn_sedzoo.inspection import find_similar
    >>> find_similar([[0.0], [5.0], [1.0], [4.5]], 1, n_neighbors=2)["row"].tolist()
    [3, 2]
    >>> find_similar([[0.0], [5.0], [1.0], [4.5]], [0.9], n_neighbors=1)["row"].tolist()
    [2]
    """
    latents = np.asarray(latents, dtype=float)
    is_row = np.ndim(query) == 0
    point = _take_row(latents, query) if is_row else np.asarray(query, dtype=float)
    if point.shape != latents.shape[1:]:
        raise ValueError(
            f"`query` of find_similar must be a row or the {latents.shape[1]} latents of one spectrum, got shape "
            f"{point.shape}."
        )
    if not np.isfinite(point).all():
        raise ValueError(f"`query` of find_similar must be a spectrum with latents, got {query!r}, which has none.")
    distance = np.linalg.norm(latents - point, axis=1)
    rows = np.flatnonzero(np.isfinite(distance))
    rows = rows[rows != query] if is_row else rows
    nearest = rows[np.argsort(distance[rows], kind="stable")[:n_neighbors]]
    return pd.DataFrame({"row": nearest, "distance": distance[nearest]})


def _take_row(latents, row):
    if row >= len(latents):
        raise ValueError(f"`query` of find_similar must be a row from 0 to {len(latents) - 1}, got {row!r}.")
    return latents[row]
