"""Properties of all kinds that catalogs hold: none raises a warning (all are errors here) or an error."""

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from sklearn_sedzoo.datasets import make_sed_catalog
from sklearn_sedzoo.inspection import identifiability, interpret, property_association
from sklearn_sedzoo.mapping import Batch, SOMMapper
from sklearn_sedzoo.model_selection import stability
from sklearn_sedzoo.pipeline import make_sed_pipeline
from sklearn_sedzoo.report import write_report

N = 200


@pytest.fixture(scope="module")
def catalog():
    return make_sed_catalog(N, random_state=0)


@pytest.fixture(scope="module")
def properties(catalog):
    """Identifiers, constants, words, gaps, infinities, nullable and foreign types beside the catalog's own."""
    rng, row = np.random.default_rng(0), np.arange(N)
    return catalog.properties.assign(
        objid=10**17 + row,
        designation=[f"J{i}" for i in row],
        constant=1.0,
        same_word="a",
        all_missing=np.nan,
        none=None,
        word=rng.choice(list("abc"), N),
        rare=["x"] * (N - 1) + ["y"],
        pairs=[f"k{i // 2}" for i in row],
        flag=2 ** (row % 60).astype(np.int64),
        plate=rng.integers(0, 60, N),
        is_odd=row % 2 == 1,
        gaps=np.where(rng.random(N) > 0.3, row / 7, np.nan),
        four=np.where(row < 4, row / 7, np.nan),
        infinite=np.where(row == 3, np.inf, rng.normal(size=N)),
        nullable=pd.array([None if i % 9 == 0 else i % 7 for i in row], dtype="Int64"),
        unknown=pd.array([None if i % 9 == 0 else bool(i % 2) for i in row], dtype="boolean"),
        mixed=[1 if i % 2 else "a" for i in row],
        objects=pd.Series((row % 5).tolist(), dtype=object),
        category=pd.Categorical(rng.choice(list("abc"), N)),
        date=pd.date_range("2020", periods=N),
        from_fits=rng.normal(size=N).astype(">f4"),
    )


@pytest.mark.parametrize(
    ("final", "keep_brightness"),
    [
        (KMeans(4, n_init=1, random_state=0), False),
        (KMeans(4, n_init=1, random_state=0), True),
        (
            SOMMapper(9, 9, algorithm=Batch(n_epochs=2), random_state=0),
            False,
        ),  # cells with one spectrum, and empty ones
    ],
)
def test_interpretation_is_silent(catalog, properties, final, keep_brightness):
    zoo = make_sed_pipeline(
        wavelength=catalog.wavelength,
        grid=200,
        grid_range=(3600, 7000),
        embed=PCA(3),
        final=final,
        keep_brightness=keep_brightness,
    ).fit(catalog.flux)
    found = interpret(zoo, catalog.flux, properties, random_state=0)
    assert not {"objid", "designation"} & set(found.verdicts.index)
    for name in ("constant", "same_word", "all_missing", "none"):
        assert found.verdicts.loc[name, "verdict"] == "constant"
    assert found.verdicts.loc["four", "because"] == "four is known for too few spectra to be judged (fewer than 30)."
    assert found.associations.loc["infinite", "n"] == N - 1
    assert found.associations.loc["nullable", "n"] == properties["nullable"].notna().sum()
    assert not any("objid" in sentence or "nan" in sentence for sentence in found.sentences)


def test_stability_and_report_are_silent(catalog, properties, tmp_path):
    zoo = make_sed_pipeline(
        wavelength=catalog.wavelength, grid=200, embed=PCA(3), final=KMeans(4, n_init=1, random_state=0)
    ).fit(catalog.flux)
    latents, normalized = zoo[:-1].transform(catalog.flux), zoo[:2].transform(catalog.flux)
    runs = stability(zoo[-1], latents, properties, n_runs=2, random_state=0)
    assert "r_objid" not in runs
    assert np.isnan(runs["r_constant"]).all()
    path = write_report(
        tmp_path / "report.html",
        som=SOMMapper(4, 4, algorithm=Batch(n_epochs=2), random_state=0).fit(latents),
        latents=latents,
        labels=zoo.predict(catalog.flux),
        normalized=normalized,
        reconstructed=zoo["embed"].inverse_transform(latents),
        properties=properties,
        stability={"clusters": runs},
    )
    assert path.stat().st_size > 0


def test_identifiers_alone_leave_nothing_to_judge(catalog):
    zoo = make_sed_pipeline(
        wavelength=catalog.wavelength, grid=200, embed=PCA(3), final=KMeans(4, n_init=1, random_state=0)
    ).fit(catalog.flux)
    alone = pd.DataFrame({"objid": np.arange(N)})
    assert property_association(zoo.predict(catalog.flux), alone, random_state=0).empty
    assert identifiability(zoo, catalog.flux, alone, random_state=0).empty
    groups = interpret(zoo, catalog.flux, alone, random_state=0).groups
    assert groups["n"].sum() == N
    assert list(groups) == ["n", "share"]
