"""Verdicts on a catalog whose making is known."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from sklearn_sedzoo.inspection import identifiability
from tests.inspection.conftest import make


@pytest.fixture(scope="module")
def table(clusters, flux, properties):
    return identifiability(clusters, flux, properties, random_state=0)


def test_every_verdict_is_reached(table):
    assert table["verdict"].to_dict() == {
        "slope": "explained",
        "depth": "in the latent, not in the clusters",  # 1 % of the variance: KMeans does not see it
        "log_mass": "normalized away",
        "luck": "not in the latent",
        "redshift": "constant",
        "kind": "explained",
    }


def test_evidence_and_ceilings(table):
    assert table.loc["slope", "skill_latent"] > 0.95
    assert abs(table.loc["log_mass", "epsilon2"]) < 0.02
    assert table.loc["log_mass", "skill_latent"] < 0.05 < 0.9 < table.loc["log_mass", "skill_brightness"]
    assert table.loc["depth", "ceiling"] > 0.4 > table.loc["depth", "epsilon2"]
    assert table.loc[["log_mass", "luck", "redshift"], "ceiling"].isna().all()
    for name, row in table.iterrows():
        assert name.replace("_", " ") in row["because"]


def test_whitening_brings_the_weak_parameter_in(flux, properties):
    whitened = make(KMeans(6, n_init=3, random_state=0), embed=PCA(2, whiten=True)).fit(flux)
    assert identifiability(whitened, flux, properties, random_state=0).loc["depth", "verdict"] == "explained"


def test_kept_brightness_brings_mass_in(flux, properties):
    bright = make(KMeans(8, n_init=3, random_state=0), embed=PCA(2, whiten=True), keep_brightness=True).fit(flux)
    assert identifiability(bright, flux, properties, random_state=0).loc["log_mass", "verdict"] == "explained"


def test_parameters_of_the_ceiling_can_be_chosen(clusters, flux, properties):
    alone = identifiability(clusters, flux, properties[["slope", "depth"]], parameters=["slope"], random_state=0)
    assert alone.loc["slope", "ceiling"] == pytest.approx(1 - 1 / 25, abs=0.01)  # five intervals of a uniform property
    assert np.isnan(alone.loc["depth", "ceiling"])


def test_what_cannot_be_judged_is_refused(clusters, flux, properties):
    with pytest.raises(TypeError, match="fitted Pipeline whose last step predicts"):
        identifiability(clusters[:-1], flux, properties, random_state=0)
    with pytest.raises(ValueError, match="one row for each of the 600 spectra, got 5"):
        identifiability(clusters, flux, properties[:5], random_state=0)
