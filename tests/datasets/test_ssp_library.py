import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from sklearn_sedzoo.datasets import SSPLibrary, read_ssp_library
from sklearn_sedzoo.exceptions import SedReadError


@pytest.fixture
def library():
    rng = np.random.default_rng(0)
    return SSPLibrary(
        rng.normal(size=(3, 4, 6)), np.linspace(3000, 4000, 6), np.array([-2.0, -1, 0, 1]), np.array([-1.0, 0, 0.5])
    )


def write(path, library, **replace):
    tables = {"WAVELENGTH": ("wavelength", library.wavelength), "AGE": ("log10_age_gyr", library.log_age),
              "METALLICITY": ("logzsol", library.metallicity)}  # fmt: skip
    hdus = [fits.PrimaryHDU(), fits.ImageHDU(library.ln_luminosity.astype("f4"), name="LNLUM")]
    hdus += [
        fits.BinTableHDU(Table({column: values}), name=replace.get(name, name))
        for name, (column, values) in tables.items()
    ]
    fits.HDUList(hdus).writeto(path)


def test_nodes_are_met_and_the_logarithm_is_linear_between(library):
    np.testing.assert_allclose(library.spectra([0.1], [0.0])[0], np.exp(library.ln_luminosity[1, 1]))
    middle = library.spectra([10**-0.5], [0.25])[0]
    expected = np.exp(library.ln_luminosity[1:3, 1:3].mean(axis=(0, 1)))
    np.testing.assert_allclose(middle, expected)


def test_young_ages_take_the_youngest_and_metallicity_is_not_extrapolated(library):
    np.testing.assert_allclose(library.spectra([0.0], [-1.0])[0], np.exp(library.ln_luminosity[0, 0]))
    with pytest.raises(ValueError, match=r"must be inside the library's \[-1, 0.5\], got 0.6"):
        library.spectra([1.0], [0.6])


def test_shapes_are_checked(library):
    with pytest.raises(ValueError, match=r"must have shape \(3, 4, 6\)"):
        SSPLibrary(library.ln_luminosity.T, library.wavelength, library.log_age, library.metallicity)


def test_read_back(library, tmp_path):
    write(tmp_path / "library.fits", library)
    again = read_ssp_library(tmp_path / "library.fits")
    np.testing.assert_allclose(again.ln_luminosity, library.ln_luminosity, rtol=1e-6)
    assert again.ln_luminosity.dtype.isnative
    np.testing.assert_array_equal(again.log_age, library.log_age)


def test_files_that_are_no_library(library, tmp_path):
    write(tmp_path / "renamed.fits", library, AGE="AGES")
    with pytest.raises(SedReadError, match=r"renamed.fits is no SSP library: HDU AGE is missing; it has .*AGES"):
        read_ssp_library(tmp_path / "renamed.fits")
    (tmp_path / "page.fits").write_text("<html>404</html>")
    with pytest.raises(SedReadError, match=r"page.fits cannot be read"):
        read_ssp_library(tmp_path / "page.fits")
    with pytest.raises(FileNotFoundError, match=r"none.fits"):
        read_ssp_library(tmp_path / "none.fits")
