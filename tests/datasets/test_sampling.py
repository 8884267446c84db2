import sys
import types

import numpy as np
import pytest
from astropy.io import fits

from sklearn_sedzoo.datasets import SSPLibrary, _sampling, read_ssp_library, sample_ssp_catalog
from tests.reference.broadening import broaden_by_sum


class FakePopulation:
    """What sample_ssp_catalog uses of fsps.StellarPopulation, with a spectrum that tells its parameters."""

    def __init__(self, **arguments):
        self.arguments = arguments
        self.params = FakeParams({"logzsol": 0.0, "dust2": 0.0})
        self.calls = []

    def get_spectrum(self, tage, peraa):
        assert peraa
        self.calls.append(tage)
        wavelength = np.arange(2500.0, 11000.0, 5.0)
        return wavelength, np.full(len(wavelength), 1e-4 * (1 + self.params["dust2"]) / (1 + tage))


class FakeParams(dict):
    @property
    def all_params(self):
        return list(self)


@pytest.fixture
def grid():
    rng = np.random.default_rng(0)
    wavelength = np.arange(2850.0, 10300.0, 15.0)
    return SSPLibrary(
        rng.normal(size=(2, 3, len(wavelength))), wavelength, np.array([-2.0, -1.0, 1.0]), np.array([-0.5, 0.2]), "made"
    )


def test_the_shared_catalog_row_by_row(data_dir):
    """The 1,000 file is the head of 10,000 galaxies of seed 496, made by another program."""
    with fits.open(data_dir / "sedzoo_fsps_1000.fits") as hdus:
        flux, wavelength = hdus["FLUX"].data, hdus["WAVELENGTH"].data["wavelength"]
        table = hdus["PROPERTIES"].data
        library = read_ssp_library(data_dir / "fsps_ssp_grid.fits")
        properties = _sampling.draw_properties(10_000, np.random.default_rng(496))
        for name in properties:
            np.testing.assert_allclose(properties[name][:1000], table[name], rtol=1e-6)
        rows = np.r_[0:20, 980:1000]
        ours = _sampling.compute_spectra(library, properties.iloc[rows], np.asarray(wavelength, float))
        np.testing.assert_allclose(ours, flux[rows], rtol=2e-6)  # float32


def test_the_public_way_draws_the_same(data_dir):
    catalog = sample_ssp_catalog(data_dir / "fsps_ssp_grid.fits", 30, random_state=496)
    generator = np.random.default_rng(496)
    np.testing.assert_array_equal(catalog.properties["age"], generator.uniform(0.0, 8.45, 30))
    assert catalog.flux.shape == (30, 4389)
    assert catalog.meta["youngest_age"] == pytest.approx(0.01)
    assert "FSPS" in catalog.meta["origin"]


def test_against_the_slow_way(grid):
    catalog = sample_ssp_catalog(grid, 3, random_state=2)
    rows, columns = catalog.properties, np.arange(60, 400, 50)
    slow = broaden_by_sum(
        grid.wavelength,
        grid.spectra(rows["age"], rows["metallicity"]),
        rows["velocity_dispersion"].to_numpy(),
        catalog.wavelength[columns],
    )
    np.testing.assert_allclose(
        catalog.flux[:, columns], slow * rows["stellar_mass"].to_numpy()[:, None], rtol=2e-2
    )  # white noise on 15 A steps, the worst for a log grid


def test_the_table(grid):
    catalog = sample_ssp_catalog(grid, 400, random_state=0, wavelength_range=(4000, 5000))
    assert catalog.wavelength[0] >= 4000
    assert catalog.wavelength[-1] <= 5000
    assert catalog.meta["n_clipped"] == (catalog.properties["age"] < 0.01).sum()
    assert catalog.flux.dtype == np.float32
    assert catalog.properties.attrs["units"]["stellar_mass"] == "Msun"
    # batches do not show
    again = _sampling.compute_spectra(grid, catalog.properties.iloc[300:310], catalog.wavelength)
    np.testing.assert_array_equal(again, catalog.flux[300:310])


def test_python_fsps_path_with_a_stand_in(monkeypatch):
    made = []

    def build(**arguments):
        made.append(FakePopulation(**arguments))
        return made[0]

    monkeypatch.setitem(sys.modules, "fsps", types.SimpleNamespace(StellarPopulation=build))
    monkeypatch.setenv("SPS_HOME", "/somewhere")
    catalog = sample_ssp_catalog("fsps", 6, random_state=4, extra={"dust2": (0, 1)})
    assert made[0].arguments == {"zcontinuous": 1, "sfh": 0}
    properties = catalog.properties
    assert properties["dust2"].between(0, 1).all()
    expected = 1e-4 * (1 + properties["dust2"]) / (1 + properties["age"]) * properties["stellar_mass"]
    np.testing.assert_allclose(catalog.flux[:, 500], expected, rtol=1e-6)
    np.testing.assert_allclose(made[0].calls, properties["age"])
    plain = sample_ssp_catalog(FakePopulation(), 6, random_state=4)
    np.testing.assert_array_equal(plain.properties["stellar_mass"], properties["stellar_mass"])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n_galaxies": 0}, ValueError, "`n_galaxies` of sample_ssp_catalog must be >= 1"),
        ({"extra": {"dust2": (0, 1)}}, ValueError, "needs python-fsps, got .'dust2'. with a grid"),
        ({"extra": {"dust2": 1}}, TypeError, r"`extra\['dust2'\]` of sample_ssp_catalog must be a pair"),
        ({"wavelength_range": (100, 200)}, ValueError, "must overlap the library's .2850, 10290. Angstrom"),
        ({"library": "fsps"}, ValueError, "set the environment variable SPS_HOME"),
    ],
)
def test_bad_arguments(grid, monkeypatch, arguments, error, message):
    monkeypatch.delenv("SPS_HOME", raising=False)
    with pytest.raises(error, match=message):
        sample_ssp_catalog(**{"library": grid, "n_galaxies": 2} | arguments)


def test_unknown_parameters_and_missing_python_fsps(monkeypatch):
    with pytest.raises(ValueError, match=r"must name parameters of FSPS .*got \['dust9'\]"):
        sample_ssp_catalog(FakePopulation(), 2, extra={"dust9": (0, 1)})
    monkeypatch.setenv("SPS_HOME", "/somewhere")
    monkeypatch.setitem(sys.modules, "fsps", None)
    with pytest.raises(ImportError, match=r"pip install 'sklearn-sedzoo\[fsps\]'"):
        sample_ssp_catalog("fsps", 2)
