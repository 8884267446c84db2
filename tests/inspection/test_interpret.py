"""Tables, typical spectra and sentences of interpret."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from sklearn_sedzoo.inspection import interpret
from sklearn_sedzoo.pipeline import make_sed_pipeline
from tests.inspection.conftest import WAVELENGTH, make


@pytest.fixture(scope="module")
def found(clusters, flux, properties):
    return interpret(clusters, flux, properties, random_state=0)


def test_groups_are_counted_and_described(found, clusters, flux, properties):
    labels = clusters.predict(flux)
    for group, row in found.groups.iterrows():
        members = properties[labels == group]
        assert row["n"] == len(members)
        assert row["depth_median"] == pytest.approx(members["depth"].median())
        assert row["slope_p16"] == pytest.approx(np.percentile(members["slope"], 16))
        assert row["kind_mode"] == members["kind"].mode()[0]
    assert found.groups["share"].sum() == pytest.approx(1)


def test_typical_spectra_lie_within_their_scatter(found, clusters, flux):
    labels = clusters.predict(flux)
    normalized = clusters[:2].transform(flux)
    for i, group in enumerate(found.groups.index):
        members = normalized[labels == group]
        np.testing.assert_allclose(found.typical[i], np.median(members, axis=0), atol=0.02)
        np.testing.assert_allclose(found.low[i], np.percentile(members, 16, axis=0))
    assert found.wavelength[0] == pytest.approx(4700, abs=5)


def test_the_line_that_differs_is_named(flux, properties):
    lines_only = flux / (flux[:, :1] + (flux[:, -1:] - flux[:, :1]) * np.linspace(0, 1, flux.shape[1]))
    zoo = make(KMeans(3, n_init=3, random_state=0), embed=PCA(1)).fit(lines_only)
    found = interpret(zoo, lines_only, properties, n_features=1, random_state=0)
    assert set(found.features["feature"]) == {"H-beta"}
    depth = found.groups["depth_median"]
    strongest = found.features.set_index("group").loc[depth.idxmax()]
    assert strongest["difference"] < 0  # deeper absorption, less flux
    assert strongest["wavelength"] == pytest.approx(4862.7, abs=4)


def test_sentences_speak_of_what_is_told(found):
    text = str(found)
    assert "redshift is the same for all objects" in text
    assert "the normalization divided it out" in text
    groups = [sentence for sentence in found.sentences if sentence.startswith("Group")]
    assert len(groups) == 5
    assert all("slope" in sentence and "luck" not in sentence for sentence in groups)


def test_a_map_is_interpreted_cell_by_cell(zoo, flux, properties):
    found = interpret(zoo, flux, properties, n_features=0, random_state=0)
    assert len(found.groups) == len(np.unique(zoo.predict(flux)))
    assert found.verdicts.loc["depth", "verdict"] == "explained"
    assert found.features.empty


def test_units_change_neither_labels_nor_verdicts(clusters, flux, properties):
    """Flux in other units, and wavelengths in nm, are the same spectra."""
    labels = clusters.predict(flux)
    np.testing.assert_array_equal(clusters.predict(1e3 * flux), labels)
    in_nm = make_sed_pipeline(
        wavelength=WAVELENGTH / 10,
        unit="nm",
        grid=300,
        band=(4950, 5050),
        embed=PCA(2),
        final=KMeans(5, n_init=3, random_state=0),
    ).fit(flux)
    np.testing.assert_array_equal(in_nm.predict(flux), labels)
    ours, theirs = (interpret(zoo, flux, properties, random_state=0) for zoo in (clusters, in_nm))
    assert ours.verdicts["verdict"].equals(theirs.verdicts["verdict"])
    np.testing.assert_allclose(ours.wavelength, theirs.wavelength)
