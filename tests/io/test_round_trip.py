"""What `write_catalog` writes, `read_catalog` finds again: every fact, every type."""

import string

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sklearn_sedzoo import SpectrumTable
from sklearn_sedzoo.io import read_catalog, read_map, write_catalog, write_map
from sklearn_sedzoo.io._quality import mark_quality

UNITS = ["", "Jy", "1E-17 erg/cm^2/s/Ang", "10**(-20)*erg/s/cm**2/Angstrom", "counts", "FNU"]
# FITS keeps no blanks at the end of a text
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8).map(lambda text: text.rstrip(" "))
COLUMNS = {
    "bool": (st.booleans(), "bool"),
    "int64": (st.integers(-(2**63) + 1, 2**63 - 1), "int64"),
    "int16": (st.integers(-(2**15), 2**15 - 1), "int16"),
    "uint8": (st.integers(0, 255), "uint8"),
    "uint64": (st.integers(0, 2**64 - 1), "uint64"),
    "float64": (st.floats(allow_infinity=True), "float64"),
    "float32": (st.floats(width=32), "float32"),
    "nullable": (st.none() | st.integers(-(2**63) + 4, 2**63 - 1), "Int64"),
    "maybe": (st.none() | st.booleans(), "boolean"),
    "text": (TEXT, "str"),
    "missing": (st.none() | TEXT, "str"),
}


@st.composite
def tables(draw):
    n, n_pixels = draw(st.integers(1, 5)), draw(st.integers(2, 6))
    kind = draw(st.sampled_from(["f4", "f8"]))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    flux = rng.normal(size=(n, n_pixels)).astype(kind)
    flux[rng.random(flux.shape) < 0.2] = np.nan
    ivar = None
    if draw(st.booleans()):
        ivar = rng.uniform(0.5, 2, flux.shape).astype(draw(st.sampled_from(["f4", "f8"])))
        ivar[rng.random(flux.shape) < 0.2] = 0
    names = draw(st.lists(st.sampled_from(sorted(COLUMNS)), unique=True))
    properties = pd.DataFrame(index=pd.RangeIndex(n))
    for name in names:
        values, dtype = COLUMNS[name]
        properties[name] = pd.Series(draw(st.lists(values, min_size=n, max_size=n)), dtype=dtype)
    properties.attrs["units"] = {name: draw(st.sampled_from(["", "Gyr", "dex", "km/s"])) for name in names}
    table = SpectrumTable(
        flux,
        4000 + np.cumsum(rng.uniform(0.5, 2, n_pixels)),
        properties,
        draw(st.sampled_from(UNITS)),
        ivar=ivar,
        frame=draw(st.sampled_from([None, "rest", "observed"])),
        medium=draw(st.sampled_from([None, "vacuum", "air"])),
        survey=draw(st.none() | st.text(string.ascii_letters, min_size=1, max_size=20)),
        is_dereddened=draw(st.booleans()),
        is_recalibrated=draw(st.booleans()),
        quality=rng.integers(0, 2, n).astype(np.int16) * 128,
    )
    return mark_quality(table)


@given(table=tables())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_that_is_known_of_spectra_survives(tmp_path, table):
    write_catalog(tmp_path / "a.fits", table, overwrite=True)
    again = read_catalog(tmp_path / "a.fits")
    for name in ("frame", "medium", "survey", "is_dereddened", "is_recalibrated", "flux_unit", "density"):
        assert getattr(again, name) == getattr(table, name), name
    np.testing.assert_array_equal(again.flux, table.flux)
    np.testing.assert_array_equal(again.wavelength, table.wavelength)
    np.testing.assert_array_equal(again.quality, table.quality)
    assert again.flux.dtype == table.flux.dtype
    assert (again.ivar is None) == (table.ivar is None)
    if table.ivar is not None:
        np.testing.assert_array_equal(again.ivar, table.ivar)
        assert again.ivar.dtype == table.ivar.dtype
    assert list(again.properties) == list(table.properties)
    for name in table.properties:
        expected = table.properties[name]
        if expected.dtype in ("Int64", "boolean") and not expected.isna().any():
            expected = expected.astype(expected.dtype.numpy_dtype)  # nothing is missing: plain numbers
        pd.testing.assert_series_equal(again.properties[name], expected)
    assert again.properties.attrs.get("units", {}) == table.properties.attrs.get("units", {})


def test_names_of_columns_must_be_ascii(tmp_path):
    table = SpectrumTable(np.ones((1, 3)), np.arange(4000.0, 4003), pd.DataFrame({"größe": [1.0]}))
    with pytest.raises(ValueError, match=r"ASCII only, got 'größe'\. Rename"):
        write_catalog(tmp_path / "a.fits", table)


def test_results_keep_their_text(tmp_path):
    frame = pd.DataFrame(
        {"id": ["a", "β Pic", None], "n": pd.array([1, None, -3], dtype="Int64"), "mixed": [1, "x", 2]}
    )
    write_map(tmp_path / "map.fits", frame)
    again = read_map(tmp_path / "map.fits")
    assert again["id"].tolist()[:2] == ["a", "β Pic"]
    assert again["id"].isna().tolist() == [False, False, True]
    assert again["n"].isna().tolist() == [False, True, False]
    assert again["n"].tolist()[::2] == [1, -3]
    assert again["mixed"].tolist() == ["1", "x", "2"]
