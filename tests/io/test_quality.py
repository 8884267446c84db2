"""Single pixels that are bad are masked; a spectrum is bad when little is left of it."""

import numpy as np
import pytest

from sklearn_sedzoo import SpectrumTable
from sklearn_sedzoo.exceptions import SedDataWarning
from sklearn_sedzoo.io import QUALITY_BITS, read_spectra
from sklearn_sedzoo.io._quality import MIN_VALID, is_unusable, mark_quality

GRID = np.linspace(4000, 5000, 100)


def table(with_ivar=True, dtype="f8"):
    flux = np.random.default_rng(0).lognormal(size=(4, 100)).astype(dtype)
    return SpectrumTable(flux, GRID, ivar=np.ones_like(flux) if with_ivar else None)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_pixel_that_is_not_finite_is_masked(value):
    made = table()
    made.flux[1, [0, 1, 98]] = value
    marked = mark_quality(made)
    assert marked.quality.tolist() == [0, 0, 0, 0]
    assert np.flatnonzero(marked.ivar[1] == 0).tolist() == [0, 1, 98]
    plain = table(with_ivar=False)
    plain.flux[1, [0, 1, 98]] = value
    marked = mark_quality(plain)
    assert marked.quality.tolist() == [0, QUALITY_BITS["not_finite"], 0, 0]  # said, but no reason to lose it
    assert not is_unusable(marked.quality).any()
    assert np.flatnonzero(np.isnan(marked.flux[1])).tolist() == [0, 1, 98]


@pytest.mark.parametrize("with_ivar", [True, False])
@pytest.mark.parametrize(("n_left", "bit"), [(0, "empty"), (1, "mostly_masked"), (9, "mostly_masked"), (10, None)])
def test_little_is_left(with_ivar, n_left, bit):
    made = table(with_ivar)
    gone = np.arange(100) >= n_left
    if with_ivar:
        made.ivar[2, gone] = 0
    else:
        made.flux[2, gone] = np.nan
    quality = mark_quality(made).quality
    expected = 0 if bit is None else QUALITY_BITS[bit]
    assert (quality & ~QUALITY_BITS["not_finite"]).tolist() == [0, 0, expected, 0]
    assert is_unusable(quality).tolist() == [False, False, bit is not None, False]
    assert MIN_VALID * 100 == 10


def test_dropping_keeps_spectra_with_gaps():
    made = table()
    made.flux[:, 40:45] = np.nan
    assert len(read_spectra(made, on_bad="drop")) == 4
    made.ivar[3] = 0
    with pytest.warns(SedDataWarning, match=r"1 of 4 spectra are bad; first at row 3 \(empty: 1\)"):
        assert len(read_spectra(made, on_bad="drop")) == 3
