"""Photometric redshifts on DC2: figures beside their bounds.

    SEDZOO_DATA=../shared/data python -m tests.benchmarks.bench_photoz

Trains on the training file, reports on the validation file; nothing is chosen on the latter. The file is sorted by
redshift and is shuffled. `--seeds N` repeats with other seeds, `--quick` leaves the forests out.
"""

import argparse
import os
import pathlib
import time

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_sedzoo import metrics
from sklearn_sedzoo.io import read_photometry
from sklearn_sedzoo.photometry import MagnitudeToColor
from sklearn_sedzoo.photoz import SOMRedshiftRegressor

LIMITS = {"u": 27.79, "g": 29.04, "r": 29.06, "i": 28.62, "z": 27.98, "y": 27.05}
FOLDER = pathlib.Path(os.environ.get("SEDZOO_DATA", "shared/data")) / "photoz"


def load(name, seed=0):
    table = read_photometry(FOLDER / f"test_dc2_{name}_9816.hdf5")
    table = table.sample(frac=1, random_state=seed)
    return table.filter(like="mag_"), table["redshift"].to_numpy()


def features(**options):
    return MagnitudeToColor(nondetection=99, limits=LIMITS, **options)


def report(name, z, z_phot, density=None, zgrid=None, seconds=np.nan):
    line = f"{name:44s} {metrics.sigma_nmad(z, z_phot):.4f} {metrics.outlier_rate(z, z_phot):.4f} "
    line += f"{metrics.photoz_bias(z, z_phot):+.4f} "
    if density is not None:
        line += f"{metrics.cde_loss(z, density, zgrid):6.2f} {metrics.crps(z, density, zgrid):.4f} "
        line += f"{metrics.pit_ks(z, density, zgrid):.3f} "
    print(f"{line} {seconds:6.1f} s", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    X, z = load("training")
    X_new, z_new = load("validation")
    print(f"{'':44s} NMAD   >.15   bias    CDE    CRPS   PIT KS   time")
    print("bound, SOMRedshiftRegressor with defaults:    .0245  .0290           -5.8   .043   .05")
    six = features(errors="drop")
    for seed in range(options.seeds):
        start = time.perf_counter()
        model = make_pipeline(six, StandardScaler(), SOMRedshiftRegressor(random_state=seed)).fit(X, z)
        z_phot = model.predict(X_new)
        density = model[-1].predict_dist(model[:-1].transform(X_new))
        seconds = time.perf_counter() - start
        report(f"SOMRedshiftRegressor, seed {seed}", z_new, z_phot, density, model[-1].zgrid_, seconds)
    start = time.perf_counter()
    neighbors = make_pipeline(six, StandardScaler(), KNeighborsRegressor(10)).fit(X, z)
    report("kNN(10), scaled", z_new, neighbors.predict(X_new), seconds=time.perf_counter() - start)
    if options.quick:
        return
    for name, forest in (
        ("random forest, magnitudes 15 colours errors", RandomForestRegressor(100, n_jobs=2, random_state=0)),
        ("extra trees (300, leaf 2), the same", ExtraTreesRegressor(300, min_samples_leaf=2, n_jobs=2, random_state=0)),
    ):
        start = time.perf_counter()
        model = make_pipeline(features(ref_band="all", colors="all"), forest).fit(X, z)
        report(name, z_new, model.predict(X_new), seconds=time.perf_counter() - start)


if __name__ == "__main__":
    main()
