import sys
import types

import numpy as np
import pytest

from sklearn_sedzoo.photoz import SOMRedshiftRegressor, to_qp
from tests.photoz.test_regressor import SKY, SMALL, Z


@pytest.fixture(scope="module")
def model():
    return SOMRedshiftRegressor(SMALL, n_maps=1, random_state=0).fit(SKY, Z)


def test_what_qp_is_given(monkeypatch, model):
    class Ensemble:
        def __init__(self, kind, data):
            self.kind, self.data = kind, data

        def set_ancil(self, ancil):
            self.ancil = ancil

    monkeypatch.setitem(sys.modules, "qp", types.SimpleNamespace(Ensemble=Ensemble, interp="interp"))
    ensemble = to_qp(model, SKY[:4])
    assert ensemble.kind == "interp"
    np.testing.assert_array_equal(ensemble.data["xvals"], model.zgrid_)
    np.testing.assert_array_equal(ensemble.data["yvals"], model.predict_dist(SKY[:4]))
    np.testing.assert_array_equal(ensemble.ancil["zphot"], model.predict(SKY[:4]))


def test_without_qp(monkeypatch, model):
    monkeypatch.setitem(sys.modules, "qp", None)
    with pytest.raises(ImportError, match=r"pip install 'sklearn-sedzoo\[qp\]'"):
        to_qp(model, SKY[:4])


def test_with_qp(model):
    pytest.importorskip("qp")
    ensemble = to_qp(model, SKY[:4])
    pdf = ensemble.pdf(model.zgrid_)
    np.testing.assert_allclose(pdf, model.predict_dist(SKY[:4]), rtol=1e-6, atol=1e-9)
