import astropy.units as u
import numpy as np
import pytest
from specutils.utils.wcs_utils import air_to_vac, vac_to_air

from sklearn_sedzoo._kernels.refraction import air_to_vacuum, vacuum_to_air

WAVELENGTH = np.linspace(2100.0, 12000.0, 400)


@pytest.mark.parametrize(("formula", "theirs"), [("ciddor", "Ciddor1996"), ("edlen", "Morton2000")])
def test_agrees_with_specutils(formula, theirs):
    air = vac_to_air(WAVELENGTH * u.AA, method=theirs).to_value("AA")
    # Morton (2000) is a newer fit than Edlen (1953): they differ by 1e-8 at most
    np.testing.assert_allclose(vacuum_to_air(WAVELENGTH, formula), air, rtol=1e-12 if formula == "ciddor" else 3e-8)
    if formula == "ciddor":
        vacuum = air_to_vac(WAVELENGTH * u.AA, scheme="iteration", method=theirs, precision=1e-14).to_value("AA")
        np.testing.assert_allclose(air_to_vacuum(WAVELENGTH), vacuum, rtol=1e-11)


@pytest.mark.parametrize("formula", ["ciddor", "edlen"])
def test_there_and_back(formula):
    np.testing.assert_allclose(air_to_vacuum(vacuum_to_air(WAVELENGTH, formula), formula), WAVELENGTH, rtol=1e-13)
    np.testing.assert_array_equal(vacuum_to_air([1215.67]), [1215.67])
