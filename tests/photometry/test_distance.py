import numpy as np
import pytest
from astropy.cosmology import FlatLambdaCDM, Planck18

from sklearn_sedzoo.photometry import ab_to_vega, absolute_magnitude, distance_modulus, johnson_bands


def test_distance_modulus_is_astropys():
    z = np.array([0.01, 0.5, 3.0])
    np.testing.assert_allclose(distance_modulus(z), Planck18.distmod(z).value, rtol=1e-10)
    other = FlatLambdaCDM(70, 0.3)
    np.testing.assert_allclose(distance_modulus(z, other), other.distmod(z).value, rtol=1e-10)
    assert distance_modulus(0.0) == 0
    assert np.shape(distance_modulus(0.3)) == ()
    with pytest.raises(ValueError, match="must be finite and >= 0"):
        distance_modulus([-0.1])


def test_absolute_magnitude():
    assert absolute_magnitude(20.0, 0.5, k_correction=0.3) == pytest.approx(20 - Planck18.distmod(0.5).value - 0.3)


def test_vega():
    table = johnson_bands()
    assert list(table.index) == list("UBVRIJHKLM")
    assert np.all(np.diff(table["effective_wavelength"]) > 0)
    # Blanton & Roweis (2007), table 1: AB - Vega of U .79, B -.09, V .02, R .21, I .45, J .91, H 1.39, K 1.85
    expected = [0.79, -0.09, 0.02, 0.21, 0.45, 0.91, 1.39, 1.85]
    np.testing.assert_allclose(table["ab_minus_vega"][:8], expected, atol=0.05)
    assert ab_to_vega(20.0, "H") == pytest.approx(20 - table.loc["H", "ab_minus_vega"])
    with pytest.raises(ValueError, match="`band` of ab_to_vega must be one of"):
        ab_to_vega(20.0, "Q")
