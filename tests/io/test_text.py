"""Spectra in text, as they come with papers and from people."""

import numpy as np
import pytest

from sklearn_sedzoo.exceptions import NoSpectraError, SedReadError
from sklearn_sedzoo.io import read_catalog, read_spectra

GRID = np.linspace(4000, 4100, 21)
FLUX = np.linspace(1, 2, 21)


def write(path, header="", separator=" ", error=True, scale=1.0):
    columns = [GRID * scale, FLUX, np.full(21, 0.5)][: 3 if error else 2]
    rows = [separator.join(f"{value:.8g}" for value in row) for row in zip(*columns, strict=True)]
    path.write_text(header + "\n".join(rows) + "\n")
    return path


def check(table, with_error=True):
    np.testing.assert_allclose(table.wavelength, GRID, rtol=1e-7)
    np.testing.assert_allclose(table.flux, [FLUX], rtol=1e-7)
    if with_error:
        np.testing.assert_allclose(table.ivar, np.full((1, 21), 4.0))
    else:
        assert table.ivar is None


@pytest.mark.parametrize("suffix", ["dat", "txt", "sed", "ascii", "csv"])
@pytest.mark.parametrize("with_error", [True, False])
@pytest.mark.parametrize("comment", ["", "# a galaxy\n# z = 0.1\n"])
def test_columns_without_names(tmp_path, suffix, with_error, comment):
    separator = "," if suffix == "csv" else "  "
    path = write(tmp_path / f"a.{suffix}", comment, separator, with_error)
    check(read_catalog(path, unit="Angstrom"), with_error)
    with pytest.raises(SedReadError, match=r"have no unit\. Pass it, for example unit='Angstrom' \(--unit"):
        read_catalog(path)


@pytest.mark.parametrize(
    ("header", "scale"),
    [
        ("wavelength[A] flux err\n", 1),
        ("# wavelength[A] flux err\n", 1),
        ("# lambda (um)  flux (erg / s / cm2 / A)  error\n", 1e-4),
        ("WAVE_AA FLUX SIGMA\n", 1),
        ("wave_nm flux_density e_flux\n", 0.1),
        ("wavelength(micron),flux,noise\n", 1e-4),
        ("# made by me\n# wl[nm] f_lambda[cgs] flux_err\n", 0.1),
        ("# Wavelength in Angstrom, then flux and its error\n", 1),
        ("obs_wave[Angstrom];flux;unc\n", 1),
        ("% lam(Angstrom) Flux Err\n", 1),
        ("wave flux err\nnm Jy Jy\n", 0.1),
        ("# wave flux err\n# [um] [Jy] [Jy]\n", 1e-4),
    ],
)
def test_a_header_names_the_columns_and_their_units(tmp_path, header, scale):
    separator = next((mark for mark in ",;" if mark in header.partition("\n")[0] and "then" not in header), " ")
    check(read_catalog(write(tmp_path / "a.dat", header, separator, scale=scale)))


def test_a_folder_of_different_grids_names_the_cure(tmp_path):
    write(tmp_path / "a.dat", "wave[A] flux err\n")
    write(tmp_path / "b.dat", "wave[A] flux err\n", scale=1.001234)
    with pytest.raises(SedReadError, match=r"different wavelength grids.*Pass grid=.*--grid"):
        read_spectra(tmp_path)
    assert read_spectra(tmp_path, grid=np.linspace(4010, 4090, 9)).shape == (2, 9)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("readme.txt", "These are spectra\nof galaxies.\n"),
        ("z.csv", "id,z\n1,0.1\n2,0.2\n"),
        ("z.dat", "# id z\n1 0.1\n2 0.2\n3 0.3\n".replace("# id", "id")),
        ("empty.txt", "# nothing\n"),
    ],
)
def test_a_text_without_spectra_is_told_from_a_broken_one(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(NoSpectraError, match=name):
        read_catalog(tmp_path / name, unit="Angstrom")


def test_columns_that_cannot_be_told_apart(tmp_path):
    (tmp_path / "a.dat").write_text("4000 1 2 3 4\n4001 1 2 3 4\n")
    with pytest.raises(SedReadError, match=r"5 columns without names.*Name them"):
        read_catalog(tmp_path / "a.dat", unit="Angstrom")
    (tmp_path / "b.dat").write_text("wave flux\n4000 1 2\n4001 1 2\n")
    with pytest.raises(SedReadError, match="the line of names has 2"):
        read_catalog(tmp_path / "b.dat", unit="Angstrom")


def test_exponents_of_fortran(tmp_path):
    (tmp_path / "a.dat").write_text("4.0D3 1.D-17\n4.1d+03 2.5D-17\n")
    table = read_catalog(tmp_path / "a.dat", unit="Angstrom")
    np.testing.assert_allclose(table.wavelength, [4000, 4100])
    np.testing.assert_allclose(table.flux, [[1e-17, 2.5e-17]])


def test_units_beside_names_in_csv(tmp_path):
    check(read_catalog(write(tmp_path / "a.csv", "wavelength (nm),flux [Jy],flux_err\n", ",", scale=0.1)))
    assert read_catalog(tmp_path / "a.csv").flux_unit == "Jy"
