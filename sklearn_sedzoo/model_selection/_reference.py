"""A pipeline and its training spectra to the space in which its clusterings are compared."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.utils import check_random_state

from sklearn_sedzoo._containers import take_flux
from sklearn_sedzoo._kernels.masked import masked_mean
from sklearn_sedzoo._parameters import Seed, checked, integer, number, random_state
from sklearn_sedzoo.embedding import SpectrumPCA

_MOST_ROWS = 1000


@checked(min_share=[number(0, 1)], max_components=[integer(1)], random_state=random_state())
def fit_reference(
    pipeline: Any, X: Any, *, min_share: float = 1e-4, max_components: int = 50, random_state: Seed = None
) -> Pipeline:
    """Fit the reference space of `silhouette_scorer`: whitened principal components above the noise.

    Masked pixels and inverse variances are heeded, see `sklearn_sedzoo.embedding.SpectrumPCA`.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted or not; its steps before the embedding are cloned and fitted anew, so that candidates of a search, which
        share these steps, are all measured in one space.
    X : array-like of shape (n_samples, n_wavelengths)
        Training spectra.
    min_share : float, default=1e-4
        Share of the variance that a component must have at least: in spectra without noise small components are
        made by the large ones bending, and whitening would blow them up.
    max_components : int, default=50
        At most so many.
    random_state : int, RandomState or None, default=None
        Seed: the noise is estimated from at most 1,000 spectra.

    Returns
    -------
    reference : Pipeline
        Fitted; `transform` gives the components, each of unit variance on X.

    Notes
    -----
    With singular values :math:`s_1 \\ge s_2 \\ge ...` of the centered m x D matrix, components count as signal above
    :math:`\\omega(\\beta) \\, \\mathrm{median}(s)`, with :math:`\\beta = \\min(m, D) / \\max(m, D)` and
    :math:`\\omega \\approx .56 \\beta^3 - .95 \\beta^2 + 1.82 \\beta + 1.43`: optimal for white noise of unknown size.

    References
    ----------
    .. [1] M. Gavish, D. L. Donoho, "The optimal hard threshold for singular values is 4/sqrt(3)", IEEE Trans. Inf.
       Theory 60 (2014) 5040, equations 4 and 5.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.decomposition import PCA
    >>> from sklearn_sedzoo.model_selection import fit_reference, silhouette_scorer
    >>> from sklearn_sedzoo.pipeline import make_sed_pipeline
    >>> rng = np.random.default_rng(0)
    >>> signal = rng.normal(size=(100, 2)) @ rng.normal(size=(2, 40))
    >>> X = 20 + signal + rng.normal(0, 0.1, (100, 40))
    >>> pipeline = make_sed_pipeline(grid=40, band=None, embed=PCA(5), final=KMeans(3))
    >>> reference = fit_reference(pipeline, X, random_state=0)
    >>> reference.transform(X).shape
    (100, 2)
    >>> scorer = silhouette_scorer(reference=reference, random_state=0)
    """
    rng = check_random_state(random_state)
    steps = _spectral_steps(pipeline.steps if isinstance(pipeline, Pipeline) else [("pipeline", pipeline)])
    front = clone(Pipeline(steps)) if steps else None
    frame = X if front is None else front.fit_transform(X)
    flux = np.asarray(take_flux(frame)[0], dtype=float)
    flux = flux[rng.permutation(len(flux))[:_MOST_ROWS]]
    mean = masked_mean(flux, axis=0)
    singular = np.linalg.svd(np.nan_to_num(flux - mean), compute_uv=False)  # masked pixels say nothing
    n_kept = max(1, min(count_signal(singular, flux.shape, min_share), max_components))
    pca = SpectrumPCA(n_kept, whiten=True).fit(frame)
    return Pipeline([*([] if front is None else front.steps), ("pca", pca)])


def count_signal(singular, shape, min_share):
    """Return how many singular values stand above the noise and above `min_share` of the variance."""
    beta = min(shape) / max(shape)
    omega = 0.56 * beta**3 - 0.95 * beta**2 + 1.82 * beta + 1.43
    floor = omega * np.median(singular[: min(shape)])
    share = singular**2 / max((singular**2).sum(), np.finfo(float).tiny)
    return int(np.count_nonzero((singular > floor) & (share >= min_share)))


def _spectral_steps(steps):
    """Return the leading steps that hand on spectra: those that know of wavelengths and can be undone."""
    front = []
    for name, step in steps:
        if isinstance(step, FeatureUnion):
            branches = [branch for _, branch in step.transformer_list if isinstance(branch, Pipeline)]
            return front + max((_spectral_steps(branch.steps) for branch in branches), key=len, default=[])
        if not (hasattr(step, "inverse_transform") and "wavelength" in step.get_params(deep=False)):
            break
        front.append((name, step))
    return front
