"""What `sedzoo check` finds out, against catalogs of which it is known."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from sklearn_sedzoo import SpectrumTable
from sklearn_sedzoo._kernels.line_centroid import line_offset, noise_of
from sklearn_sedzoo.cli import main
from sklearn_sedzoo.datasets import make_sed_catalog
from sklearn_sedzoo.io import diagnose_catalog, read_catalog, write_catalog
from sklearn_sedzoo.preprocessing import vacuum_to_air


@pytest.fixture(scope="module")
def mock():
    return make_sed_catalog(15, random_state=1)


def changed(catalog, **changes):
    return dataclasses.replace(catalog, **changes)


@pytest.mark.parametrize("shift", [-120.0, 0.0, 45.0])
@pytest.mark.parametrize("sign", [-1, 1])
def test_the_centroid_of_a_line_of_known_velocity(shift, sign):
    grid = np.arange(4700.0, 5000.0, 0.7)
    line = 4862.68 * (1 + shift / 299792.458)
    flux = 2 + grid / 5000 + sign * 0.5 * np.exp(-0.5 * ((grid - line) / 4) ** 2)
    offset, depth = line_offset(grid, flux, 4862.68)
    np.testing.assert_allclose(offset, shift, atol=3)
    assert np.sign(depth) == -sign


def test_noise_is_found_in_the_scatter():
    rng = np.random.default_rng(0)
    smooth = 5 + np.sin(np.arange(4000) / 300)
    np.testing.assert_allclose(noise_of(smooth + rng.normal(scale=0.2, size=(3, 4000))), 0.2, rtol=0.1)


@pytest.mark.parametrize("medium", ["vacuum", "air"])
@pytest.mark.parametrize("frame", ["rest", "observed"])
def test_medium_and_frame_are_measured(mock, medium, frame):
    z = np.linspace(0.02, 0.3, len(mock))
    grid = mock.wavelength if medium == "vacuum" else vacuum_to_air(mock.wavelength)
    properties = pd.DataFrame({"redshift": z})
    flux = mock.flux
    if frame == "observed":
        flux = np.array([np.interp(grid / (1 + k), grid, row, left=np.nan) for k, row in zip(z, flux, strict=True)])
    found = diagnose_catalog(SpectrumTable(flux, grid, properties))
    assert found.measured["frame"] == frame
    assert found.measured["medium"] == medium
    assert abs(found.measured["offset_km_s"] - (0 if medium == "vacuum" else -83)) < 25
    assert ("medium='air'" in str(found)) == (medium == "air")
    assert ("redshift='redshift'" in str(found)) == (frame == "observed")


def test_a_false_statement_is_contradicted(mock):
    false = changed(mock, medium="air")
    found = diagnose_catalog(false)
    assert "air, as the file states" in found.facts["medium"]
    assert any("its lines stand where they do in vacuum" in text for text in found.warnings)


def test_the_shared_catalog_is_in_vacuum_also_when_few_spectra_tell(fsps):
    for rows in (slice(0, 200), slice(0, 10), slice(3, 4)):
        some = fsps[rows]
        found = diagnose_catalog(some)
        assert (found.measured["frame"], found.measured["medium"]) == ("rest", "vacuum")
        in_air = changed(some, wavelength=vacuum_to_air(some.wavelength), medium=None)
        assert diagnose_catalog(in_air).measured["medium"] == "air"


def test_real_galaxies(data_dir):
    found = diagnose_catalog(read_catalog(data_dir / "real" / "MaNGA_test_spectra.fits.gz"))
    assert found.measured["frame"] == "observed"
    assert found.measured["medium"] == "vacuum"
    assert found.measured["n_bad"] == 1
    assert 20 < found.measured["median_snr"] < 200


def test_the_command_prints_it(mock, tmp_path, capsys):
    flux = mock.flux.copy()
    flux[3] = np.nan
    flux[5] = flux[6]
    write_catalog(tmp_path / "a.fits", changed(mock, flux=flux))
    assert main(["check", str(tmp_path / "a.fits")]) == 0
    text = capsys.readouterr().out
    for part in (
        "15 of 4389 pixels",
        "empty: 1; first at row 3",
        "fine sampling",
        "grid_range=(",
        "1 spectra are exact copies",
    ):
        assert part in text
    assert main(["check", str(tmp_path / "b.fits")]) == 2
    assert "There is no file" in capsys.readouterr().err


def test_nothing_to_measure_is_said():
    grid = np.linspace(7000.0, 9000.0, 300)
    found = diagnose_catalog(SpectrumTable(np.random.default_rng(0).normal(1, 2, (3, 300)), grid))
    assert found.measured["medium"] == "unknown"
    assert any("4050 to 4150" in text for text in found.warnings)
    empty = diagnose_catalog(SpectrumTable(np.full((2, 300), np.nan), grid))
    assert "spectra" in empty.facts


@pytest.mark.parametrize("seed", range(3))
def test_where_noise_hides_the_lines_it_cannot_tell(mock, seed):
    noise = np.random.default_rng(seed).normal(size=mock.flux.shape)
    for grid in (mock.wavelength, vacuum_to_air(mock.wavelength)):
        noisy = SpectrumTable(mock.flux * (1 + 2 * noise), grid)  # S/N of half
        found = diagnose_catalog(noisy)
        assert found.measured["medium"] == "unknown"
        assert "cannot tell" in found.facts["medium"]


def test_lines_in_the_observed_frame_without_redshifts_are_no_rest_frame(mock):
    shifted = SpectrumTable(mock.flux, mock.wavelength * 1.3)
    found = diagnose_catalog(shifted)
    assert found.measured["frame"] == found.measured["medium"] == "unknown"
