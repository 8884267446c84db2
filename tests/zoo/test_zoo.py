"""A Zoo in Python: what the commands do, callable."""

import json
import pickle
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.decomposition import PCA

from sklearn_sedzoo import Zoo
from sklearn_sedzoo.cli import main
from sklearn_sedzoo.datasets import make_observed_catalog
from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder
from sklearn_sedzoo.exceptions import SedReadError
from sklearn_sedzoo.io import read_catalog, read_map, write_catalog
from tests.cli.test_map import QUICK, make_catalog

PARAMS = {"embed__training__n_epochs": 2, "embed__latent_dim": 2, "resample__grid": 100, "map__n_rows": 3}


@pytest.fixture(scope="module")
def catalog():
    return make_catalog(60)


@pytest.fixture(scope="module")
def zoo(catalog):
    return Zoo.fit(catalog, params=PARAMS, random_state=0)


def test_the_command_and_the_call_give_the_same_table(zoo, catalog, tmp_path):
    write_catalog(tmp_path / "c.fits", catalog)
    assert main(["map", str(tmp_path / "c.fits"), "--out", str(tmp_path / "zoo"), *QUICK]) == 0
    pd.testing.assert_frame_equal(read_map(tmp_path / "zoo" / "map.fits"), zoo.table, check_dtype=False)


def test_its_pipelines_are_plain_and_say_what_the_table_says(zoo, catalog):
    np.testing.assert_array_equal(zoo.pipeline.predict(catalog.flux), zoo.table["cluster"])
    cells = zoo.map_pipeline.predict(catalog.flux)
    np.testing.assert_array_equal(cells, zoo.table["cell_row"] * 10 + zoo.table["cell_column"])
    assert all(zoo.pipeline[i] is zoo.map_pipeline[i] for i in range(len(zoo.pipeline) - 1))
    again = clone(zoo.pipeline).fit(catalog.flux)
    np.testing.assert_array_equal(again.predict(catalog.flux), zoo.table["cluster"])


@pytest.mark.filterwarnings("ignore::sklearn_sedzoo.exceptions.SedDataWarning")
def test_pipelines_take_the_observed_catalog_itself():
    catalog = make_observed_catalog(60, random_state=0)
    zoo = Zoo.fit(catalog, params={**PARAMS, "resample__grid": 300}, random_state=0)
    used = (zoo.table["cluster"] >= 0).to_numpy()
    assert used.mean() > 0.9
    np.testing.assert_array_equal(zoo.pipeline.predict(catalog[used]), zoo.table.loc[used, "cluster"])
    assert zoo.summary["frame"] == "rest"
    assert any(text.startswith("Galactic dust: corrected") for text in zoo.summary["decisions"])


def test_a_step_may_be_another_estimator(catalog):
    zoo = Zoo.fit(catalog, params={"embed": PCA(2), "cluster": KMeans(3, random_state=0), "map__n_rows": 2})
    assert zoo.table["cluster"].max() == 2
    assert zoo.summary["n_latents"] == 2


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"map__n_rows": "abc"}, "The step map cannot be fitted: `n_rows` of SOMMapper must be"),
        ({"cluster__n_clusters": 61}, r"The step cluster cannot be fitted: n_samples=60 should be >= n_clusters=61"),
        ({"cluster": AgglomerativeClustering(2)}, "The step cluster must be an estimator with `predict`, got Agg"),
        ({"embed__latent_dim": "three"}, "`latent_dim` of ConvAutoencoderEmbedder must be"),
        ({"resample__grid": 0}, "`grid` of SpectrumResampler must be"),
        ({"embedd__epochs": 1}, "embedd__epochs: there is no step 'embedd'; the steps are resample, normalize"),
        ({"embed__epoch": 1}, "embed__epoch: embed has no parameter 'epoch'"),
    ],
)
def test_wrong_parameters_are_found_before_any_training(catalog, params, message, monkeypatch):
    monkeypatch.setattr(ConvAutoencoderEmbedder, "transform", lambda *_: pytest.fail("trained"))
    with pytest.raises((ValueError, TypeError), match=message):
        Zoo.fit(catalog, params={**PARAMS, **params})


def test_what_is_no_catalog_is_refused_with_the_cure(catalog):
    with pytest.raises(TypeError, match=r"must be a SpectrumTable.*got ndarray\. Of arrays make one: SpectrumTable\("):
        Zoo.fit(catalog.flux)


def test_a_zoo_survives_saving_and_pickling(zoo, catalog, tmp_path):
    zoo.save(tmp_path / "zoo")
    for again in (Zoo.load(tmp_path / "zoo"), pickle.loads(pickle.dumps(zoo))):
        pd.testing.assert_frame_equal(again.table, zoo.table, check_dtype=False)
        pd.testing.assert_frame_equal(again.apply(catalog).table, zoo.table, check_dtype=False)
        assert again.summary["n_used"] == 60
        assert again.similar(105, n_neighbors=4)["id"].tolist() == zoo.similar(105, n_neighbors=4)["id"].tolist()
    with pytest.raises(FileExistsError, match=r"holds results\. Pass overwrite=True"):
        zoo.save(tmp_path / "zoo")
    zoo.save(tmp_path / "zoo", overwrite=True)
    assert sorted(path.name for path in (tmp_path / "zoo").iterdir()) == [
        "manifest.json",
        "map.fits",
        "model.skops",
        "network.txt",
        "summary.json",
    ]


def test_a_loaded_zoo_takes_its_spectra_back_and_no_others(zoo, catalog, tmp_path):
    zoo.save(tmp_path / "zoo")
    with pytest.raises(ValueError, match=r"loaded without its spectra: `interpret` needs them, Zoo\.load\(folder, cat"):
        Zoo.load(tmp_path / "zoo").interpret()
    again = Zoo.load(tmp_path / "zoo", catalog=catalog)
    assert again.interpret().sentences == zoo.interpret().sentences
    with pytest.raises(ValueError, match="holds other spectra than those that were mapped"):
        Zoo.load(tmp_path / "zoo", catalog=make_catalog(60, seed=1))


def test_a_model_alone_places_spectra(zoo, catalog, tmp_path):
    zoo.save(tmp_path / "zoo")
    alone = Zoo.load(tmp_path / "zoo" / "model.skops")
    pd.testing.assert_frame_equal(alone.apply(catalog).table, zoo.table)
    with pytest.raises(ValueError, match="loaded from a model alone: `unusual` needs its folder"):
        alone.unusual()


def test_the_most_unusual_and_the_most_similar_are_rows_of_the_table(zoo):
    first = zoo.unusual(3)
    assert first["outlier_score"].iloc[0] == zoo.table["domain_score"].min()
    near = zoo.similar(107, n_neighbors=5)
    latents = zoo.table.filter(like="latent").to_numpy()
    distance = np.linalg.norm(latents - latents[7], axis=1)
    assert near.index.tolist() == np.argsort(distance)[:6].tolist()
    np.testing.assert_allclose(near["apart"], np.sort(distance)[:6], rtol=1e-6)
    with pytest.raises(ValueError, match=r"No spectrum has the id 7; the first ones are \[100, 101, 102\]"):
        zoo.similar(7)


@pytest.mark.parametrize("spoil", ["remove", "cut", "manifest", "old"])
def test_damaged_results_are_named(zoo, tmp_path, spoil):
    folder = tmp_path / "zoo"
    zoo.save(folder)
    path, message = folder / "map.fits", {"remove": "lacks its part map.fits", "cut": r"map\.fits is damaged"}
    if spoil == "remove":
        path.unlink()
    elif spoil == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif spoil == "manifest":
        (folder / "manifest.json").write_text('{"files":')
    else:
        (folder / "manifest.json").unlink()
    with pytest.raises(SedReadError, match=message.get(spoil, r"manifest\.json")):
        Zoo.load(folder)


def test_saving_that_was_broken_off_while_moving_is_finished_by_the_next_call(zoo, tmp_path):
    folder = tmp_path / "zoo"
    zoo.save(folder)
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    ready = folder / ".partial" / "ready"
    ready.mkdir(parents=True)
    for name in ("model.skops", "summary.json", "manifest.json"):  # map.fits and network.txt were moved before
        (folder / name).rename(ready / name)
    (folder / "summary.json").write_text("of an older run")
    assert Zoo.load(folder).summary["n_used"] == 60
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole


def test_a_part_that_cannot_be_written_leaves_the_old_results(zoo, tmp_path, monkeypatch):
    folder = tmp_path / "zoo"
    zoo.save(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fail(self, path):
        path.write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(Zoo, "write_summary", fail)
    with pytest.raises(OSError, match="disk full"):
        zoo.save(folder, overwrite=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_a_step_after_the_map_that_fails_costs_nothing_and_the_report_is_made_alone(tmp_path, capsys, monkeypatch):
    write_catalog(tmp_path / "c.fits", make_catalog())
    out = tmp_path / "zoo"
    with monkeypatch.context() as patch:
        patch.setattr("sklearn_sedzoo.report.write_report", lambda *_, **__: 1 / 0)
        assert main(["map", str(tmp_path / "c.fits"), "--out", str(out), *QUICK]) == 2
    said = capsys.readouterr().err
    assert "report failed: division by zero" in said
    assert f"`sedzoo report {out}` makes the page" in said
    table = Zoo.load(out).table
    assert len(table) == 40
    assert (out / "figures" / "map.png").exists()
    assert main(["report", str(out)]) == 0
    assert "What the clusters mean" in (out / "report.html").read_text()
    pd.testing.assert_frame_equal(Zoo.load(out).table, table)
    assert "report.html" in json.loads((out / "manifest.json").read_text())["files"]
    assert main(["report", str(tmp_path)]) == 2
    assert "holds no complete results" in capsys.readouterr().err


RUN = """
import sys
import time
from sklearn_sedzoo.mapping import SOMMapper
from sklearn_sedzoo.cli import main
if "--die" in sys.argv:
    fit = SOMMapper.fit
    def die(self, X, *args, **kwargs):
        if hasattr(SOMMapper, "was_rehearsed"):
            print("dying", flush=True)
            time.sleep(60)
        SOMMapper.was_rehearsed = True
        return fit(self, X, *args, **kwargs)
    SOMMapper.fit = die
from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder
train = ConvAutoencoderEmbedder.fit
def tell(self, X, *args, **kwargs):
    print("training", flush=True)
    return train(self, X, *args, **kwargs)
ConvAutoencoderEmbedder.fit = tell
sys.exit(main(sys.argv[1:3] + [part for part in sys.argv[3:] if part != "--die"]))
"""


@pytest.mark.slow
def test_the_same_command_goes_on_after_a_kill_and_one_at_a_time(tmp_path):
    write_catalog(tmp_path / "c.fits", make_catalog())
    command = [sys.executable, "-c", RUN, "map", str(tmp_path / "c.fits"), "--out", str(tmp_path / "zoo"), *QUICK]
    with subprocess.Popen([*command, "--die"], stdout=subprocess.PIPE, text=True) as first:
        for line in first.stdout:
            if line.startswith("dying"):
                break
        second = subprocess.run(command, capture_output=True, text=True, check=False)
        first.send_signal(signal.SIGKILL)
    assert second.returncode == 2
    assert "Another process is writing results" in second.stderr
    assert not (tmp_path / "zoo" / "manifest.json").exists()
    third = subprocess.run(command, capture_output=True, text=True, check=False)
    assert third.returncode == 0, third.stderr
    assert third.stdout.count("training\n") == 3  # those of the stability: the embedder was kept
    assert len(Zoo.load(tmp_path / "zoo").table) == 40
    assert not (tmp_path / "zoo" / ".partial").exists()


def test_plates_are_brought_to_one_calibration(tmp_path):
    catalog = make_observed_catalog(160, random_state=0)
    catalog.properties["plate"] = np.where(np.arange(160) % 2, "red", "blue")
    x = np.linspace(-1, 1, len(catalog.wavelength))
    tilt = np.where(np.arange(160) % 2, 0.08, -0.08)[:, None] * x**2
    catalog.flux *= (1 + tilt).astype(catalog.flux.dtype)
    params = {"embed": "pca", "resample__grid": 400, "map__n_rows": 3}
    zoo = Zoo.fit(catalog, params=params, random_state=0)
    assert any("curves of 2 groups by the column plate" in text for text in zoo.summary["decisions"])
    known, bent = (catalog.ivar[1::2] > 0).any(axis=0), 1 + 0.08 * x**2
    found = np.sqrt(zoo.catalog.ivar[1::2, known].max(axis=0) / catalog.ivar[1::2, known].max(axis=0))
    off = found / found.mean() - bent[known] / bent[known].mean()  # of what the fluxes were divided by
    assert np.std(off) < 0.7 * np.std(bent)  # 80 faint spectra leave the slope uncertain
    np.testing.assert_array_equal(zoo.apply(catalog).table["cluster"], zoo.table["cluster"])
    np.testing.assert_array_equal(zoo.apply(zoo.catalog).table["cluster"], zoo.table["cluster"])
    write_catalog(tmp_path / "c.fits", zoo.catalog)  # as it was corrected: not to be corrected again
    again = Zoo.fit(read_catalog(tmp_path / "c.fits"), params=params, random_state=0)
    np.testing.assert_array_equal(again.catalog.flux, zoo.catalog.flux)
    theirs = replace(catalog, survey="another")
    assert zoo.apply(theirs).catalog.flux is theirs.flux  # its calibration is its own
    as_it_is = Zoo.fit(catalog, params=params, calibration=False, random_state=0)
    np.testing.assert_array_equal(as_it_is.catalog.flux, catalog.flux)


def test_spectra_without_a_plate_are_no_plate_and_an_incredible_curve_is_not_applied(monkeypatch):
    catalog = make_observed_catalog(160, random_state=0)
    plate = np.array(["a", "b", None, "c"], dtype=object)[np.arange(160) % 4]
    catalog.properties["plate"] = plate
    curves = np.array([[0, 0.05, 0, 0], [0, -0.05, 0, 0], [0, 1.5, 0, 0]])  # the last would turn the sign of fluxes
    monkeypatch.setattr("sklearn_sedzoo.zoo._calibration.fit_group_curves", lambda *_: curves.copy())
    zoo = Zoo.fit(catalog, params={"embed": "pca", "resample__grid": 400, "map__n_rows": 3}, random_state=0)
    assert zoo.provenance["calibration"]["labels"] == ["a", "b", "c"]
    is_left = np.isin(np.arange(160) % 4, [2, 3])
    np.testing.assert_array_equal(zoo.catalog.flux[is_left], catalog.flux[is_left])
    assert (zoo.catalog.ivar != catalog.ivar)[~is_left].any(axis=1).all()
