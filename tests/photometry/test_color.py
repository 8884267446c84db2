import numpy as np
import pandas as pd
import pytest

from sklearn_sedzoo.exceptions import SedDataWarning
from sklearn_sedzoo.photometry import MagnitudeToColor

NAMES = ["mag_u_lsst", "mag_g_lsst", "mag_i_lsst"]
LIMITS = {"u": 27.8, "g": 29.0, "i": 28.6}


@pytest.fixture
def table():
    return pd.DataFrame(
        {"mag_u_lsst": [24.0, 99.0, np.nan], "mag_g_lsst": [23.0, 25.0, 24.0], "mag_i_lsst": [22.5, 24.0, 23.0],
         "mag_err_u_lsst": [0.1, 99.0, np.nan],
         "mag_err_g_lsst": [0.02, 0.1, 0.05], "mag_err_i_lsst": [0.01, 0.1, 0.02]}
    )  # fmt: skip


def test_features(table):
    step = MagnitudeToColor(nondetection=99, limits=LIMITS).set_output(transform="pandas")
    out = step.fit_transform(table)
    assert list(out) == ["mag_i", "u-g", "g-i", "err_u", "err_g", "err_i"]
    np.testing.assert_allclose(out["mag_i"], [22.5, 24.0, 23.0])
    np.testing.assert_allclose(out["u-g"], [1.0, 27.8 - 25.0, np.nan])
    np.testing.assert_allclose(out["err_u"], [0.1, 2.5 / np.log(10), np.nan])


def test_all_colors_are_consistent(table):
    step = MagnitudeToColor(nondetection=99, limits=LIMITS, colors="all", ref_band="all", errors="drop")
    out = step.fit_transform(table)
    assert out.shape == (3, 6)
    np.testing.assert_allclose(out[:, 3] + out[:, 5], out[:, 4])  # (u - g) + (g - i) = u - i
    np.testing.assert_allclose(out[:, 0] - out[:, 1], out[:, 3])


def test_not_detected_is_not_missing(table):
    faint = MagnitudeToColor(nondetection=99, limits=LIMITS).fit_transform(table)
    unseen = MagnitudeToColor(missing=99).fit_transform(table)
    assert np.isfinite(faint[1, 1])
    assert np.isnan(unseen[1, 1])
    np.testing.assert_array_equal(faint[0], unseen[0])
    infinite = table.replace(99.0, np.inf)
    np.testing.assert_array_equal(MagnitudeToColor(limits=LIMITS).fit_transform(infinite), faint)


def test_asinh_magnitudes_need_no_substitute():
    limits = [27.8, 29.0, 28.6]
    X = np.array([[24.0, 23.0, 22.0], [np.inf, 24.0, 22.0]])
    soft = MagnitudeToColor(["u", "g", "i"], kind="asinh", limits=limits).fit_transform(X)
    hard = MagnitudeToColor(["u", "g", "i"], limits=limits).fit_transform(X)
    np.testing.assert_allclose(soft[0], hard[0], atol=2e-3)
    # flux 0 has the asinh magnitude -2.5 log10 b: the limit itself
    assert soft[1, 1] == pytest.approx(27.8 - 24.0, abs=1e-3)


def test_the_input_is_never_written_to(table):
    before = table.copy()
    array = table.to_numpy()
    array.setflags(write=False)
    MagnitudeToColor(nondetection=99, limits=LIMITS).fit_transform(table)
    MagnitudeToColor(["u", "g", "i"], nondetection=99, limits=LIMITS).fit_transform(array)
    pd.testing.assert_frame_equal(table, before)


def test_weights(table):
    step = MagnitudeToColor(nondetection=99, limits=LIMITS).fit(table)
    weights = step.weights(table)
    assert weights.mean() == pytest.approx(1)
    assert weights[1] == weights.min()
    expected = np.array([3 / (0.1**2 + 0.02**2 + 0.01**2), 2 / (0.1**2 + 0.1**2), 2 / (0.05**2 + 0.02**2)])
    np.testing.assert_allclose(weights, expected / expected.mean())
    with pytest.raises(ValueError, match="no columns of magnitude errors"):
        MagnitudeToColor(ref_band=0).fit(np.ones((2, 3))).weights(np.ones((2, 3)))


@pytest.mark.parametrize("dtype", ["f4", ">f4", ">f8"])
def test_dtypes(dtype):
    X = np.array([[24.0, 23.0, 22.0]], dtype=dtype)
    out = MagnitudeToColor(["u", "g", "i"]).fit_transform(X)
    assert out.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_allclose(out, [[22, 1, 1]])


def test_a_row_without_any_band():
    X = np.array([[24.0, 23.0], [np.nan, np.nan]])
    step = MagnitudeToColor(["g", "i"]).fit(X[:1])
    with pytest.warns(SedDataWarning, match=r"1 of 2 spectra have no observed band; first at row 1"):
        assert np.isnan(step.transform(X)[1]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, r"1 values \(first in row 1, band 'u'\) are 99, which is no magnitude. Pass nondetection=99 or"),
        ({"nondetection": 99}, "not detected, and `limits` is None"),
        ({"nondetection": 99, "limits": {"u": 27}}, r"must have a magnitude for each of .* are missing"),
        ({"nondetection": 99, "limits": [1, 2]}, "must be 3 finite magnitudes"),
        ({"ref_band": "z"}, r"`ref_band` of MagnitudeToColor must be a band or its number, 'all' or None, got 'z'"),
        ({"bands": ["z"]}, "no column for band 'z'"),
        ({"kind": "asinh"}, "`limits` of MagnitudeToColor must be given for kind='asinh'"),
        ({"kind": "magic"}, "`kind` of MagnitudeToColor must be one of"),
        ({"ref_band": None, "colors": "none"}, "is left without features"),
    ],
)
def test_bad_arguments(table, arguments, message):
    with pytest.raises(ValueError, match=message):
        MagnitudeToColor(**arguments).fit(table)


def test_bad_values(table):
    step = MagnitudeToColor(["u", "g"], ref_band="g").fit([[24.0, 23.0, 0.1, 0.1]])
    with pytest.raises(ValueError, match=r"1 values \(first in row 0, band 'g'\) are negative magnitude errors"):
        step.transform([[24.0, 23.0, 0.1, -0.1]])
    with pytest.raises(ValueError, match="contains infinity"):
        step.transform([[24.0, -np.inf, 0.1, 0.1]])
    with pytest.raises(ValueError, match=r"band 'u'\) are -99, which is no magnitude"):
        step.transform([[-99.0, 23.0, 0.1, 0.1]])
