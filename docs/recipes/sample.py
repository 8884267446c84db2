"""A photometric sample for the recipes: a table of yours, or one made from mock galaxies.

The made one takes a few seconds, needs no files, and is easier than the sky: ages and metallicities of single
populations behind a little dust, at redshifts 0.05 to 1.5.
"""

import numpy as np

from sklearn_sedzoo.datasets import make_sed_catalog
from sklearn_sedzoo.io import read_photometry
from sklearn_sedzoo.photometry import make_training_set

LIMITS = {"u": 27.79, "g": 29.04, "r": 29.06, "i": 28.62, "z": 27.98, "y": 27.05}  # LSST, signal-to-noise 1
NONDETECTION = 99.0


def load(path=None, n_rows=3000, seed=0):
    """Return magnitudes with errors (99: not detected) and redshifts, in random order."""
    if path is not None:
        table = read_photometry(path).sample(frac=1, random_state=seed)  # the files are sorted by redshift
        return table.filter(like="mag_"), table["redshift"].to_numpy()
    rng = np.random.default_rng(seed)
    redshifts = rng.uniform(0.05, 1.5, 100)
    seds = make_sed_catalog(n_rows // 10, random_state=seed, wavelength="wide", dust=(0.0, 0.5))
    X, redshift = make_training_set(seds, redshifts, depths=LIMITS, random_state=seed)
    bright = X["mag_i"].to_numpy() < 25.3
    chosen = rng.permutation(np.flatnonzero(bright))[:n_rows]
    return X.iloc[chosen].replace(np.inf, NONDETECTION), redshift[chosen]
