import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from sklearn.decomposition import PCA

from sklearn_sedzoo import SpectrumTable, Zoo
from sklearn_sedzoo.cli import main
from sklearn_sedzoo.inspection import in_domain
from sklearn_sedzoo.io import read_catalog, read_map, save_model, write_catalog
from sklearn_sedzoo.mapping import Online
from sklearn_sedzoo.metrics import reconstruction_error

GRID = np.concatenate([np.arange(3000, 3900, 20.0), np.arange(3900, 4300, 1.0), np.arange(4310, 5200, 20.0)])
# The spectra are made of two numbers: a third latent would be rounding, blown up by the whitening.
SETS = {"embed__training__n_epochs": "2", "embed__latent_dim": "2", "resample__grid": "100", "map__n_rows": "3"}
QUICK = [part for name, value in SETS.items() for part in ("--set", f"{name}={value}")]


def make_catalog(n=40, seed=0):
    rng = np.random.default_rng(seed)
    shape = rng.uniform(size=(n, 2))
    flux = 1 + shape[:, :1] * np.sin(GRID / 90) ** 2 + 0.3 * shape[:, 1:] * np.cos(GRID / 7)
    properties = pd.DataFrame({"id": 100 + np.arange(n), "age": shape[:, 0] * 8, "redshift": np.full(n, 0.496)})
    properties.attrs["units"] = {"age": "Gyr"}
    return SpectrumTable((1e-17 * flux).astype("f4"), GRID, properties)


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    """A catalog with two bad rows, one of them usable, and the folder that the command leaves for it."""
    folder = tmp_path_factory.mktemp("map")
    catalog = make_catalog()
    catalog.flux[3, 5] = np.nan
    catalog.flux[7, (GRID > 4000) & (GRID < 4200)] = -1e-17
    write_catalog(folder / "catalog.fits", catalog)
    assert main(["map", str(folder / "catalog.fits"), "--out", str(folder / "zoo"), *QUICK]) == 0
    return folder


def test_every_input_row_has_a_row_in_the_table(mapped):
    table = read_map(mapped / "zoo" / "map.fits")
    assert table["id"].tolist() == list(range(100, 140))
    assert table["quality"][table["quality"] != 0].to_dict() == {3: 1, 7: 2}
    bad = table.index == 7  # one pixel that is not finite is no reason to leave out a spectrum
    assert (table.loc[bad, ["cluster", "cell_row", "cell_column"]] == -1).all(axis=None)
    assert table.loc[bad, "distance"].isna().all()
    assert table.loc[bad, "reconstruction_error"].isna().all()
    assert not table.loc[bad, "in_domain"].any()
    assert table.loc[~bad, "cluster"].between(0, 5).all()
    assert table.loc[~bad, "cell_row"].between(0, 2).all()
    np.testing.assert_allclose(table["age"], make_catalog().properties["age"])
    assert table.attrs["units"]["age"] == "Gyr"


def test_the_table_is_what_the_saved_model_says(mapped):
    zoo = Zoo.load(mapped / "zoo")
    table = read_map(mapped / "zoo" / "map.fits")
    good = table.index != 7
    flux = read_catalog(mapped / "catalog.fits").flux[good]
    np.testing.assert_array_equal(zoo.pipeline.predict(flux), table["cluster"][good])
    cell = table["cell_row"] * 10 + table["cell_column"]
    np.testing.assert_array_equal(zoo.map_pipeline.predict(flux), cell[good])
    normalized = zoo.pipeline[:2].transform(flux)
    error = reconstruction_error(zoo.pipeline["embed"], normalized, per_sample=True)
    np.testing.assert_allclose(table["reconstruction_error"][good], error, rtol=1e-4, atol=2e-12)  # floor: rounding
    np.testing.assert_array_equal(in_domain(zoo.map_pipeline, flux, zoo.domain)["is_inside"], table["in_domain"][good])
    nearest = np.asarray(zoo.map_pipeline.transform(flux)).min(axis=1)
    np.testing.assert_allclose(table["distance"][good], nearest, rtol=1e-4)


def test_the_summary_says_what_happened(mapped):
    summary = json.loads((mapped / "zoo" / "summary.json").read_text())
    assert summary["n_spectra"] == 40
    assert summary["n_used"] == 39
    assert summary["quality_counts"] == {"not_finite": 1, "no_flux": 1}
    assert sum(summary["cluster_counts"]) == 39
    assert summary["frame"] == summary["medium"] == "not stated"
    assert summary["params"] == SETS
    low, high = summary["wavelength_range"]
    assert 3900 < low < high < 4310  # the finely sampled range, without being told
    assert any("finely sampled range" in text for text in summary["decisions"])
    assert any("all redshifts are 0.496" in text for text in summary["decisions"])
    assert {"numpy", "keras", "sklearn_sedzoo"} <= set(summary["versions"])
    assert len(summary["losses"]["loss"]) <= 2
    assert any("age" in sentence for sentence in summary["interpretation"])
    assert set(summary["stability"]["cells"]) == {"training", "bootstrap", "subset"}
    assert summary["n_in_domain"] == read_map(mapped / "zoo" / "map.fits")["in_domain"].sum()
    assert (mapped / "zoo" / "report.html").stat().st_size < 8e6
    figures = sorted(path.name for path in (mapped / "zoo" / "figures").iterdir())
    assert figures == [
        f"{name}.png"
        for name in ("latents", "map", "map_spectra", "properties", "reconstructions", "spectra", "training")
    ]
    assert not [path for path in (mapped / "zoo").iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("model", ["", "model.skops"])
def test_apply_gives_the_same_spectra_the_same_place(mapped, tmp_path, capsys, model):
    out = tmp_path / "again.fits"
    assert main(["apply", str(mapped / "zoo" / model), str(mapped / "catalog.fits"), "--out", str(out)]) == 0
    assert "40 spectra mapped, 2 of them flagged" in capsys.readouterr().out
    pd.testing.assert_frame_equal(read_map(out), read_map(mapped / "zoo" / "map.fits"))


def test_apply_writes_a_report_about_the_new_spectra(mapped, tmp_path, capsys):
    odd = make_catalog(12, seed=5)
    odd.flux[4:] *= 1 + 0.5 * (np.arange(len(GRID)) % 9 == 0)  # combs: no spectrum of the training has them
    write_catalog(tmp_path / "odd.fits", odd)
    out = ["--out", str(tmp_path / "odd_map.fits"), "--report", str(tmp_path / "odd.html")]
    assert main(["apply", str(mapped / "zoo" / "model.skops"), str(tmp_path / "odd.fits"), *out]) == 0
    said = capsys.readouterr().out
    table = read_map(tmp_path / "odd_map.fits")
    inside = table["in_domain"].sum()
    assert not table["in_domain"][4:].any()
    assert f"{inside} are in the domain of the model; {12 - inside} are out of it" in said
    header = fits.getheader(tmp_path / "odd_map.fits", "MAP")
    assert (header["N_INSIDE"], header["NOUTSIDE"]) == (inside, 12 - inside)
    page = (tmp_path / "odd.html").read_text()
    assert f"{inside} are in the domain of the model, {12 - inside} are out of domain" in page
    listed = page[page.index('<section id="unusual">') :].split("</table>")[0]
    assert listed.count("<button data-row=") == len(table)
    assert all(row["unusual_in"] in listed for _, row in table.iterrows())


def test_similar_lists_the_nearest_spectra(mapped, capsys):
    table = read_map(mapped / "zoo" / "map.fits")
    latents = table.filter(like="latent").to_numpy()
    nearest = np.argsort(np.linalg.norm(latents - latents[5], axis=1))[:4]  # NaN last, itself first
    assert main(["similar", str(mapped / "zoo"), "--row", "5", "--neighbors", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [int(line.split()[0]) for line in lines[3:]] == nearest.tolist()
    assert "age [Gyr]" in lines[1]
    assert main(["similar", str(mapped / "zoo" / "map.fits"), "--row", "5"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3 + 11


@pytest.mark.parametrize(
    ("row", "message"),
    [("40", "has rows 0 to 39"), ("-1", "has rows 0 to 39"), ("7", "could not be mapped (quality 2)")],
)
def test_similar_explains_what_it_cannot_do(mapped, capsys, row, message):
    assert main(["similar", str(mapped / "zoo"), "--row", row]) == 2
    assert message in capsys.readouterr().err
    assert main(["similar", str(mapped / "catalog.fits"), "--row", row]) == 2
    assert "is no table of results: it has no HDU MAP" in capsys.readouterr().err


def test_apply_takes_another_grid_or_refuses_it(mapped, tmp_path, capsys):
    catalog = make_catalog()
    finer = np.arange(3500, 4600, 0.5)
    flux = np.array([np.interp(finer, GRID, row) for row in catalog.flux])
    write_catalog(tmp_path / "finer.fits", SpectrumTable(flux, finer, catalog.properties))
    out = tmp_path / "finer_map.fits"
    model = str(mapped / "zoo/model.skops")
    assert main(["apply", model, str(tmp_path / "finer.fits"), "--out", str(out)]) == 0
    ours, theirs = read_map(out), read_map(mapped / "zoo" / "map.fits")
    good = theirs["quality"] == 0
    assert (ours.loc[good, "cell_row"] - theirs.loc[good, "cell_row"]).abs().max() <= 1
    short = SpectrumTable(flux[:, 1200:], finer[1200:], catalog.properties)
    write_catalog(tmp_path / "short.fits", short)
    assert main(["apply", model, str(tmp_path / "short.fits"), "--out", str(tmp_path / "no.fits")]) == 2
    assert "are not covered by the input" in capsys.readouterr().err
    assert not (tmp_path / "no.fits").exists()


def test_results_are_not_overwritten_unless_told(mapped, capsys):
    before = (mapped / "zoo" / "map.fits").read_bytes()
    command = ["map", str(mapped / "catalog.fits"), "--out", str(mapped / "zoo"), "--galaxies", "20", *QUICK]
    assert main(command) == 2
    assert "is not empty. Pass --overwrite" in capsys.readouterr().err
    assert (mapped / "zoo" / "map.fits").read_bytes() == before


def test_a_failed_run_leaves_what_was_there(tmp_path, capsys):
    write_catalog(tmp_path / "c.fits", make_catalog())
    out = tmp_path / "zoo"
    out.mkdir()
    (out / "mine.txt").write_text("keep me")
    command = ["map", str(tmp_path / "c.fits"), "--out", str(out), "--overwrite", "--set", "cluster__n_clusters=99"]
    assert main([*command, *QUICK]) == 2
    assert "99" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


def test_an_output_that_cannot_be_written_is_found_before_training(tmp_path, capsys, monkeypatch):
    write_catalog(tmp_path / "c.fits", make_catalog())
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(Zoo, "fit", lambda *_: pytest.fail("trained"))
    assert main(["map", str(tmp_path / "c.fits"), "--out", str(tmp_path / "file")]) == 2
    assert "is a file; results go into a folder" in capsys.readouterr().err
    assert main(["map", str(tmp_path / "c.fits"), "--out", "/proc/zoo"]) == 2
    assert "/proc/zoo" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "embedd__latent_dim=2"], "there is no step 'embedd'; the steps are resample, normalize, embed"),
        (
            ["--set", "embed__epoch=2"],
            "embed has no parameter 'epoch'; it has architecture__activation, ",
        ),
        (["--galaxies", "41"], "holds only 40 spectra"),
        (["--set", "normalize__band=(1000,2000)"], "Choose a band inside the grid"),
        (["--set", "resample__grid_range=(1000,2000)"], "are not covered by the input"),
    ],
)
def test_mistakes_are_explained_in_one_line(mapped, tmp_path, capsys, arguments, message):
    assert main(["map", str(mapped / "catalog.fits"), "--out", str(tmp_path / "zoo"), *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len([line for line in error.splitlines() if line.startswith("sedzoo map:")]) == 1
    assert "Traceback" not in error
    assert not (tmp_path / "zoo").exists()


@pytest.mark.parametrize("arguments", [["map", "--set", "grid"], ["map", "--galaxies", "0"], ["fly"], []])
def test_wrong_usage_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage: sedzoo" in capsys.readouterr().err


def test_bad_files_are_named(tmp_path, capsys):
    for name, content in {"empty.fits": b"", "page.fits": b"<html>404</html>"}.items():
        (tmp_path / name).write_bytes(content)
        assert main(["map", str(tmp_path / name), "--out", str(tmp_path / "zoo")]) == 2
        assert name in capsys.readouterr().err
    save_model(PCA().fit([[0, 1], [1, 0]]), tmp_path / "pca.skops")
    assert main(["apply", str(tmp_path / "pca.skops"), "x.fits"]) == 2
    assert "is no model of a Zoo: it holds PCA" in capsys.readouterr().err
    (tmp_path / "noise.skops").write_bytes(b"noise")
    assert main(["apply", str(tmp_path / "noise.skops"), "x.fits"]) == 2
    assert "is no model file" in capsys.readouterr().err
    for name in ("none", "none.skops"):
        assert main(["apply", str(tmp_path / name), "x.fits"]) == 2
        assert name in capsys.readouterr().err


def test_big_endian_catalogs_of_bad_rows_only_are_refused(tmp_path, capsys):
    catalog = make_catalog(5)
    catalog.flux[:] = np.nan
    write_catalog(tmp_path / "c.fits", catalog)
    assert fits.getdata(tmp_path / "c.fits", "FLUX").dtype == ">f4"
    assert main(["map", str(tmp_path / "c.fits"), "--out", str(tmp_path / "zoo")]) == 2
    assert "0 of 5 spectra can be used (not_finite: 5, empty: 5)" in capsys.readouterr().err


def test_an_embedder_that_remains_pca_knows_its_domain_too(tmp_path):
    catalog, other = make_catalog(60), make_catalog(5)
    catalog.flux = (1 + 0.3 * np.random.default_rng(0).standard_normal(catalog.flux.shape)).astype("f4")
    other.flux *= (1 + 3 * (GRID > 4200)).astype("f4")
    write_catalog(tmp_path / "noise.fits", catalog)
    write_catalog(tmp_path / "other.fits", other)
    assert main(["map", str(tmp_path / "noise.fits"), "--out", str(tmp_path / "zoo"), *QUICK]) == 0
    model = tmp_path / "zoo" / "model.skops"
    embedder = Zoo.load(model).pipeline["embed"]
    assert embedder.best_loss_ == embedder.pca_loss_
    assert len(embedder.training_rows_) == 60  # there are none that it has not seen, to tell its domain by
    assert read_map(tmp_path / "zoo" / "map.fits")["in_domain"].mean() > 0.9
    assert main(["apply", str(model), str(tmp_path / "other.fits"), "--out", str(tmp_path / "other_map.fits")]) == 0
    assert not read_map(tmp_path / "other_map.fits")["in_domain"].any()


def test_the_command_is_a_module_too():
    result = subprocess.run([sys.executable, "-m", "sklearn_sedzoo", "--version"], capture_output=True, text=True)
    assert result.stdout.strip() == "0.1.0"


def observe(catalog, seed=0):
    """Shift the spectra of a catalog by redshifts of their own, with errors and a mask over a line of the sky."""
    rng = np.random.default_rng(seed)
    redshift = rng.uniform(0.02, 0.06, len(catalog))
    grid = 3960 * np.exp(4e-4 * np.arange(520))
    flux = np.array([np.interp(grid / (1 + z), GRID, f) / (1 + z) for z, f in zip(redshift, catalog.flux, strict=True)])
    ivar = np.full(flux.shape, 1e38)
    flux[:, 450:455], ivar[:, 450:455] = 1e-13, 0
    properties = catalog.properties.assign(redshift=redshift)
    return SpectrumTable(flux, grid, properties, frame="observed", ivar=ivar)


@pytest.fixture(scope="module")
def observed(tmp_path_factory):
    """A folder with the map of observed spectra that carry errors and masks; one redshift is missing."""
    folder = tmp_path_factory.mktemp("observed")
    catalog = observe(make_catalog())
    catalog.properties.loc[5, "redshift"] = np.nan
    write_catalog(folder / "catalog.fits", catalog)
    sets = ["--set", "embed__training__n_epochs=2", "--set", "map__n_rows=3", "--set", "resample__redshift=redshift"]
    assert main(["map", str(folder / "catalog.fits"), "--out", str(folder / "zoo"), *sets]) == 0
    return folder


def test_observed_spectra_go_to_the_rest_frame_with_their_errors(observed):
    table = read_map(observed / "zoo" / "map.fits")
    assert np.flatnonzero(table["cluster"] < 0).tolist() == [5]
    assert table["quality"][5] == 16  # bad_redshift
    pipeline = Zoo.load(observed / "zoo").pipeline
    resampled = pipeline[:1].transform(read_catalog(observed / "catalog.fits")[table.index != 5])
    n_bins = resampled.shape[1] // 2
    flux, ivar = resampled.to_numpy()[:, :n_bins], resampled.to_numpy()[:, n_bins:]
    grid = pipeline["resample"].wavelength_out_
    truth = np.array([np.interp(grid, GRID, row) for row in make_catalog().flux[table.index != 5]])
    assert 0.005 < np.mean(ivar == 0) < 0.2  # the line of the sky, and it only
    fine = (grid > 3920) & (grid < 4290)  # the truth is known where it is finely sampled
    assert np.abs(flux / truth - 1)[(ivar > 0) & fine].max() < 0.01
    assert table.loc[table["cluster"] >= 0, "reconstruction_error"].max() < 0.1  # 1e-13 in the mask is not seen


def test_apply_takes_errors_and_says_when_they_are_missing(observed, tmp_path, capsys):
    model, out = str(observed / "zoo" / "model.skops"), tmp_path / "again.fits"
    assert main(["apply", model, str(observed / "catalog.fits"), "--out", str(out)]) == 0
    pd.testing.assert_frame_equal(read_map(out), read_map(observed / "zoo" / "map.fits"))
    bare = observe(make_catalog(5))
    bare.ivar = None
    write_catalog(tmp_path / "bare.fits", bare)
    assert main(["apply", model, str(tmp_path / "bare.fits"), "--out", str(tmp_path / "no.fits")]) == 2
    assert "was trained on spectra with inverse variances" in capsys.readouterr().err


def test_bad_pixels_can_be_left_out_in_place_of_their_spectra(tmp_path, capsys):
    catalog = make_catalog()
    catalog.flux[3, 100] = np.nan
    catalog.flux[8] = np.nan
    write_catalog(tmp_path / "c.fits", catalog)
    command = ["map", str(tmp_path / "c.fits"), *QUICK, "--set", "resample__min_coverage=0.1"]
    assert main([*command, "--out", str(tmp_path / "zoo"), "--on-bad", "mask"]) == 0
    table = read_map(tmp_path / "zoo" / "map.fits")
    assert np.flatnonzero(table["cluster"] < 0).tolist() == [8]
    assert np.flatnonzero(table["quality"]).tolist() == [3, 8]
    assert main([*command, "--out", str(tmp_path / "no"), "--on-bad", "raise"]) == 2
    assert "2 of 40 spectra are bad (not_finite: 2, empty: 1); first at row 3" in capsys.readouterr().err


def test_a_missing_column_of_redshifts_is_named(mapped, tmp_path, capsys):
    command = [
        "map",
        str(mapped / "catalog.fits"),
        "--out",
        str(tmp_path / "zoo"),
        "--set",
        "resample__redshift=z_best",
    ]
    assert main(command) == 2
    assert "has no column 'z_best'; it has id, age, redshift" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.filterwarnings("default::sklearn_sedzoo.exceptions.SedGridWarning")
def test_the_recipe_of_the_thesis(tmp_path, capsys):
    write_catalog(tmp_path / "c.fits", make_catalog(60))
    quick = ["embed__training__n_epochs=2", "embed__latent_dim=8", "embed__architecture__filters=(4,)"]
    quick += ["map__algorithm__n_iterations=200"]
    sets = [part for value in quick for part in ("--set", value)]
    command = ["map", str(tmp_path / "c.fits"), "--recipe", "thesis", "--out", str(tmp_path / "zoo"), *sets]
    assert main(command) == 0
    assert "oversampled, without information" in "".join(capsys.readouterr())  # the thesis had finer spectra
    summary = json.loads((tmp_path / "zoo" / "summary.json").read_text())
    assert summary["n_pixels"] == 4096
    assert summary["wavelength_range"] == [GRID[0], GRID[-1]]
    assert summary["n_learned_from"] == 48  # 80 of 80/10/10
    assert "reconstruction_mse_test" in summary
    assert len(list((tmp_path / "zoo" / "figures").glob("figure*.png"))) == 5
    zoo = Zoo.load(tmp_path / "zoo")
    assert isinstance(zoo.map_pipeline["map"].algorithm, Online)
    assert zoo.pipeline["normalize"].statistic == "pixel_mean"
    assert zoo.pipeline["embed"].whiten is False
    assert "Conv1DTranspose" in (tmp_path / "zoo" / "network.txt").read_text()


@pytest.mark.filterwarnings("ignore:.*oversampled:sklearn_sedzoo.exceptions.SedGridWarning")  # coarse outside 3900-4300
def test_a_model_of_the_rest_frame_takes_spectra_at_rest_as_they_are(observed, tmp_path, capsys):
    rest = make_catalog()
    rest.frame, rest.ivar = "rest", np.full(rest.flux.shape, 1e38)
    write_catalog(tmp_path / "rest.fits", rest)
    model, out = str(observed / "zoo" / "model.skops"), tmp_path / "map.fits"
    assert main(["apply", model, str(tmp_path / "rest.fits"), "--out", str(out)]) == 0
    assert "Frame: rest, as the file states" in capsys.readouterr().err
    table, shifted = read_map(out), read_map(observed / "zoo" / "map.fits")
    both = (shifted["cluster"] >= 0).to_numpy()
    for name in ("latent0", "latent1"):  # two numbers make the spectra; the third latent is rounding
        off = table.loc[both, name] - shifted.loc[both, name]
        assert off.std() < 0.25 * shifted.loc[both, name].std(), name


def test_redshifts_come_from_another_table(observed, tmp_path, capsys):
    catalog = read_catalog(observed / "catalog.fits")
    z = catalog.properties[["id", "redshift"]].rename(columns={"redshift": "zspec", "id": "object"})
    z.iloc[::-1].to_csv(tmp_path / "z.csv", index=False)
    catalog.properties = catalog.properties[["id"]]
    write_catalog(tmp_path / "bare.fits", catalog)
    check = ["check", str(tmp_path / "bare.fits")]
    assert main(check) == 0
    assert "there are no redshifts (columns: id). Join them" in capsys.readouterr().out
    assert main(["map", str(tmp_path / "bare.fits"), "--out", str(tmp_path / "zoo")]) == 2
    assert "there are no redshifts" in capsys.readouterr().err
    assert not (tmp_path / "zoo").exists()
    known = ["--catalog", str(tmp_path / "z.csv"), "--on", "id,object", "--redshift-column", "zspec"]
    assert main([*check, *known]) == 0
    low, high = z["zspec"].min(), z["zspec"].max()
    assert f"{low:.4g} to {high:.4g}: use SpectrumResampler(redshift='redshift')" in capsys.readouterr().out
    assert main([*check, "--redshift-column", "zspec"]) == 2
    assert "has no such column; it has id" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--frame", "Rest"], ["--grid", "4000:3000:1"], ["--grid", "1:2"], ["--mask-bits", "x"]]
)
def test_wrong_words_about_the_input_exit_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["check", "a.fits", *arguments])
    assert exit_.value.code == 2
    assert arguments[0] in capsys.readouterr().err
