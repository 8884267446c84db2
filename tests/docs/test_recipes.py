"""The recipes run as they stand, and their numbers are what they claim."""

import pathlib
import re
import runpy
import sys

import pytest

FOLDER = pathlib.Path(__file__).parents[2] / "docs" / "recipes"
RECIPES = sorted(path for path in FOLDER.glob("*.py") if path.stem != "sample")
NMAD = re.compile(r"sigma_NMAD +(\d\.\d+)")


def run(name, capsys, monkeypatch, *arguments):
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *arguments])
    runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
    return capsys.readouterr().out


@pytest.fixture
def recipe(capsys, monkeypatch):
    return lambda name, *arguments: run(name, capsys, monkeypatch, *arguments)


@pytest.mark.slow
def test_cells_before_a_forest(recipe):
    values = [float(value) for value in NMAD.findall(recipe("cells_before_a_forest"))]
    assert len(values) == 2
    assert max(values) < 0.03


@pytest.mark.slow
def test_stack_maps_and_trees(recipe):
    maps, trees, stacked = (float(value) for value in NMAD.findall(recipe("stack_maps_and_trees")))
    assert stacked < 1.1 * min(maps, trees)


@pytest.mark.slow
def test_search_by_sigma_nmad(recipe):
    out = recipe("search_by_sigma_nmad")
    tried = {line[line.index("{") :]: float(line[:6]) for line in out.splitlines()[:4]}
    best = out.splitlines()[-1].removeprefix("best by sigma_NMAD: ")
    assert tried[best] == min(tried.values())


@pytest.mark.slow
def test_seds_to_photoz(recipe):
    pytest.importorskip("speclite")
    out = recipe("seds_to_photoz")
    highest = [float(z) for z in re.findall(r"covered at redshifts 0.00 to (\d+\.\d+)", out)]
    assert len(highest) == 6
    assert highest == sorted(highest)  # the redder the band, the farther
    assert float(NMAD.findall(out)[0]) < 0.02


@pytest.mark.slow
def test_best_photoz(recipe):
    out = recipe("best_photoz", "--trees", "40")
    assert float(NMAD.findall(out)[0]) < 0.02
    assert float(re.findall(r"PIT KS +(\d\.\d+)", out)[0]) < 0.15


def test_every_recipe_is_tested():
    source = pathlib.Path(__file__).read_text()
    assert {path.stem for path in RECIPES} == set(re.findall(r'recipe\("(\w+)"', source))
