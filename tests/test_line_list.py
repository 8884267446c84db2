"""The one list of lines: against wavelengths in air from tables of the field, and what features are called."""

import astropy.units as u
import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from specutils.utils.wcs_utils import air_to_vac

from sklearn_sedzoo._containers import name_feature
from sklearn_sedzoo.inspection import interpret
from sklearn_sedzoo.pipeline import make_sed_pipeline
from sklearn_sedzoo.preprocessing import ABSORPTION_FEATURES, ABSORPTION_LINES, EMISSION_LINES, LineMasker

# Angstrom in air, NIST.
AIR = {
    "[Ne III] 3869": 3868.76, "H9": 3835.38, "H10": 3797.90, "H8": 3889.05, "Ca II K": 3933.66, "H-beta": 4861.33,
    "[O III] 5008": 5006.84, "He I 5877": 5875.62, "H-alpha": 6562.80, "[N II] 6585": 6583.45,
    "Na D": (5889.95 + 5895.92) / 2, "Ca II 8498": 8498.02, "Ca II 8542": 8542.09, "Ca II 8662": 8662.14,
}  # fmt: skip


def test_wavelengths_are_those_of_the_tables_in_vacuum():
    known = EMISSION_LINES | ABSORPTION_LINES | ABSORPTION_FEATURES
    for name, air in AIR.items():
        vacuum = air_to_vac(air * u.AA).to_value(u.AA)
        assert known[name] == pytest.approx(vacuum, abs=0.1), name


def test_the_lines_that_measure_the_medium_and_those_that_are_masked_stay():
    assert list(ABSORPTION_LINES) == ["Ca II K", "H-delta", "H-gamma", "H-beta", "H-alpha"]
    wavelength = np.arange(3600.0, 9700.0)
    masked = np.isnan(LineMasker(wavelength=wavelength).fit_transform(np.ones((1, len(wavelength))))[0])
    lines = np.array([
        3727.09, 3729.88, 3869.86, 3890.15, 3968.59, 4102.89, 4341.68, 4364.44, 4687.02, 4862.68, 4960.30, 5008.24,
        5877.25, 6302.05, 6365.54, 6549.86, 6564.61, 6585.27, 6718.29, 6732.68, 9071.1, 9533.2,
    ])  # fmt: skip
    assert masked.tolist() == (np.abs(wavelength / lines[:, None] - 1) <= 500 / 299792.458).any(axis=0).tolist()


@pytest.mark.parametrize(
    ("wavelength", "is_emission", "name"),
    [
        (3728.5, True, "[O II] 3727"),
        (3730.5, True, "[O II] 3727"),
        (3728.5, False, "Fe 3735"),
        (3869.0, True, "[Ne III] 3869"),
        (3866.0, False, "CN 3860"),
        (3970.0, True, "[Ne III] 3969"),
        (3970.0, False, "Ca II H + H-epsilon"),
        (3934.0, False, "Ca II K"),
        (4305.0, False, "G band"),
        (5008.0, True, "[O III] 5008"),
        (5010.0, False, "Fe 5015"),
        (5175.0, False, "Mg b"),
        (5878.0, True, "He I 5877"),
        (5893.0, False, "Na D"),
        (6585.0, True, "[N II] 6585"),
        (5175.0, True, "Mg b"),  # no emission line is near
        (6718.0, False, "[S II] 6718"),  # no absorption is near
        (8542.0, False, "Ca II 8542"),
        (5700.0, True, ""),
        (5700.0, False, ""),
    ],
)
def test_features_are_named_after_their_kind(wavelength, is_emission, name):
    assert name_feature(wavelength, is_emission) == name


@pytest.mark.parametrize(
    ("center", "sign", "name"),
    [(3728.5, 1, "[O II] 3727"), (3732.5, -1, "Fe 3735"), (5008.2, 1, "[O III] 5008"), (5011.0, -1, "Fe 5015")],
)
def test_a_line_has_one_name_for_those_who_have_it_and_those_who_do_not(center, sign, name):
    """A third of the galaxies has the line; more flux there and less in the others is the same line."""
    wavelength = np.arange(center - 300, center + 300, 2.0)
    rng = np.random.default_rng(0)
    strength = np.repeat([0.0, 0.0, 0.5], 30)[:, None] + rng.normal(0, 0.02, (90, 1))
    flux = 1 + sign * strength * np.exp(-0.5 * ((wavelength - center) / 4) ** 2)
    zoo = make_sed_pipeline(
        wavelength=wavelength, grid=len(wavelength), band=None, embed=PCA(1), final=KMeans(2, random_state=0)
    ).fit(flux)
    found = interpret(zoo, flux, pd.DataFrame({"strength": strength[:, 0]}), n_features=1, random_state=0).features
    assert found["feature"].tolist() == [name, name]
    assert sorted(np.sign(found["difference"])) == [-1, 1]
