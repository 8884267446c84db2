import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

from sklearn_sedzoo.datasets import _observed, make_observed_catalog

SPEED_OF_LIGHT = 299792.458  # km / s


@pytest.fixture(scope="module")
def made():
    """Observed spectra, and the same without noise."""
    return make_observed_catalog(600, random_state=1, return_clean=True)


def extinguish(wavelength, ebv):
    """Factor of the dust of our Galaxy, by the model object of another package."""
    import astropy.units as u
    from dust_extinction.parameter_averages import F99

    return np.array([F99(Rv=3.1).extinguish(wavelength * u.Angstrom, Ebv=value) for value in ebv])


def luminosity_distance(z):
    """In cm, flat, H0 = 67.66 km/s/Mpc and matter 0.30966 (Planck 2018), radiation left out."""
    hubble = quad(lambda x: 1 / np.sqrt(0.30966 * (1 + x) ** 3 + 0.69034), 0, z)[0]
    return (1 + z) * hubble * SPEED_OF_LIGHT / 67.66 * 3.0857e24


def calzetti(wavelength):
    """Calzetti et al. (2000), eq. 4, blueward of 6,300 A."""
    x = 1e4 / wavelength
    return 2.659 * (-2.156 + 1.509 * x - 0.198 * x**2 + 0.011 * x**3) + 4.05


@pytest.fixture(scope="module")
def lines(made):
    """The emission lines alone, and the stars alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_observed, "add_lines", lambda flux, *_: flux)
        stars = make_observed_catalog(600, random_state=1, return_clean=True)[1].flux
    return made[1].flux.astype(float) - stars, stars


def test_the_form_of_a_survey(made):
    catalog, clean = made
    assert catalog.flux.shape == catalog.ivar.shape == clean.flux.shape == (600, 3340)
    assert catalog.flux.dtype == catalog.ivar.dtype == clean.flux.dtype == np.float32
    assert (catalog.frame, catalog.medium, catalog.density) == ("observed", "vacuum", "wavelength")
    assert (catalog.is_dereddened, clean.is_dereddened) == (False, True)
    assert clean.ivar is None
    np.testing.assert_allclose(np.diff(np.log10(catalog.wavelength)), 1e-4, rtol=1e-6)
    assert catalog.wavelength[[0, -1]] == pytest.approx([3803, 8204], abs=1)
    assert np.isfinite(clean.flux).all()
    assert (clean.flux > 0).all()
    assert np.isfinite(catalog.ivar).all()
    properties = catalog.properties
    assert properties["id"].is_unique
    assert properties["plate"].nunique() == 10
    assert clean.redshift.min() >= 0.02
    assert clean.redshift.max() <= 0.25
    assert set(properties["class"]) == {"passive", "star-forming", "Seyfert", "LINER"}
    assert set(properties.attrs["units"]) <= set(properties)
    assert np.median(properties["snr"]) == pytest.approx(10, rel=0.1)
    assert properties["snr"].between(1 - 1e-9, 60 + 1e-9).all()


def test_noise_is_what_the_inverse_variances_say(made):
    catalog, clean = made
    truth = clean.flux * extinguish(catalog.wavelength, catalog.properties["ebv"])
    good = catalog.ivar > 0
    pulls = ((catalog.flux - truth) * np.sqrt(catalog.ivar))[good]
    assert pulls.mean() == pytest.approx(0, abs=0.004)  # 4 sigma of 2 million pixels
    assert pulls.std() == pytest.approx(1, abs=0.003)
    assert (abs(pulls) > 3).mean() == pytest.approx(0.0027, rel=0.1)
    ratio = np.median(truth * np.sqrt(catalog.ivar), axis=1)
    np.testing.assert_allclose(
        ratio[good.mean(axis=1) > 0.99], catalog.properties["snr"][good.mean(axis=1) > 0.99], rtol=0.02
    )


def test_masks(made):
    catalog, _ = made
    masked = catalog.ivar == 0
    assert np.isfinite(catalog.flux[~masked]).all()
    assert np.isnan(catalog.flux[masked]).mean() == pytest.approx(0.1, abs=0.01)
    shared = masked.all(axis=0)
    np.testing.assert_array_equal(shared, abs(catalog.wavelength - 5578.89) < 5)
    assert 0.003 < masked[:, ~shared].mean() < 0.02
    assert (masked[:, ~shared].sum(axis=1) > 150).mean() == pytest.approx(0.03, abs=0.02)  # a bad stretch


BLUE, GREEN = (3727.09 * 1.3 + 3729.88 * 1.7) / 3, 5008.24
RED = 6718.29 * 0.5625 + 6732.68 * 0.4375


@pytest.mark.parametrize(("line", "reach"), [(BLUE, 25), (GREEN, 20), (RED, 40)], ids=["[O II]", "[O III]", "[S II]"])
def test_lines_stand_at_the_redshift(made, lines, line, reach):
    _, clean = made
    ionized = np.isin(clean.properties["class"], ["star-forming", "Seyfert"])
    rest = clean.wavelength / (1 + clean.redshift[:, None])
    rows = np.flatnonzero(ionized & (rest[:, 0] < line - reach) & (rest[:, -1] > line + reach))
    near = np.where(abs(rest[rows] - line) < reach, lines[0][rows], 0)
    light = near * np.gradient(clean.wavelength)
    velocity = ((light * rest[rows]).sum(axis=1) / light.sum(axis=1) / line - 1) * SPEED_OF_LIGHT
    assert len(rows) > 100
    assert abs(velocity).max() < 5  # a fifteenth of a pixel; the most where float32 leaves little of a faint line


def test_lines_have_their_equivalent_width_and_ratios(made, lines):
    _, clean = made
    properties = clean.properties
    z = clean.redshift
    rest, width = clean.wavelength / (1 + z[:, None]), np.gradient(clean.wavelength)
    rows = np.flatnonzero((properties["ew_halpha"] > 3) & (rest[:, -1] > 6655) & (rest[:, 0] < 4930))

    def integrate(flux, low, high):
        return (np.where((rest > low) & (rest < high), flux, 0) * width).sum(axis=1)[rows]

    complex_ew = integrate(lines[0], 6510, 6630) / (integrate(lines[1], 6600, 6650) / 50)
    stated = properties["ew_halpha"][rows] * (1 + 4 / 3 * 10 ** properties["log_n2_ha"][rows])
    np.testing.assert_allclose(complex_ew, stated, rtol=0.03)  # the pixels at the ends of the band
    oiii = integrate(lines[0], 4984, 5050) / integrate(lines[0], 4930, 4984)
    reddening = 10 ** (
        0.4 * properties["a_v"][rows] / 0.44 / 4.05 * np.subtract(*calzetti(np.array([4960.3, 5008.24])))
    )
    np.testing.assert_allclose(oiii / reddening, 3, rtol=0.01)


def test_class_and_line_ratios_agree(made):
    properties = made[1].properties
    n2, o3, kind = properties["log_n2_ha"], properties["log_o3_hb"], properties["class"]
    is_active = kind.isin(["Seyfert", "LINER"])
    assert (o3 < 0.61 / (n2 - 0.05) + 1.3)[kind == "star-forming"].all()  # Kauffmann et al. 2003
    assert (o3 > 0.61 / (n2 - 0.47) + 1.19)[is_active].all()  # Kewley et al. 2001
    np.testing.assert_array_equal((o3 > 1.05 * n2 + 0.45)[is_active], kind[is_active] == "Seyfert")  # Schawinski 2007
    np.testing.assert_array_equal(properties["ew_halpha"] < 1, kind == "passive")


def test_stars_that_form_make_the_light_that_is_stated(made):
    _, clean = made
    properties = clean.properties
    is_faintly_dusty = (properties["a_v"] < 0.15) & (properties["class"] == "star-forming") & (clean.redshift < 0.2)
    row = np.flatnonzero(is_faintly_dusty)[0]
    z, galaxy = clean.redshift[row], properties.iloc[row]
    cgs = 1e-17 * 4 * np.pi * luminosity_distance(z) ** 2  # erg / s
    rest = clean.wavelength / (1 + z)
    continuum = clean.flux[row][(rest > 6600) & (rest < 6650)].mean() * (1 + z) * cgs
    halpha = continuum * galaxy["ew_halpha"] * 10 ** (0.4 * galaxy["a_v"] / 0.44 * 0.82)
    rate = 10 ** galaxy["log_ssfr"] * galaxy["stellar_mass"]
    assert np.log10(halpha) == pytest.approx(41.27 + np.log10(rate), abs=0.01)  # Kennicutt & Evans (2012), table 1


def test_old_stars_have_the_mass_to_light_ratio_of_old_stars(made):
    _, clean = made
    properties = clean.properties
    rows = np.flatnonzero((properties["class"] == "passive") & (properties["a_v"] < 0.1))
    ratio = []
    for row in rows:
        z = clean.redshift[row]
        flux = np.interp(5500 * (1 + z), clean.wavelength, clean.flux[row]) * (1 + z)
        light = flux * 1e-17 * 4 * np.pi * luminosity_distance(z) ** 2 / 3.828e33 / 1.37e-4  # over the sun's at 5,500 A
        ratio.append(properties["stellar_mass"].iloc[row] / light)
    assert 2 < np.median(ratio) < 7  # of the mass formed, Kroupa, 5-10 Gyr


def test_a_galaxy_farther_away_is_dimmer_and_stretched():
    near, far = (
        make_observed_catalog(40, random_state=2, redshift_range=(z, z + 1e-9), return_clean=True)[1]
        for z in (0.05, 0.2)
    )
    received = []
    for z, clean in ((0.05, near), (0.2, far)):
        rest = clean.wavelength / (1 + z)
        inside = (rest > 4000) & (rest < 6600)
        flux = clean.flux[:, inside].astype(float) @ np.gradient(clean.wavelength)[inside]
        received.append(flux * luminosity_distance(z) ** 2)
    np.testing.assert_allclose(received[1], received[0], rtol=2e-3)


def test_wrong_redshifts(made):
    catalog, clean = made
    wrong = catalog.properties["redshift_is_wrong"].to_numpy()
    assert wrong.sum() == 6
    off = abs(catalog.redshift - clean.redshift)
    assert np.all(off[~wrong] == 0)
    assert np.all(off[wrong] >= 0.1 * 0.23)
    assert np.all((catalog.redshift >= 0.02) & (catalog.redshift <= 0.25))
    none, all_wrong = (make_observed_catalog(20, wrong_redshifts=share, random_state=0) for share in (0, 1))
    assert not none.properties["redshift_is_wrong"].any()
    assert all_wrong.properties["redshift_is_wrong"].all()
    np.testing.assert_array_equal(none.flux, all_wrong.flux)


def test_what_is_seen_tells_nothing_of_the_galaxy(made):
    catalog, _ = made
    numbers = catalog.properties.drop(columns="redshift_is_wrong").select_dtypes("number")
    seen = ["redshift", "ebv", "snr"]
    related = numbers.corr(method="spearman").loc[seen].drop(columns=seen)
    assert related.abs().max().max() < 0.15  # 600 galaxies: 0.04 is one sigma


def test_seeds():
    first, again, other = (make_observed_catalog(5, random_state=seed) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first.flux, again.flux)
    np.testing.assert_array_equal(first.ivar, again.ivar)
    pd.testing.assert_frame_equal(first.properties, again.properties)
    assert not np.array_equal(first.flux, other.flux)
    bright = make_observed_catalog(5, random_state=7, median_snr=100)
    np.testing.assert_allclose(bright.properties["snr"], 10 * first.properties["snr"])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n_galaxies": 0}, ValueError, "`n_galaxies` of make_observed_catalog must be >= 1, got 0"),
        ({"redshift_range": 0.1}, TypeError, "must be a pair"),
        ({"redshift_range": (0.2, 0.1)}, ValueError, "low < high"),
        ({"redshift_range": (0.0, 0.1)}, ValueError, r"must be within \[0.001, 0.3\] redshift, got"),
        ({"redshift_range": (0.1, 0.5)}, ValueError, r"must be within \[0.001, 0.3\] redshift, got"),
        ({"median_snr": 0}, ValueError, "`median_snr` of make_observed_catalog"),
        ({"wrong_redshifts": 2}, ValueError, "`wrong_redshifts` of make_observed_catalog"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        make_observed_catalog(**{"n_galaxies": 2} | arguments)
