import sys

import numpy as np
import pytest

from sklearn_sedzoo.photometry import list_bands
from sklearn_sedzoo.photometry._bands import read_bands


def test_without_speclite(monkeypatch):
    monkeypatch.setitem(sys.modules, "speclite", None)
    with pytest.raises(ImportError, match=r"pip install 'sklearn-sedzoo\[photometry\]'"):
        read_bands("SyntheticPhotometry", "lsst2023-*")


def test_short_names_only_where_they_differ():
    curve = ([4000, 5000, 6000], [0, 1, 0])
    assert list(read_bands("X", {"a-g": curve, "a-r": curve})) == ["g", "r"]
    assert list(read_bands("X", {"a-g": curve, "b-g": curve})) == ["a-g", "b-g"]


def test_speclite_in_angstrom():
    pytest.importorskip("speclite")
    assert "lsst2023-u" in list_bands()
    wavelength, response = read_bands("X", ["lsst2023-i"])["i"]
    assert 6500 < wavelength[0] < wavelength[-1] < 8700  # the file is in nm
    assert response.max() == pytest.approx(0.62, abs=0.02)
    assert np.all(np.diff(wavelength) > 0)
