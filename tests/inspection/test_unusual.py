"""The ranked list of unusual spectra against spectra that were spoiled on purpose."""

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from sklearn_sedzoo.inspection import in_domain, learn_domain, rank_unusual
from sklearn_sedzoo.inspection._unusual import name_unusual
from sklearn_sedzoo.pipeline import make_sed_pipeline


@pytest.fixture(scope="module")
def judged():
    """300 spectra of one amplitude: row 5 has a wave that is not of the training, row 7 an amplitude of 30."""
    rng, t = np.random.default_rng(0), np.linspace(-1, 1, 40)
    X = 2 + rng.uniform(-1, 1, (300, 1)) * t + rng.normal(0, 0.01, (300, 40))
    zoo = make_sed_pipeline(grid=40, band=None, embed=PCA(1), final=KMeans(4, random_state=0)).fit(X[100:])
    domain = learn_domain(zoo, X)
    X[5] += 0.1 * np.sin(40 * t)
    X[7] = 40 + 39 * t + 0.2 * rng.normal(0, 0.01, 40)
    return in_domain(zoo, X, domain)


def test_the_spoiled_spectra_lead_the_list_with_their_reason(judged):
    properties = pd.DataFrame({"id": [f"a{row}" for row in range(300)], "Z_SPEC": np.arange(300) / 100})
    ranked = rank_unusual(judged, properties, n_spectra=4)
    assert len(ranked) == 4
    assert dict(zip(ranked["id"][:2], ranked["unusual_in"][:2], strict=True)) == {
        "a5": "reconstruction error",
        "a7": "distance",
    }
    assert ranked["redshift"].tolist() == [row / 100 for row in ranked["row"]]
    assert ranked["outlier_score"].is_monotonic_increasing
    assert not ranked["is_inside"][:2].any()


def test_the_list_is_there_where_nothing_is_out_of_domain(judged):
    good = judged[judged["is_inside"]]
    ranked = rank_unusual(good)
    assert len(ranked) == 20
    assert ranked["is_inside"].all()
    assert ranked["id"].tolist() == ranked["row"].tolist()
    assert "redshift" not in ranked
    assert ranked["outlier_score"].tolist() == sorted(good["score"])[:20]


def test_rows_of_a_table_of_results_that_were_not_mapped_are_left_out(judged):
    table = judged.rename(columns={"score": "domain_score", "is_inside": "in_domain"})
    table.loc[5, "domain_score"] = np.nan
    assert rank_unusual(table)["row"][0] == 7
    assert 5 not in rank_unusual(table, n_spectra=1000)["row"].tolist()


def test_the_rarer_measure_is_named():
    calibration = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
    measured = np.array([[2.5, 5.0], [0.5, 25.0], [9.0, 31.0], [3.1, 3000.0], [np.inf, np.inf]])
    expected = ["reconstruction error", "distance", "reconstruction error", "distance", "not measurable"]
    assert name_unusual(measured, calibration).tolist() == expected
    assert set(name_unusual(measured[:4, :1], calibration[:, :1])) == {"reconstruction error"}


def test_wrong_input_is_named(judged):
    with pytest.raises(ValueError, match=r"as in_domain makes them; score, unusual_in is missing"):
        rank_unusual(judged.drop(columns=["score", "unusual_in"]))
    with pytest.raises(ValueError, match="`properties` of rank_unusual must have 300 rows, as judged has, got 2"):
        rank_unusual(judged, pd.DataFrame({"id": [1, 2]}))
