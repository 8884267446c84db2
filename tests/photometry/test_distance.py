import numpy as np
import pytest
from astropy.cosmology import FlatLambdaCDM, Planck18

from sklearn_sedzoo.photometry import (
    SyntheticPhotometry,
    ab_to_vega,
    absolute_magnitude,
    distance_modulus,
    johnson_bands,
)


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


def test_infrared_zero_points_follow_wise():
    """Vega is a power law there; WISE (Jarrett et al. 2011) has 309.54 Jy at 3.353 and 171.79 Jy at 4.603 micron."""
    slope = np.log(171.79 / 309.54) / np.log(4.603 / 3.353)
    table = johnson_bands().loc[["L", "M"]]
    expected = 309.54 * (table["effective_wavelength"] / 33530) ** slope
    np.testing.assert_allclose(table["zero_point"], expected, rtol=0.05)


def test_speclite_has_the_same_bands():
    """Effective wavelengths of the textbook are those of the curves, as far as it rounds and filters differ."""
    pytest.importorskip("speclite")
    names = [f"bessell-{band}" for band in "UBVRI"] + [f"twomass-{band}" for band in ("J", "H", "Ks")]
    wavelength = np.linspace(2000, 25000, 4601)
    vega = 1e-9 * (wavelength / 5500.0) ** -3.0
    photometry = SyntheticPhotometry(names, wavelength=wavelength).fit(vega[None])
    table = johnson_bands().loc[list("UBVRIJHK")]
    np.testing.assert_allclose(photometry.effective_wavelength_, table["effective_wavelength"], rtol=0.03)


def test_vega_magnitudes_from_spectra():
    """A source with the zero points' flux density has magnitude 0 in all of them, to the width of the bands."""
    pytest.importorskip("speclite")
    table = johnson_bands().loc[list("BVRI")]
    wavelength = np.linspace(3000, 10000, 1401)
    density = np.exp(np.interp(wavelength, table["effective_wavelength"], np.log(table["zero_point"])))
    flux = density * 1e-23 * 2.99792458e18 / wavelength**2
    magnitudes = SyntheticPhotometry([f"bessell-{band}" for band in "BVRI"], wavelength=wavelength).fit_transform(
        flux[None]
    )[0]
    vega = [float(ab_to_vega(magnitude, band)) for magnitude, band in zip(magnitudes, "BVRI", strict=True)]
    np.testing.assert_allclose(vega, 0, atol=0.05)
