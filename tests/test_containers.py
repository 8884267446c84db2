import astropy.units as u
import numpy as np
import pandas as pd
import pytest
from astropy.nddata import StdDevUncertainty
from astropy.table import QTable, Table
from astropy.utils.masked import Masked
from specutils import Spectrum, SpectrumCollection

from sklearn_sedzoo import SpectrumTable
from sklearn_sedzoo._containers import name_columns, name_wavelengths, parse_wavelength_names
from sklearn_sedzoo.preprocessing import FluxNormalizer, SpectrumResampler

GRID = np.linspace(4000.1, 4499.7, 60)
X = np.random.default_rng(0).lognormal(size=(5, 60))


def test_names_carry_wavelengths_exactly():
    np.testing.assert_array_equal(parse_wavelength_names(name_wavelengths(GRID)), GRID)
    np.testing.assert_array_equal(parse_wavelength_names([f"flux_{w!r}" for w in GRID.tolist()]), GRID)
    assert parse_wavelength_names(["pixel0", "pixel1"]) is None
    assert parse_wavelength_names(["x0", "x1"]) is None


WAYS = {
    "array": (X, {"wavelength": GRID}),
    "float columns": (pd.DataFrame(X, columns=GRID), {}),
    "string columns": (pd.DataFrame(X, columns=[str(w) for w in GRID]), {}),
    "flux_ prefix": (pd.DataFrame(X, columns=[f"flux_{w}" for w in GRID]), {}),
    "nm": (X, {"wavelength": GRID / 10, "unit": "nm"}),
    "table": (SpectrumTable(X, GRID), {}),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("step", [SpectrumResampler(20, grid_range=(4050, 4400)), FluxNormalizer((4050, 4150))])
def test_every_way_to_hand_over_the_grid_gives_the_same(way, step):
    data, parameters = WAYS[way]
    expected = type(step)(**{**step.get_params(), "wavelength": GRID}).fit_transform(X)
    result = type(step)(**{**step.get_params(), **parameters}).fit_transform(data)
    np.testing.assert_allclose(result, expected, rtol=1e-9)


@pytest.mark.parametrize("step", [SpectrumResampler(20, grid_range=(4050, 4400)), FluxNormalizer((4050, 4150))])
def test_a_forgotten_or_contradicting_grid_is_an_error(step):
    for forgotten in (X, pd.DataFrame(X), pd.DataFrame(X, columns=[f"pixel{i}" for i in range(60)])):
        with pytest.raises(ValueError, match="carry no wavelengths"):
            step.fit(forgotten)
    contradicting = type(step)(**{**step.get_params(), "wavelength": GRID + 1})
    with pytest.raises(ValueError, match="contradicts the column names"):
        contradicting.fit(pd.DataFrame(X, columns=GRID))
    with pytest.raises(ValueError, match=r"1 of 60 column names are no wavelengths, e.g. \['age'\]"):
        step.fit(pd.DataFrame(X, columns=["age", *name_wavelengths(GRID[1:])]))


def test_a_table_checks_its_shapes_and_can_be_sliced():
    properties = pd.DataFrame({"age": range(5)})
    table = SpectrumTable(X, GRID, properties)
    assert len(table[1:3]) == 2
    assert table[np.array([True, False, True, False, False])].properties["age"].tolist() == [0, 2]
    assert list(table.to_frame().columns) == list(name_wavelengths(GRID))
    with pytest.raises(ValueError, match="to match the 59 wavelengths"):
        SpectrumTable(X, GRID[1:])
    with pytest.raises(ValueError, match="one row for each of the 5 spectra, got 4"):
        SpectrumTable(X, GRID, properties[:4])


FLUX_UNIT = u.Unit("erg / (s cm2 AA)")
STEP = SpectrumResampler(20, grid_range=(4050, 4400))
EXPECTED = SpectrumResampler(20, grid_range=(4050, 4400), wavelength=GRID).fit_transform(X)
AXES = np.tile(GRID, (5, 1)) * u.AA
HOLDERS = {
    "SpectrumCollection": lambda: SpectrumCollection(flux=X * FLUX_UNIT, spectral_axis=AXES),
    "Spectrum in THz": lambda: Spectrum(
        flux=X * FLUX_UNIT, spectral_axis=(GRID * u.AA).to(u.THz, equivalencies=u.spectral())
    ),
    "falling Spectrum": lambda: Spectrum(flux=X[:, ::-1] * FLUX_UNIT, spectral_axis=GRID[::-1] * u.AA),
    "list of Spectrum": lambda: [Spectrum(flux=row * FLUX_UNIT, spectral_axis=GRID * u.AA) for row in X],
    "QTable of vectors": lambda: QTable({"flux": X * FLUX_UNIT, "wavelength": AXES}),
    "QTable, a row a pixel": lambda: QTable({"flux": X.T * FLUX_UNIT, "wave": GRID / 10 * u.nm}),
    "Table of log10": lambda: Table({"FLUX": X, "loglam": np.log10(AXES.value)}),
    "QTable of columns": lambda: QTable({f"flux_{w}": X[:, i] * FLUX_UNIT for i, w in enumerate(GRID)}),
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_what_astronomers_hold_is_taken_as_it_is(holder):
    np.testing.assert_allclose(np.asarray(STEP.fit_transform(HOLDERS[holder]())), EXPECTED, rtol=1e-9)


def test_packages_of_tables():
    polars, pyarrow = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    frame = pd.DataFrame(X, columns=name_wavelengths(GRID)).assign(redshift=0.0)
    step = SpectrumResampler(20, grid_range=(4050, 4400), redshift="redshift")
    holders = [pyarrow.Table.from_pandas(frame), pyarrow.RecordBatch.from_pandas(frame), polars.from_pandas(frame)]
    for holder in holders:
        np.testing.assert_allclose(step.fit_transform(holder), EXPECTED, rtol=1e-9)
    gaps = frame.mask(frame > 5)
    masked = SpectrumResampler(20, grid_range=(4050, 4400), on_bad="mask")
    expected = masked.fit_transform(gaps)
    assert np.isnan(expected).any()
    np.testing.assert_array_equal(masked.fit_transform(pyarrow.Table.from_pandas(gaps)), expected)
    np.testing.assert_array_equal(masked.fit_transform(polars.from_pandas(gaps)), expected)
    with pytest.raises(TypeError, match=r"is a lazy polars.*X\.collect\(\)"):
        step.fit(polars.from_pandas(frame).lazy())


MASK = X > 5
MASKED = {
    "masked array": lambda: np.ma.MaskedArray(X, MASK),
    "astropy's masked array": lambda: Masked(X, MASK),
    "masked Quantity": lambda: Masked(X * FLUX_UNIT, MASK),
    "Table of masked vectors": lambda: Table({"flux": np.ma.MaskedArray(X, MASK), "wavelength": AXES}),
    "QTable with a mask": lambda: QTable({"flux": X * FLUX_UNIT, "wavelength": AXES, "mask": MASK}),
    "Spectrum": lambda: Spectrum(flux=X * FLUX_UNIT, spectral_axis=GRID * u.AA, mask=MASK),
}


@pytest.mark.parametrize("holder", MASKED)
def test_masks_are_honoured_whoever_holds_them(holder):
    data = MASKED[holder]()
    grid = None if hasattr(data, "spectral_axis") or hasattr(data, "colnames") else GRID
    step = SpectrumResampler(20, grid_range=(4050, 4400), on_bad="mask")
    expected = step.set_params(wavelength=GRID).fit_transform(np.where(MASK, np.nan, X))
    assert 0 < np.isnan(expected).sum() < expected.size
    result = np.asarray(step.set_params(wavelength=grid).fit_transform(data))[:, :20]
    np.testing.assert_allclose(result, expected, rtol=1e-9)


def test_errors_and_redshifts_come_along():
    spectra = SpectrumCollection(
        flux=X * FLUX_UNIT, spectral_axis=AXES, uncertainty=StdDevUncertainty(np.full(X.shape, 0.5))
    )
    assert (name_columns(spectra).iloc[:, 60:] == 4).all(axis=None)
    table = QTable(
        {"flux": X * FLUX_UNIT, "wave": AXES, "flux_err": np.full(X.shape, 0.5) * FLUX_UNIT, "z": np.arange(5)}
    )
    frame = name_columns(table)
    assert (frame.iloc[:, 60:120] == 4).all(axis=None)
    assert frame["redshift"].tolist() == [0, 1, 2, 3, 4]
    unknown = [Spectrum(flux=row * FLUX_UNIT, spectral_axis=GRID * u.AA) for row in X]
    assert "redshift" not in name_columns(unknown)  # 0 is what specutils says where nobody gave one


@pytest.mark.parametrize("unit", [u.mag, u.ABmag, u.dex(u.Jy)])
def test_magnitudes_are_no_flux(unit):
    with pytest.raises(ValueError, match="a logarithm: means of it are no means of the flux"):
        SpectrumResampler(20, wavelength=GRID).fit(X * unit)


def test_a_table_of_several_grids_is_sent_to_the_reader():
    table = QTable({"flux": X * FLUX_UNIT, "wavelength": AXES + np.arange(5)[:, None] * u.AA})
    with pytest.raises(ValueError, match=r"different wavelength grids.*read_spectra"):
        STEP.fit(table)
