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

from sklearn_sedzoo.inspection import interpret
from sklearn_sedzoo.mapping import SOMMapper
from sklearn_sedzoo.pipeline import make_sed_pipeline
from sklearn_sedzoo.report import write_report

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
    normalized, latents = zoo[:2].transform(flux), zoo[:3].transform(flux)
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
        "interpretation": interpret(zoo, flux, properties),
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


def test_neighbours_are_the_nearest_in_the_latents(page, results):
    latents = results["latents"].to_numpy()
    distance = np.linalg.norm(latents - latents[17], axis=1)
    assert _payload(page)["near"][17] == np.argsort(distance)[1:7].tolist()


def test_nothing_is_fetched_and_words_of_the_user_are_text(page):
    text = page.read_text()
    assert page.stat().st_size < 2.5e6
    assert not re.search(r"""(src|href)\s*=\s*["']""", text)
    assert "Zoo &lt;1&gt;" in text
    assert "mine &amp; yours.fits" in text
    assert "<b>odd" not in text
    assert "divided it out" in text or "The groups tell slope" in text


def test_ten_thousand_galaxies_stay_below_eight_megabytes(tmp_path):
    rng = np.random.default_rng(1)
    latents = rng.normal(size=(10_000, 3))
    noise = rng.normal(1, 0.1, (10_000, 250)).astype(np.float32)  # noise is the worst to pack
    path = write_report(
        tmp_path / "report.html",
        som=SOMMapper(10, 10, n_epochs=2).fit(latents),
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
    webdriver = pytest.importorskip("selenium.webdriver")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("no chromium and chromedriver here")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={tmp_path_factory.mktemp('profile')}",
    ):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield driver
    driver.quit()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the driver's own sockets
@pytest.mark.parametrize("width", [1280, 400])
def test_the_page_answers_in_a_browser(browser, page, width):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    browser.set_window_size(1280, 1000)
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
    )
    browser.get(page.as_uri())
    WebDriverWait(browser, 60).until(
        lambda b: b.find_element(By.TAG_NAME, "body").get_dom_attribute("data-ready") == "yes"
    )
    title = browser.find_element(By.ID, "cell-title")
    before = title.text
    cells = browser.find_elements(By.CSS_SELECTOR, "#map .trace:nth-of-type(2) .point")
    assert len(cells) == 20
    payload = _payload(page)
    other = next(cell for cell in sorted(set(payload["cell"])) if f"Cell {cell}:" not in before)
    box = cells[other].rect
    browser.execute_cdp_cmd("Page.bringToFront", {})
    from selenium.webdriver import ActionChains

    browser.execute_script("document.getElementById('map').scrollIntoView({block: 'start'})")
    ActionChains(browser).move_to_element(cells[other]).pause(0.3).click().perform()
    WebDriverWait(browser, 20).until(lambda _: title.text.startswith(f"Cell {other}:"))
    assert title.text.split(": ")[1].startswith(str(payload["cell"].count(other)))
    assert box["width"] > 8
    chip = browser.find_elements(By.CSS_SELECTOR, "#members button")[0]
    browser.execute_script("arguments[0].click()", chip)
    row = int(chip.get_dom_attribute("data-row"))
    assert f"Galaxy {row} (cell {other}" in browser.find_element(By.ID, "galaxy-title").text
    near = [int(b.get_dom_attribute("data-row")) for b in browser.find_elements(By.CSS_SELECTOR, "#near button")]
    assert near == payload["near"][row]
    shade = browser.find_element(By.ID, "shade")
    browser.execute_script("arguments[0].value='line_depth'; arguments[0].dispatchEvent(new Event('change'))", shade)
    bar = browser.find_element(By.CSS_SELECTOR, "#map .cbtitle, #map .g-colorbar, #map .infolayer").text
    assert "line depth" in bar
    overflow = browser.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0  # readable without scrolling sideways
    errors = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert not errors
