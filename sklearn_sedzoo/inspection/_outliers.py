"""SpectrumOutlierDetector: spectra to calibrated scores of how strange they are."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sklearn_sedzoo._containers import name_columns, read_spectra
from sklearn_sedzoo._validation import check_number
from sklearn_sedzoo.inspection._novelty import has_embedding, measure_novelty, score_novelty
from sklearn_sedzoo.inspection._views import View
from sklearn_sedzoo.mapping import SOMMapper


class SpectrumOutlierDetector(OutlierMixin, BaseEstimator):
    """Find spectra that an embedding cannot reconstruct, or that lie far from every cell.

    Parameters
    ----------
    pipeline : Pipeline, optional
        With an embedding and, best, a map or clusters at its end. It is cloned and fitted on a part of X; wrapped in
        `sklearn.frozen.FrozenEstimator` it is taken as it is. By default a PCA that keeps 99 % of the variance, and a
        5 x 5 map.
    false_alarm_rate : float, default=0.05
        Share of spectra like those of the training that `predict` calls outliers.
    calibration_fraction : float, default=0.3
        Part of X on which the scores are calibrated; the pipeline does not see it. A frozen one is calibrated on all of
        X, which should not be what it was fitted on.
    random_state : int, RandomState or None, default=None
        Draws the part.

    Attributes
    ----------
    pipeline_ : Pipeline
        The fitted pipeline.
    calibration_ : ndarray of shape (n_calibration, 1 or 2)
        Reconstruction errors and map distances of the calibration.
    offset_ : float
        log10 of `false_alarm_rate`: ``decision_function(X) = score_samples(X) - offset_``.
    n_features_in_ : int
        Number of columns of X.

    See Also
    --------
    in_domain : The same test with what a fitted pipeline remembers of its training.

    Notes
    -----
    Of each spectrum it is counted how many of the m calibration spectra have as large a reconstruction error, and how
    many as large a distance; the smaller count is its strangeness. Its chance is :math:`p = (1 + r) / (m + 1)` with r
    calibration spectra as strange, uniform for spectra that come from where those came, whatever their distribution
    (conformal p-value). The score is :math:`\\log_{10} p`; beyond the largest calibration value it goes on falling
    with the logarithm of the ratio, so that outliers can be ranked. A `false_alarm_rate` below about 2 / m cannot be
    reached: then only such spectra are outliers.

    References
    ----------
    .. [1] S. Bates et al., "Testing for outliers with conformal p-values", Ann. Statist. 51 (2023) 149.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.inspection import SpectrumOutlierDetector
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 1)) * np.linspace(-1, 1, 30) + rng.normal(0, 0.01, (400, 30))
    >>> detector = SpectrumOutlierDetector(random_state=0).fit(X)
    >>> odd = X[:2] + np.sin(np.linspace(0, 20, 30))
    >>> detector.predict(odd)
    array([-1, -1])
    """

    def __init__(self, pipeline=None, *, false_alarm_rate=0.05, calibration_fraction=0.3, random_state=None):
        self.pipeline = pipeline
        self.false_alarm_rate = false_alarm_rate
        self.calibration_fraction = calibration_fraction
        self.random_state = random_state

    def fit(self, X, y=None):
        """Fit the pipeline on a part of X and calibrate the scores on the rest.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra that are taken to be normal.
        y : None
            Ignored.

        Returns
        -------
        self : SpectrumOutlierDetector
        """
        owner = type(self).__name__
        check_number(owner, "false_alarm_rate", self.false_alarm_rate, 0, 1, closed="neither")
        check_number(owner, "calibration_fraction", self.calibration_fraction, 0, 1, closed="neither")
        X = self._read(X, reset=True, ensure_min_samples=2)
        pipeline, calibration = self._prepare(X)
        self.pipeline_ = pipeline
        self._is_default = self.pipeline is None
        self.calibration_ = measure_novelty(View(pipeline, calibration))
        self.offset_ = float(np.log10(self.false_alarm_rate))
        return self

    def score_samples(self, X):
        """Return how normal each spectrum is.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            log10 of the chance that a normal spectrum is as strange, at most 0; lower is stranger.
        """
        check_is_fitted(self)
        return score_novelty(measure_novelty(View(self.pipeline_, self._read(X, reset=False))), self.calibration_)

    def decision_function(self, X):
        """Return the scores less `offset_`: negative for outliers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra.

        Returns
        -------
        decision : ndarray of shape (n_samples,)
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X):
        """Return -1 for outliers and 1 for the others.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_wavelengths)
            Spectra.

        Returns
        -------
        is_inlier : ndarray of shape (n_samples,)
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def _read(self, X, *, reset, **check_params):
        """Check X, and hand on what carries the names of its columns."""
        frame = name_columns(X)
        is_default = self.pipeline is None if reset else self._is_default
        checked = read_spectra(self, frame, reset=reset, on_bad="raise" if is_default else "mask", **check_params)
        return frame if hasattr(frame, "columns") else checked

    def _prepare(self, X):
        if isinstance(self.pipeline, FrozenEstimator):
            self._check_embedding(self.pipeline.estimator)
            return self.pipeline.estimator, X
        rng = check_random_state(self.random_state)
        order = rng.permutation(len(X))
        n_calibration = min(max(1, round(self.calibration_fraction * len(X))), len(X) - 1)
        train, calibration = (_take(X, rows) for rows in (order[n_calibration:], order[:n_calibration]))
        pipeline = self._default() if self.pipeline is None else clone(self.pipeline)
        pipeline.fit(train)
        self._check_embedding(pipeline)
        return pipeline, calibration

    def _check_embedding(self, pipeline):
        if not has_embedding(pipeline):
            raise ValueError(
                f"`pipeline` of {type(self).__name__} must have an embedding with transform and inverse_transform, "
                f"got {pipeline!r}."
            )

    def _default(self):
        return Pipeline([("embed", PCA(0.99, svd_solver="full")), ("map", SOMMapper(5, 5))])


def _take(X, rows):
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]
