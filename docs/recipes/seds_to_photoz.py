"""From spectra to photometric redshifts: bands, a noisy training set, a regressor.

    python docs/recipes/seds_to_photoz.py

What it trains on are dust-free single-age populations: they show the way and do not train a photo-z for a real sky.
"""

import numpy as np
from sample import LIMITS
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_sedzoo import metrics
from sklearn_sedzoo.datasets import make_sed_catalog
from sklearn_sedzoo.photometry import MagnitudeToColor, SyntheticPhotometry, make_training_set
from sklearn_sedzoo.photoz import SOMRedshiftRegressor


def main():
    seds = make_sed_catalog(200, random_state=0, wavelength="wide")
    bands = SyntheticPhotometry("lsst2023-*", out_of_range="zero").fit(seds.to_frame())
    for band, (low, high) in bands.redshift_range().items():
        print(f"band {band} is covered at redshifts {low:.2f} to {high:.2f}")
    redshifts = np.random.default_rng(0).uniform(0.05, 1.5, 20)
    X, z = make_training_set(seds, redshifts, depths=LIMITS, random_state=0)
    seen = X["mag_i"] < 25.3
    X, X_new, z, z_new = train_test_split(X[seen], z[seen], random_state=0)
    features = MagnitudeToColor(limits=LIMITS, errors="drop")
    model = make_pipeline(features, StandardScaler(), SOMRedshiftRegressor(n_maps=4, random_state=0)).fit(X, z)
    z_phot = model.predict(X_new)
    print(f"sigma_NMAD {metrics.sigma_nmad(z_new, z_phot):.4f}, outliers {metrics.outlier_rate(z_new, z_phot):.4f}")


if __name__ == "__main__":
    main()
