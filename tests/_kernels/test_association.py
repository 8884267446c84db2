"""Association kernels against slow twins, known answers and brute force."""

import itertools

import numpy as np
import pytest
from scipy import stats

from sklearn_sedzoo._kernels import association


def _eta2_slowly(labels, values):
    overall = sum(values) / len(values)
    within = sum(
        (value - np.mean([v for v, other in zip(values, labels, strict=True) if other == label])) ** 2
        for value, label in zip(values, labels, strict=True)
    )
    return 1 - within / sum((value - overall) ** 2 for value in values)


def test_explained_variance_equals_its_slow_twin():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, 60)
    values = rng.normal(size=(60, 3)) + labels[:, None] * [0, 1, 5] + [0, 1e6, 0]
    found = association.explained_variance(labels, 5, values)
    np.testing.assert_allclose(found, [_eta2_slowly(labels, column) for column in values.T], rtol=1e-8)


def test_epsilon_squared_is_adjusted_r_squared():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, 50)
    values = rng.normal(size=50) + labels
    f_ratio = stats.f_oneway(*[values[labels == group] for group in range(4)]).statistic
    expected = (f_ratio - 1) / (f_ratio + 46 / 3)  # from the F ratio of the analysis of variance
    assert association.epsilon_squared(labels, values) == pytest.approx(expected)


def test_a_constant_property_is_not_explained():
    assert association.explained_variance(np.array([0, 1]), 2, np.ones((2, 1))) == 0


def test_permutations_follow_the_f_distribution():
    rng = np.random.default_rng(2)
    labels, values = np.repeat(np.arange(4), 25), rng.normal(size=100)
    eta2 = association.permute_variance(labels, 4, values, 4000, rng)
    f_ratio = (eta2 / 3) / ((1 - eta2) / 96)
    assert stats.kstest(f_ratio, stats.f(3, 96).cdf).pvalue > 0.01


def test_best_grouping_is_optimal():
    rng = np.random.default_rng(3)
    for _ in range(5):
        values = np.sort(rng.exponential(size=14))
        found = association.best_grouping(rng.permutation(values), 3)
        assert len(np.unique(found)) == 3
        cuts = itertools.combinations(range(1, 14), 2)
        best = max(_eta2_slowly(np.searchsorted(cut, np.arange(14), side="right"), values) for cut in cuts)
        shuffled = rng.permutation(values)
        reached = _eta2_slowly(association.best_grouping(shuffled, 3), shuffled)
        assert reached == pytest.approx(best)


def test_best_grouping_of_a_uniform_property():
    values = np.linspace(0, 1, 6000)
    eta2 = association.explained_variance(association.best_grouping(values, 6), 6, values[:, None])[0]
    assert eta2 == pytest.approx(1 - 1 / 36, abs=1e-3)  # six equal intervals


def test_conditional_entropy_of_known_tables():
    groups = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    assert association.conditional_entropy(np.array([0, 1, 2, 3, 0, 1, 2, 3]), groups) == (2.0, 2.0)
    assert association.conditional_entropy(groups, groups) == (0.0, 1.0)


def test_false_discovery_control_equals_scipy():
    p_values = np.random.default_rng(4).uniform(size=20) ** 2
    np.testing.assert_allclose(association.control_false_discovery(p_values), stats.false_discovery_control(p_values))
    with_nan = association.control_false_discovery(np.array([0.01, np.nan, 0.04]))
    np.testing.assert_allclose(with_nan, [0.02, np.nan, 0.04])


def test_quantile_bins_hold_equal_numbers_and_share_ties():
    bins = association.cut_at_quantiles(np.random.default_rng(5).normal(size=1000), 10)
    assert np.bincount(bins).tolist() == [100] * 10
    assert len(np.unique(association.cut_at_quantiles(np.repeat([1.0, 2.0], 50), 10))) == 2
