import pytest

from sklearn_sedzoo.photometry._columns import find_columns, shorten

DC2 = ["mag_u_lsst", "mag_g_lsst", "mag_err_u_lsst", "mag_err_g_lsst"]


def test_shorten():
    assert shorten(["mag_u_lsst", "mag_g_lsst"]) == ["u", "g"]
    assert shorten(["u", "g"]) == ["u", "g"]
    assert shorten(["FUV", "FU"]) == ["FUV", "FU"]
    assert shorten(["mag_i"]) == ["mag_i"]
    assert shorten(["lsst_u", "lsst_g"]) == ["u", "g"]


def test_by_name():
    assert find_columns("X", None, DC2, 4) == {"u": (0, 2), "g": (1, 3)}
    assert find_columns("X", ["g"], DC2, 4) == {"g": (1, 3)}
    assert find_columns("X", ["g"], ["g", "r", "e_g"], 3) == {"g": (0, 2)}
    assert find_columns("X", {"b": ("mag_g_lsst", "mag_err_g_lsst"), "c": "mag_u_lsst"}, DC2, 4) == {
        "b": (1, 3), "c": (0, None)}  # fmt: skip


def test_by_position():
    assert find_columns("X", ["u", "g"], None, 4) == {"u": (0, 2), "g": (1, 3)}
    assert find_columns("X", None, None, 2) == {"band0": (0, None), "band1": (1, None)}


def test_errors():
    with pytest.raises(ValueError, match="3 columns without names, but `bands` has 2"):
        find_columns("X", ["u", "g"], None, 3)
    with pytest.raises(ValueError, match="no column for band 'k' among"):
        find_columns("X", ["k"], DC2, 4)
    with pytest.raises(ValueError, match="X has no column 'mag_k'"):
        find_columns("X", {"k": "mag_k"}, DC2, 4)
    with pytest.raises(ValueError, match="2 columns for band 'lsst'"):
        find_columns("X", ["lsst"], DC2, 4)
