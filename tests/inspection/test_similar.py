"""find_similar against scikit-learn's neighbors, and against what is no spectrum."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from sklearn_sedzoo.inspection import find_similar

LATENTS = np.random.default_rng(0).normal(size=(200, 3))


def test_neighbors_are_those_of_scikit_learn():
    distance, rows = NearestNeighbors(n_neighbors=5).fit(LATENTS).kneighbors()
    for row in (0, 57, 199):
        table = find_similar(LATENTS, row, n_neighbors=5)
        assert table["row"].tolist() == rows[row].tolist()
        np.testing.assert_allclose(table["distance"], distance[row])


def test_a_new_spectrum_has_neighbors_and_its_twin_is_the_first():
    table = find_similar(LATENTS, LATENTS[57], n_neighbors=3)
    assert table["row"][0] == 57
    assert table["distance"][0] == 0
    assert table["row"][1:].tolist() == find_similar(LATENTS, 57, n_neighbors=2)["row"].tolist()


def test_a_row_is_not_its_own_neighbor_and_twins_are():
    twins = np.vstack([LATENTS, LATENTS[:1]])
    assert find_similar(twins, 0, n_neighbors=1)["row"].tolist() == [200]
    assert len(find_similar(LATENTS, 0, n_neighbors=1000)) == 199


def test_spectra_without_latents_are_nobodys_neighbors():
    holed = LATENTS.copy()
    holed[find_similar(LATENTS, 3)["row"][0]] = np.nan
    assert find_similar(holed, 3)["row"].tolist()[:5] == find_similar(LATENTS, 3)["row"].tolist()[1:]
    holed[3] = np.nan
    with pytest.raises(ValueError, match="`query` of find_similar must be a spectrum with latents, got 3"):
        find_similar(holed, 3)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (200, "a row from 0 to 199, got 200"),
        (-1, "`query` of find_similar must be >= 0, got -1"),
        ([1.0, 2.0], r"the 3 latents of one spectrum, got shape \(2,\)"),
    ],
)
def test_wrong_queries_are_named(query, message):
    with pytest.raises(ValueError, match=message):
        find_similar(LATENTS, query)
