"""The wavelengths of images by their headers, and of text files by their columns."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from sklearn_sedzoo.exceptions import NoSpectraError, SedReadError
from sklearn_sedzoo.io import read_catalog, read_spectra

N = 1200


def write(path, n_rows=0, extensions=(), **cards):
    data = np.ones((n_rows, N) if n_rows else N, "f4")
    primary = fits.PrimaryHDU(data)
    primary.header.update({name.replace("C_F", "C-F"): value for name, value in cards.items()})
    fits.HDUList([primary, *extensions]).writeto(path)
    return path


LINEAR = {"CRVAL1": 4800.0, "CDELT1": 1.25}


@pytest.mark.parametrize("n_rows", [0, 2])
@pytest.mark.parametrize(
    ("cards", "message"),
    [
        (LINEAR, "have no unit. Pass it, for example unit='Angstrom'"),
        ({**LINEAR, "CTYPE1": "WAVE", "CRPIX1": 1.0}, "have no unit"),
        ({**LINEAR, "CUNIT1": "pixel"}, "the file says 'pixel'. Pass it, for example unit='Angstrom'"),
        ({**LINEAR, "CUNIT1": "m"}, "'m', but the numbers 4800 to 6298.75 look like Angstrom"),
        ({**LINEAR, "CUNIT1": "um"}, "look like Angstrom"),
        ({"CRVAL1": 3.56, "CDELT1": 1e-4, "CUNIT1": "Angstrom"}, r"look like log10\(Angstrom\)"),
        ({"CRVAL1": 3.56, "CDELT1": 1e-4, "CTYPE1": "LOG-LINEAR"}, "have no unit"),
        ({"CRVAL1": 3.56}, "has no CRVAL1 beside CDELT1 or CD1_1"),
        ({**LINEAR, "CTYPE1": "MULTISPE"}, "no axes in WAT2_001"),
    ],
)
def test_what_a_header_does_not_say_is_not_guessed(tmp_path, n_rows, cards, message):
    with pytest.raises(SedReadError, match=message):
        read_catalog(write(tmp_path / "a.fits", n_rows, **cards))


@pytest.mark.parametrize("n_rows", [0, 2])
@pytest.mark.parametrize("stated", [{}, {"CUNIT1": "pixel"}, {"CUNIT1": "um"}, {"CTYPE1": "WAVE"}])
def test_the_word_of_the_user_counts(tmp_path, n_rows, stated):
    path = write(tmp_path / "a.fits", n_rows, **LINEAR, CRPIX1=3.0, **stated)
    np.testing.assert_allclose(read_catalog(path, unit="Angstrom").wavelength, 4800 + 1.25 * (np.arange(N) - 2))
    with pytest.raises(SedReadError, match="look like log10"):
        read_catalog(write(tmp_path / "b.fits", CRVAL1=3.56, CDELT1=1e-4), unit="Angstrom")
    logarithmic = read_catalog(tmp_path / "b.fits", unit="log10(Angstrom)")
    np.testing.assert_allclose(logarithmic.wavelength, 10 ** (3.56 + 1e-4 * np.arange(N)))


def test_a_missing_reference_pixel_is_the_first_and_said(tmp_path):
    catalog = read_catalog(write(tmp_path / "a.fits", **LINEAR, CUNIT1="Angstrom"))
    assert catalog.wavelength[0] == 4800
    assert catalog.meta["assumed"] == ["CRPIX1 is missing: the first pixel has CRVAL1"]


@pytest.mark.parametrize("unit", ["Angstrom", "nm", "um", "m"])
@pytest.mark.parametrize("kind", ["WAVE", "AWAV", "WAVE-LOG", "AWAV-LOG"])
def test_axes_of_the_standard_are_as_astropy_has_them(tmp_path, unit, kind):
    scale = {"Angstrom": 1.0, "nm": 0.1, "um": 1e-4, "m": 1e-10}[unit]
    cards = {"CRVAL1": 4800.0 * scale, "CDELT1": 1.25 * scale, "CRPIX1": 2.5, "CTYPE1": kind, "CUNIT1": unit}
    path = write(tmp_path / "a.fits", 2, **cards, CTYPE2="LINEAR")
    catalog = read_catalog(path)
    reference = WCS(fits.Header({"NAXIS": 1, **cards})).all_pix2world(np.arange(N), 0)[0] * 1e10  # metres
    np.testing.assert_allclose(catalog.wavelength, reference, rtol=1e-9)
    assert catalog.medium == ("vacuum" if kind.startswith("WAVE") else "air")


@pytest.mark.parametrize(
    ("cards", "medium"),
    [
        ({"AIRORVAC": "vac"}, "vacuum"),
        ({"AIRORVAC": "air", "CTYPE1": "WAVE"}, "air"),
        ({"VACUUM": True}, "vacuum"),
        ({"VACUUM": False}, "air"),
        ({"CTYPE1": "LINEAR"}, None),
    ],
)
def test_the_medium_is_read(tmp_path, cards, medium):
    assert read_catalog(write(tmp_path / "a.fits", **LINEAR, CUNIT1="Angstrom", **cards)).medium == medium


@pytest.mark.parametrize(("ucd", "medium"), [("em.wl;obs.atmos", "air"), ("em.wl", None)])
def test_the_medium_of_a_column_is_read(tmp_path, ucd, medium):
    grid = 5000 + np.arange(N)
    columns = [
        fits.Column("WAVE", f"{N}D", unit="angstrom", array=[grid]),
        fits.Column("FLUX", f"{N}D", array=[np.ones(N)]),
    ]
    table = fits.BinTableHDU.from_columns(columns)
    table.header["TUCD1"] = ucd
    table.writeto(tmp_path / "eso.fits")
    assert read_catalog(tmp_path / "eso.fits").medium == medium


def test_logarithms_of_sdss_and_iraf(tmp_path):
    grid = 10 ** (3.56 + 1e-4 * np.arange(N))
    sdss = read_catalog(write(tmp_path / "a.fits", COEFF0=3.56, COEFF1=1e-4, VACUUM=True))
    np.testing.assert_allclose(sdss.wavelength, grid)
    assert sdss.medium == "vacuum"
    iraf = {"CRVAL1": 3.56, "CD1_1": 1e-4, "CRPIX1": 1.0, "DC_FLAG": 1, "WAT1_001": "wtype=linear units=angstroms"}
    np.testing.assert_allclose(read_catalog(write(tmp_path / "b.fits", **iraf)).wavelength, grid)
    plain = {"CRVAL1": 4000.0, "CD1_1": 2.0, "CRPIX1": 1.0, "WAT1_001": "wtype=linear label=Wavelength units=Angstroms"}
    np.testing.assert_allclose(read_catalog(write(tmp_path / "c.fits", **plain)).wavelength, 4000 + 2 * np.arange(N))


@pytest.mark.parametrize("suffix", [".dat", ".txt", ".sed"])
@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("", "Angstrom"),
        ("# made by somebody\n", "Angstrom"),
        ("# wavelength flux error\n", "Angstrom"),
        ("# wave_AA flux flux_err\n", None),
        ("lambda[nm] flux err\n", None),
    ],
)
def test_columns_of_text(tmp_path, suffix, header, unit):
    grid, path = 4000 + np.arange(50.0), tmp_path / f"a{suffix}"
    scale = 0.1 if "[nm]" in header else 1
    lines = [f"{w * scale} {i + 1.5} 0.5" for i, w in enumerate(grid)]
    path.write_text(header + "\n".join(lines) + "\n")
    if unit:
        with pytest.raises(SedReadError, match="have no unit"):
            read_catalog(path)
    catalog = read_catalog(path, unit=unit)
    np.testing.assert_allclose(catalog.wavelength, grid)
    np.testing.assert_allclose(catalog.flux, [np.arange(50) + 1.5])
    np.testing.assert_allclose(catalog.ivar, 4.0)


def test_text_that_is_no_spectrum(tmp_path):
    (tmp_path / "a.txt").write_text("id z\na 0.1\nb 0.2\n")
    with pytest.raises(SedReadError, match="is a text without columns of numbers"):
        read_catalog(tmp_path / "a.txt")
    (tmp_path / "b.txt").write_text("id z\n1 0.1\n2 0.2\n")
    with pytest.raises(NoSpectraError, match="Its columns are id, z"):
        read_catalog(tmp_path / "b.txt")
    (tmp_path / "c.txt").write_text("1 2 3 4 5\n2 3 4 5 6\n")
    with pytest.raises(SedReadError, match="5 columns without names"):
        read_catalog(tmp_path / "c.txt")


def test_text_on_different_grids_is_resampled(tmp_path):
    for i, step in enumerate((1.0, 1.7)):
        grid = np.arange(4000, 4200, step)
        (tmp_path / f"{i}.dat").write_text("\n".join(f"{w} {2.0}" for w in grid))
    with pytest.raises(SedReadError, match=r"Pass grid=\.\.\."):
        read_spectra(tmp_path, unit="Angstrom")
    np.testing.assert_allclose(read_spectra(tmp_path, unit="Angstrom", grid=np.arange(4010, 4180, 2.0)).flux, 2.0)
