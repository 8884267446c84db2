"""Files laid out as the data models of surveys say, and the real ones where they are at hand."""

import warnings

import astropy.units as u
import h5py
import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.table import Table

from sklearn_sedzoo.exceptions import NoSpectraError, SedDataWarning, SedReadError
from sklearn_sedzoo.io import QUALITY_BITS, count_quality, read_catalog, read_spectra
from sklearn_sedzoo.io._open import opened_fits
from sklearn_sedzoo.io._plain_rows import column_names, column_units, rows_of
from tests.reference.survey_files import (
    write_desi,
    write_euclid,
    write_lamost,
    write_phase_3,
    write_redrock,
    write_sdss,
    write_x1d,
)

rng = np.random.default_rng(13)
NISP = 11900 + 13.4 * np.arange(40)


def nisp_object(mask=None):
    signal, variance = rng.normal(2, 1, 40).astype("f4"), rng.uniform(0.5, 1, 40).astype("f4")
    return signal, variance, np.zeros(40, "i4") if mask is None else mask


@pytest.mark.parametrize(
    ("bit", "n_valid"),
    [
        *((bit, 50) for bit in range(18)),  # notes about the fiber, and warnings the inverse variance allows for
        (19, 50),
        (20, 50),
        (21, 50),
        *((bit, 20) for bit in (18, 22, 23, 24, 25, 26, 27, 28)),
    ],
)
def test_which_bits_of_sdss_mask_a_pixel(tmp_path, bit, n_valid):
    mask = np.zeros(50, "i4")
    mask[:30] = 1 << bit
    write_sdss(tmp_path / "spec.fits", 35800, np.ones(50), np.ones(50), 0.1, and_mask=mask)
    assert (read_catalog(tmp_path / "spec.fits").ivar > 0).sum() == n_valid
    assert (read_catalog(tmp_path / "spec.fits", mask_bits="all").ivar > 0).sum() == 20
    assert (read_catalog(tmp_path / "spec.fits", mask_bits=1 << 30).ivar > 0).sum() == 50


@pytest.mark.parametrize("kind", [np.int16, np.int32, np.int64, np.uint8, np.float32])
def test_a_mask_of_unknown_bits_is_refused_with_its_bits(tmp_path, kind):
    mask = np.zeros((2, 20), kind)
    mask[0, :5], mask[1, 3:5] = 4, 6
    table = Table({"flux": np.ones((2, 20)), "wavelength": np.tile(np.linspace(4000, 5000, 20), (2, 1)), "mask": mask})
    table["wavelength"].unit = "Angstrom"
    table.write(tmp_path / "a.fits")
    grid = fits.BinTableHDU(Table({"wavelength": np.linspace(4000, 5000, 20) * u.AA}), name="WAVELENGTH")
    flux = fits.ImageHDU(np.ones((2, 20)), name="FLUX")
    image = fits.HDUList([fits.PrimaryHDU(), flux, fits.ImageHDU(mask, name="DQ"), grid])
    image.writeto(tmp_path / "b.fits")
    table.write(tmp_path / "c.ecsv")
    for name in ("a.fits", "b.fits", "c.ecsv"):
        with pytest.raises(SedReadError, match=r"2 \(2\), 4 \(7\)\. Pass those that mean bad.*mask_bits=\[2, 4\]"):
            read_catalog(tmp_path / name)
        for bits, n_bad in ((2, 2), ([2], 2), ([4, 2], 7), ("all", 7), (1, 0), (6, 7)):
            assert (read_catalog(tmp_path / name, mask_bits=bits).ivar == 0).sum() == n_bad
    with pytest.raises(ValueError, match=r"`mask_bits` of read_catalog must be a whole number.*got \[3\]"):
        read_catalog(tmp_path / "a.fits", mask_bits=[3])
    with pytest.raises(ValueError, match="`mask_bits` of read_spectra must be"):
        read_spectra([tmp_path / "a.fits"], mask_bits="some")


def test_masks_of_zero_and_one_need_no_bits(tmp_path):
    for i, mask in enumerate((np.eye(2, 20, dtype=bool), np.eye(2, 20, dtype="i4"), np.eye(2, 20))):
        table = Table({"flux": np.ones((2, 20)), "mask": mask})
        table["wavelength"] = np.tile(np.linspace(4000, 5000, 20), (2, 1))
        table["wavelength"].unit = "Angstrom"
        table.write(tmp_path / f"{i}.fits")
        np.testing.assert_array_equal(read_catalog(tmp_path / f"{i}.fits").ivar == 0, mask != 0)
    table["mask"] = 0.5
    table.write(tmp_path / "half.fits")
    with pytest.raises(SedReadError, match=r"must hold booleans or whole numbers, got 0\.5"):
        read_catalog(tmp_path / "half.fits")


def test_euclid_scales_masks_and_ids(tmp_path):
    mask = np.zeros(40, "i4")
    mask[:8] = [1, 2, 10, 64, 66, 3, 32, 128]
    objects = {-519109067279208788: nisp_object(mask), 2653214339660419371: nisp_object()}
    table = read_catalog(write_euclid(tmp_path / "tile.fits", objects, NISP))
    assert table.properties["id"].tolist() == list(objects)
    assert table.properties["id"].dtype == np.int64
    assert (table.survey, table.frame, table.medium) == ("Euclid", "observed", "vacuum")
    np.testing.assert_allclose(table.wavelength, NISP, rtol=1e-7)
    for row, (signal, variance, _) in enumerate(objects.values()):
        good = np.arange(40) >= (8 if row == 0 else 0)
        np.testing.assert_allclose(table.flux[row], signal * 1e-16, rtol=1e-6)
        np.testing.assert_allclose(table.ivar[row, good], 1e32 / variance[good].astype(float), rtol=1e-6)
    np.testing.assert_array_equal(table.ivar[0, :8] > 0, [False, True, True, False, False, False, True, False])
    assert not {"-519109067279208788/SIGNAL", "-519109067279208788/VAR"} & set(table.meta["unused"])


def test_a_hundred_euclid_spectra_beside_their_redshifts(data_dir, tmp_path):
    for file in (data_dir / "real" / "euclid_nisp").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    catalog = data_dir / "real" / "euclid_nisp_redshifts.csv"
    (tmp_path / catalog.name).write_bytes(catalog.read_bytes())
    with pytest.warns(SedDataWarning, match=r"euclid_nisp_redshifts\.csv holds no spectra and is left out.*--catalog"):
        table = read_spectra(tmp_path)
    assert len(table) == 100
    assert table.quality.tolist() == [0] * 100
    assert "euclid_nisp_redshifts.csv" in table.meta["unused"]
    assert 0.8 < (table.ivar > 0).mean() < 0.95
    # H-alpha of the weighted stack at rest, in pixels of 6 Angstrom
    redshift = pd.read_csv(catalog).set_index("object_id")["spe_z"].reindex(table.properties["id"]).to_numpy()
    bins = np.arange(6300, 6831, 6.0)
    rest = table.wavelength / (1 + redshift[:, None])
    weighted, _ = np.histogram(rest, bins, weights=np.nan_to_num(table.flux) * table.ivar)
    total, _ = np.histogram(rest, bins, weights=table.ivar)
    peak = np.argmax(weighted / total)
    assert abs(bins[peak] + 3 - 6564.6) <= 6
    assert weighted[peak] / np.sqrt(total[peak]) > 100


def test_jwst_dq_masks_only_what_must_not_be_used(tmp_path):
    grid = np.linspace(1, 2, 12)
    dq = [0, 1, 4, 5, 2, 1 << 31, *[0] * 6]
    flux = rng.normal(size=12)
    table = read_catalog(write_x1d(tmp_path / "a_x1d.fits", [(grid, flux, np.full(12, 0.5), dq)] * 2))
    np.testing.assert_allclose(table.wavelength, grid * 1e4)
    np.testing.assert_array_equal(table.ivar[1], [4, 0, 4, 0, *[4] * 8])
    assert table.properties["id"].tolist() == [101, 102]
    assert (table.survey, table.frame, table.medium, table.flux_unit) == ("JWST", "observed", "vacuum", "Jy")
    assert "EXTRACT1D/FLUX_ERROR" not in table.meta["unused"]


def test_the_real_spectrum_of_the_dawn_archive(data_dir):
    path = data_dir / "real" / "jwst_nirspec_prism.spec.fits"
    table, data = read_catalog(path), fits.getdata(path, "SPEC1D")
    valid = data["err"] > 0
    np.testing.assert_allclose(table.wavelength, data["wave"] * 1e4)
    np.testing.assert_allclose(table.flux[0, valid], data["flux"][valid])
    np.testing.assert_allclose(table.ivar[0, valid], data["err"][valid] ** -2)
    assert (table.ivar[0, ~valid] == 0).all()
    assert (table.survey, table.flux_unit, table.properties["id"][0]) == ("JWST", "uJy", "1345_933")


@pytest.mark.parametrize(("ucd", "medium"), [("em.wl;obs.atmos", "air"), ("em.wl", "vacuum"), ("", None)])
def test_phase_3_tables_of_eso(tmp_path, ucd, medium):
    grid, flux = np.linspace(6300, 8800, 30), rng.normal(size=30)
    qual = np.zeros(30, "i4")
    qual[:3] = [1, 2, 5]
    path = write_phase_3(tmp_path / "s.fits", grid, flux, np.full(30, 0.5), qual, ucd, REDSHIFT=0.7)
    table = read_catalog(path)
    np.testing.assert_allclose(table.flux[0], flux)
    np.testing.assert_array_equal(table.ivar[0], [0, 0, 0, *[4] * 27])
    assert (table.medium, table.frame, table.survey) == (medium, "observed", "ESO Phase 3")
    assert table.properties["id"].tolist() == ["G-7"]
    np.testing.assert_array_equal(table.redshift, [0.7])
    rest = write_phase_3(tmp_path / "r.fits", grid, flux, np.full(30, 0.5), qual, ucd, SPECSYS="SOURCE")
    assert read_catalog(rest).frame == "rest"


@pytest.mark.parametrize("as_table", [False, True])
def test_lamost_in_both_forms(tmp_path, as_table):
    grid = 10 ** (3.57 + 1e-4 * np.arange(30))
    flux, ivar = rng.lognormal(size=30), rng.uniform(1, 2, 30)
    mask = np.zeros(30)
    mask[4], mask[7] = 1, 32
    write_lamost(tmp_path / "spec-1.fits", grid, flux, ivar, mask, 0.08, as_table=as_table)
    write_lamost(tmp_path / "spec-2.fits", grid, flux, ivar, mask, -9999.0, as_table=as_table)
    table = read_spectra(tmp_path)
    np.testing.assert_allclose(table.flux, [flux, flux], rtol=1e-6)
    np.testing.assert_allclose(table.ivar[0], np.where(mask > 0, 0, ivar), rtol=1e-6)
    np.testing.assert_allclose(table.wavelength, grid, rtol=1e-6)
    np.testing.assert_array_equal(table.redshift, [0.08, np.nan])
    assert table.quality.tolist() == [0, QUALITY_BITS["bad_redshift"]]
    assert (table.survey, table.frame, table.medium) == ("LAMOST", "observed", "vacuum")
    assert table.properties["id"].tolist() == [101001] * 2


def test_redrock_beside_a_coadd_gives_its_redshifts(tmp_path):
    grid = 3600 + 0.8 * np.arange(60)
    arms = {"B": (grid, np.ones((4, 60)), np.ones((4, 60)), np.zeros((4, 60)))}
    write_desi(tmp_path / "coadd-1-2.fits", arms, {"TARGETID": [7, 8, 9, 10], "EBV": [0.1, 0.2, 0.3, 0.4]})
    alone = read_catalog(tmp_path / "coadd-1-2.fits")
    assert alone.redshift is None
    write_redrock(tmp_path / "redrock-1-2.fits", [9, 8, 7], [0.3, 0.2, 0.1], [0, 4, 0])
    for source in (tmp_path / "coadd-1-2.fits", tmp_path):  # in the folder it is neither a row nor a warning
        table = read_spectra(source)
        np.testing.assert_array_equal(table.redshift, [0.1, 0.2, 0.3, np.nan])
        np.testing.assert_array_equal(table.properties["ebv"], np.float64([0.1, 0.2, 0.3, 0.4]))
        assert table.properties["id"].tolist() == [7, 8, 9, 10]
        assert table.properties["SPECTYPE"].tolist()[:3] == ["GALAXY"] * 3
        assert table.quality.tolist() == [0, QUALITY_BITS["flagged"], 0, QUALITY_BITS["bad_redshift"]]
        assert not any("FLUX" in name or "IVAR" in name for name in table.meta["unused"])
    with pytest.raises(NoSpectraError, match="REDSHIFTS"):
        read_catalog(tmp_path / "redrock-1-2.fits")
    with fits.open(tmp_path / "coadd-1-2.fits") as coadd, fits.open(tmp_path / "redrock-1-2.fits") as redrock:
        fits.HDUList([*coadd, redrock["REDSHIFTS"]]).writeto(tmp_path / "both.fits")
    np.testing.assert_array_equal(read_catalog(tmp_path / "both.fits").redshift, [0.1, 0.2, 0.3, np.nan])


def test_the_real_coadds_with_redrock(data_dir):
    table = read_spectra(data_dir / "real" / "desi_redrock")
    np.testing.assert_allclose(table.redshift, [0.3687, 0.00727], atol=1e-4)
    assert table.quality.tolist() == [0, 0]
    assert (table.survey, table.frame, table.medium) == ("DESI", "observed", "vacuum")


def multimodal_rows(form):
    grids = [10 ** (3.58 + 1e-4 * np.arange(10)), 10 ** (3.5805 + 1e-4 * np.arange(10))]
    rows = []
    for grid in grids:
        mask = np.arange(12) == 3
        mask[10:] = True
        parts = {
            "flux": np.arange(12.0),
            "ivar": np.full(12, 2.0),
            "lsf_sigma": np.ones(12),
            "lambda": np.r_[grid, -1, -1],
            "mask": mask,
        }
        if form == "list of structs":
            parts = [{name: values[i].item() for name, values in parts.items()} for i in range(12)]
        rows.append(parts)
    return rows


@pytest.mark.parametrize("form", ["struct of lists", "list of structs", "flat"])
def test_the_multimodal_universe_in_parquet(tmp_path, form):
    pytest.importorskip("pyarrow")
    rows = multimodal_rows(form)
    frame = pd.DataFrame({"object_id": ["7", "8"], "Z": [0.1, 0.2], "EBV": [0.01, 0.02], "ZWARN": [False, True]})
    if form == "flat":
        for name in ("flux", "ivar", "lambda", "mask"):
            frame[f"spectrum_{name}"] = [row[name] for row in rows]
    else:
        frame["spectrum"] = rows
    frame.to_parquet(tmp_path / "a.parquet")
    check_multimodal(read_catalog(tmp_path / "a.parquet"))


def test_the_multimodal_universe_in_hdf5(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name in ("flux", "ivar", "lambda", "mask"):
            file[f"spectrum_{name}"] = np.array([row[name] for row in multimodal_rows("")])
        file["object_id"], file["Z"], file["EBV"] = np.array([b"7", b"8"]), [0.1, 0.2], [0.01, 0.02]
        file["ZWARN"] = [False, True]
    check_multimodal(read_catalog(tmp_path / "a.h5"))


def check_multimodal(table):
    np.testing.assert_allclose(table.wavelength, 10 ** (3.58 + 1e-4 * np.arange(15)), rtol=1e-9)
    np.testing.assert_array_equal(table.flux[1, 5:], np.arange(10))
    np.testing.assert_array_equal(table.ivar[0], [2, 2, 2, 0, 2, 2, 2, 2, 2, 2, *[0] * 5])
    np.testing.assert_array_equal(table.redshift, [0.1, 0.2])
    np.testing.assert_array_equal(table.properties["ebv"], [0.01, 0.02])
    assert table.properties["id"].tolist() == ["7", "8"]
    assert (table.survey, table.frame, table.medium) == ("Multimodal Universe", "observed", "vacuum")
    assert table.quality.tolist() == [0, QUALITY_BITS["flagged"]]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_folder_keeps_its_order_and_its_faults(tmp_path, n_jobs):
    for i in range(120):
        write_euclid(tmp_path / f"{i:03d}.fits", {2653214339660419371 + i: nisp_object()}, NISP)
    (tmp_path / "007.fits").write_bytes(b"<html>")
    (tmp_path / "110.fits").write_bytes(b"SIMPLE  =")
    (tmp_path / "050.csv").write_text("id,zspec\n1000,0.1\n")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table = read_spectra(tmp_path, n_jobs=n_jobs)
    messages = [str(warning.message) for warning in caught]
    assert len(messages) == 2
    assert "050.csv holds no spectra and is left out" in messages[0]
    assert "2 of 121 files cannot be read, first 007.fits" in messages[1]
    assert len(table) == 120
    assert table.properties["file"].tolist() == [f"{i:03d}.fits" for i in range(120)]
    good = np.setdiff1d(np.arange(120), [7, 110])
    assert table.properties["id"][good].tolist() == [2653214339660419371 + i for i in good]  # not as floats
    assert count_quality(table.quality) == {"empty": 2, "unreadable": 2}
    with pytest.raises(SedReadError, match=r"007\.fits is a web page"):
        read_spectra(tmp_path, n_jobs=n_jobs, on_bad="raise")


def test_a_folder_without_any_spectra(tmp_path):
    (tmp_path / "a.csv").write_text("id,zspec\n1000,0.1\n")
    with pytest.raises(
        SedReadError, match=r"none of 1 files holds spectra.*a\.csv has no columns named by wavelengths"
    ):
        read_spectra(tmp_path)


@pytest.mark.parametrize("packed", [False, True])
def test_rows_of_plain_numbers_are_those_of_astropy(tmp_path, packed):
    columns = [
        fits.Column(name, form, array=rng.integers(0, 100, 7))
        for name, form in (("a", "B"), ("b", "I"), ("c", "J"), ("d", "K"), ("e", "E"), ("f", "1D"))
    ]
    columns.append(fits.Column("g", "3E", array=rng.normal(size=(7, 3)), unit="Jy"))
    scaled = fits.Column("h", "J", bzero=2**31, array=np.arange(7, dtype="u4"))
    text = fits.Column("i", "3A", array=["abc"] * 7)
    hdus = [fits.BinTableHDU.from_columns(part) for part in (columns, [*columns, scaled], [*columns, text])]
    path = tmp_path / ("a.fits.gz" if packed else "a.fits")
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(path)
    with opened_fits(path) as read:
        assert column_names(read[0]) == []
        for hdu in read[1:]:
            rows = rows_of(hdu)
            assert column_names(hdu) == hdu.columns.names
            assert column_units(hdu) == {column.name: column.unit for column in hdu.columns}
            for name in hdu.columns.names:
                np.testing.assert_array_equal(rows[name], hdu.data[name])
        assert type(rows_of(read[1])) is np.ndarray


def test_a_truncated_spectrum_of_a_survey_is_an_error(tmp_path):
    path = write_euclid(tmp_path / "a.fits", {5: nisp_object()}, NISP)
    for share in (0.4, 0.7, 0.8, 0.95):
        (tmp_path / "b.fits").write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
        with pytest.raises(SedReadError, match=r"b\.fits") as caught:
            read_catalog(tmp_path / "b.fits")
        assert not isinstance(caught.value, NoSpectraError)  # in a folder it keeps its row


def test_jwst_spectra_as_rows_filled_up_with_nan(tmp_path):
    grid = np.tile(np.linspace(1, 2, 20), (2, 1))
    grid[1, 15:] = np.nan
    columns = [fits.Column("SOURCE_ID", "J", array=[5, 6])]
    for name, unit, values in (
        ("WAVELENGTH", "um", grid),
        ("FLUX", "Jy", grid),
        ("FLUX_ERROR", "Jy", np.ones((2, 20))),
    ):
        columns.append(fits.Column(name, "20D", unit=unit, array=values))
    columns.append(fits.Column("DQ", "20J", array=np.tile(np.arange(20) == 2, (2, 1)) * 1 + 4))
    hdus = fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns, name="EXTRACT1D")])
    hdus.writeto(tmp_path / "m_x1d.fits")
    table = read_catalog(tmp_path / "m_x1d.fits")
    assert table.properties["id"].tolist() == [5, 6]
    np.testing.assert_array_equal(table.flux[1, :15], grid[1, :15])
    assert (table.ivar > 0).sum(axis=1).tolist() == [19, 14]
