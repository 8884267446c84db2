"""A small catalog that is easy to check by eye, fitted zoos, and figures that are closed after each test."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from sklearn_sedzoo.mapping import SOMMapper
from sklearn_sedzoo.pipeline import make_sed_pipeline

WAVELENGTH = np.linspace(3900.0, 4300.0, 81)


@pytest.fixture(autouse=True)
def close_figures():
    """Close all figures; fail where a display has touched the global settings of matplotlib."""
    before = mpl.rcParams.copy()
    yield
    plt.close("all")
    assert mpl.rcParams == before


@pytest.fixture(scope="session")
def flux():
    """60 spectra: a slope and an absorption line, each of its own strength."""
    rng = np.random.default_rng(0)
    slope, depth = rng.uniform(-1, 1, (60, 1)), rng.uniform(0, 0.5, (60, 1))
    x = (WAVELENGTH - 4100) / 200
    return 3 + slope * x - depth * np.exp(-0.5 * ((WAVELENGTH - 4000) / 8) ** 2)


@pytest.fixture(scope="session")
def properties():
    """Properties and labels of the spectra."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"age": rng.uniform(0.1, 8, 60), "velocity_dispersion": rng.uniform(100, 300, 60)})
    frame["cluster"] = rng.integers(0, 3, 60)
    frame.attrs["units"] = {"age": "Gyr", "velocity_dispersion": "km s-1"}
    return frame


def _fit(final, flux):
    return make_sed_pipeline(
        wavelength=WAVELENGTH, grid=40, band=(4050, 4150), embed=PCA(3, whiten=True), final=final
    ).fit(flux)


@pytest.fixture(scope="session")
def clusters(flux):
    """A fitted pipeline that ends with KMeans."""
    return _fit(KMeans(3, n_init=1, random_state=0), flux)


@pytest.fixture(scope="session")
def zoo(flux):
    """A fitted pipeline that ends with a map."""
    return _fit(SOMMapper(4, 5, random_state=0), flux)
