"""Files of surveys: laid out here as their data models say, and the real ones where they are at hand."""

import astropy.units as u
import h5py
import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.table import Table
from specutils import Spectrum, SpectrumCollection, SpectrumList

from sklearn_sedzoo import SpectrumTable
from sklearn_sedzoo.exceptions import SedDataWarning, SedReadError
from sklearn_sedzoo.io import QUALITY_BITS, count_quality, read_catalog, read_spectra, stack_spectra
from sklearn_sedzoo.preprocessing import FluxNormalizer, SpectrumResampler
from tests.reference.survey_files import write_desi, write_sdss

rng = np.random.default_rng(5)


def test_a_folder_of_sdss_spectra_is_laid_into_one_lattice(tmp_path):
    starts, lengths, redshifts = [35800, 35821, 35795], [300, 310, 290], [0.05, 0.1, -0.0003]
    truth = []
    for i, (start, n, z) in enumerate(zip(starts, lengths, redshifts, strict=True)):
        flux, ivar, mask = rng.lognormal(size=n), rng.uniform(1, 2, n), np.zeros(n, "i4")
        ivar[3], mask[7] = 0, 1 << 24
        write_sdss(
            tmp_path / f"spec-0266-51602-000{i}.fits", start, flux, ivar, z, and_mask=mask, zwarning=4 * (i == 1)
        )
        truth.append((start, flux, np.where(np.isin(np.arange(n), [3, 7]), 0, ivar)))
    table = read_spectra(tmp_path)
    lattice = 10 ** (1e-4 * np.arange(35795, 35821 + 310))
    np.testing.assert_allclose(table.wavelength, lattice, rtol=1e-12)
    for row, (start, flux, ivar) in enumerate(truth):
        here = slice(start - 35795, start - 35795 + len(flux))
        np.testing.assert_array_equal(table.flux[row, here], flux.astype("f4"))
        np.testing.assert_array_equal(table.ivar[row, here], ivar.astype("f4"))
        outside = np.delete(table.ivar[row], np.arange(here.start, here.stop))
        assert (outside == 0).all()
    np.testing.assert_array_equal(table.redshift, redshifts)
    assert table.properties["file"].tolist() == [f"spec-0266-51602-000{i}.fits" for i in range(3)]
    assert table.properties["PLATE"].tolist() == [266] * 3
    assert table.quality.tolist() == [0, QUALITY_BITS["flagged"], 0]
    assert table.medium == "vacuum"
    assert len(read_catalog(tmp_path / "spec-0266-51602-0000.fits")) == 1
    (tmp_path / "spec-0266-51602-0001.fits").write_bytes(b"<html>")
    with pytest.warns(SedDataWarning, match=r"1 of 3 files cannot be read, first spec-0266-51602-0001\.fits"):
        again = read_spectra(tmp_path)
    assert count_quality(again.quality) == {"empty": 1, "unreadable": 1}
    np.testing.assert_array_equal(again.flux[2], table.flux[2][: len(again.wavelength)])


def test_the_arms_of_a_desi_coadd_are_joined_by_their_weights(tmp_path):
    grid = 3600 + 0.8 * np.arange(60)
    parts = {"B": slice(0, 30), "R": slice(25, 50), "Z": slice(45, 60)}
    arms, total, weight = {}, np.zeros((3, 60)), np.zeros((3, 60))
    for arm, part in parts.items():
        flux, ivar = rng.normal(5, 1, (3, 60))[:, part], rng.uniform(0, 2, (3, 60))[:, part]
        mask = rng.random(flux.shape) < 0.1
        arms[arm] = (grid[part], flux, ivar, mask)
        for row in range(3):  # one pixel at a time
            for k, pixel in enumerate(range(60)[part]):
                if not mask[row, k]:
                    total[row, pixel] += np.float32(ivar[row, k]) * np.float32(flux[row, k])
                    weight[row, pixel] += np.float32(ivar[row, k])
    fibers = {"TARGETID": [7, 8, 9], "EBV": [0.1, 0.2, 0.3], "COADD_FIBERSTATUS": [0, 512, 0]}
    table = read_catalog(write_desi(tmp_path / "coadd.fits", arms, fibers))
    np.testing.assert_allclose(table.wavelength, grid, rtol=1e-12)
    np.testing.assert_allclose(table.ivar, weight, rtol=1e-6)
    seen = weight > 0
    np.testing.assert_allclose(table.flux[seen], (total[seen] / weight[seen]), rtol=1e-6)
    assert np.isnan(table.flux[~seen]).all()
    assert table.properties["TARGETID"].tolist() == [7, 8, 9]
    np.testing.assert_array_equal(table.to_frame()["ebv"], [0.1, 0.2, 0.3])
    assert table.quality.tolist() == [0, QUALITY_BITS["flagged"], 0]
    with fits.open(tmp_path / "coadd.fits") as hdus:
        del hdus["R_IVAR"]
        hdus.writeto(tmp_path / "less.fits")
    with pytest.raises(SedReadError, match="has R_FLUX, but no HDU R_IVAR"):
        read_catalog(tmp_path / "less.fits")


@pytest.mark.parametrize(
    ("name", "n_spectra", "n_empty"),
    [
        ("MaNGA_test_spectra.fits.gz", 8, 1),
        ("desi_coadd-5-169-thru20210419.fits", 5, 4),
        ("desi_coadd-sv3-dark-26065.fits", 5, 3),
    ],
)
@pytest.mark.filterwarnings("ignore:X of SpectrumResampler is in the observed frame")  # these have no redshifts
def test_real_files_go_through_resampling_and_normalization(data_dir, name, n_spectra, n_empty):
    table = read_catalog(data_dir / "real" / name)
    assert len(table) == n_spectra
    assert count_quality(table.quality)["empty"] == n_empty
    assert np.isfinite(table.flux[table.ivar > 0]).all()
    redshift = "redshift" if table.redshift is not None else None
    resampler = SpectrumResampler(1500, grid_range=(3750, 9000), spacing="log", redshift=redshift, min_coverage=0.5)
    steps = resampler.fit_transform(table)
    with pytest.warns(SedDataWarning, match=f"{n_empty} of {n_spectra} spectra have no positive"):
        result = FluxNormalizer((5400, 5600), on_bad="mask").fit_transform(steps).to_numpy()
    flux, ivar = result[:, :1500], result[:, 1500:]
    np.testing.assert_array_equal(np.isnan(flux), ivar == 0)
    good = table.quality & QUALITY_BITS["empty"] == 0
    assert np.isfinite(flux[good]).mean() > 0.97
    if name.startswith("MaNGA"):  # the DESI ones have S/N 1
        np.testing.assert_allclose(np.nanmedian(flux[good], axis=1), 1, atol=0.6)
    assert np.isnan(flux[~good]).all()


def test_desi_joins_as_specutils_reads_each_arm(data_dir):
    path = data_dir / "real" / "desi_coadd-sv3-dark-26065.fits"
    table = read_catalog(path)
    row = np.flatnonzero(table.quality == 0)[0]
    with fits.open(path) as hdus:
        alone = hdus["B_WAVELENGTH"].data < hdus["R_WAVELENGTH"].data[0] - 0.4
        np.testing.assert_array_equal(table.flux[row, : alone.sum()], hdus["B_FLUX"].data[row, alone])
        np.testing.assert_array_equal(table.ivar[row, : alone.sum()], hdus["B_IVAR"].data[row, alone])


def test_manga_lines_stand_at_rest_after_the_shift(data_dir):
    table = read_catalog(data_dir / "real" / "MaNGA_test_spectra.fits.gz")
    rest = SpectrumResampler(2000, grid_range=(6500, 6630), redshift="redshift", min_coverage=0.5)
    with pytest.warns(UserWarning, match="oversampled"):
        frame = rest.fit_transform(table)
    flux = frame.to_numpy()[table.quality == 0, :2000]
    bright = np.nanmax(flux, axis=1) / np.nanmedian(flux, axis=1) > 1.5
    peaks = rest.wavelength_out_[np.nanargmax(flux[bright], axis=1)]
    assert bright.any()
    # H-alpha or [N II], within 150 km/s
    assert np.min(np.abs(peaks[:, None] / [6564.61, 6585.27] - 1), axis=1).max() < 5e-4


def test_tables_of_columns(tmp_path):
    grid, flux = np.linspace(4000, 4100, 11), rng.lognormal(size=(3, 11))
    frame = pd.DataFrame(flux, columns=[f"flux_{w}" for w in grid])
    for w in grid:
        frame[f"ivar_{w}"] = 2.0
    frame = frame.assign(id=[5, 6, 7], z=[0.1, 0.2, 0.3])
    frame.to_csv(tmp_path / "a.csv", index=False)
    table = read_catalog(tmp_path / "a.csv")
    np.testing.assert_allclose(table.flux, flux, rtol=1e-12)
    np.testing.assert_allclose(table.wavelength, grid)
    assert (table.ivar == 2).all()
    assert table.properties["id"].tolist() == [5, 6, 7]
    np.testing.assert_array_equal(table.redshift, [0.1, 0.2, 0.3])
    broken = frame.astype({f"flux_{grid[2]}": object})
    broken.iloc[1, 2] = "n/a?"
    broken.to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(
        SedReadError, match=r"b\.csv: 1 flux columns hold text, e.g. column flux_4020.0, row 1: 'n/a\?'"
    ):
        read_catalog(tmp_path / "b.csv")
    pytest.importorskip("pyarrow")
    frame.to_parquet(tmp_path / "a.parquet")
    np.testing.assert_array_equal(read_catalog(tmp_path / "a.parquet").flux, flux)


def test_asdf(tmp_path):
    asdf = pytest.importorskip("asdf")
    grid, flux = np.linspace(400, 410, 11), rng.lognormal(size=(3, 11))
    tree = {
        "flux": flux[:, ::-1],
        "wavelength": grid[::-1] * u.nm,
        "redshift": np.array([0.1, 0.2, 0.3]),
        "origin": "x",
    }
    asdf.AsdfFile(tree).write_to(tmp_path / "a.asdf")
    table = read_catalog(tmp_path / "a.asdf")
    np.testing.assert_array_equal(table.flux, flux)
    np.testing.assert_allclose(table.wavelength, grid * 10)
    np.testing.assert_array_equal(table.redshift, [0.1, 0.2, 0.3])
    asdf.AsdfFile({"flux": flux, "wavelength": grid}).write_to(tmp_path / "b.asdf")
    with pytest.raises(SedReadError, match="have no unit"):
        read_catalog(tmp_path / "b.asdf")


def test_a_row_for_each_pixel_or_lists_in_a_row(tmp_path):
    grid, flux = np.linspace(4000, 4100, 11), rng.lognormal(size=(2, 11))
    unit = u.Unit("erg / (s cm2 AA)")
    pd.DataFrame({"wavelength": grid, "flux": flux[0], "flux_err": 0.5}).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(SedReadError, match=r"a\.csv: the wavelengths in the table have no unit"):
        read_catalog(tmp_path / "a.csv")
    table = read_catalog(tmp_path / "a.csv", unit="Angstrom")
    np.testing.assert_allclose(table.flux, flux[:1], rtol=1e-12)
    assert (table.ivar == 4).all()
    Table({"wavelength": grid / 10 * u.nm, "flux": flux.T * unit}).write(tmp_path / "b.ecsv")
    table = read_catalog(tmp_path / "b.ecsv")
    np.testing.assert_allclose(table.flux, flux, rtol=1e-12)
    np.testing.assert_allclose(table.wavelength, grid)
    assert u.Unit(table.flux_unit) == unit
    pytest.importorskip("pyarrow")
    lists = {"id": ["a", "b"], "z": [0.1, 0.2], "flux": list(flux), "wavelength": [grid, grid + 10]}
    pd.DataFrame(lists).to_parquet(tmp_path / "c.parquet")
    table = read_catalog(tmp_path / "c.parquet", unit="Angstrom")
    np.testing.assert_allclose(table.wavelength, np.linspace(4000, 4110, 12))
    np.testing.assert_array_equal(table.flux[:, 1:11], [flux[0, 1:], flux[1, :-1]])
    assert table.quality.tolist() == [0, 0]  # what a spectrum does not cover is no fault of it
    assert table.properties["id"].tolist() == ["a", "b"]
    np.testing.assert_array_equal(table.redshift, [0.1, 0.2])


def test_hdf5(tmp_path):
    grid, flux = np.linspace(400, 410, 11), rng.lognormal(size=(3, 11))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["flux"], file["wavelength"], file["mask"], file["z"] = flux, grid, flux > 2, [0.1, 0.2, 0.3]
        file["wavelength"].attrs["unit"] = "nm"
    table = read_catalog(tmp_path / "a.h5")
    np.testing.assert_allclose(table.wavelength, grid * 10)
    np.testing.assert_array_equal(table.ivar == 0, flux > 2)
    np.testing.assert_array_equal(table.redshift, [0.1, 0.2, 0.3])


def test_faults_are_masked_before_anything_is_averaged(tmp_path):
    grid, flux = np.linspace(4000, 4400, 41), np.ones((3, 41))
    flux[1, 20] = -9999
    ivar = np.ones_like(flux)
    ivar[2, 10] = -1
    table = Table({"flux": flux, "ivar": ivar, "wavelength": np.tile(grid, (3, 1))})
    table["wavelength"].unit = "Angstrom"
    table.write(tmp_path / "a.fits")
    result = read_catalog(tmp_path / "a.fits", sentinels=-9999, grid=np.linspace(4050, 4350, 16))
    assert result.quality.tolist() == [0, QUALITY_BITS["sentinel"], QUALITY_BITS["bad_ivar"]]
    np.testing.assert_allclose(result.flux[np.isfinite(result.flux)], 1.0)
    np.testing.assert_array_equal(np.isnan(result.flux).sum(axis=1) > 0, [False, True, True])


def test_a_collection_with_a_grid_for_each_spectrum():
    flux, grid = rng.lognormal(size=(3, 20)) * u.Jy, np.linspace(4000, 4190, 20)
    axes = (grid + 10 * np.arange(3)[:, None]) * u.AA
    table = read_spectra(SpectrumCollection(flux=flux, spectral_axis=axes))
    np.testing.assert_allclose(table.wavelength, np.linspace(4000, 4210, 22))
    np.testing.assert_array_equal(np.isfinite(table.flux).sum(axis=1), 20)
    with pytest.raises(TypeError, match=r"must be a file, a folder.*got an empty SpectrumList"):
        read_spectra(SpectrumList())
    with pytest.raises(TypeError, match="got ndarray"):
        read_spectra(flux.value)


def test_a_folder_shows_its_progress(tmp_path, capsys):
    for i in range(2):
        write_sdss(tmp_path / f"spec-0266-51602-000{i}.fits", 35800, np.ones(50), np.ones(50), 0.1)
    read_spectra(tmp_path, progress=True)
    assert "100%" in capsys.readouterr().out
    read_spectra(tmp_path)
    assert capsys.readouterr().out == ""


def test_what_only_specutils_knows(tmp_path):
    grid, flux = np.linspace(4000, 4100, 11), rng.lognormal(size=11)
    spectrum = Spectrum(flux=flux * u.Unit("erg / (s cm2 AA)"), spectral_axis=grid * u.AA)
    spectrum.write(tmp_path / "a.fits", format="tabular-fits")
    table = read_catalog(tmp_path / "a.fits")
    np.testing.assert_allclose(table.flux, [flux])
    np.testing.assert_allclose(table.wavelength, grid)
    listed = read_spectra(SpectrumList([spectrum, spectrum]))
    np.testing.assert_allclose(listed.flux, [flux, flux])


def test_stacking_keeps_what_is_known_or_refuses():
    a = SpectrumTable(np.ones((2, 5)), np.linspace(4000, 4040, 5), pd.DataFrame({"id": [1, 2]}), "Jy")
    b = SpectrumTable(np.full((1, 4), 2.0), np.linspace(4020, 4050, 4), pd.DataFrame({"id": [3]}), "Jy")
    both = stack_spectra([a, b])
    np.testing.assert_allclose(both.wavelength, np.linspace(4000, 4050, 6))
    np.testing.assert_array_equal(both.flux[2], [np.nan, np.nan, 2, 2, 2, 2])
    assert both.properties["id"].tolist() == [1, 2, 3]
    assert both.ivar is None
    b.flux_unit = "erg/s/cm2/Angstrom"
    with pytest.raises(SedReadError, match="different units"):
        stack_spectra([a, b])
