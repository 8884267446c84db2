"""A catalog in which it is known what made the spectra, what was divided out, and what leaves no trace."""

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from sklearn_sedzoo.mapping import SOMMapper
from sklearn_sedzoo.pipeline import make_sed_pipeline

WAVELENGTH = np.linspace(4700.0, 5300.0, 301)
N = 600


@pytest.fixture(scope="session")
def properties():
    """Slope (strong), depth of H beta (weak), brightness (divided out), luck (no trace), a constant, and words."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "slope": rng.uniform(-1, 1, N),
            "depth": rng.uniform(0.05, 0.4, N),
            "log_mass": rng.uniform(8, 12, N),
            "luck": rng.normal(size=N),
            "redshift": np.full(N, 0.496, dtype=np.float32),
        }
    )
    frame["kind"] = np.where(frame["slope"] > 0, "red", "blue")
    frame.loc[::7, "depth"] = np.nan
    frame.attrs["units"] = {"log_mass": "dex(Msun)"}
    return frame


@pytest.fixture(scope="session")
def flux(properties):
    """Spectra made from slope, depth and mass."""
    filled = properties["depth"].fillna(0.2).to_numpy()[:, None]
    line = np.exp(-0.5 * ((WAVELENGTH - 4862.7) / 6) ** 2)
    slope = properties["slope"].to_numpy()[:, None] * (WAVELENGTH - 5000) / 300
    return 10 ** (properties["log_mass"].to_numpy()[:, None] - 10) * (2 + slope - filled * line)


def make(final, embed=None, **params):
    """Return the pipeline of these tests, not fitted."""
    return make_sed_pipeline(
        wavelength=WAVELENGTH, grid=300, band=(4950, 5050), embed=embed or PCA(2), final=final, **params
    )


@pytest.fixture(scope="session")
def clusters(flux):
    """Clusters on raw latents: they follow the strong parameter only."""
    return make(KMeans(5, n_init=3, random_state=0)).fit(flux)


@pytest.fixture(scope="session")
def zoo(flux):
    """A map on whitened latents."""
    return make(SOMMapper(5, 5, random_state=0), embed=PCA(2, whiten=True)).fit(flux)
