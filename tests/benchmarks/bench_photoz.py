"""Photometric redshifts on DC2: figures beside their bounds, N(z), time and memory.

    SEDZOO_DATA=../shared/data python -m tests.benchmarks.bench_photoz [points] [best] [nz] [scale] [--seeds 3]

Trains on the training file, reports on the validation file; nothing is chosen on the latter. The files are sorted by
redshift and are shuffled. `points` is the regressor with its defaults beside simpler methods, `best` the recipe
best_photoz, `nz` redshift distributions, `scale` 100,000 rows.
"""

import argparse
import itertools
import os
import pathlib
import resource
import subprocess
import sys
import time

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_sedzoo import metrics
from sklearn_sedzoo.io import read_photometry
from sklearn_sedzoo.mapping import SOMMapper
from sklearn_sedzoo.photometry import MagnitudeToColor
from sklearn_sedzoo.photoz import SOMRedshiftRegressor, best_redshift

LIMITS = {"u": 27.79, "g": 29.04, "r": 29.06, "i": 28.62, "z": 27.98, "y": 27.05}
FOLDER = pathlib.Path(os.environ.get("SEDZOO_DATA", "shared/data")) / "photoz"
RECIPES = pathlib.Path(__file__).parents[2] / "docs" / "recipes"
HEAD = f"{'':44s} NMAD   >.15   bias    CDE   CRPS   PIT KS  CPU s"
TOMOGRAPHY = (0.2, 0.5, 0.7, 0.9, 1.1, 1.5)


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
    print(f"{line} {seconds:6.1f}", flush=True)


def bench_points(seeds):
    (X, z), (X_new, z_new) = load("training"), load("validation")
    print(f"{HEAD}\n{'bound, SOMRedshiftRegressor with defaults':44s} .0245  .0290           -5.8  .043   .05")
    six = features(errors="drop")
    for seed in range(seeds):
        start = time.process_time()
        model = make_pipeline(six, StandardScaler(), SOMRedshiftRegressor(random_state=seed)).fit(X, z)
        z_phot = model.predict(X_new)
        density = model[-1].predict_dist(model[:-1].transform(X_new))
        seconds = time.process_time() - start
        report(f"SOMRedshiftRegressor, seed {seed}", z_new, z_phot, density, model[-1].zgrid_, seconds)
    start = time.process_time()
    neighbors = make_pipeline(six, StandardScaler(), KNeighborsRegressor(10)).fit(X, z)
    report("kNN(10), scaled", z_new, neighbors.predict(X_new), seconds=time.process_time() - start)
    start = time.process_time()
    z_phot = predict_by_minisom(six.fit_transform(X), z, six.transform(X_new))
    report("MiniSom 31 x 31, cell medians", z_new, z_phot, seconds=time.process_time() - start)
    start = time.process_time()
    forest = make_pipeline(features(ref_band="all", colors="all"), RandomForestRegressor(n_jobs=2, random_state=0))
    report(
        "random forest, magnitudes 15 colors errors", z_new, forest.fit(X, z).predict(X_new),
        seconds=time.process_time() - start,
    )  # fmt: skip


def predict_by_minisom(X, z, X_new, n_rows=31, n_iterations=10_000):
    """Median redshift of the cell on a map trained by MiniSom; empty cells take the nearest labeled one."""
    from minisom import MiniSom
    from sklearn.neighbors import NearestNeighbors

    scaler = StandardScaler().fit(X)
    X, X_new = scaler.transform(X), scaler.transform(X_new)
    som = MiniSom(n_rows, n_rows, X.shape[1], sigma=1.5, learning_rate=0.5, random_seed=0)
    som.train_random(X, n_iterations)
    weights = som.get_weights().reshape(-1, X.shape[1])
    cells = NearestNeighbors(n_neighbors=1).fit(weights).kneighbors(X, return_distance=False)[:, 0]
    kinds = np.unique(cells)
    medians = np.array([np.median(z[cells == kind]) for kind in kinds])
    nearest = NearestNeighbors(n_neighbors=1).fit(weights[kinds]).kneighbors(X_new, return_distance=False)[:, 0]
    return medians[nearest]


def bench_best(seeds):
    sys.path.insert(0, str(RECIPES))
    from best_photoz import GAMMA, make_model

    (X, z), (X_new, z_new) = load("training"), load("validation")
    print(f"{HEAD}\n{'bound, best pipeline with our parts':44s} .0195  .0200           -8.5  .037   .05")
    for seed in range(seeds):
        start = time.process_time()
        model = make_model(300, seed).fit(X, z)
        density, zgrid = model.predict_dist(X_new), model.zgrid_
        report(
            f"best_photoz, seed {seed}",
            z_new,
            best_redshift(density, zgrid, gamma=GAMMA),
            density,
            zgrid,
            time.process_time() - start,
        )
        trees = model.estimators_[0]  # their prediction is the median over the trees
        report(f"  its extra trees alone, seed {seed}", z_new, trees.predict(X_new),
               trees[-1].predict_dist(trees[:-1].transform(X_new)), zgrid)  # fmt: skip


def bench_nz(seeds):
    (table, z), (table_new, z_new) = load("training"), load("validation")
    six, scaler = features(errors="drop"), StandardScaler()
    X, X_new = scaler.fit_transform(six.fit_transform(table)), scaler.transform(six.transform(table_new))
    print("shift of the mean of N(z) in covered cells over 1 + mean, +- its bootstrap error, (share covered)")
    print(
        "seed labels counted " + "".join(f"{name:26s}" for name in ("all", *map(str, itertools.pairwise(TOMOGRAPHY))))
    )
    print("representative spectroscopy, bound .001 for all")
    for seed in range(seeds):
        model = SOMRedshiftRegressor(random_state=seed).fit(X, z)
        report_shifts(seed, model, X_new, z_new, z)
    print("biased bright, with probability 1 / (1 + exp((i - 24) / .4)); maps of the photometric sample; bound .003")
    for side in (16, 31):
        print(f"12 maps of {side} x {side} cells")
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            chosen = rng.uniform(size=len(X)) < find_chance(table["mag_i_lsst"].to_numpy())
            maps = [SOMMapper(side, side, init="sample", random_state=12 * seed + i) for i in range(12)]
            frozen = [FrozenEstimator(som.fit(X_new)) for som in maps]
            model = SOMRedshiftRegressor(frozen, random_state=seed).fit(X[chosen], z[chosen])
            report_shifts(seed, model, X_new, z_new, z[chosen])
    report_floor(
        SOMRedshiftRegressor(random_state=0).fit(X, z).predict(X_new), table_new["mag_i_lsst"].to_numpy(), z_new
    )


def find_chance(mag):
    """Probability that a bright-loving spectroscopic survey has taken a galaxy of this i magnitude."""
    return 1 / (1 + np.exp((mag - 24) / 0.4))


def report_floor(z_phot, mag, z, n_draws=300):
    """Print what an estimate reaches that knows the selection: galaxies of the bin, kept with p and weighed with 1 / p.

    Each draw begins with as many galaxies of the validation file as the training file has. The scatter is that of the
    few faint galaxies with spectra, which stand for all of their kind.
    """
    rng, chance, share = np.random.default_rng(0), find_chance(np.where(mag > 90, LIMITS["i"], mag)), 0.5
    print("selection known exactly, weights 1 / p: mean shift +- scatter of single draws")
    line = ""
    for low, high in ((0, np.inf), *itertools.pairwise(TOMOGRAPHY)):
        inside, shifts = (z_phot >= low) & (z_phot < high), []
        for _ in range(n_draws):
            kept = inside & (rng.uniform(size=len(z)) < share * chance)
            mean = np.average(z[kept], weights=1 / chance[kept])
            shifts.append((mean - z[inside].mean()) / (1 + z[inside].mean()))
        line += f"{np.mean(shifts):+.4f} +- {np.std(shifts):.4f}  "
    print(line, flush=True)


def report_shifts(seed, model, X, z, labels):
    """Print shifts of all and of five bins; "counted" is the shift of the labeled redshifts as they are."""
    line, z_phot = f"{seed:4d} {len(labels):6d} {(labels.mean() - z.mean()) / (1 + z.mean()):+7.4f} ", model.predict(X)
    left_out = np.expm1(model._label_predictions)  # in the model's own order, as its cells are
    for low, high in ((0, np.inf), *itertools.pairwise(TOMOGRAPHY)):
        inside, labeled = (z_phot >= low) & (z_phot < high), (left_out >= low) & (left_out < high)
        result = model.summarize_nz(X, n_bootstrap=20, z_range=(low, high))
        truth = find_covered_mean(model, X, z, inside, labeled)
        shift, error = (result.mean - truth) / (1 + truth), result.mean_std / (1 + truth)
        line += f"{shift:+.4f} +- {error:.4f} ({result.coverage:.3f})  "
    print(line, flush=True)


def find_covered_mean(model, X, z, inside, labeled):
    """True mean redshift of the photometric sample in covered cells, averaged over the maps as the estimate is."""
    means = []
    for som, label_cells in zip(model.soms_, model._label_cells, strict=True):
        is_covered = np.bincount(label_cells[labeled], minlength=som.hits_.size) >= model.min_count
        means.append(z[inside & is_covered[som.predict(X)]].mean())
    return np.mean(means)


def make_many(n):
    """Rows of both files, again and again with 2 % of noise, up to n for the fit and n for the prediction."""
    (table, z), (table_new, z_new) = load("training"), load("validation")
    X = features(errors="drop").fit_transform(pd.concat([table, table_new]))
    X, z = StandardScaler().fit_transform(X), np.concatenate([z, z_new])
    rng = np.random.default_rng(0)
    rows = rng.integers(0, len(X), 2 * n)
    many = X[rows] + 0.02 * rng.standard_normal((2 * n, X.shape[1]))
    return many[:n], z[rows[:n]], many[n:]


def run_case(kind, side, n_maps, n):
    """Fit and predict in this process; print times and the growth of its peak memory."""
    X, z, X_new = make_many(n)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, cpu = time.perf_counter(), time.process_time()
    if kind == "ours":
        rows, columns = (31, 31) if side == "31x31" else (150, 75)
        model = SOMRedshiftRegressor(SOMMapper(rows, columns, init="sample"), n_maps=n_maps, random_state=0).fit(X, z)
        name = f"SOMRedshiftRegressor {side}, n_maps={n_maps}"
    elif kind == "map":
        rows, columns = (31, 31) if side == "31x31" else (150, 75)
        model = SOMMapper(rows, columns).fit(X)
        name = f"SOMMapper {side} alone, 20 epochs"
    elif kind == "minisom":
        from minisom import MiniSom

        rows, columns = (31, 31) if side == "31x31" else (150, 75)
        model = MiniSom(rows, columns, X.shape[1], sigma=1.5, learning_rate=0.5, random_seed=0)
        model.train_random(X, n)
        name = f"MiniSom {side} alone, 1 epoch"
    else:
        model, name = RandomForestRegressor(n_jobs=2, random_state=0).fit(X, z), "random forest, 100 trees"
    fitted, fitted_cpu = time.perf_counter(), time.process_time()
    if kind == "minisom":
        for row in X_new:
            model.winner(row)
    else:
        model.predict(X_new)
    done, done_cpu = time.perf_counter(), time.process_time()
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{name:44s} {fitted - start:7.1f} {done - fitted:8.1f} {fitted_cpu - cpu:8.1f} {done_cpu - fitted_cpu:8.1f} "
          f"{memory:7.0f}", flush=True)  # fmt: skip


def bench_scale(n=100_000):
    print(f"{n} rows x 6 to fit and as many to predict; seconds, CPU seconds, growth of the peak memory in MB")
    print(f"{'':44s}    fit  predict  CPU fit  predict      MB", flush=True)
    cases = [("ours", "31x31", 1), ("ours", "31x31", 12), ("ours", "150x75", 1), ("map", "31x31", 1),
             ("map", "150x75", 1), ("minisom", "31x31", 1), ("minisom", "150x75", 1), ("forest", "-", 1)]  # fmt: skip
    for case in cases:
        command = [sys.executable, "-m", "tests.benchmarks.bench_photoz", "--case", *map(str, case), str(n)]
        subprocess.run(command, check=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", default=["points", "best", "nz", "scale"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--case", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        kind, side, n_maps, n = options.case
        run_case(kind, side, int(n_maps), int(n))
        return
    for part in options.parts:
        if part == "scale":
            bench_scale()
        else:
            {"points": bench_points, "best": bench_best, "nz": bench_nz}[part](options.seeds)


if __name__ == "__main__":
    main()
