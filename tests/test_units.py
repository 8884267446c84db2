"""Units in all the spellings of files, against astropy's arithmetic on units that are written out."""

import astropy.units as u
import numpy as np
import pandas as pd
import pytest

from sklearn_sedzoo import SpectrumTable
from sklearn_sedzoo._containers import find_density, is_axis_unit, parse_flux_unit, to_angstrom
from sklearn_sedzoo.exceptions import SedReadError
from sklearn_sedzoo.io import diagnose_catalog, stack_spectra
from sklearn_sedzoo.preprocessing import FluxNormalizer, SpectrumResampler

F_LAMBDA = u.erg / u.s / u.cm**2 / u.AA
F_NU = u.erg / u.s / u.cm**2 / u.Hz
SPELLINGS = {
    "erg/s/cm^2/Hz": F_NU, "ergs/s/cm2/Hz": F_NU, "ergs/s/cm^2/Hz": F_NU, "FNU": F_NU, "fnu": F_NU,
    "mJy": u.mJy, "MJY": u.MJy, "MJy": u.MJy, "JY": u.Jy, "Janskys": u.Jy, "microJansky": u.uJy, "uJy": u.uJy,
    "\u00b5Jy": u.uJy, "nJy": u.nJy, "MJy/sr": u.MJy / u.sr, "nanomaggies": 3.631e-6 * u.Jy,
    "nanomaggy": 3.631e-6 * u.Jy, "nmgy": 3.631e-6 * u.Jy,
    "1e-17 erg/cm^2/s/Ang": 1e-17 * F_LAMBDA, "1E-17 erg/cm^2/s/Ang": 1e-17 * F_LAMBDA,
    "10**-17 erg s-1 cm-2 Angstrom-1": 1e-17 * F_LAMBDA, "1e-17 erg / (Angstrom cm2 s)": 1e-17 * F_LAMBDA,
    "10^(-20)*erg/s/cm^2/Angstrom": 1e-20 * F_LAMBDA, "10**(-20)*erg/s/cm**2/Angstrom": 1e-20 * F_LAMBDA,
    "10**(-16)erg.cm**(-2).s**(-1).angstrom**(-1)": 1e-16 * F_LAMBDA, "(1e-17 erg/s/cm2/AA)": 1e-17 * F_LAMBDA,
    "1E-17 erg/s/cm^2/ang/spaxel": 1e-17 * F_LAMBDA, "10^-17 ergs/s/cm^2/A": 1e-17 * F_LAMBDA,
    "FLAM": F_LAMBDA, "flam": F_LAMBDA, "ERG/S/CM2/A": F_LAMBDA, "erg cm^(-2) s^(-1) A^(-1)": F_LAMBDA,
    "W/m2/um": u.W / u.m**2 / u.um, "W m-2 micron-1": u.W / u.m**2 / u.um, "erg/s/cm2/micron": F_LAMBDA * 1e-4,
}  # fmt: skip


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_unit_of_flux_in_any_spelling(text):
    expected = u.Unit(SPELLINGS[text])
    np.testing.assert_allclose(parse_flux_unit(text).to(expected), 1.0, rtol=1e-12)
    per_frequency = expected.is_equivalent(u.Jy) or expected.is_equivalent(u.Jy / u.sr)
    assert find_density(text) == ("frequency" if per_frequency else "wavelength")


@pytest.mark.parametrize("text", ["counts", "", "unknown", "A.U.", "Number", "normalized", "adu", ")(", None])
def test_what_is_no_density_is_unknown(text):
    assert find_density(text) == ""


def table(unit, flux, ivar=None, dtype="f4"):
    grid = np.linspace(4000, 4100, 50)
    flux = np.full((2, 50), flux).astype(dtype)
    return SpectrumTable(flux, grid, flux_unit=unit, ivar=None if ivar is None else np.full((2, 50), ivar))


def test_scales_of_one_unit_are_converted_when_spectra_are_stacked():
    sdss, desi = table("1E-17 erg/cm^2/s/Ang", 3.0, 4.0), table("10**-17 erg / (Angstrom cm2 s)", 5.0, 1.0)
    plain = table("erg/s/cm2/Angstrom", 2e-17, 1e34)
    both = stack_spectra([sdss, desi, plain])
    np.testing.assert_allclose(both.flux[:, 0], [3, 3, 5, 5, 2, 2], rtol=1e-6)
    np.testing.assert_allclose(both.ivar[:, 0], [4, 4, 1, 1, 1, 1], rtol=1e-12)
    assert both.flux_unit == sdss.flux_unit
    with pytest.raises(SedReadError, match="different units"):
        stack_spectra([sdss, table("Jy", 1.0)])
    with pytest.raises(SedReadError, match="different units"):
        stack_spectra([sdss, table("", 1.0)])


def test_densities_per_frequency_stay_so_on_another_grid():
    rng, grid, bins = np.random.default_rng(0), np.linspace(4000, 4400, 200), np.linspace(4050, 4350, 9)
    flux = rng.lognormal(size=(2, 200))
    stacked = stack_spectra([SpectrumTable(flux, grid, flux_unit="mJy")], grid=bins)
    alone = SpectrumResampler(bins, wavelength=grid, density="frequency").fit_transform(flux)
    np.testing.assert_allclose(stacked.flux, alone, rtol=1e-12)


@pytest.mark.parametrize(("unit", "words"), [("furlongs", "is not understood"), ("counts", "is no density of flux")])
def test_check_names_a_unit_that_it_does_not_know(unit, words):
    assert any(repr(unit) in text and words in text for text in diagnose_catalog(table(unit, 1.0)).warnings)
    assert not any("unit of flux" in text for text in diagnose_catalog(table("FNU", 1.0)).warnings)


def test_fluxes_in_plain_cgs_are_as_exact_as_others():
    rng, grid = np.random.default_rng(1), np.linspace(4000, 5000, 400)
    flux = rng.lognormal(size=(3, 400))
    for scale in (1e-18, 1e-12, 1e-30):
        small = SpectrumTable((scale * flux).astype("f4"), grid, ivar=np.full(flux.shape, (1e-3 * scale) ** -2))
        frame = small.to_frame()
        same = SpectrumTable(flux, grid, ivar=np.full(flux.shape, 1e6)).to_frame()
        for statistic in ("mean", "l2", "ivar_mean"):
            steps = [SpectrumResampler(40, grid_range=(4100, 4900)), FluxNormalizer((4200, 4400), statistic=statistic)]
            for step in steps:
                step.set_output(transform="pandas")
            results = []
            for X in (frame, same):
                values = X
                for step in steps:
                    values = step.fit_transform(values)
                results.append(np.asarray(values, dtype=float))
            np.testing.assert_allclose(results[0], results[1], rtol=3e-6)
    assert SpectrumTable(flux.astype("f4"), grid).to_frame().dtypes.iloc[0] == np.float32


@pytest.mark.parametrize(
    ("unit", "value"), [("ANGSTROMS", 5000), ("log10(A)", np.log10(5000)), ("MICRONS", 0.5), ("nanometers", 500),
                        ("Ang", 5000), ("dex(AA)", np.log10(5000)), ("eV", 2.4796839686)],
)  # fmt: skip
def test_units_of_an_axis(unit, value):
    np.testing.assert_allclose(to_angstrom([value], unit), 5000, rtol=1e-9)
    assert is_axis_unit(unit)


@pytest.mark.parametrize("unit", ["pixel", "", " ", "A.U.", "km/s", "kg", None])
def test_what_is_no_unit_of_an_axis(unit):
    assert not is_axis_unit(unit)


@pytest.mark.parametrize("shape", [(1, 1), (3, 1), (1, 5), (1, 40), (4, 40)])
@pytest.mark.parametrize("value", [1.0, np.nan])
@pytest.mark.parametrize("with_ivar", [False, True])
def test_check_says_plain_facts_of_the_smallest_tables(shape, value, with_ivar):
    flux = np.full(shape, value)
    properties = pd.DataFrame({"redshift": np.zeros(shape[0])})
    grid = 6000.0 + np.arange(shape[1])
    found = diagnose_catalog(SpectrumTable(flux, grid, properties, ivar=np.ones(shape) if with_ivar else None))
    assert found.facts["spectra"] == f"{shape[0]} of {shape[1]} pixels, float64"
