import numpy as np
import pandas as pd
import pytest

from sklearn_sedzoo.datasets import make_sed_catalog
from sklearn_sedzoo.datasets._mock import mock_library, native_grid, wide_grid
from tests.datasets.indices import FE5270, FE5335, H_DELTA_A, MG_B, d4000, line_depth, line_index


def measure(function, ages, metallicity, *args):
    library = mock_library()
    spectra = library.spectra(ages, np.full(len(ages), metallicity))
    return np.array([function(library.wavelength, spectrum, *args) for spectrum in spectra])


@pytest.mark.parametrize("metallicity", [-0.5, -0.2, 0.0, 0.2])
def test_the_break_grows_with_age(metallicity):
    assert np.all(np.diff(measure(d4000, np.geomspace(0.05, 8.0, 12), metallicity)) > 0)


@pytest.mark.parametrize("metallicity", [-0.5, -0.2, 0.0, 0.2])
def test_balmer_absorption_peaks_between_200_myr_and_1_gyr(metallicity):
    ages = np.geomspace(0.05, 8.0, 40)
    index = measure(line_index, ages, metallicity, H_DELTA_A)
    assert 0.2 < ages[np.argmax(index)] < 1.0
    assert index[0] < 0.8 * index.max()
    assert index[-1] < 0.3 * index.max()


@pytest.mark.parametrize("bands", [MG_B, FE5270, FE5335], ids=["Mg b", "Fe5270", "Fe5335"])
@pytest.mark.parametrize("age", [3.0, 5.0, 8.0])
def test_metal_lines_grow_with_metallicity(bands, age):
    indices = [measure(line_index, [age], z, bands)[0] for z in (-0.5, -0.25, 0.0, 0.2)]
    assert np.all(np.diff(indices) > 0)


def test_old_populations_are_redder_and_fainter():
    library = mock_library()
    spectra = library.spectra([0.01, 0.1, 1.0, 8.0], np.zeros(4))
    visible = np.array([np.interp(5500, library.wavelength, s) for s in spectra])
    near_uv = np.array([np.interp(2500, library.wavelength, s) for s in spectra])
    assert np.all(np.diff(visible) < 0)
    assert np.all(np.diff(near_uv / visible) < 0)


def test_lines_widen_with_the_velocity_dispersion():
    catalog = make_sed_catalog(400, random_state=5)
    properties = catalog.properties
    alike = (properties["age"] > 4) & (properties["metallicity"].between(-0.2, 0.1))
    depth = np.array([line_depth(catalog.wavelength, row, 5269.5 * 1.000278, 18.0) for row in catalog.flux[alike]])
    order = np.argsort(properties["velocity_dispersion"][alike])
    third = len(order) // 3
    assert depth[order[:third]].mean() > 1.1 * depth[order[-third:]].mean()
    assert np.corrcoef(properties["velocity_dispersion"][alike], depth)[0, 1] < -0.5


def test_the_catalog_has_the_documented_form():
    catalog = make_sed_catalog(300, random_state=1)
    assert catalog.flux.shape == (300, 4389)
    assert catalog.flux.dtype == np.float32
    assert np.isfinite(catalog.flux).all()
    assert (catalog.flux > 0).all()
    assert catalog.flux_unit == "Lsun / Angstrom"
    properties = catalog.properties
    assert list(properties) == ["redshift", "age", "metallicity", "velocity_dispersion", "stellar_mass"]
    assert (properties["redshift"] == 0.496).all()
    assert properties["age"].between(0, 8.45).all()
    assert properties["metallicity"].between(-0.5, 0.2).all()
    assert properties["velocity_dispersion"].between(100, 300).all()
    assert properties["stellar_mass"].between(1e8, 1e12).all()
    assert properties.attrs["units"]["age"] == "Gyr"
    assert properties.corr(method="spearman").drop(index="redshift", columns="redshift").abs().mask(
        np.eye(4, dtype=bool)
    ).max().max() < 0.2  # fmt: skip


def test_flux_is_proportional_to_mass():
    # two galaxies alike in all but mass: the library at the same point
    catalog = make_sed_catalog(50, random_state=2, wavelength=np.array([5000.0, 5500.0, 6000.0]))
    library = mock_library()
    expected = library.spectra(catalog.properties["age"], catalog.properties["metallicity"])
    expected = np.array([np.interp(6000.0, library.wavelength, row) for row in expected])
    ratio = catalog.flux[:, 2] / catalog.properties["stellar_mass"] / expected
    np.testing.assert_allclose(ratio, 1, rtol=0.02)  # what broadening does to a continuum pixel


def test_seeds():
    first, again, other = (make_sed_catalog(5, random_state=seed) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first.flux, again.flux)
    pd.testing.assert_frame_equal(first.properties, again.properties)
    assert not np.array_equal(first.flux, other.flux)
    from_generator = make_sed_catalog(5, random_state=np.random.default_rng(7))
    np.testing.assert_array_equal(first.flux, from_generator.flux)
    assert len(make_sed_catalog(2, random_state=np.random.RandomState(0))) == 2


def test_options_leave_the_stars_alone():
    plain = make_sed_catalog(5, random_state=7)
    full = make_sed_catalog(5, random_state=7, dust=(0.2, 0.8), emission_lines=True)
    shared = list(plain.properties)
    pd.testing.assert_frame_equal(plain.properties, full.properties[shared])
    assert full.properties["a_v"].between(0.2, 0.8).all()
    assert full.properties["halpha_ew"].between(1, 100).all()
    visible = np.argmin(abs(plain.wavelength - 5500))
    dimming = -2.5 * np.log10(full.flux[:, visible] / plain.flux[:, visible])
    np.testing.assert_allclose(dimming, full.properties["a_v"], rtol=0.01)
    assert make_sed_catalog(2, dust=0.3, random_state=0).properties["a_v"].eq(0.3).all()
    assert make_sed_catalog(2, dust=True, random_state=0).properties["a_v"].between(0, 1).all()


def test_grids():
    native, wide = native_grid(), wide_grid()
    assert len(native) == 4389
    assert np.all(np.diff(wide) > 0)
    assert wide[0] == 912
    assert wide[-1] == 25000
    assert np.diff(native)[(native[:-1] > 3602) & (native[1:] < 7401)] == pytest.approx(0.9, abs=0.01)
    a, b = make_sed_catalog(3, wavelength="wide", random_state=0), make_sed_catalog(3, random_state=0)
    shared = np.isin(a.wavelength, b.wavelength)
    np.testing.assert_allclose(a.flux[:, shared], b.flux, rtol=1e-3)


def test_native_grid_is_that_of_the_library(data_dir):
    from astropy.io import fits

    theirs = fits.getdata(data_dir / "sedzoo_fsps_1000.fits", "WAVELENGTH")["wavelength"]
    np.testing.assert_allclose(native_grid(), theirs, atol=0.1)


def test_resembles_fsps(data_dir):
    from sklearn_sedzoo.datasets import read_ssp_library

    library = read_ssp_library(data_dir / "fsps_ssp_grid.fits")
    ages = np.geomspace(0.05, 8, 15)
    real = np.array([d4000(library.wavelength, s) for s in library.spectra(ages, np.zeros(15))])
    mock = measure(d4000, ages, 0.0)
    np.testing.assert_allclose(mock, real, rtol=0.2)
    # light: within a factor of 1.5 at 5500 A
    real, mock = (
        np.array([np.interp(5500, lib.wavelength, s) for s in lib.spectra(ages, np.zeros(15))])
        for lib in (library, mock_library())
    )
    assert np.all(abs(np.log(mock / real)) < np.log(1.5))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n_galaxies": 0}, ValueError, "`n_galaxies` of make_sed_catalog must be >= 1, got 0"),
        ({"n_galaxies": 2.5}, TypeError, "must be an integer"),
        ({"dust": -1}, ValueError, "`dust` of make_sed_catalog"),
        ({"dust": (0.5, 0.1)}, ValueError, "low < high"),
        ({"wavelength": "broad"}, ValueError, r"must be one of \('native', 'wide'\)"),
        ({"wavelength": [500.0, 4000.0]}, ValueError, "must increase within"),
        ({"wavelength": [4000.0, 4000.0]}, ValueError, "must rise or fall strictly"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        make_sed_catalog(**{"n_galaxies": 2} | arguments)
