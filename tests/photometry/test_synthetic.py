import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_sedzoo._kernels.band_projection import MADAU_JUMPS, madau_transmission
from sklearn_sedzoo.exceptions import SedDataWarning, SedGridWarning
from sklearn_sedzoo.photometry import SyntheticPhotometry
from tests.photometry.curves import make_bands, make_spectra
from tests.reference.photometry import magnitude_by_quadrature

BANDS = make_bands()
WAVELENGTH, FLUX = make_spectra()


@pytest.mark.parametrize("detector", ["photon", "energy"])
def test_magnitudes_against_quadrature(detector):
    photometry = SyntheticPhotometry(BANDS, wavelength=WAVELENGTH, redshifts=[0.0, 0.3], detector=detector)
    slow = [
        [magnitude_by_quadrature(WAVELENGTH, row, *band, z, detector) for z in (0.0, 0.3) for band in BANDS.values()]
        for row in FLUX[:2]
    ]
    np.testing.assert_allclose(photometry.fit_transform(FLUX[:2]), slow, rtol=0, atol=1e-10)


def test_intergalactic_absorption_against_quadrature():
    """The transmission jumps between the points of the spectra; elsewhere two Gauss points are all but exact."""
    wavelength = np.arange(900.0, 2500.0, 2.0)
    flux, z = 1e-17 * (wavelength / 1500.0) ** -1.5, 2.4  # Lyman alpha at 4133 A: u is absorbed, the others are not
    photometry = SyntheticPhotometry(BANDS, wavelength=wavelength, redshifts=[z], igm="madau1995", out_of_range="zero")
    ours = photometry.fit_transform(flux[None])[0]
    jumps = np.array(MADAU_JUMPS) * (1 + z)
    slow = [
        magnitude_by_quadrature(wavelength, flux, *band, z, igm=madau_transmission, breaks=jumps)
        for band in BANDS.values()
    ]
    np.testing.assert_allclose(ours, slow, rtol=0, atol=1e-8)  # smooth, but no polynomial
    clear = clone(photometry).set_params(igm=None).fit_transform(flux[None])[0]
    assert ours[0] - clear[0] > 0.1
    np.testing.assert_allclose(ours[2:], clear[2:], atol=1e-12)


def test_transmission_by_madau():
    """None above Lyman alpha, depth .0036 (1 + z)^3.46 just below, nearly black below the Lyman limit at z = 4."""
    assert (madau_transmission(np.array([5000.0, 1215.67 * 3.5 + 1]), 2.5) == 1).all()
    just_below = madau_transmission(np.array([1215.67 * 4.5 - 1]), 3.5)
    np.testing.assert_allclose(just_below, np.exp(-0.0036 * 4.5**3.46), rtol=1e-3)
    assert madau_transmission(np.array([800.0 * 5]), 4.0) < 0.1


def test_outputs_agree():
    def run(output, **kw):
        return SyntheticPhotometry(BANDS, wavelength=WAVELENGTH, output=output, **kw).fit_transform(FLUX)

    magnitude = run("mag")
    np.testing.assert_allclose(run("color"), magnitude[:, :-1] - magnitude[:, 1:])
    np.testing.assert_allclose(-2.5 * np.log10(run("maggies")), magnitude)
    np.testing.assert_allclose(run("luptitude", softening=1e-16), magnitude, atol=1e-6)


def test_names():
    photometry = SyntheticPhotometry(BANDS, wavelength=WAVELENGTH, redshifts=[0.0, 0.25]).fit(FLUX)
    assert photometry.get_feature_names_out()[[0, 7]].tolist() == ["mag_u_z0", "mag_i_z0.25"]
    colors = clone(photometry).set_params(redshifts=(0,), output="color").fit(FLUX)
    assert colors.get_feature_names_out().tolist() == ["u-g", "g-r", "r-i"]
    frame = pd.DataFrame(FLUX, columns=[repr(float(w)) for w in WAVELENGTH])
    table = SyntheticPhotometry(BANDS).set_output(transform="pandas").fit_transform(frame)
    assert list(table) == ["mag_u", "mag_g", "mag_r", "mag_i"]


@pytest.mark.parametrize("dtype", ["f4", "f8", ">f4", ">f8"])
def test_dtypes_and_descending_grids(dtype):
    reference = SyntheticPhotometry(BANDS, wavelength=WAVELENGTH, output="maggies").fit_transform(FLUX)
    falling = SyntheticPhotometry(BANDS, wavelength=WAVELENGTH[::-1], output="maggies")
    ours = falling.fit_transform(FLUX[:, ::-1].astype(dtype))
    assert ours.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_allclose(ours, reference, rtol=1e-6 if "4" in dtype else 1e-12)


def test_other_units_of_the_grid():
    reference = SyntheticPhotometry(BANDS, wavelength=WAVELENGTH).fit_transform(FLUX)
    nm = SyntheticPhotometry(BANDS, wavelength=WAVELENGTH / 10, unit="nm").fit_transform(FLUX)
    np.testing.assert_allclose(nm, reference, atol=1e-9)


def test_batches_and_order_do_not_matter():
    wavelength, flux = make_spectra(600)
    photometry = SyntheticPhotometry(BANDS, wavelength=wavelength).fit(flux)
    whole = photometry.transform(flux)
    np.testing.assert_allclose(photometry.transform(flux[::-1])[::-1], whole, rtol=1e-14)
    np.testing.assert_allclose(
        np.vstack([photometry.transform(row[None]) for row in flux[:20]]), whole[:20], rtol=1e-14
    )


def test_luminosities_get_distances():
    from astropy.cosmology import Planck18

    luminosity = np.ones((1, len(WAVELENGTH)))
    options = {"wavelength": WAVELENGTH, "flux_unit": "Lsun / Angstrom"}
    absolute, apparent = SyntheticPhotometry({"r": BANDS["r"]}, redshifts=[0.0, 0.2], **options).fit_transform(
        luminosity
    )[0]
    flux = 3.828e33 / (4 * np.pi * (3.0856775814913673e19) ** 2)  # 1 Lsun at 10 pc
    as_flux = SyntheticPhotometry({"r": BANDS["r"]}, wavelength=WAVELENGTH).fit_transform(flux * luminosity)[0, 0]
    assert absolute == pytest.approx(as_flux, abs=1e-9)
    # a flat f_lambda only dims by the distance and by (1 + z)
    assert apparent - absolute == pytest.approx(Planck18.distmod(0.2).value + 2.5 * np.log10(1.2), abs=1e-6)


def test_bands_outside():
    with pytest.warns(SedGridWarning, match=r"leave the spectra; first band 'u' .* Their columns are NaN"):
        photometry = SyntheticPhotometry(BANDS, wavelength=WAVELENGTH, redshifts=[0.0, 2.0]).fit(FLUX)
    values = photometry.transform(FLUX)
    assert np.isnan(values[:, 4]).all()
    assert np.isfinite(values[:, [0, 1, 2, 3, 6, 7]]).all()
    assert (photometry.coverage_[0] == 1).all()
    assert 0 < photometry.coverage_[1, 1] <= 1
    with pytest.raises(ValueError, match=r"`bands` of SyntheticPhotometry: .* out_of_range='nan'"):
        SyntheticPhotometry(BANDS, wavelength=WAVELENGTH, redshifts=[2.0], out_of_range="raise").fit(FLUX)
    dark = SyntheticPhotometry(BANDS, wavelength=WAVELENGTH, redshifts=[2.0], out_of_range="zero").fit(FLUX)
    with pytest.warns(SedDataWarning, match="5 of 5 spectra have no positive flux in a band"):
        values = dark.transform(FLUX)
    assert np.isposinf(values[:, 0]).all()
    assert np.isfinite(values[:, 1:]).all()


def test_redshift_range_is_what_is_covered():
    photometry = SyntheticPhotometry(BANDS, wavelength=WAVELENGTH).fit(FLUX)
    for j, (_, (low, high)) in enumerate(photometry.redshift_range().items()):
        for z, covered in ((low + 1e-6, True), (high - 1e-6, True), (high + 1e-3, False)):
            there = clone(photometry).set_params(redshifts=[z], out_of_range="zero").fit(FLUX)
            assert (there.coverage_[0, j] == 1) == covered
    never = SyntheticPhotometry({"long": ([1e3, 2e4], [1, 1])}, wavelength=WAVELENGTH, out_of_range="zero").fit(FLUX)
    assert np.isnan(never.redshift_range()["long"]).all()


def test_negative_flux_is_not_detected():
    flux = FLUX.copy()
    flux[3] *= -1
    photometry = SyntheticPhotometry(BANDS, wavelength=WAVELENGTH).fit(flux)
    with pytest.warns(SedDataWarning, match=r"1 of 5 spectra have no positive flux in a band; first at row 3"):
        values = photometry.transform(flux)
    assert np.isposinf(values[3]).all()
    assert np.isfinite(np.delete(values, 3, axis=0)).all()
    soft = SyntheticPhotometry(BANDS, wavelength=WAVELENGTH, output="luptitude").fit_transform(flux)
    assert np.isfinite(soft).all()


def test_in_a_pipeline():
    pipeline = make_pipeline(SyntheticPhotometry(BANDS, wavelength=WAVELENGTH, output="color"), StandardScaler())
    assert pipeline.fit_transform(FLUX).shape == (5, 3)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"bands": {}}, ValueError, "`bands` of SyntheticPhotometry must not be empty"),
        ({"bands": {"a": ([2, 1], [1, 1])}}, ValueError, "wavelengths of band 'a' must increase"),
        ({"bands": {"a": ([1, 2], [1, -1])}}, ValueError, "response of band 'a' must be >= 0"),
        ({"bands": {"a": [1, 2, 3]}}, TypeError, "must be a pair"),
        ({"bands": {"a": ([1, 2, 3], [1, 1])}}, ValueError, "two lists of one length"),
        ({"output": "mags"}, ValueError, "`output` of SyntheticPhotometry must be one of"),
        ({"bands": {"g": BANDS["g"]}, "output": "color"}, ValueError, "must be at least 2"),
        ({"redshifts": [-0.1]}, ValueError, r"`redshifts` of SyntheticPhotometry must hold numbers in \[0, 100\]"),
        ({"redshifts": [np.nan]}, ValueError, "must hold finite numbers"),
        ({"flux_unit": "Jy"}, ValueError, "must be a flux or luminosity density per wavelength"),
        ({"flux_unit": "furlong!"}, ValueError, "must be a unit of astropy"),
        ({"igm": "inoue"}, ValueError, "`igm` of SyntheticPhotometry"),
        ({"wavelength": None}, ValueError, "carry no wavelengths"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        SyntheticPhotometry(**{"bands": BANDS, "wavelength": WAVELENGTH} | arguments).fit(FLUX)


def test_nan_is_refused():
    flux = FLUX.copy()
    flux[1, 3] = np.nan
    with pytest.raises(ValueError, match=r"NaN or infinity: 1 of 5 spectra .* first at row 1"):
        SyntheticPhotometry(BANDS, wavelength=WAVELENGTH).fit(flux)


def test_against_speclite():
    filters = pytest.importorskip("speclite.filters")
    import astropy.units as u

    names = [f"lsst2023-{band}" for band in "ugrizy"]
    wavelength = np.arange(2000.0, 12500.0, 2.0)
    flux = 1e-17 * (wavelength / 5000) ** np.array([[-1.5], [0.0], [1.0]])
    ours = SyntheticPhotometry("lsst2023-*", wavelength=wavelength).fit(flux)
    assert ours.band_names_ == list("ugrizy")
    theirs = filters.load_filters(*names).get_ab_magnitudes(flux * u.erg / u.s / u.cm**2 / u.AA, wavelength * u.AA)
    theirs = np.array([theirs[name] for name in names]).T
    # its curves keep the tails below 1e-3 that ours are cut at: the red leak of u is seen by red sources
    difference = abs(ours.transform(flux) - theirs)
    assert difference[:, 1:].max() < 2e-3
    assert difference[:, 0].max() < 2e-2


def test_unknown_band():
    pytest.importorskip("speclite.filters")
    with pytest.raises(ValueError, match=r"no band is called 'lsst2050-\*'.*lsst2023"):
        SyntheticPhotometry("lsst2050-*", wavelength=WAVELENGTH).fit(FLUX)
