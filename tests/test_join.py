"""Tables of redshifts and properties, joined to spectra by an identifier."""

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table

from sklearn_sedzoo import SpectrumTable
from sklearn_sedzoo.exceptions import SedDataWarning
from sklearn_sedzoo.io import read_properties


def make_spectra(**columns):
    n = len(next(iter(columns.values())))
    return SpectrumTable(np.arange(3.0 * n).reshape(n, 3), np.array([4e3, 5e3, 6e3]), pd.DataFrame(columns))


BIG = [2723238241659827449, -519109067279208788, 2712682461673292535]


@pytest.mark.parametrize("ours", [BIG, list(map(str, BIG)), [f" {i} " for i in BIG]])
@pytest.mark.parametrize("theirs", [BIG, list(map(str, BIG))])
def test_large_and_negative_numbers_match_their_text(ours, theirs):
    table = pd.DataFrame({"object_id": theirs[::-1], "spe_z": [3.0, 2.0, 1.0]})
    joined = make_spectra(id=ours).join(table, on=("id", "object_id"))
    assert joined.redshift.tolist() == [1.0, 2.0, 3.0]
    assert make_spectra(id=ours).join(table).redshift.tolist() == [1.0, 2.0, 3.0]  # usual names need no word
    assert make_spectra(id=ours).join(table, on="object_id").redshift.tolist() == [1.0, 2.0, 3.0]


def test_file_names_match_without_their_ending():
    spectra = make_spectra(file=["spec-1-2.fits", "spec-1-3.fits.gz", "0007.fits"])
    table = pd.DataFrame({"name": ["0007", "spec-1-3", "spec-1-2"], "z": [7.0, 3.0, 2.0]})
    assert spectra.join(table, on=("file", "name")).redshift.tolist() == [2.0, 3.0, 7.0]


def test_every_spectrum_keeps_its_place_and_whole_numbers_stay_whole():
    table = pd.DataFrame({"id": [3, 1], "z": [0.3, 0.1], "n": [2**60 + 1, 5], "good": [True, False]})
    with pytest.warns(SedDataWarning, match=r"1 of 3 spectra are not in the table to join; first at row 1 \(id = 2\)"):
        joined = make_spectra(id=[1, 2, 3]).join(table)
    np.testing.assert_array_equal(joined.redshift, [0.1, np.nan, 0.3])
    assert joined.properties["n"].tolist()[::2] == [5, 2**60 + 1]
    assert joined.properties["n"].isna().tolist() == [False, True, False]
    assert joined.properties["good"].tolist()[::2] == [False, True]
    np.testing.assert_array_equal(joined.flux, make_spectra(id=[1, 2, 3]).flux)


def test_a_column_that_both_have_comes_from_the_table_and_is_named():
    with pytest.warns(SedDataWarning, match="Both the spectra and the table to join have redshift"):
        joined = make_spectra(id=[1, 2], redshift=[9.0, 9.0]).join(pd.DataFrame({"id": [2, 1], "redshift": [2.0, 1.0]}))
    assert joined.redshift.tolist() == [1.0, 2.0]


def test_the_redshift_may_have_any_name():
    table = Table({"id": [1, 2], "my_z": [0.1, 0.2], "Z": [5.0, 5.0]})
    assert make_spectra(id=[1, 2]).join(table, redshift="my_z").redshift.tolist() == [0.1, 0.2]
    table["EBV"] = [0.03, 0.04]  # a redshift that was named does not hide what else is known
    assert make_spectra(id=[1, 2]).join(table, redshift="my_z").properties["ebv"].tolist() == [0.03, 0.04]
    with pytest.raises(ValueError, match="`redshift` of join is 'zspec', but the table has no such column: id"):
        make_spectra(id=[1, 2]).join(table, redshift="zspec")


@pytest.mark.parametrize(
    ("table", "on", "message"),
    [
        ({"id": [1, 1, 2], "z": [1, 2, 3]}, None, r"has 2 rows with id = 1 \(rows \[0, 1\]\)"),
        ({"id": [7, 8], "z": [1, 2]}, None, "No 'id' of the spectra is found in 'id' of the table"),
        ({"a": [7, 8], "z": [1, 2]}, None, "There is no identifier in the table to join: its columns are a, z"),
        ({"a": [7, 8], "z": [1, 2]}, "b", "There is no column 'b' in the table to join"),
        ({"id": [2.0**60, 1], "z": [1, 2]}, None, "have been read as floats, which cannot hold all of their digits"),
        ({"id": [0.5, 1], "z": [1, 2]}, None, "are no whole numbers and no names"),
    ],
)
def test_what_cannot_be_joined_is_explained(table, on, message):
    with pytest.raises(ValueError, match=message):
        make_spectra(id=[1, 2]).join(pd.DataFrame(table), on=on)


def test_tables_are_read_from_files_of_all_kinds(tmp_path):
    table = Table({"id": BIG, "zspec": [0.1, 0.2, 0.3]}, units={"zspec": ""})
    for name, form in (
        ("a.csv", "ascii.csv"),
        ("a.tsv", "ascii.tab"),
        ("a.ecsv", "ascii.ecsv"),
        ("a.fits", "fits"),
        ("a.vot", "votable"),
        ("a.parquet", "parquet"),
    ):
        table.write(tmp_path / name, format=form)
        read = read_properties(tmp_path / name)
        assert read["id"].tolist() == BIG
        np.testing.assert_allclose(read["zspec"], [0.1, 0.2, 0.3])
    with pytest.raises(FileNotFoundError, match="There is no file"):
        read_properties(tmp_path / "none.csv")
