"""save_model and load_model: what comes back, what is refused, and that nothing in a file can execute."""

import json
import pickle
import zipfile

import numpy as np
import pytest
import skops.io
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline

from sklearn_sedzoo import make_sed_pipeline
from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder, ResidualNetwork, Training
from sklearn_sedzoo.exceptions import SedReadError
from sklearn_sedzoo.io import load_model, save_model
from sklearn_sedzoo.io._models import HEADER
from sklearn_sedzoo.mapping import SOMMapper

TINY = {
    "architecture": ResidualNetwork((2,), patch=8, activation="tanh"),
    "training": Training(n_epochs=1, batch_size=64),
    "random_state": 0,
}


def make_flux(n_samples=40):
    rng = np.random.default_rng(0)
    wavelength = np.linspace(4000, 4400, 81)
    return wavelength, 1 + rng.uniform(0, 1, (n_samples, 1)) * np.sin(wavelength / 40) ** 2


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.skops"
    save_model(PCA(2).fit(make_flux()[1]), path)
    return path


def rewrite(path, changes):
    """Write a copy of the archive in which the named members are replaced."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members.update(changes)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            if content is not None:
                archive.writestr(name, content)


def test_pipeline_comes_back_bit_for_bit(tmp_path):
    wavelength, flux = make_flux()
    zoo = make_sed_pipeline(
        wavelength=wavelength,
        grid=64,
        band=(4050, 4150),
        embed=ConvAutoencoderEmbedder(2, **TINY),
        final=KMeans(3, random_state=0),
    ).fit(flux)
    chart = Pipeline([*zoo.steps[:-1], ("map", SOMMapper(3, 3).fit(zoo[:-1].transform(flux)))])
    save_model({"cluster": zoo, "map": chart}, tmp_path / "zoo.skops")
    loaded = load_model(tmp_path / "zoo.skops")
    assert list(loaded) == ["cluster", "map"]
    np.testing.assert_array_equal(loaded["cluster"].predict(flux), zoo.predict(flux))
    np.testing.assert_array_equal(loaded["map"].predict(flux), chart.predict(flux))
    np.testing.assert_array_equal(loaded["cluster"][:-1].transform(flux), zoo[:-1].transform(flux))
    assert list(loaded["cluster"][:-1].transform(flux).columns) == ["latent0", "latent1"]
    assert loaded["cluster"].get_params()["embed__latent_dim"] == 2
    assert loaded["cluster"]["embed"].history_ == zoo["embed"].history_


class Watcher:
    """A callback with something that no file could hold."""

    def __init__(self):
        self.secret = lambda: None

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        pass


def test_callbacks_are_left_out_and_stay_on_the_original(tmp_path):
    _, flux = make_flux()
    embedder = ConvAutoencoderEmbedder(2, **TINY).set_callbacks(Watcher()).fit(flux)
    save_model(embedder, tmp_path / "embedder.skops")
    assert "_skl_callbacks" in vars(embedder)
    loaded = load_model(tmp_path / "embedder.skops")
    assert "_skl_callbacks" not in vars(loaded)
    np.testing.assert_array_equal(loaded.transform(flux), embedder.transform(flux))


def build_network(n_wavelengths, latent_dim):
    raise NotImplementedError


def test_functions_are_refused_by_name(tmp_path):
    zoo = make_sed_pipeline(grid=8, embed=ConvAutoencoderEmbedder(2, architecture=build_network))
    with pytest.raises(ValueError, match=r"`embed__architecture` of Pipeline is a function"):
        save_model(zoo, tmp_path / "zoo.skops")
    with pytest.raises(ValueError, match=r"`a: architecture` of ConvAutoencoderEmbedder is a function"):
        save_model({"a": zoo["embed"]}, tmp_path / "zoo.skops")
    assert not list(tmp_path.iterdir())


def test_foreign_types_are_refused_both_ways(tmp_path):
    estimator = PCA(2).fit(make_flux()[1])
    estimator.note_ = pytest.Collector
    with pytest.raises(ValueError, match="save_model cannot write"):
        save_model(estimator, tmp_path / "pca.skops")
    with pytest.raises(TypeError, match="must be an estimator or a dict"):
        save_model(np.zeros(3), tmp_path / "array.skops")
    path = tmp_path / "foreign.skops"
    skops.io.dump(estimator, path)
    rewrite(path, {HEADER: json.dumps({"format": 1})})
    with pytest.raises(SedReadError, match="only what scikit-learn, numpy and sklearn_sedzoo define is loaded"):
        load_model(path)


@pytest.mark.parametrize(
    "name",
    ["os.system", "builtins.eval", "sklearn_sedzoo.io._models.save_model", "sklearn_sedzoo.io._models.pathlib.Path"],
)
def test_no_type_smuggled_into_the_schema_is_called(small, name):
    with zipfile.ZipFile(small) as archive:
        schema = json.loads(archive.read("schema.json"))
    module, _, attribute = name.rpartition(".")
    schema["__module__"], schema["__class__"] = module, attribute
    rewrite(small, {"schema.json": json.dumps(schema)})
    with pytest.raises(SedReadError, match="only what scikit-learn"):
        load_model(small)


def test_newer_format_is_refused(small):
    rewrite(small, {HEADER: json.dumps({"format": 99, "sklearn_sedzoo": "7.0"})})
    with pytest.raises(SedReadError, match=r"written by sklearn_sedzoo 7.0 in format 99.*Upgrade"):
        load_model(small)


def test_versions_are_in_the_file(small):
    with zipfile.ZipFile(small) as archive:
        header = json.loads(archive.read(HEADER))
    assert header["format"] == 1
    assert header["versions"]["numpy"] == np.__version__


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-200]), "cut short"),
        (lambda path: path.write_bytes(b""), "no model file"),
        (lambda path: path.write_bytes(pickle.dumps({"a": 1})), "no model file"),
        (lambda path: path.unlink(), "is not there"),
        (lambda path: rewrite(path, {HEADER: "[]"}), "names no format"),
        (lambda path: rewrite(path, {HEADER: "{"}), "no model file"),
        (lambda path: rewrite(path, {HEADER: None}), "no model of sklearn_sedzoo"),
        (lambda path: rewrite(path, {"schema.json": None}), "damaged"),
    ],
)
def test_other_files_are_refused(small, spoil, message):
    spoil(small)
    with pytest.raises(SedReadError, match=message):
        load_model(small)


def test_existing_file_is_kept(small):
    before = small.read_bytes()
    with pytest.raises(FileExistsError, match="overwrite=True"):
        save_model(PCA(1).fit(make_flux()[1]), small)
    assert small.read_bytes() == before
    save_model(PCA(1).fit(make_flux()[1]), small, overwrite=True)
    assert load_model(small).n_components_ == 1
