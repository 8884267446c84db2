import numpy as np
import pandas as pd
import pytest

from sklearn_sedzoo._containers import SpectrumTable, name_wavelengths, parse_wavelength_names
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
