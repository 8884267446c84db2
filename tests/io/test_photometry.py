import h5py
import numpy as np
import pandas as pd
import pytest
from astropy.table import Table

from sklearn_sedzoo.exceptions import SedReadError
from sklearn_sedzoo.io import read_photometry

COLUMNS = {
    "id": np.arange(3), "mag_err_g_lsst": np.array([0.1, 0.2, 0.3], ">f4"), "mag_g_lsst": np.array([22, 23, 99], ">f4"),
    "mag_u_lsst": np.array([23, 24, 25.0]), "redshift": np.array([0.1, 0.5, 0.9]),
}  # fmt: skip
ORDER = ["mag_u_lsst", "mag_g_lsst", "mag_err_g_lsst", "id", "redshift"]


def write(folder, kind):
    path = folder / f"a table.{kind}"
    if kind == "hdf5":
        with h5py.File(path, "w") as file:
            for name, values in COLUMNS.items():
                file[f"photometry/{name}"] = values
            file["photometry/pdf"] = np.ones((3, 4))
            file["other"] = np.arange(7)
    elif kind == "fits":
        Table(COLUMNS | {"name": ["a", "b", "c"], "pdf": np.ones((3, 4))}).write(path)
    else:
        pd.DataFrame({k: v.astype(v.dtype.newbyteorder("=")) for k, v in COLUMNS.items()}).assign(name="x").to_csv(
            path, index=False, sep="," if kind == "csv" else "\t"
        )
    return path


@pytest.mark.parametrize("kind", ["hdf5", "fits", "csv", "tsv"])
def test_each_kind(tmp_path, kind):
    table = read_photometry(write(tmp_path, kind))
    assert list(table) == ORDER
    for name, values in COLUMNS.items():
        assert table[name].to_numpy().dtype.isnative
        np.testing.assert_allclose(table[name], values, rtol=1e-6)
    some = read_photometry(tmp_path / f"a table.{kind}", columns=["redshift", "mag_u_lsst"])
    assert list(some) == ["redshift", "mag_u_lsst"]


def test_groups_and_hdus(tmp_path):
    path = write(tmp_path, "hdf5")
    with pytest.raises(SedReadError, match=r"has no group 'table', only \['other', 'photometry'\]"):
        read_photometry(path, group="table")
    assert list(read_photometry(path, group="/")) == ["other"]
    path = write(tmp_path, "fits")
    assert len(read_photometry(path, hdu=1)) == 3
    with pytest.raises(SedReadError, match="has no HDU 'PHOT'"):
        read_photometry(path, hdu="PHOT")
    with pytest.raises(SedReadError, match="has no binary table"):
        read_photometry(path, hdu=0)


def test_bad_files(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no file .*none\.csv"):
        read_photometry(tmp_path / "none.csv")
    (tmp_path / "empty.fits").touch()
    with pytest.raises(SedReadError, match=r"empty\.fits is empty"):
        read_photometry(tmp_path / "empty.fits")
    for suffix, fault in ((".hdf5", "cannot be read as HDF5"), (".fits", "is a web page, not FITS")):
        (tmp_path / f"page{suffix}").write_text("<html>404 not found</html>")
        with pytest.raises(SedReadError, match=fault):
            read_photometry(tmp_path / f"page{suffix}")
    (tmp_path / "table.xlsx").write_text("x")
    with pytest.raises(SedReadError, match=r"must end in .*got '\.xlsx'"):
        read_photometry(tmp_path / "table.xlsx")
    (tmp_path / "words.csv").write_text("name\nx\n")
    with pytest.raises(SedReadError, match="holds no columns of numbers"):
        read_photometry(tmp_path / "words.csv")
    (tmp_path / "head.csv").write_text("mag_u,mag_g\n")
    with pytest.raises(SedReadError, match=r"head\.csv"):
        read_photometry(tmp_path / "head.csv")
    with h5py.File(tmp_path / "ragged.h5", "w") as file:
        file["a"], file["b"] = np.arange(3.0), np.arange(4.0)
    with pytest.raises(SedReadError, match=r"must have one length, got \{'a': 3, 'b': 4\}"):
        read_photometry(tmp_path / "ragged.h5")


def test_a_missing_column(tmp_path):
    with pytest.raises(SedReadError, match=r"has no column 'mag_u_lsts'.* Did you mean \['mag_u_lsst'"):
        read_photometry(write(tmp_path, "csv"), columns=["mag_u_lsts"])


def test_dc2(data_dir):
    table = read_photometry(data_dir / "photoz" / "test_dc2_training_9816.hdf5")
    assert len(table) == 10225
    assert list(table)[:6] == [f"mag_{band}_lsst" for band in "ugrizy"]
    assert list(table)[6:12] == [f"mag_err_{band}_lsst" for band in "ugrizy"]
    assert (table["mag_u_lsst"] == 99).sum() == 714
