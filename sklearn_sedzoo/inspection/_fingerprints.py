"""Many spectra of each galaxy, and a map of spectra, to one row of each galaxy: how it fills the cells."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sklearn_sedzoo._validation import check_number, check_sample_weight
from sklearn_sedzoo.mapping import FittedMap


def fingerprint_galaxies(estimator, X, galaxies, *, radius=0.0, sample_weight=None):
    """Describe galaxies of which there are many spectra by the cells of a map that their spectra fall in.

    A map of spectra gives each galaxy a histogram over its cells; a second map, of these fingerprints, is a map of
    galaxies.

    Parameters
    ----------
    estimator : SOMMapper or Pipeline
        A fitted map of single spectra, or a pipeline that ends with one.
    X : array-like of shape (n_spectra, n_wavelengths)
        Spectra as the estimator takes them.
    galaxies : array-like of shape (n_spectra,)
        Name or number of the galaxy that each spectrum is of.
    radius : float, default=0.0
        Cells over which each spectrum is spread (standard deviation of a Gaussian). With 0, spectra in two cells that
        touch are as different as spectra in opposite corners; .5 to 1 lets the second map know which cells are near.
    sample_weight : array-like of shape (n_spectra,), optional
        What each spectrum counts, such as the light of its region; by default all the same.

    Returns
    -------
    fingerprints : DataFrame of shape (n_galaxies, n_cells)
        Shares of a galaxy's spectra in each cell, of sum 1; the index names the galaxies, in sorted order. Galaxies
        none of whose spectra could be mapped are NaN.

    See Also
    --------
    sklearn_sedzoo.mapping.SOMMapper : Makes both maps.

    Notes
    -----
    The square root of the shares is a good input of the second map: Euclidean distances are then Hellinger distances,
    which do not let the fullest cell speak alone.

    References
    ----------
    .. [1] E. Hellinger, J. reine angew. Math. 136 (1909) 210.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.inspection import fingerprint_galaxies
    >>> from sklearn_sedzoo.mapping import SOMMapper
    >>> spectra = np.random.default_rng(0).uniform(size=(600, 2))
    >>> galaxies = np.repeat(np.arange(60), 10)
    >>> cells = SOMMapper(4, 4, random_state=0).fit(spectra)
    >>> shares = fingerprint_galaxies(cells, spectra, galaxies, radius=0.5)
    >>> shares.shape
    (60, 16)
    >>> map_of_galaxies = SOMMapper(3, 3, random_state=0).fit(np.sqrt(shares))
    """
    check_number("fingerprint_galaxies", "radius", radius, 0)
    fitted, cells = FittedMap.of(estimator), FittedMap.locate(estimator, X)
    weights = check_sample_weight("fingerprint_galaxies", sample_weight, len(cells))
    if np.shape(galaxies) != cells.shape:
        raise ValueError(
            f"`galaxies` of fingerprint_galaxies must be one for each of the {len(cells)} spectra, got shape "
            f"{np.shape(galaxies)}."
        )
    names, which = np.unique(np.asarray(galaxies), return_inverse=True)
    filled = np.zeros((fitted.n_cells, len(names)))
    mapped = cells >= 0
    np.add.at(filled, (cells[mapped], which[mapped]), 1.0 if weights is None else weights[mapped])
    spread = fitted.smooth(filled, radius).T
    total = spread.sum(axis=1, keepdims=True)
    shares = np.divide(spread, total, out=np.full_like(spread, np.nan), where=total > 0)
    columns = [f"cell{cell}" for cell in range(shares.shape[1])]
    return pd.DataFrame(shares, index=pd.Index(names, name="galaxy"), columns=columns)
