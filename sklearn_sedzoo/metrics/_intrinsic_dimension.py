"""How many numbers are behind spectra, whatever the embedding."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_array

from sklearn_sedzoo._kernels.intrinsic_dimension import estimate_dimension
from sklearn_sedzoo._parameters import checked, integer
from sklearn_sedzoo._validation import as_native


@checked(n_neighbors=[integer(2)])
def intrinsic_dimension(X: ArrayLike, *, n_neighbors: int = 2) -> float:
    r"""Return the number of dimensions in which points vary, estimated from distances to nearest neighbors.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Spectra or latents, all features in the same unit. Copies of a row count once.
    n_neighbors : int, default=2
        With 2 this is the TwoNN estimate, which looks at the smallest scale: the least bent, the most noisy. More
        neighbors look at a larger scale and scatter less; borders and curvature then make the estimate smaller.

    Returns
    -------
    dimension : float
        Seldom an integer. Its standard error is about d / sqrt(n_samples).

    See Also
    --------
    sklearn_sedzoo.embedding.ConvAutoencoderEmbedder : Finds how many latents spectra need (``latent_dim="auto"``).

    Notes
    -----
    Where points are spread evenly over a neighborhood of d dimensions, the ratios of the distances r_j to the j-th
    neighbor have the likelihood of which the maximum over all points i is

    .. math:: \frac{1}{d} = \frac{1}{n (k - 1)} \sum_i \sum_{j < k} \log \frac{r_{ik}}{r_{ij}}.

    Noise has as many dimensions as there are features: where the distances to the neighbors are no larger than what
    noise makes of them, the estimate says so and nothing about the spectra. High dimensions come out too low: 20 as
    about 15 from a thousand points. Time: n_samples^2 x n_features, in blocks; memory: a copy of X in float64.

    References
    ----------
    Facco et al. 2017, Scientific Reports 7, 12140 (TwoNN); Levina & Bickel 2004, NIPS 17, eq. 8, with the average of
    MacKay & Ghahramani 2005.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.metrics import intrinsic_dimension
    >>> age, metallicity = np.random.default_rng(0).uniform(size=(2, 1000, 1))
    >>> x = np.linspace(0, 1, 50)
    >>> round(intrinsic_dimension(np.exp(-age * x) + np.sin(3 * metallicity * x)), 1)
    2.0
    """
    X = check_array(as_native(X), dtype=np.float64, ensure_min_samples=3, input_name="X")
    points = np.unique(X, axis=0)
    if len(points) <= n_neighbors:
        raise ValueError(
            f"`n_neighbors` of intrinsic_dimension must be less than the number of different rows of X, "
            f"{len(points)}, got {n_neighbors}."
        )
    points -= points.mean(axis=0)  # distances are found from products, which far from the origin lose digits
    return estimate_dimension(NearestNeighbors(n_neighbors=n_neighbors).fit(points).kneighbors()[0])
