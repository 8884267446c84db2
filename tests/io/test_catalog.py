import gzip

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.table import Table

from sklearn_sedzoo import SpectrumTable
from sklearn_sedzoo.exceptions import SedReadError
from sklearn_sedzoo.io import read_catalog, read_map, read_spectra, write_catalog, write_map
from sklearn_sedzoo.preprocessing import SpectrumResampler

GRID = np.linspace(4000, 5000, 30)
FLUX = np.random.default_rng(0).lognormal(size=(4, 30)).astype("f4")


@pytest.fixture
def catalog():
    properties = pd.DataFrame({"id": np.arange(4), "age": [1.0, 2, 3, 4], "good": [True, False, True, True]})
    properties.attrs["units"] = {"age": "Gyr"}
    return SpectrumTable(FLUX, GRID, properties, "erg / (s cm2 Angstrom)", medium="air")


def image_file(path, flux=FLUX, wavelength=GRID, unit="Angstrom", name="WAVELENGTH"):
    column = fits.Column("wavelength", "D", unit=unit, array=wavelength)
    grid = fits.BinTableHDU.from_columns([column], name=name)
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(flux, name="FLUX"), grid]).writeto(path)
    return path


def test_what_is_written_is_read(tmp_path, catalog):
    path = tmp_path / "a name with spaces é.fits"
    write_catalog(path, catalog)
    again = read_catalog(path)
    np.testing.assert_array_equal(again.flux, FLUX)
    assert again.flux.dtype == np.dtype("=f4")
    np.testing.assert_array_equal(again.wavelength, GRID)
    pd.testing.assert_frame_equal(again.properties, catalog.properties, check_dtype=False)
    assert again.properties.attrs["units"]["age"] == "Gyr"
    assert again.flux_unit == catalog.flux_unit
    assert again.medium == "air"
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write_catalog(path, catalog)
    write_catalog(path, catalog[:2], overwrite=True)
    assert len(read_catalog(path)) == 2
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_the_shared_catalog_is_read_as_astropy_reads_it(data_dir, fsps):
    with fits.open(data_dir / "sedzoo_fsps_1000.fits") as hdus:
        np.testing.assert_array_equal(fsps.flux, hdus["FLUX"].data)
        np.testing.assert_array_equal(fsps.properties["age"], hdus["PROPERTIES"].data["age"])
    assert fsps.flux.dtype == np.dtype("=f4")
    assert fsps.medium == "vacuum"


def test_gzip_falling_axes_and_nanometres(tmp_path):
    path = image_file(tmp_path / "a.fits", FLUX[:, ::-1], GRID[::-1] / 10, "nm")
    packed = tmp_path / "a.fits.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for file in (path, packed):
        table = read_catalog(file)
        np.testing.assert_allclose(table.wavelength, GRID, rtol=1e-14)
        np.testing.assert_array_equal(table.flux, FLUX)


def test_a_table_with_vector_columns(tmp_path):
    table = Table({"flux": FLUX, "wavelength": np.tile(GRID, (4, 1)), "age": np.arange(4.0)})
    table["wavelength"].unit = "Angstrom"
    table.write(tmp_path / "t.fits")
    result = read_catalog(tmp_path / "t.fits")
    np.testing.assert_array_equal(result.flux, FLUX)
    np.testing.assert_array_equal(result.properties["age"], np.arange(4.0))
    table["wavelength"][2] += 1
    table.write(tmp_path / "ragged.fits")
    with pytest.raises(SedReadError, match=r"different wavelength grids: .*number 2\. Pass grid="):
        read_catalog(tmp_path / "ragged.fits")
    bins = np.linspace(4100, 4900, 9)
    rebinned = read_catalog(tmp_path / "ragged.fits", grid=bins)
    np.testing.assert_array_equal(rebinned.properties["age"], np.arange(4.0))
    alone = SpectrumResampler(bins, wavelength=GRID + 1).fit_transform(FLUX[[2]])
    np.testing.assert_allclose(rebinned.flux[2], alone[0], rtol=1e-6)


def test_wavelengths_from_the_header(tmp_path):
    hdu = fits.PrimaryHDU(FLUX)
    hdu.header.update(CRVAL1=500.0, CDELT1=0.5, CRPIX1=1, CUNIT1="nm")
    hdu.writeto(tmp_path / "w.fits")
    np.testing.assert_allclose(read_catalog(tmp_path / "w.fits").wavelength, 5000 + 5 * np.arange(30))


def test_integer_images_are_scaled(tmp_path):
    image = fits.ImageHDU((FLUX * 100).astype("i2"), name="FLUX")
    image.header["BSCALE"], image.header["BZERO"] = 0.01, 5.0
    grid = fits.BinTableHDU.from_columns([fits.Column("wavelength", "D", unit="Angstrom", array=GRID)], name="WAVE")
    fits.HDUList([fits.PrimaryHDU(), image, grid]).writeto(tmp_path / "i.fits")
    stored = fits.getdata(tmp_path / "i.fits", "FLUX")
    np.testing.assert_allclose(read_catalog(tmp_path / "i.fits").flux, stored)


@pytest.mark.parametrize("share", [0.99, 0.5, 0.2, 0.05])
def test_a_truncated_file_is_an_error(tmp_path, share):
    path = image_file(tmp_path / "a.fits", np.tile(FLUX, (100, 1)))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(SedReadError, match=r"a\.fits"):
        read_catalog(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html>404</html>", "is a web page"),
        (b"\x1f\x8bnot gzip at all", "cannot be read as FITS"),
        (b"a,b\n1,2\n", "is not a FITS file"),
        (b"SIMPLE  =", "cannot be read as FITS"),
    ],
)
def test_what_is_no_fits_file_is_named(tmp_path, content, message):
    (tmp_path / "x.fits").write_bytes(content)
    with pytest.raises(SedReadError, match=message):
        read_catalog(tmp_path / "x.fits")


def test_missing_parts_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothere\.fits"):
        read_catalog(tmp_path / "nothere.fits")
    with pytest.raises(SedReadError, match="is a folder"):
        read_catalog(tmp_path)
    with pytest.raises(SedReadError, match=r"no HDU or column WAVELENGTH.*OTHER"):
        read_catalog(image_file(tmp_path / "a.fits", name="OTHER"))
    with pytest.raises(SedReadError, match="have no unit"):
        read_catalog(image_file(tmp_path / "b.fits", unit=None))
    assert len(read_catalog(tmp_path / "b.fits", unit="Angstrom")) == 4
    with pytest.raises(SedReadError, match="must be a unit of wavelength"):
        read_catalog(image_file(tmp_path / "c.fits", unit="kg"))
    with pytest.raises(SedReadError, match="30 wavelengths do not match spectra of 29"):
        read_catalog(image_file(tmp_path / "d.fits", FLUX[:, 1:]))
    with pytest.raises(SedReadError, match="at index 1"):
        read_catalog(image_file(tmp_path / "e.fits", wavelength=np.r_[GRID[:2], GRID[1], GRID[3:]]))
    Table({"a": [1, 2]}).write(tmp_path / "f.fits")
    with pytest.raises(SedReadError, match=r"no 2-D image FLUX.*columns a"):
        read_catalog(tmp_path / "f.fits")


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "map.fits"
    write_map(path, pd.DataFrame({"id": [1]}))
    before = path.read_bytes()

    def fail(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr(fits.HDUList, "writeto", fail)
    with pytest.raises(OSError, match="No space left"):
        write_map(path, pd.DataFrame({"id": [2]}), overwrite=True)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["map.fits"]


def test_map_round_trip(tmp_path):
    frame = pd.DataFrame({"id": [3, 4], "cluster": [-1, 2], "distance": [np.nan, 0.5], "name": ["a", "bc"]})
    frame.attrs["units"] = {"distance": "kpc"}
    write_map(tmp_path / "map.fits", frame, meta={"SEED": 3})
    again = read_map(tmp_path / "map.fits")
    assert again["cluster"].tolist() == [-1, 2]
    assert again["name"].tolist() == ["a", "bc"]
    assert again.attrs["units"]["distance"] == "kpc"
    assert fits.getheader(tmp_path / "map.fits", "MAP")["SEED"] == 3


def test_processes_that_were_started_elsewhere_find_the_files(tmp_path, monkeypatch):
    for name in ("a", "b"):
        folder = tmp_path / name / "spectra"
        folder.mkdir(parents=True)
        for i in range(2):
            flux = np.full(100, float(i + 1)) if name == "a" else np.full(100, float(i + 5))
            write_catalog(folder / f"{i}.fits", SpectrumTable(flux[None], np.linspace(4000.0, 5000.0, 100)))
        monkeypatch.chdir(tmp_path / name)
        found = read_spectra("spectra", n_jobs=2).flux[:, 0].tolist()
        assert found == ([1.0, 2.0] if name == "a" else [5.0, 6.0])
