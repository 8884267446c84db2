"""What belongs to the observation is called a leak, and no line is named in the observed frame."""

from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from sklearn_sedzoo import SpectrumTable
from sklearn_sedzoo.exceptions import SedDataWarning
from sklearn_sedzoo.inspection import identifiability, interpret
from sklearn_sedzoo.pipeline import make_sed_pipeline

WAVELENGTH = np.arange(4600.0, 5200.0, 2.0)


@pytest.fixture(scope="module")
def properties():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"redshift": rng.uniform(0.0, 0.05, 200), "luck": rng.normal(size=200)})
    frame["S/N"] = rng.uniform(1, 30, 200)  # leaves no trace
    frame["plate"] = np.where(frame["redshift"] > 0.025, 266, 412)
    frame["age"] = frame["redshift"] * 100
    return frame


@pytest.fixture(scope="module")
def flux(properties):
    """One absorption line that moves with the redshift: a map of these is a map of redshifts."""
    center = 4862.7 * (1 + properties["redshift"].to_numpy()[:, None])
    return 1 - 0.5 * np.exp(-0.5 * ((WAVELENGTH - center) / 8) ** 2)


def _fit(X):
    final = KMeans(6, n_init=3, random_state=0)
    return make_sed_pipeline(wavelength=WAVELENGTH, grid=300, band=None, embed=PCA(4), final=final).fit(X)


def test_nuisances_that_latents_predict_are_leaks(flux, properties):
    table = identifiability(_fit(flux), flux, properties, random_state=0)
    assert table["verdict"].to_dict() == {
        "redshift": "leak",
        "luck": "not in the latent",
        "S/N": "not in the latent",
        "plate": "leak",
        "age": "explained",
    }
    assert "The latents predict redshift" in table.loc["redshift", "because"]
    assert "so do the groups" in table.loc["redshift", "because"]
    assert "That is a leak: redshift belongs to the observation" in table.loc["redshift", "because"]
    assert np.isnan(table.loc["redshift", "ceiling"])  # no parameter of the galaxies


def test_groups_are_not_described_by_nuisances(flux, properties):
    found = interpret(_fit(flux), flux, properties, random_state=0)
    groups = [sentence for sentence in found.sentences if sentence.startswith("Group")]
    assert len(groups) == 6
    assert all("age" in sentence and "redshift" not in sentence and "plate" not in sentence for sentence in groups)


@pytest.mark.parametrize("frame", ["observed", "rest"])
def test_lines_are_named_at_rest_only(flux, properties, frame):
    catalog = SpectrumTable(flux=flux, wavelength=WAVELENGTH, properties=properties, frame=frame)
    final = KMeans(6, n_init=3, random_state=0)
    X = catalog.to_frame()
    if frame == "rest":
        X = X.drop(columns="redshift", errors="ignore")
    zoo = make_sed_pipeline(grid=300, band=None, embed=PCA(4), final=final)
    with pytest.warns(SedDataWarning, match="observed frame") if frame == "observed" else nullcontext():
        zoo.fit(X)
    found = interpret(zoo, X, properties, random_state=0)
    is_said = "The spectra are in the observed frame, where lines have no fixed wavelength: none is named."
    assert (is_said in found.sentences) == (frame == "observed")
    assert ((found.features["feature"] == "").all()) == (frame == "observed")
    assert len(found.features) == 18


def test_the_frame_can_be_said(flux, properties):
    zoo = _fit(flux)
    assert (interpret(zoo, flux, properties, random_state=0)).features["feature"].str.len().max() > 0
    assert (interpret(zoo, flux, properties, frame="observed", random_state=0).features["feature"] == "").all()
    with pytest.raises(ValueError, match="`frame` of interpret"):
        interpret(zoo, flux, properties, frame="moving", random_state=0)
