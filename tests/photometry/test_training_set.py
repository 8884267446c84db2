import numpy as np
import pytest

from sklearn_sedzoo.datasets import make_sed_catalog
from sklearn_sedzoo.photometry import MagnitudeToColor, SyntheticPhotometry, make_training_set
from tests.photometry.curves import make_bands

BANDS = make_bands()
DEPTHS = dict.fromkeys(BANDS, 27.0)


@pytest.fixture(scope="module")
def catalog():
    return make_sed_catalog(40, random_state=0, wavelength="wide")


def test_without_noise_it_is_the_photometry(catalog):
    X, redshift = make_training_set(catalog, [0.2, 0.8], bands=BANDS)
    photometry = SyntheticPhotometry(BANDS, redshifts=[0.2, 0.8], flux_unit="Lsun / Angstrom", igm="madau1995")
    expected = photometry.fit_transform(catalog.to_frame()).astype(float)
    np.testing.assert_allclose(X.to_numpy(), expected.reshape(80, 4), atol=1e-5)
    assert redshift.tolist() == [0.2, 0.8] * 40
    assert X.index.name == "sed"
    assert X.index.tolist() == np.repeat(np.arange(40), 2).tolist()


def test_noise_has_the_asked_size(catalog):
    clean, _ = make_training_set(catalog, np.full(200, 0.6), bands=BANDS)
    noisy, _ = make_training_set(catalog, np.full(200, 0.6), bands=BANDS, depths=DEPTHS, random_state=0)
    for name in BANDS:
        flux, true = 10 ** (-0.4 * noisy[f"mag_{name}"]), 10 ** (-0.4 * clean[f"mag_{name}"])
        sigma = np.hypot(10 ** (-0.4 * 27), 0.005 * np.log(10) / 2.5 * true)
        bright = true > 6 * sigma
        assert bright.sum() > 500
        assert np.std((flux - true)[bright] / sigma[bright]) == pytest.approx(1, abs=0.05)
        error = noisy[f"mag_err_{name}"][bright]
        np.testing.assert_allclose(error, 2.5 / np.log(10) * sigma[bright] / flux[bright], rtol=1e-6)


def test_faint_sources_are_not_detected(catalog):
    X, _ = make_training_set(catalog, [0.5], bands=BANDS, depths=dict.fromkeys(BANDS, 15.0), random_state=0)
    assert np.isposinf(X["mag_u"]).mean() > 0.5
    assert np.isnan(X["mag_err_u"][np.isposinf(X["mag_u"])]).all()
    features = MagnitudeToColor(list(BANDS), limits=dict.fromkeys(BANDS, 15.0)).fit_transform(X)
    assert np.isfinite(features).all()


def test_arguments(catalog):
    with pytest.raises(ValueError, match=r"`depths` of make_training_set must have a magnitude for each"):
        make_training_set(catalog, [0.5], bands=BANDS, depths={"u": 27.0})
    with pytest.raises(ValueError, match=r"`redshifts` of make_training_set"):
        make_training_set(catalog, [-1.0], bands=BANDS)
    again = [make_training_set(catalog, [0.5], bands=BANDS, depths=DEPTHS, random_state=s)[0] for s in (1, 1, 2)]
    assert again[0].equals(again[1])
    assert not again[0].equals(again[2])
