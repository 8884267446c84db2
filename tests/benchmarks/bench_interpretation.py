"""How well clusters and cells tell physical properties, on 10,000 FSPS galaxies: figures 4 to 6 and 8 to 11.

    python -m tests.benchmarks.bench_interpretation catalog.fits --cache DIR [--fit 15] [--figures 4 6]

Embeddings (3 latents, 8,000 spectra to learn from, 5 seeds x 3 splits, minutes each) are kept in DIR; with ``--fit 0``
only those that are there are measured, and the number of runs is printed. Every figure is of the 2,000 spectra that
were held out.
"""

import argparse
from itertools import combinations

import numpy as np
from sklearn.cluster import KMeans
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import adjusted_rand_score

from sklearn_sedzoo.io import read_catalog
from sklearn_sedzoo.mapping import Batch, SOMMapper, SOMRegressor
from sklearn_sedzoo.metrics import epsilon_squared
from sklearn_sedzoo.model_selection import compare_propagators
from tests.benchmarks.fsps_runs import N_SPLITS, NAMES, add_noise, load_runs, make_zoo, nmad, say

CARRIERS = ({}, {"statistic": "mean", "n_near": 5}, {"statistic": "local_linear", "n_neighbors": 15})
NOISES = {np.inf: (0.005, 0.005, 0.4), 30: (0.018, 0.029, 4.5), 10: (0.048, 0.083, 15.5)}


def make_map(run, seed=0):
    """Return a 10 x 10 map of the training latents, trained until it stands still.

    Of the sum of epsilon² on the training spectra 20 epochs, the default, miss .02 (median of 15 runs).
    """
    return SOMMapper(10, 10, algorithm=Batch(n_epochs=50), random_state=seed).fit(run.latents[run.train])


def explain(labels, truth):
    """Return epsilon² of the three properties."""
    return np.array([epsilon_squared(labels, column) for column in truth.T])


def figure4(catalog, runs):
    """The map tells age, metallicity and dispersion."""
    told, missed = [], []
    for run in runs:
        som = make_map(run)
        told.append(explain(som.predict(run.latents[run.test]), run.truth[run.test]))
        carried = SOMRegressor(FrozenEstimator(som), n_calibration=0).fit(run.latents[run.train], run.truth[run.train])
        missed.append(nmad(carried.predict(run.latents[run.test]) - run.truth[run.test]))
    told, missed = np.array(told), np.array(missed)
    total = told.sum(axis=1)
    print(f"     map, each run: {np.round(np.sort(total), 3).tolist()}")
    say(4, "map 10 x 10: epsilon2 of age / metallicity / dispersion, median", np.median(told, axis=0), "", None)
    say(4, "... their sum: median, worst", [np.median(total), total.min()], ">= 2.61, >= 2.55",
        [np.median(total) >= 2.61, total.min() >= 2.55])  # fmt: skip
    say(4, "... NMAD of cell medians: median of runs", np.median(missed, axis=0), "<= .095 / .090 / 13",
        np.median(missed, axis=0) <= [0.095, 0.090, 13])  # fmt: skip
    truth = runs[0].truth
    ideal = (truth - truth.mean(axis=0)) / truth.std(axis=0)
    som = SOMMapper(10, 10, random_state=0).fit(ideal[runs[0].train])
    ceiling = explain(som.predict(ideal[runs[0].test]), truth[runs[0].test]).sum()
    say(4, "... ceiling: true parameters as latents", ceiling, "2.82", None)


def figure5(catalog, runs):
    """The best way to carry labels to noisy spectra: neighbors that are as noisy, in six latents of such spectra."""
    run = runs[0]
    for noise, bound in NOISES.items():
        noisy = add_noise(catalog.flux, noise, seed=5)
        zoo = run.zoo if np.isinf(noise) else make_zoo(catalog, 0, latent_dim=6).fit(noisy[run.train])
        latents = np.asarray(zoo.transform(noisy))
        missed = {}
        for n_neighbors in (10, 15, 30, 100):
            model = SOMRegressor(SOMMapper(10, 10), statistic="local_linear", n_neighbors=n_neighbors, n_calibration=0)
            model.fit(latents[run.train], run.truth[run.train])
            missed[n_neighbors] = nmad(model.predict(latents[run.test]) - run.truth[run.test])
        best = min(missed, key=lambda number: np.sum(missed[number] / bound))
        say(5, f"S/N {noise}: local linear fit of {best} neighbors", missed[best],
            "<= " + " / ".join(f"{value:g}" for value in bound), missed[best] <= bound)  # fmt: skip
    table = compare_propagators(run.latents, run.properties[NAMES], som=SOMMapper(10, 10), random_state=0)
    print(table.round(4).to_string())


def figure6(catalog, runs):
    """KMeans(6) tells them too."""
    told = []
    for run in runs:
        clusters = KMeans(6, n_init=10, random_state=0).fit(run.latents[run.train])
        told.append(explain(clusters.predict(run.latents[run.test]), run.truth[run.test]))
    told = np.array(told)
    for run, row in zip(runs, told, strict=True):
        print(f"     {run.name}: loss {run.zoo['embed'].best_loss_:.3g}, KMeans {np.round(row, 3).tolist()}")
    median, worst = np.median(told, axis=0), told.min(axis=0)
    say(6, "KMeans(6): median epsilon2", median, ">= .74 / .39 / .62", median >= [0.74, 0.39, 0.62])
    say(6, "... worst of each", worst, ">= .70 / .30 / .55", worst >= [0.70, 0.30, 0.55])


def figure8(catalog, runs):
    """Maps of four embeddings tell the same: of the members of a cell, of soft cells, of local fits."""
    for split in range(N_SPLITS):
        ours = [run for run in runs if run.name.startswith(f"split{split}")][:4]
        if len(ours) < 2:
            continue
        carried, cells = {"cells": [], "soft cells": [], "local linear fits": []}, []
        for run in ours:
            som = make_map(run)
            cells.append(som.predict(run.latents[run.test]))
            for name, params in zip(carried, CARRIERS, strict=True):
                model = SOMRegressor(FrozenEstimator(som), n_calibration=0, **params)
                model.fit(run.latents[run.train], run.truth[run.train])
                carried[name].append(model.predict(run.latents[run.test]))
        pairs = list(combinations(range(len(ours)), 2))
        for name, values in carried.items():
            r = [np.mean([np.corrcoef(values[i][:, k], values[j][:, k])[0, 1] for i, j in pairs]) for k in range(3)]
            say(8, f"split {split}, {len(ours)} seeds: r of what {name} carry", r, ">= .97 / .94 / .90",
                np.array(r) >= [0.97, 0.94, 0.90])  # fmt: skip
        agreement = np.mean([adjusted_rand_score(cells[i], cells[j]) for i, j in pairs])
        say(8, "... agreement of the cells themselves (ARI)", agreement, "", None)


def figure9(catalog, runs):
    """Intervals hold the truth as often as they say."""
    run, rng = runs[0], np.random.default_rng(9)
    for n_labels in (8000, 800):
        inside = []
        for split in range(20):
            order = rng.permutation(len(run.latents))
            known, new = order[:n_labels], order[-1000:]
            model = SOMRegressor(SOMMapper(10, 10), random_state=split).fit(run.latents[known], run.truth[known])
            low, high = np.moveaxis(model.predict_interval(run.latents[new], 0.68), 1, 0)
            inside.append(np.mean((low <= run.truth[new]) & (run.truth[new] <= high), axis=0))
        share = 100 * np.mean(inside, axis=0)
        say(9, f"{n_labels} labels: 68 % intervals hold, %", share, "65 to 71", np.abs(share - 68) <= 3)


def figure10(catalog, runs):
    """Where there are no labels, nothing is promised; an outlier is off by three times the NMAD of figure 4."""
    limit = 3 * 0.086
    for name, params in (("cells", {}), ("local linear fits", {"statistic": "local_linear", "n_neighbors": 15})):
        shares = []
        for run in runs:
            age = run.truth[:, 0]
            labels = np.where(age > np.log10(3), age, np.nan)
            model = SOMRegressor(FrozenEstimator(make_map(run)), n_calibration=0, **params)
            model.fit(run.latents[run.train], labels[run.train])
            covered, age = model.is_covered(run.latents[run.test]), age[run.test]
            off, young = np.abs(model.predict(run.latents[run.test]) - age) > limit, age < np.log10(3)
            parts = off[covered], ~covered[off], covered[young], covered[~young]
            shares.append([100 * part.mean() for part in parts])
        worst, flagged = np.max(shares, axis=0)[0], np.min(shares, axis=0)[1]
        say(10, f"labels for age > 3 Gyr, {name}: % outliers among covered, worst", worst, "<= 3", worst <= 3)
        say(10, "... % of all outliers that are flagged, worst run", flagged, "the rest", None)
        say(10, "... % of younger, of older called covered; median", np.median(shares, axis=0)[2:], "", None)


def figure11(catalog, runs):
    """What noise does to the place on a map that was made without."""
    run = runs[0]
    som = make_map(run)
    rows = run.test
    place = som.predict(run.latents[rows])
    for noise in (np.inf, 30, 10, 3):
        noisy = np.asarray(run.zoo.transform(add_noise(catalog.flux[rows], noise, seed=11)))
        cells = som.predict(noisy)
        steps = np.abs(np.subtract(np.unravel_index(cells, (10, 10)), np.unravel_index(place, (10, 10)))).max(axis=0)
        carried = SOMRegressor(FrozenEstimator(som), n_calibration=0).fit(run.latents[run.train], run.truth[run.train])
        r = [np.corrcoef(a, b)[0, 1] for a, b in
             zip(carried.predict(noisy).T, carried.predict(run.latents[rows]).T, strict=True)]  # fmt: skip
        say(11, f"S/N {noise}: same cell, within one cell, ARI",
            [np.mean(steps == 0), np.mean(steps <= 1), adjusted_rand_score(cells, place)], "", None)  # fmt: skip
        say(11, "... r of propagated properties", r, "", None)


FIGURES = {4: figure4, 5: figure5, 6: figure6, 8: figure8, 9: figure9, 10: figure10, 11: figure11}


def main():
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalog")
    parser.add_argument("--cache", required=True, metavar="DIR")
    parser.add_argument("--fit", type=int, default=15)
    parser.add_argument("--figures", type=int, nargs="*", default=list(FIGURES))
    options = parser.parse_args()
    catalog = read_catalog(options.catalog)
    runs = load_runs(catalog, options.cache, options.fit)
    print(f"{len(runs)} runs: {', '.join(run.name for run in runs)}")
    for number in options.figures:
        FIGURES[number](catalog, runs)


if __name__ == "__main__":
    main()
