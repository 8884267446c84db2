"""property_association against random labels, known structure and its own promises."""

import numpy as np
import pandas as pd
import pytest

from sklearn_sedzoo.inspection import property_association
from sklearn_sedzoo.metrics import adjusted_mutual_information, epsilon_squared


def test_random_labels_explain_nothing():
    rng = np.random.default_rng(0)
    draws = [(rng.integers(0, 100, 800), rng.normal(size=800)) for _ in range(40)]
    assert abs(np.mean([epsilon_squared(*draw) for draw in draws])) < 0.01
    assert abs(np.mean([adjusted_mutual_information(*draw) for draw in draws])) < 0.01


def test_p_values_of_random_labels_are_uniform():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 20, 200)
    properties = pd.DataFrame(rng.normal(size=(200, 200)))
    table = property_association(labels, properties, n_permutations=99, n_resamples=2, random_state=0)
    share = (table["p_value"] <= 0.05).mean()
    assert abs(share - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 200)
    assert (table["q_value"] < 0.05).sum() <= 3  # controlled: no crowd of false discoveries


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(2)
    labels = np.repeat(np.arange(6), 100)
    properties = pd.DataFrame(
        {
            "told": labels + rng.normal(0, 0.3, 600),
            "missing": np.where(rng.uniform(size=600) < 0.3, np.nan, labels),
            "noise": rng.normal(size=600),
            "constant": 0.496,
            "kind": np.where(labels < 3, "early", "late"),
        }
    )
    return property_association(labels, properties, random_state=0)


def test_told_properties_are_found(table):
    variance = 35 / 12  # of the integers 0 to 5
    assert table.loc["told", "epsilon2"] == pytest.approx(variance / (variance + 0.09), abs=0.01)
    assert table.loc["told", "p_value"] == 1 / 501
    assert table.loc["told", "low"] < table.loc["told", "epsilon2"] < table.loc["told", "high"]
    assert table.loc["told", "epsilon2"] <= table.loc["told", "ceiling"] + 0.01
    assert table.loc["missing", "n"] < 500
    assert table.loc["missing", "epsilon2"] == pytest.approx(1)


def test_words_are_measured_by_information(table):
    assert np.isnan(table.loc["kind", "epsilon2"])
    assert table.loc["kind", "entropy_given"] == pytest.approx(0, abs=1e-12)
    assert table.loc["kind", "entropy"] == pytest.approx(1)
    assert table.loc["kind", "p_value"] == 1 / 501


def test_noise_and_constants_are_not(table):
    assert abs(table.loc["noise", "epsilon2"]) < 0.02
    assert table.loc["noise", "q_value"] > 0.05
    assert table.loc["constant"].drop(["n", "groups"]).isna().all()


def test_interval_has_the_spread_of_new_samples():
    rng = np.random.default_rng(3)

    def draw():
        labels = rng.integers(0, 30, 400)
        return labels, labels / 10 + rng.normal(size=400)

    true_spread = np.std([epsilon_squared(*draw()) for _ in range(200)])
    widths = []
    for _ in range(8):
        labels, values = draw()
        row = property_association(labels, pd.DataFrame({"x": values}), n_permutations=1, random_state=0).iloc[0]
        widths.append((row["high"] - row["low"]) / 2)
    assert np.mean(widths) == pytest.approx(true_spread, rel=0.3)


def test_rows_that_are_not_mapped_are_left_out():
    labels = np.r_[np.repeat([0, 1], 20), [-1] * 10]
    table = property_association(
        labels, pd.DataFrame({"x": np.r_[np.repeat([0.0, 1.0], 20), np.full(10, 1e9)]}), random_state=0
    )
    assert table.loc["x", "epsilon2"] == 1
    with pytest.raises(ValueError, match="one for each of the 50 rows"):
        property_association(labels[:3], pd.DataFrame({"x": np.ones(50)}), random_state=0)
