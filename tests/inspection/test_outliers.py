"""Calibrated scores: the rate of false alarms is what was asked for, and strange spectra are found."""

import numpy as np
import pytest
from scipy import stats
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from sklearn_sedzoo.inspection import SpectrumOutlierDetector, in_domain, learn_domain
from sklearn_sedzoo.inspection._novelty import score_novelty
from sklearn_sedzoo.mapping import SOMMapper


def _draw(n, rng):
    return (
        rng.normal(size=(n, 2)) @ np.vstack([np.linspace(-1, 1, 50), np.cos(np.arange(50) / 8)])
        + 5
        + rng.normal(0, 0.01, (n, 50))
    )


@pytest.fixture(scope="module")
def fitted():
    zoo = make_pipeline(PCA(2, whiten=True), SOMMapper(5, 5))
    return SpectrumOutlierDetector(zoo, random_state=0).fit(_draw(3000, np.random.default_rng(0)))


def test_p_values_of_new_spectra_of_the_kind_are_uniform(fitted):
    p = 10 ** score_novelty(
        np.random.default_rng(1).uniform(size=(4000, 1)),
        np.random.default_rng(2).uniform(size=(4000, 1)),
    )
    assert stats.kstest(p, "uniform").pvalue > 0.001


@pytest.mark.parametrize("correlation", [0.0, 0.9, 1.0])
def test_two_measures_together_raise_no_more_and_no_fewer_alarms(correlation):
    """1 % of spectra of the kind are refused, whether or not the two measures are strange together."""
    rng = np.random.default_rng(7)

    def draw(n):
        both = rng.normal(size=(n, 2))
        both[:, 1] = correlation * both[:, 0] + np.sqrt(1 - correlation**2) * both[:, 1]
        return np.exp(both)

    rates = [np.mean(score_novelty(draw(2000), draw(1000)) <= -2) for _ in range(40)]
    assert np.mean(rates) == pytest.approx(0.01, abs=0.0015)


def test_false_alarms_come_at_the_rate_asked_for(fitted):
    flagged = fitted.predict(_draw(4000, np.random.default_rng(3))) == -1
    assert 0.03 < flagged.mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 900)


def test_what_cannot_be_reconstructed_and_what_lies_far_away_are_found(fitted):
    normal = _draw(50, np.random.default_rng(4))
    bumpy = normal + 0.1 * np.sin(np.arange(50))
    far = 5 + 10 * (normal - 5)  # within the plane of the components
    assert (fitted.predict(bumpy) == -1).all()
    assert (fitted.predict(far) == -1).mean() > 0.9
    assert (fitted.score_samples(5 + 30 * (bumpy - 5)) < fitted.score_samples(bumpy)).all()  # strange ones are ranked


def test_a_frozen_zoo_is_taken_as_it_is(zoo, flux):
    detector = SpectrumOutlierDetector(FrozenEstimator(zoo), false_alarm_rate=0.02).fit(flux)
    assert detector.pipeline_ is zoo
    assert len(detector.calibration_) == len(flux)
    assert (detector.predict(flux) == -1).mean() <= 0.03
    with pytest.raises(ValueError, match="must have an embedding"):
        SpectrumOutlierDetector(FrozenEstimator(SOMMapper(2, 2).fit(flux))).fit(flux)


def test_the_domain_agrees_with_the_detector(zoo, flux):
    domain = learn_domain(zoo, flux, false_alarm_rate=0.05)
    line = np.exp(-0.5 * (np.arange(301) - 200) ** 2 / 9)
    new = np.concatenate([flux[:40], flux[:40] * (1 + line)])
    table = in_domain(zoo, new, domain)
    detector = SpectrumOutlierDetector(FrozenEstimator(zoo), false_alarm_rate=0.05).fit(flux)
    np.testing.assert_array_equal(table["is_inside"], detector.predict(new) == 1)
    np.testing.assert_allclose(table["score"], detector.score_samples(new))
    assert not table["is_inside"][40:].any()
    assert domain.wavelength_range[0] == pytest.approx(4700, abs=3)


def test_what_is_no_domain_is_refused(clusters, flux):
    with pytest.raises(TypeError, match="`domain` of in_domain must be what learn_domain returns, got NoneType"):
        in_domain(clusters, flux, None)


def test_scores_belong_to_the_last_fit(fitted):
    spectra = _draw(200, np.random.default_rng(5))
    detector = SpectrumOutlierDetector(**fitted.get_params(deep=False)).fit(_draw(500, np.random.default_rng(6)))
    scores, flags = detector.score_samples(spectra), detector.predict(spectra)
    detector.set_params(pipeline=None, false_alarm_rate=0.5, calibration_fraction=0.1, random_state=3)
    np.testing.assert_array_equal(detector.score_samples(spectra), scores)
    np.testing.assert_array_equal(detector.predict(spectra), flags)
    spectra[3, 4] = np.nan
    default = SpectrumOutlierDetector(random_state=0).fit(_draw(500, np.random.default_rng(6)))
    default.set_params(pipeline=fitted.pipeline)
    with pytest.raises(ValueError, match="1 of 200 spectra are not finite; first at row 3"):
        default.predict(spectra)
