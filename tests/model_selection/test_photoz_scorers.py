import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_sedzoo import metrics
from sklearn_sedzoo.mapping import SOMMapper
from sklearn_sedzoo.model_selection import photoz_scorer
from sklearn_sedzoo.photoz import SOMRedshiftRegressor

RNG = np.random.default_rng(0)
Z = RNG.uniform(0.1, 2, 300)
X = np.column_stack([Z, Z**2]) + 0.05 * RNG.standard_normal((300, 2))


@pytest.mark.parametrize("name", ["sigma_nmad", "sigma_iqr", "outlier_rate"])
def test_point_scores_are_minus_the_metric(name):
    model = KNeighborsRegressor().fit(X, Z)
    assert photoz_scorer(name)(model, X, Z) == pytest.approx(-getattr(metrics, name)(Z, model.predict(X)))


def test_the_bias_counts_by_its_size():
    class Shifted(RegressorMixin, BaseEstimator):
        def __init__(self, by):
            self.by = by

        def fit(self, X, y=None):
            return self

        def predict(self, X):
            return Z + self.by

    low, high, none = (photoz_scorer("photoz_bias")(Shifted(by), X, Z) for by in (-0.1, 0.1, 0.0))
    assert low == pytest.approx(high)
    assert none > low


@pytest.mark.parametrize("name", ["cde_loss", "crps", "pit_ks"])
def test_density_scores_through_a_pipeline(name):
    model = SOMRedshiftRegressor(SOMMapper(4, 4), n_maps=1, random_state=0)
    pipeline = make_pipeline(StandardScaler(), model).fit(X, Z)
    density = pipeline[-1].predict_dist(pipeline[0].transform(X))
    expected = -getattr(metrics, name)(Z, density, pipeline[-1].zgrid_)
    assert photoz_scorer(name)(pipeline, X, Z) == pytest.approx(expected)
    alone = model.fit(X, Z)
    assert np.isfinite(photoz_scorer(name)(alone, X, Z))


def test_options_and_mistakes():
    model = KNeighborsRegressor().fit(X, Z)
    rail = photoz_scorer("outlier_rate", threshold="rail")(model, X, Z)
    assert rail == -metrics.outlier_rate(Z, model.predict(X), "rail")
    with pytest.raises(ValueError, match="`metric` of photoz_scorer must be one of"):
        photoz_scorer("nmad")
    with pytest.raises(ValueError, match="takes no options"):
        photoz_scorer("crps", threshold=1)
    with pytest.raises(TypeError, match=r"needs an estimator with predict_dist, got KNeighborsRegressor"):
        photoz_scorer("crps")(model, X, Z)
