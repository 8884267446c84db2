"""What the toolkit says of chance, of what is not in the data and of foreign spectra: figures 1 to 3, 7, 12 and 13.

    python -m tests.benchmarks.bench_verdicts catalog.fits --cache DIR [--fit 1] [--manga FILE] [--figures 1 2]

`catalog.fits` holds 10,000 FSPS galaxies, DIR the embeddings of bench_interpretation; `--manga` names the observed
spectra of figure 13.
"""

import argparse

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from sklearn_sedzoo.inspection import identifiability, in_domain, learn_domain, property_association
from sklearn_sedzoo.io import read_catalog
from sklearn_sedzoo.mapping import Batch, SOMMapper
from sklearn_sedzoo.metrics import adjusted_mutual_information, epsilon_squared
from sklearn_sedzoo.model_selection import fit_reference, silhouette_scorer
from sklearn_sedzoo.preprocessing import ExtinctionCorrector
from tests.benchmarks.fsps_runs import load_runs, make_zoo, refit_end, say


def figure1(catalog, runs, options):
    """Random labels explain nothing, and the p-values say so."""
    rng = np.random.default_rng(1)
    draws = [(rng.integers(0, 100, 800), rng.normal(size=800)) for _ in range(1000)]
    for name, measure in (("epsilon2", epsilon_squared), ("AMI", adjusted_mutual_information)):
        mean = np.mean([measure(*draw) for draw in draws[:40]])
        say(1, f"random labels, 800 x 100: mean {name} of 40 draws", mean, "|.| < .01", abs(mean) < 0.01)
    tables = [
        property_association(labels, pd.DataFrame({"x": values}), n_permutations=199, n_resamples=2, random_state=seed)
        for seed, (labels, values) in enumerate(draws)
    ]
    share = np.mean([table["p_value"].iloc[0] <= 0.05 for table in tables])
    error = np.sqrt(0.05 * 0.95 / len(draws))
    say(1, "... share of p <= .05 in 1,000 draws", share, f".05 +- {2 * error:.3f}", abs(share - 0.05) <= 2 * error)


def figure2(catalog, runs, options):
    """Mass is divided out, redshift constant; it is said."""
    for run in runs[:3]:
        zoo = refit_end(run, catalog, SOMMapper(10, 10, random_state=0))
        table = identifiability(zoo, catalog.flux[run.test], run.properties.iloc[run.test], random_state=0)
        print(table.drop(columns="because").round(3).to_string())
        effect, verdicts = table.loc["log_mass", "epsilon2"], table["verdict"]
        say(2, f"{run.name}: epsilon2 of log mass", effect, "|.| < .02", abs(effect) < 0.02)
        said = verdicts["log_mass"] == "normalized away" and verdicts["redshift"] == "constant"
        say(2, "... verdicts on mass and redshift: as they should be", int(said), "1", said)
        linear = 10 ** run.properties["log_mass"].iloc[run.test]
        effect = epsilon_squared(zoo.predict(catalog.flux[run.test]), linear)
        say(2, "... epsilon2 of the mass itself", effect, "|.| < .02", abs(effect) < 0.02)


def figure3(catalog, runs, options):
    """Brightness kept beside the latents brings mass back."""
    told = []
    for run in runs:
        zoo = refit_end(
            run, catalog, SOMMapper(10, 10, algorithm=Batch(n_epochs=50), random_state=0), keep_brightness=True
        )
        told.append(epsilon_squared(zoo.predict(catalog.flux[run.test]), run.properties["log_mass"].iloc[run.test]))
    print(f"     keep_brightness=True, each run: {np.round(np.sort(told), 3).tolist()}")
    say(3, f"keep_brightness=True: epsilon2 of log mass, median of {len(runs)}", np.median(told), ">= .75",
        np.median(told) >= 0.75)  # fmt: skip


def figure7(catalog, runs, options):
    """The silhouette in the candidates' own space falls for a collapsed latent; in the reference space it does not."""
    rows = runs[0].train[:2000]
    zoo = make_zoo(catalog, 0, final=KMeans(6, n_init=10, random_state=0))
    zoo.set_params(embed__training__n_epochs=60)  # enough here
    scoring = {
        "own": silhouette_scorer(reference="own", random_state=0),
        "ours": silhouette_scorer(reference=fit_reference(zoo, catalog.flux[rows]), random_state=0),
    }
    search = GridSearchCV(zoo, {"embed__latent_dim": [1, 6]}, scoring=scoring, refit=False, cv=3)
    found = search.fit(catalog.flux[rows]).cv_results_
    for name, right in (("own", 1), ("ours", 6)):
        scores = found[f"mean_test_{name}"]
        picked = [1, 6][int(np.argmax(scores))]
        say(7, f"silhouette, {name} space: score of 1-D, of 6-D latent; picks {picked}", scores, f"picks {right}",
            picked == right)  # fmt: skip


def figure12(catalog, runs, options):
    """Neither the unit of the flux nor that of the wavelength matters."""
    run = runs[0]
    clusters = refit_end(run, catalog, KMeans(6, n_init=10, random_state=0))
    zoo, flux = refit_end(run, catalog, SOMMapper(10, 10, random_state=0)), catalog.flux[run.test]
    in_nm = clone(zoo["resample"]).set_params(wavelength=catalog.wavelength / 10, unit="nm").fit(flux[:1])
    for name, fitted in (("cells", zoo), ("clusters", clusters)):
        other = Pipeline([("resample", in_nm), *fitted.steps[1:]])
        same = [
            np.mean(fitted.predict(flux * 1e3) == fitted.predict(flux)),
            np.mean(other.predict(flux) == fitted.predict(flux)),
        ]
        say(12, f"flux x 1e3, nm for Angstrom: share of same {name}", same, "1", np.array(same) == 1)


def figure13(catalog, runs, options):
    """Dusty and observed spectra are refused, those like the training's are not."""
    kept, refused = [], []
    curve = ExtinctionCorrector(0.1, wavelength=catalog.wavelength).fit(catalog.flux[:1]).curve_
    for run in runs:
        zoo = refit_end(run, catalog, SOMMapper(10, 10, random_state=0))
        known, new = run.test[:1000], run.test[1000:]
        learn_domain(zoo, catalog.flux[known])
        kept.append(100 * np.mean(~in_domain(zoo, catalog.flux[new])["is_inside"]))
        dusty = [catalog.flux[new] * (10 ** (-0.4 * a_v * curve)).astype("f4") for a_v in (0.3, 0.5, 1.0, 2.0)]
        refused.append([100 * np.mean(~in_domain(zoo, flux)["is_inside"]) for flux in dusty])
        if options.manga:
            flags = ~refuse_observed(zoo, options.manga)
            say(13, f"{run.name}: MaNGA spectra refused, of {len(flags)}", flags.sum(), "all", flags.all())
    say(13, f"{len(runs)} runs: held-out spectra refused, %", np.mean(kept), ".5 to 1.5", abs(np.mean(kept) - 1) <= 0.5)
    worst = np.min(refused, axis=0)
    say(13, "A_V = .3, .5, 1, 2: refused, %, worst run", worst, ">= 95", worst >= 95)


def refuse_observed(zoo, path):
    """Return is_inside of observed galaxies: in the rest frame, holes bridged, on the grid of the zoo."""
    observed = read_catalog(path)
    inside = []
    for flux, ivar, redshift in zip(observed.flux, observed.ivar, observed.properties["redshift"], strict=True):
        good = np.isfinite(flux) & (ivar > 0)
        if not good.any():
            continue
        bridged = np.interp(observed.wavelength, observed.wavelength[good], flux[good])
        resample = clone(zoo["resample"]).set_params(
            grid=zoo["resample"].wavelength_out_, grid_range=None, wavelength=observed.wavelength / (1 + redshift)
        )
        normalized = zoo["normalize"].transform(resample.fit_transform(bridged[None]))
        tail = Pipeline(zoo.steps[2:])
        tail.domain_ = zoo.domain_
        inside += in_domain(tail, normalized)["is_inside"].tolist()
    return np.array(inside)


FIGURES = {1: figure1, 2: figure2, 3: figure3, 7: figure7, 12: figure12, 13: figure13}


def main():
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalog")
    parser.add_argument("--cache", required=True, metavar="DIR")
    parser.add_argument("--fit", type=int, default=1)
    parser.add_argument("--manga", metavar="FILE")
    parser.add_argument("--figures", type=int, nargs="*", default=list(FIGURES))
    options = parser.parse_args()
    catalog = read_catalog(options.catalog)
    runs = load_runs(catalog, options.cache, options.fit)
    for number in options.figures:
        FIGURES[number](catalog, runs, options)


if __name__ == "__main__":
    main()
