"""Properties that hold whatever the numbers: order, scale, direction, byte order, units, conservation."""

import astropy.units as u
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_sedzoo._containers import IVAR_PREFIX, name_wavelengths
from sklearn_sedzoo._kernels.rebinning import bin_edges
from sklearn_sedzoo.preprocessing import FluxNormalizer, SpectrumResampler

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn_sedzoo.exceptions.SedGridWarning", "ignore::sklearn_sedzoo.exceptions.SedDataWarning"
)
FEW = settings(max_examples=25, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)
MODES = st.sampled_from(["plain", "number", "column", "frequency", "masked"])


def draw(seed, mode):
    """A frame with random grid, fluxes, errors and redshifts, and a resampler for it."""
    random = np.random.default_rng(seed)
    n, n_pixels = random.integers(2, 12), random.integers(20, 60)
    grid = 3600 + 1200 * np.sort(random.uniform(size=n_pixels)).cumsum() / n_pixels
    names = name_wavelengths(grid)
    frame = pd.DataFrame(random.lognormal(size=(n, n_pixels)), columns=names)
    parameters = {"spacing": random.choice(["linear", "log"]), "on_bad": "mask", "min_coverage": random.uniform(0.2, 1)}
    if mode == "masked":
        ivar = random.uniform(1, 3, frame.shape) * (random.random(frame.shape) > 0.2)
        frame[list(IVAR_PREFIX + names)] = ivar
    if mode == "column":
        frame["redshift"] = random.choice([random.uniform(0, 0.02), 0.01], size=n)
        parameters["redshift"] = "redshift"
    if mode == "number":
        parameters["redshift"] = random.uniform(0, 5)
    if mode == "frequency":
        parameters["density"] = "frequency"
    return grid, frame.copy(), SpectrumResampler(int(random.integers(3, 50)), **parameters)


@FEW
@given(seed=SEEDS, mode=MODES)
def test_order_of_rows_is_irrelevant(seed, mode):
    _, frame, resampler = draw(seed, mode)
    order = np.random.default_rng(seed).permutation(len(frame))
    resampler.fit(frame)
    whole = np.asarray(resampler.transform(frame))
    np.testing.assert_allclose(np.asarray(resampler.transform(frame.iloc[order])), whole[order], rtol=1e-10)


@FEW
@given(seed=SEEDS, mode=MODES, power=st.integers(-40, 40))
def test_scale_goes_through_and_is_divided_out(seed, mode, power):
    grid, frame, resampler = draw(seed, mode)
    bright, factor = frame.copy(), 2.0**power  # a power of two: exact
    is_flux = [name in set(name_wavelengths(grid)) for name in frame.columns]
    is_ivar = [name.startswith(IVAR_PREFIX) for name in frame.columns]
    bright.loc[:, is_flux] *= factor
    bright.loc[:, is_ivar] /= factor**2
    dim, result = (np.asarray(resampler.fit(data).transform(data)) for data in (frame, bright))
    n = len(resampler.coverage_)
    np.testing.assert_allclose(result[:, :n], dim[:, :n] * factor, rtol=1e-12)
    np.testing.assert_allclose(result[:, n:], dim[:, n:] / factor**2, rtol=1e-12)
    normalized = [FluxNormalizer().fit_transform(values[:, :n]) for values in (dim, result)]
    np.testing.assert_allclose(normalized[1], normalized[0], rtol=1e-10)


@FEW
@given(seed=SEEDS, mode=MODES)
def test_descending_is_ascending_reversed(seed, mode):
    _, frame, resampler = draw(seed, mode)
    expected = resampler.fit_transform(frame)
    np.testing.assert_allclose(resampler.fit_transform(frame.iloc[:, ::-1]), expected, rtol=1e-10)


@FEW
@given(seed=SEEDS, mode=st.sampled_from(["plain", "number", "frequency"]), kind=st.sampled_from([">f4", ">f8", "<f4"]))
def test_byte_order_is_irrelevant(seed, mode, kind):
    grid, frame, resampler = draw(seed, mode)
    flux = frame.to_numpy().astype(kind)
    resampler.set_params(wavelength=grid)
    native = resampler.fit_transform(flux.astype(flux.dtype.newbyteorder("=")))
    np.testing.assert_array_equal(resampler.fit_transform(flux), native)


@FEW
@given(seed=SEEDS, mode=MODES, unit=st.sampled_from(["nm", "micron", "THz", "eV", "1/cm", "log10(Angstrom)"]))
def test_units_of_the_axis_are_irrelevant(seed, mode, unit):
    grid, frame, resampler = draw(seed, mode)
    log = unit.startswith("log")
    other = np.log10(grid) if log else (grid * u.AA).to_value(unit, equivalencies=u.spectral())
    names = dict(zip(name_wavelengths(grid), name_wavelengths(other), strict=True))
    renamed = frame.rename(columns=lambda name: name.replace(name.removeprefix(IVAR_PREFIX), names.get(
        name.removeprefix(IVAR_PREFIX), name)))  # fmt: skip
    low, high = grid[2], grid[-4] / 1.03
    if mode == "number":
        low, high = (np.array([low, high]) / (1 + resampler.redshift)).tolist()
    resampler.set_params(grid_range=(low, high))  # the default range would follow the rounding of the axis
    expected = resampler.fit_transform(frame)
    result = resampler.set_params(unit=unit).fit_transform(renamed)
    np.testing.assert_allclose(result, expected, rtol=1e-7)


@FEW
@given(seed=SEEDS, mode=st.sampled_from(["plain", "number", "frequency"]))
def test_integrated_flux_is_conserved(seed, mode):
    grid, frame, resampler = draw(seed, mode)
    resampler.set_params(min_coverage=1.0)
    result = np.asarray(resampler.fit_transform(frame))
    density = "frequency" if mode == "frequency" else "wavelength"

    def integrate(flux, centers):
        edges = bin_edges(centers)
        return flux @ np.abs(np.diff(edges if density == "wavelength" else 1 / edges))

    before, after = integrate(frame.to_numpy(), grid), integrate(result, resampler.wavelength_out_)
    np.testing.assert_allclose(after, before, rtol=1e-11 if density == "frequency" else 1e-12)
