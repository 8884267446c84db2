"""Scores of a pipeline without labels: silhouette in a fixed reference space, and held-out reconstruction."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import silhouette_score

from sklearn_sedzoo._parameters import Seed, checked, function, having, integer, nothing, option, random_state
from sklearn_sedzoo.metrics import reconstruction_error
from sklearn_sedzoo.model_selection._reference import fit_reference


class _ReconstructionScorer:
    def __call__(self, estimator, X, y=None):
        return -reconstruction_error(estimator, X)

    def __repr__(self):
        return "reconstruction_scorer()"


class _SilhouetteScorer:
    def __init__(self, reference, sample_size, random_state):
        self.reference = reference
        self.sample_size = sample_size
        self.random_state = random_state

    def __call__(self, estimator, X, y=None):
        labels = np.asarray(estimator.predict(X))
        n_labels = len(np.unique(labels))
        if not 2 <= n_labels < len(labels):
            warnings.warn(
                f"The silhouette needs 2 to {len(labels) - 1} clusters among the {len(labels)} scored spectra, got "
                f"{n_labels}; the score is NaN.",
                UndefinedMetricWarning,
                stacklevel=2,
            )
            return np.nan
        size = None if self.sample_size is None else min(self.sample_size, len(labels))
        return silhouette_score(self._space(estimator, X), labels, sample_size=size, random_state=self.random_state)

    def _space(self, estimator, X):
        if isinstance(self.reference, str):
            return np.asarray(estimator[:-1].transform(X))
        if self.reference is None:
            return np.asarray(fit_reference(estimator, X, random_state=0).transform(X))
        transform = getattr(self.reference, "transform", self.reference)
        return np.asarray(transform(X))

    def __repr__(self):
        return f"silhouette_scorer(reference={self.reference!r})"


def reconstruction_scorer() -> Callable:
    """Make a scorer: minus the mean squared error of the reconstruction, in normalized flux.

    The embedding is found by what it can do (see `split_at_embedding`), so that a PCA in its place is scored alike.
    On the test folds of a grid search this is the held-out error. It prefers more latents; stop where it levels off.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y=None)``, to be passed as ``scoring=``; higher is better.

    See Also
    --------
    sklearn_sedzoo.metrics.reconstruction_error : The error itself.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.decomposition import PCA
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn_sedzoo.model_selection import reconstruction_scorer
    >>> X = np.random.default_rng(0).normal(size=(30, 2)) @ np.random.default_rng(1).normal(size=(2, 8))
    >>> search = GridSearchCV(PCA(), {"n_components": [1, 2]}, scoring=reconstruction_scorer(), cv=3).fit(X)
    >>> search.best_params_
    {'n_components': 2}
    """
    return _ReconstructionScorer()


@checked(
    reference=[
        having("transform", words="a fitted transformer"),
        function("a function of X"),
        option("own"),
        nothing(),
    ],
    sample_size=[integer(2), nothing()],
    random_state=random_state(),
)
def silhouette_scorer(*, reference: Any = None, sample_size: int | None = None, random_state: Seed = None) -> Callable:
    """Make a scorer: the silhouette of the predicted clusters, with distances in a space fixed beforehand.

    Parameters
    ----------
    reference : fitted transformer, callable, "own" or None, default=None
        What turns spectra into the space in which distances are taken, the same for all candidates: a fitted pipeline
        (best one of `fit_reference` on the training spectra) or a function of X. None: principal components of the
        scored spectra as the candidate normalizes them, which neither its embedding nor its clusters can change.
        ``"own"`` takes the candidate's own latent space, the naive choice. **It is a trap**: a
        latent that has collapsed to one dimension makes well separated clusters of nothing and wins.
    sample_size : int, optional
        Score a random subset of this size: the cost is quadratic in it.
    random_state : int, RandomState or None, default=None
        Seed of the subset.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y=None)``, to be passed as ``scoring=``; higher is better, in [-1, 1]; NaN with a
        warning where fewer than 2 clusters are met.

    References
    ----------
    .. [1] P. J. Rousseeuw, "Silhouettes", J. Comput. Appl. Math. 20, 53 (1987).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn_sedzoo.model_selection import silhouette_scorer
    >>> X = np.repeat([[0.], [10.], [20.]], 10, axis=0) + np.random.default_rng(0).normal(size=(30, 1))
    >>> scorer = silhouette_scorer(reference=lambda X: X, random_state=0)
    >>> search = GridSearchCV(KMeans(random_state=0), {"n_clusters": [2, 3]}, scoring=scorer, cv=3)
    >>> search.fit(np.random.default_rng(0).permutation(X)).best_params_
    {'n_clusters': 3}
    """
    return _SilhouetteScorer(reference, sample_size, random_state)
