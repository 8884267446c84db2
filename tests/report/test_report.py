"""The page: what it holds, that it needs no network, and that it answers in a browser (where there is one)."""

import base64
import gzip
import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from sklearn_sedzoo.inspection import find_similar, interpret
from sklearn_sedzoo.mapping import Batch, SOMMapper
from sklearn_sedzoo.pipeline import make_sed_pipeline
from sklearn_sedzoo.report import write_report
from tests.report.chromium import Chromium

WAVELENGTH = np.linspace(4000.0, 5000.0, 300)


@pytest.fixture(scope="module")
def results():
    """What a run leaves: 240 spectra with properties."""
    rng = np.random.default_rng(0)
    slope, depth = rng.uniform(-1, 1, (240, 1)), rng.uniform(0, 0.5, (240, 1))
    flux = 3 + slope * (WAVELENGTH - 4500) / 500 - depth * np.exp(-0.5 * ((WAVELENGTH - 4861) / 8) ** 2)
    zoo = make_sed_pipeline(
        wavelength=WAVELENGTH, grid=300, band=None, embed=PCA(2, whiten=True), final=KMeans(3, random_state=0)
    ).fit(flux)
    normalized = pd.DataFrame(zoo[:2].transform(flux), columns=zoo[:2].get_feature_names_out())
    latents = zoo[:3].transform(flux)
    properties = pd.DataFrame({"slope": slope[:, 0], "line_depth": depth[:, 0], "kind": "</script><b>odd"})
    properties.loc[3, "slope"] = np.nan
    properties.attrs["units"] = {"slope": "1/Angstrom"}
    return {
        "som": SOMMapper(5, 4, random_state=0).fit(latents),
        "latents": latents,
        "labels": zoo.predict(flux),
        "normalized": normalized,
        "reconstructed": zoo["embed"].inverse_transform(latents),
        "properties": properties,
        "is_inside": ~np.isin(np.arange(240), [5, 17]),
        "interpretation": interpret(zoo, flux, properties, random_state=0),
        "stability": {"cells": pd.DataFrame({"ari": [0.41], "ari_min": [0.38], "r_slope": [0.95]}, index=["seed"])},
        "history": {"loss": [1.0, 0.5], "val_loss": [1.1, 0.6]},
        "facts": {"seed": 0, "error": 0.0012345},
        "command": "sedzoo map 'mine & yours.fits'",
    }


@pytest.fixture(scope="module")
def page(results, tmp_path_factory):
    return write_report(tmp_path_factory.mktemp("page") / "report.html", **results, title="Zoo <1>")


def _payload(path):
    packed = re.search(r'id="data">([^<]*)<', path.read_text()).group(1)
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def test_spectra_come_back_from_the_page(page, results):
    payload = _payload(page)
    flux = payload["flux"]
    rows = np.frombuffer(gzip.decompress(base64.b64decode(flux["data"])), np.uint8).reshape(240, -1)
    values = np.array(flux["low"])[:, None] + np.array(flux["width"])[:, None] * rows / flux["most"]
    at = np.array(payload["wavelength"])
    grid = results["normalized"].columns.astype(float)
    truth = np.array([np.interp(at, grid, row) for row in results["normalized"].to_numpy()])
    continuum = np.abs(at - 4861) > 30  # bins average the line's core
    np.testing.assert_allclose(values[:, continuum], truth[:, continuum], atol=0.005)
    assert payload["cell"] == results["som"].predict(results["latents"]).tolist()
    assert payload["properties"]["slope"][3] is None


def test_neighbors_are_the_nearest_in_the_latents(page, results):
    latents = results["latents"].to_numpy()
    distance = np.linalg.norm(latents - latents[17], axis=1)
    assert _payload(page)["near"][17] == np.argsort(distance)[1:7].tolist()
    assert _payload(page)["near"][17] == find_similar(latents, 17)["row"].tolist()


def test_twins_are_neighbors_and_a_galaxy_alone_has_none(results, tmp_path):
    same = {**results, "latents": 0 * results["latents"], "interpretation": None}
    near = _payload(write_report(tmp_path / "same.html", **same))["near"]
    assert all(row not in others and len(others) == 6 for row, others in enumerate(near))
    one = {name: results[name][:1] for name in ("latents", "labels", "normalized", "reconstructed", "properties")}
    assert _payload(write_report(tmp_path / "one.html", som=results["som"], **one))["near"] == [[]]


def test_nothing_is_fetched_and_words_of_the_user_are_text(page):
    text = page.read_text()
    assert page.stat().st_size < 2.5e6
    assert not re.search(r"""(src|href)\s*=\s*["']""", text)
    assert "Zoo &lt;1&gt;" in text
    assert "mine &amp; yours.fits" in text
    assert "<b>odd" not in text
    assert "238 are in the domain of the model, 2 are out of domain" in text
    assert "divided it out" in text or "The groups tell slope" in text


def _listed(path):
    section = re.search(r'<section id="unusual">(.*?)</section>', path.read_text(), re.DOTALL).group(1)
    return re.findall(r"<button data-row='(\d+)'>([^<]*)</button></th>(.*?)</tr>", section)


def test_the_most_unusual_spectra_are_listed_also_where_all_are_in_domain(results, tmp_path):
    """Two spectra that the model cannot reproduce and one far from all cells lead the list."""
    flux, latents = results["normalized"].copy(), results["latents"].copy()
    flux.iloc[11, ::2] += 0.3
    flux.iloc[42, ::2] += 0.2
    latents.iloc[99] = [40.0, -40.0]
    given = {**results, "normalized": flux, "latents": latents, "is_inside": np.ones(240, dtype=bool)}
    given["ids"] = [f"gal-{row}" for row in range(240)]
    properties = results["properties"].assign(redshift=np.arange(240) / 1000)
    path = write_report(tmp_path / "all.html", **{**given, "properties": properties})
    listed = _listed(path)
    assert len(listed) == 20
    assert {(row, name) for row, name, _ in listed[:3]} == {("11", "gal-11"), ("42", "gal-42"), ("99", "gal-99")}
    for row, _, cells in listed[:3]:
        assert ("<td>distance</td>" if row == "99" else "<td>reconstruction error</td>") in cells
        assert f"<td>{int(row) / 1000:.3g}</td>" in cells
        assert "in domain" in cells
    del given["is_inside"]
    assert [row for row, *_ in _listed(write_report(tmp_path / "none.html", **given))] == [row for row, *_ in listed]


def test_ten_thousand_galaxies_stay_below_eight_megabytes(tmp_path):
    rng = np.random.default_rng(1)
    latents = rng.normal(size=(10_000, 3))
    noise = rng.normal(1, 0.1, (10_000, 250)).astype(np.float32)  # noise is the worst to pack
    path = write_report(
        tmp_path / "report.html",
        som=SOMMapper(10, 10, algorithm=Batch(n_epochs=2)).fit(latents),
        latents=latents,
        labels=rng.integers(0, 6, 10_000),
        normalized=noise,
        reconstructed=noise + rng.normal(0, 0.1, noise.shape),
        properties=pd.DataFrame(rng.normal(size=(10_000, 6)), columns=list("abcdef")),
    )
    assert path.stat().st_size < 8e6


def test_fewer_spectra_are_taken_from_all_cells(results, tmp_path):
    path = write_report(tmp_path / "report.html", **results, max_spectra=40)
    stored = np.array(_payload(path)["stored"])
    cells = results["som"].predict(results["latents"])
    assert len(stored) == 40
    assert set(cells[stored]) == set(cells)
    assert "holds the spectra of 40" in path.read_text()


def test_wrong_input_is_refused(results, page):
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write_report(page, **results)
    with pytest.raises(ValueError, match="`labels` of write_report must have 240 rows"):
        write_report(page, **{**results, "labels": [0]}, overwrite=True)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium here")
    browser = Chromium(program, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


def _center(browser, expression):
    """Scroll an element into view and return where it is."""
    browser.ask(f"{expression}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
    box = browser.ask(f"{expression}.getBoundingClientRect().toJSON()")
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _texts(browser, selector):
    return browser.ask(f"[...document.querySelectorAll({selector!r})].map((e) => e.textContent)")


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 400])
def test_the_page_answers_in_a_browser(browser, page, width):
    payload = _payload(page)
    browser.open(page.as_uri(), width)
    assert browser.ask("document.querySelectorAll('#map .trace:nth-of-type(2) .point').length") == 20
    before = browser.ask("document.getElementById('cell-title').textContent")
    other = next(cell for cell in sorted(set(payload["cell"])) if f"Cell {cell}:" not in before)

    # a cell tells its counts and properties under the mouse, and shows its spectra when clicked
    at = _center(browser, f"document.querySelectorAll('#map .trace:nth-of-type(2) .point')[{other}]")
    browser.move_to(*at)
    browser.wait_for("document.querySelector('#map .hovertext')")
    hover = browser.ask("document.querySelector('#map .hovertext').textContent")
    n_members = payload["cell"].count(other)
    assert f"cell {other}: {n_members} spectra" in hover
    assert "line depth" in hover
    browser.click(*at)
    browser.wait_for(f"document.getElementById('cell-title').textContent.startsWith('Cell {other}: {n_members} ')")
    assert browser.ask("document.querySelectorAll('#cell-plot .scatterlayer .trace').length") == n_members + 1
    depth = [payload["properties"]["line_depth"][row] for row in range(240) if payload["cell"][row] == other]
    shown = dict(
        zip(_texts(browser, "#cell-facts th"), [None] * 4 + _texts(browser, "#cell-facts td")[::3], strict=False)
    )
    assert any(key.startswith("line depth") for key in shown)
    assert f"{np.median(depth):.3g}"[:4] in "".join(_texts(browser, "#cell-facts td"))

    # a galaxy shows its spectrum, reconstruction, residual and neighbors
    chip = _center(browser, "document.querySelector('#members button')")
    row = int(browser.ask("document.querySelector('#members button').dataset.row"))
    browser.click(*chip)
    browser.wait_for(f"document.getElementById('galaxy-title').textContent.startsWith('Galaxy {row} (cell {other},')")
    legend = _texts(browser, "#galaxy-plot .legendtext")
    assert {"nearest", "spectrum", "reconstruction", "residual"} <= set(legend)
    drawn = browser.ask("document.getElementById('galaxy-plot').data.find((t) => t.name === 'residual').y")
    assert np.abs(drawn).max() < 0.02  # two components make these spectra
    near = browser.ask("[...document.querySelectorAll('#near button')].map((b) => Number(b.dataset.row))")
    assert near == payload["near"][row]
    browser.ask("document.querySelector('#near button').click()")
    assert f"Galaxy {near[0]} " in browser.ask("document.getElementById('galaxy-title').textContent")

    # the map is colored by any property, also by the share outside the domain
    for shade, words in (("line_depth", "line depth"), ("share out of domain", "share out of domain")):
        browser.ask(f"(() => {{ const s = document.getElementById('shade'); s.value = '{shade}';"
                    " s.dispatchEvent(new Event('change')) })()")  # fmt: skip
        browser.wait_for(f"document.querySelector('#map .infolayer').textContent.includes('{words}')")
    assert _texts(browser, "#outside-list button") == ["5", "17"]
    assert any("0.41" in text for text in _texts(browser, "#stability td"))

    # readable without scrolling sideways; nothing is fetched; the console is silent
    assert browser.ask("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert browser.ask("Math.min(...[...document.querySelectorAll('p,td,li,button')].filter((e) => e.offsetParent)"
                       ".map((e) => parseFloat(getComputedStyle(e).fontSize)))") >= 13  # fmt: skip
    plots = browser.ask(
        "[...document.querySelectorAll('.plot')].map((e) => e.scrollWidth - e.parentElement.clientWidth)"
    )
    assert max(plots) <= 0
    assert [url for url in browser.requests if not url.startswith(("file:", "data:", "blob:"))] == []
    assert browser.errors == []


@pytest.mark.slow
def test_the_browser_test_sees_errors(browser, tmp_path):
    (tmp_path / "page.html").write_text(
        "<body data-ready='yes'><img src='http://127.0.0.1:9/x'><script>nothing.at.all</script></body>"
    )
    browser.open((tmp_path / "page.html").as_uri(), 400)
    browser.wait_for("document.readyState === 'complete'")
    assert any("nothing is not defined" in str(error) for error in browser.errors)
    assert any(url.startswith("http://127.0.0.1") for url in browser.requests)
