"""Held-out error of the embedder beside that of PCA with as many components, on catalogs of FSPS spectra.

    SEDZOO_DATA=... python -m tests.benchmarks.bench_embedding sizes        # 1,000 spectra, 2 to 256 latents
    python -m tests.benchmarks.bench_embedding noise                        # the same at S/N 30, 10 and 3
    python -m tests.benchmarks.bench_embedding large --catalog FILE         # 3 latents on 10,000 spectra
    python -m tests.benchmarks.bench_embedding large --catalog FILE --snr 30
    python -m tests.benchmarks.bench_embedding auto --seeds 0,1,2,3,4       # latent_dim="auto" and the latents' noise
    python -m tests.benchmarks.bench_embedding told --snr inf,30            # properties by cells: 16 latents or "auto"
    python -m tests.benchmarks.bench_embedding ablation                     # with and without convolutions, one start
    python -m tests.benchmarks.bench_embedding thesis                       # time to the thesis network's final error
    python -m tests.benchmarks.bench_embedding backends                     # an epoch on each backend, beside PyTorch
    python -m tests.benchmarks.bench_embedding gap                          # properties of spectra with a gap of 10 %
    python -m tests.benchmarks.bench_embedding memory                       # peak of a fit on a memory map
    python -m tests.benchmarks.bench_embedding jobs                         # grid search in 1 and 2 processes

Every catalog is cut to 3,620-7,380 A and divided by its mean flux in 4,050-4,150 A. Eight tenths are trained on, one
tenth stops the training, one tenth is held out. PCA learns from the nine tenths. Noise is drawn for each pixel,
proportional to its flux. "truth" compares with the spectra before noise was added. Times are CPU seconds, all cores
together, and begin with the first compilation; take ``--seeds``, ``--splits``, ``--sizes``, ``--snr``, ``--rows`` and
``--epochs`` for less than the whole table.
"""

import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor

from sklearn_sedzoo.embedding import (
    DESOM,
    VAE,
    ConvAutoencoderEmbedder,
    ResidualNetwork,
    SpectrumPCA,
    ThesisNetwork,
    Training,
)
from sklearn_sedzoo.io import read_catalog
from sklearn_sedzoo.mapping import SOMMapper
from tests.benchmarks.fsps_runs import NAMES, add_noise, nmad, read_properties

BOUNDS = {2: 0.15, 4: 0.03, 8: 0.04, 16: 0.15, 256: 1.0}
NOISY_BOUND = 1.005
N_GAPS = 5  # places of the gap in each held-out spectrum


def say(*words):
    """Print at once."""
    print(*words, flush=True)


def read_table(path=None, n_rows=None):
    """Return the normalized spectra of a catalog file, float32, and their properties."""
    catalog = read_catalog(path or pathlib.Path(os.environ["SEDZOO_DATA"]) / "sedzoo_fsps_1000.fits")
    flux, wavelength = np.asarray(catalog.flux, dtype=np.float64), np.asarray(catalog.wavelength)
    flux = flux / flux[:, (wavelength >= 4050) & (wavelength <= 4150)].mean(axis=1, keepdims=True)
    flux = flux[:n_rows, (wavelength >= 3620) & (wavelength <= 7380)].astype(np.float32)
    return flux, read_properties(catalog)[NAMES].to_numpy()[:n_rows]


def read_spectra(path=None, n_rows=None):
    """Return the normalized spectra of a catalog file, float32."""
    return read_table(path, n_rows)[0]


def split_rows(n_rows, split):
    """Return the rows for `fit` and those held out."""
    order = np.random.default_rng(1000 + split).permutation(n_rows)
    return order[n_rows // 10 :], order[: n_rows // 10]


def fit_pca(X, latent_dim):
    """Return PCA fitted in float64."""
    solver = "full" if latent_dim > 100 else "covariance_eigh"
    return PCA(min(latent_dim, len(X)), svd_solver=solver, whiten=True).fit(X.astype(np.float64))


def compare(truth, latent_dim, *, split, seed, snr=np.inf, architecture=None, objective=None, **training):
    """Train on one split; return errors relative to PCA's and the time."""
    settings = {"architecture": architecture, "objective": objective, "random_state": seed}
    settings["training"] = Training(validation_fraction=1 / 9, **training)
    X = add_noise(truth, snr, 2000 + split)
    fit, held_out = split_rows(len(X), split)
    pca = fit_pca(X[fit], latent_dim)
    linear = pca.inverse_transform(pca.transform(X[held_out]))
    wall, cpu = time.perf_counter(), time.process_time()
    embedder = ConvAutoencoderEmbedder(latent_dim, **settings).fit(X[fit])
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    drawn = embedder.inverse_transform(embedder.transform(X[held_out]))
    error, pca_error = (np.mean((each - X[held_out].astype(np.float64)) ** 2) for each in (drawn, linear))
    missed, pca_missed = (np.mean((each - truth[held_out].astype(np.float64)) ** 2) for each in (drawn, linear))
    return {"ratio": error / pca_error, "truth": missed / pca_missed, "pca": pca_error, "wall": wall, "cpu": cpu}


def compare_all(truth, latent_dim, options, **settings):
    """Train on every split with every seed."""
    settings = {**options.settings, **settings}
    return [
        compare(truth, latent_dim, split=k, seed=seed, **settings) for k in options.splits for seed in options.seeds
    ]


def report(name, runs, bound="", truth_bound=""):
    """Print the median and the worst of some runs, each beside its bound where it has one."""
    ratios = np.array([run["ratio"] for run in runs])
    bound, truth_bound = (each and f" (bound {each})" for each in (bound, truth_bound))
    say(
        f"{name}: PCA {np.median([run['pca'] for run in runs]):.3e}, embedder / PCA median {np.median(ratios):.4f} "
        f"worst {ratios.max():.4f}{bound}, against the truth "
        f"{np.median([run['truth'] for run in runs]):.4f}{truth_bound}; "
        f"each {np.round(ratios, 4)}; {np.median([run['wall'] for run in runs]):.0f} s, "
        f"{np.median([run['cpu'] for run in runs]):.0f} s of CPU, "
        f"{len(runs)} runs"
    )


def bench_sizes(options, snr=np.inf):
    """Print the table of errors against the number of latents."""
    truth = read_spectra(options.catalog, options.rows)
    for latent_dim in options.sizes or BOUNDS:
        bound = str(NOISY_BOUND if np.isfinite(snr) else BOUNDS.get(latent_dim, 1.0))
        runs = compare_all(truth, latent_dim, options, snr=snr)
        report(f"{latent_dim} latents, S/N {snr:g}", runs, bound)


def bench_noise(options):
    """Print the same at three signal-to-noise ratios."""
    for snr in options.snr or (30, 10, 3):
        bench_sizes(options, snr)


def bench_large(options):
    """Print the error at 3 latents of a large catalog over seeds and splits."""
    truth = read_spectra(options.catalog, options.rows)
    for snr in options.snr or (np.inf,):
        runs = compare_all(truth, 3, options, snr=snr)
        bounds = (str(NOISY_BOUND), "0.30" if snr == 30 else "") if np.isfinite(snr) else ("median 0.015, worst 0.030",)
        report(f"{len(truth)} spectra, 3 latents, S/N {snr:g}", runs, *bounds)


def bench_ablation(options):
    """Print what convolutions and starts add."""
    truth = read_spectra(options.catalog, options.rows)
    for latent_dim in options.sizes or (4,):
        for name, settings in {
            "default": {},
            "no convolutions": {"architecture": ResidualNetwork(filters=())},
            "one training": {"n_init": 1},
        }.items():
            report(f"{latent_dim} latents, {name}", compare_all(truth, latent_dim, options, **settings))


def bench_auto(options):
    """Print which number of latents is chosen, the intrinsic dimension and the noise of the latents."""
    truth = read_spectra(options.catalog, options.rows)
    for snr in options.snr or (np.inf, 30, 10, 3):
        for seed in options.seeds:
            X, cpu = add_noise(truth, snr, seed), time.process_time()
            embedder = ConvAutoencoderEmbedder("auto", training=Training(**options.settings), random_state=seed).fit(X)
            cpu, search = time.process_time() - cpu, embedder.size_search_
            noise = np.array(search["noise"])
            above, pca = (np.maximum(search[name] - noise, 0) for name in ("loss", "pca_loss"))
            tried = ", ".join(f"{a:.2e} / {b:.2e}" for a, b in zip(above, pca, strict=True))
            say(
                f"S/N {snr:g} seed {seed}: {embedder.model_.latent_dim} latents "
                f"({'bound 3 +- 1' if snr >= 30 else 'no bound'}), intrinsic dimension "
                f"{embedder.intrinsic_dimension_:.2f}; error above the noise, embedder / PCA of 1, 2, ...: "
                f"{tried}; noise of the latents {np.round(embedder.latent_noise_, 4)}, {int(embedder.is_noisy_.sum())} "
                f"flagged; {cpu:.0f} s of CPU"
            )


def bench_told(options):
    """Print the share of the variance of properties that cells, clusters and neighbors tell of held-out spectra."""
    truth, properties = read_table(options.catalog, options.rows)
    for snr in options.snr or (np.inf, 30):
        told = {16: [], "auto": []}
        for split in options.splits:
            X = add_noise(truth, snr, 2000 + split)
            fit, held_out = split_rows(len(X), split)
            known, asked = properties[fit], properties[held_out]
            for latent_dim, runs in told.items():
                training = Training(**options.settings)
                embedder = ConvAutoencoderEmbedder(latent_dim, training=training, whiten="robust", random_state=split)
                learned, placed = embedder.fit(X[fit]).transform(X[fit]), embedder.transform(X[held_out])
                groupers = SOMMapper(10, 10, random_state=split), KMeans(6, n_init=10, random_state=split)
                guesses = [tell_by_group(each.fit(learned), learned, known, placed) for each in groupers]
                near = KNeighborsRegressor(5, weights="distance").fit(learned, known)
                runs.append([explained(asked, guess) for guess in (*guesses, near.predict(placed))])
        for latent_dim, runs in told.items():
            cells, clusters, near = np.round(np.median(runs, axis=0), 3)
            say(
                f"S/N {snr:g}, {latent_dim} latents: {', '.join(NAMES)} by cells {cells}, 6 clusters {clusters}, "
                f"5 neighbors {near}"
            )


def tell_by_group(grouper, learned, known, placed):
    """Return the mean properties of the group of each spectrum; of all where a group has no spectra to learn from."""
    groups = pd.DataFrame(known).groupby(np.asarray(grouper.predict(learned))).mean()
    return groups.reindex(grouper.predict(placed)).fillna(pd.Series(known.mean(axis=0))).to_numpy()


def explained(truth, guess):
    """Return the share of the variance of each column."""
    return 1 - np.mean((truth - guess) ** 2, axis=0) / truth.var(axis=0)


def bench_thesis(options):
    """Print how long the default takes to the error that the thesis's network has after 50 epochs."""
    truth = read_spectra(options.catalog, options.rows)
    n_epochs = options.epochs or 50
    for latent_dim in options.sizes or (256, 6):
        thesis = {"architecture": ThesisNetwork(), "n_epochs": n_epochs, "patience": n_epochs}
        slow = compare(truth, latent_dim, split=0, seed=0, **thesis)
        say(
            f"{latent_dim} latents: thesis {slow['ratio']:.3g} of PCA ({slow['pca']:.3g}) in {slow['cpu']:.1f} s of CPU"
        )
        for few in (1, 5, 20):
            fast = compare(truth, latent_dim, split=0, seed=0, n_epochs=few)
            say(
                f"{latent_dim} latents: default {fast['ratio']:.3g} of PCA after {few} epochs in {fast['cpu']:.1f} s "
                f"of CPU: {slow['cpu'] / fast['cpu']:.1f} x faster (bound 20, at an error no larger)"
            )


def bench_variants(options):
    """Print what each network and objective is good for: error, cells and time on held-out spectra of 3 latents."""
    truth, properties = read_table(options.catalog, options.rows)
    training = Training(validation_fraction=1 / 9, **options.settings)
    variants = {
        "PCA": lambda seed: SpectrumPCA(3, whiten="robust"),
        "default": lambda seed: make_variant(training, seed),
        "thesis": lambda seed: make_variant(training, seed, architecture=ThesisNetwork()),
        "VAE": lambda seed: make_variant(training, seed, objective=VAE()),
        "DESOM": lambda seed: make_variant(training, seed, objective=DESOM()),
    }
    for snr in options.snr or (np.inf, 30):
        for name, make in variants.items():
            runs = []
            for split in options.splits:
                X = add_noise(truth, snr, 2000 + split)
                fit, held_out = split_rows(len(X), split)
                cpu = time.process_time()
                embedder = make(split).fit(X[fit])
                cpu = time.process_time() - cpu
                learned, placed = embedder.transform(X[fit]), embedder.transform(X[held_out])
                mapper = SOMMapper(10, 10, random_state=split).fit(learned)
                cells = tell_by_group(mapper, learned, properties[fit], placed)
                missed = np.mean((embedder.inverse_transform(placed) - truth[held_out].astype(np.float64)) ** 2)
                runs.append([missed, *explained(properties[held_out], cells), cpu])
            missed, *told, cpu = np.median(runs, axis=0)
            shares = f"{', '.join(NAMES)} by cells {np.round(told, 3)}"
            say(f"S/N {snr:g}, {name}: error {missed:.3g}, {shares}, {cpu:.0f} s of CPU")


def make_variant(training, seed, **settings):
    """Return an embedder of three latents."""
    return ConvAutoencoderEmbedder(3, training=training, whiten="robust", random_state=seed, **settings)


def bench_gap(options):
    """Print the error of properties that neighbors in the latents tell, of spectra with a gap and of whole ones."""
    truth, properties = read_table(options.catalog, options.rows)
    for snr in options.snr or (np.inf, 30):
        errors = {"embedder": [], "PCA": []}
        for split in options.splits:
            X, cpu = add_noise(truth, snr, split), time.process_time()
            fit, held_out = split_rows(len(X), split)
            embedder = ConvAutoencoderEmbedder(3, training=Training(**options.settings), random_state=split)
            embedder.fit(X[fit])
            pca = fit_pca(X[fit], 3)
            known = properties[fit], np.tile(properties[held_out], (N_GAPS, 1))
            whole = np.tile(X[held_out], (N_GAPS, 1))
            gappy = punch(whole, 0.1, split)
            filled = np.where(np.isnan(gappy), pca.mean_, gappy)  # what one does without a mask
            for name, embedding, cases in (("embedder", embedder, (whole, gappy)), ("PCA", pca, (whole, filled))):
                near = KNeighborsRegressor(5, weights="distance").fit(embedding.transform(X[fit]), known[0])
                errors[name].append([nmad(near.predict(embedding.transform(case)) - known[1]) for case in cases])
            say(f"S/N {snr:g} split {split}: {time.process_time() - cpu:.0f} s of CPU")
        for name, each in errors.items():
            whole, gappy = np.median(each, axis=0)
            ratio = np.median(np.divide(*np.transpose(each, (1, 0, 2))[::-1]), axis=0)
            say(
                f"S/N {snr:g}, 3 latents of {name}: error of {', '.join(NAMES)} whole {np.round(whole, 4)}, with a gap "
                f"of 10 % {np.round(gappy, 4)}: ratio {np.round(ratio, 3)} "
                f"({'bound 1.1' if name == 'embedder' else 'gap filled with the mean spectrum'})"
            )


def punch(X, share, seed):
    """Return a copy in which a contiguous stretch of each row is NaN."""
    gappy, width = X.copy(), int(share * X.shape[1])
    for row, start in zip(gappy, np.random.default_rng(seed).integers(0, X.shape[1] - width, len(X)), strict=True):
        row[start : start + width] = np.nan
    return gappy


def bench_memory(options):
    """Print the peak memory of a fit on a memory map of 10,000 x 4,096 beside the bound, and PCA's."""
    rng, n_rows = np.random.default_rng(0), options.rows or 10_000
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "flux.npy"
        X = np.lib.format.open_memmap(path, "w+", np.float32, (n_rows, 4096))
        basis = rng.standard_normal((5, 4096), dtype=np.float32)
        for start in range(0, n_rows, 1000):
            rows = X[start : start + 1000]
            rows[...] = rng.standard_normal((len(rows), 5), dtype=np.float32) @ basis
        X.flush()
        del X
        for name in ("embedder", "PCA"):
            code = f"from tests.benchmarks import bench_embedding as b; b.measure_peak({str(path)!r}, {name!r})"
            peak, cpu = json.loads(run_python(code))
            data = n_rows * 4096 * 4 / 1e6
            bound = "data + 500 MB" if name == "embedder" else "none"
            say(
                f"{name}: peak {peak:.0f} MB above the process, data {data:.0f} MB (bound: {bound}), {cpu:.0f} s of CPU"
            )


def measure_peak(path, name):
    """Print by how much a fit on a memory map raises the peak memory of this process, and its time."""
    estimator = ConvAutoencoderEmbedder(3, training=Training(1), random_state=0) if name == "embedder" else PCA(3)
    estimator.fit(np.random.default_rng(0).standard_normal((70, 4096), dtype=np.float32))  # imports are not data
    before, cpu = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    estimator.fit(np.load(path, mmap_mode="r"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    say(json.dumps([peak * 1024 / 1e6, time.process_time() - cpu]))


def bench_jobs(options):
    """Print wall and CPU time of a grid search in one process and in two, under each backend."""
    for backend in options.backends:
        for n_jobs in (1, 2):
            code = f"from tests.benchmarks import bench_embedding as b; b.search_grid({n_jobs}, {options.epochs or 40})"
            say(f"{backend}, n_jobs={n_jobs}: {run_python(code, KERAS_BACKEND=backend)}")


def search_grid(n_jobs, n_epochs):
    """Print the time of a small grid search, processes of joblib included."""
    X = read_spectra()
    embedder = ConvAutoencoderEmbedder(3, training=Training(n_epochs), random_state=0)
    wall = time.perf_counter()
    search = GridSearchCV(embedder, {"latent_dim": [2, 3]}, cv=2, refit=False, n_jobs=n_jobs).fit(X)
    wall = time.perf_counter() - wall
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)  # the time of a child is known when it has ended
    use = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(each.ru_utime + each.ru_stime for each in use)
    left = -search.cv_results_["mean_test_score"] / np.mean(X.var(axis=0))
    say(f"{wall:.1f} s, {cpu:.1f} s of CPU with imports; error / variance {left}")


def bench_backends(options):
    """Print the time of an epoch of each architecture on each backend, beside the same network in plain PyTorch."""
    for name in ("residual", "thesis"):
        times = {}
        for backend in options.backends:
            code = f"from tests.benchmarks import bench_embedding as b; b.time_epoch({name!r}, {options.rows or 1000})"
            times[backend] = json.loads(run_python(code, KERAS_BACKEND=backend))
            say(f"{name} under {backend}: {1000 * times[backend]:.1f} ms of CPU an epoch")
        if find_spec("torch"):
            code = f"from tests.benchmarks import plain_torch as p; p.time_epoch({name!r}, {options.rows or 1000})"
            plain = json.loads(run_python(code))
            shares = ", ".join(f"{backend} {cost / plain:.2f}" for backend, cost in times.items())
            say(f"{name} in plain PyTorch: {1000 * plain:.1f} ms; Keras' share: {shares} (bound 1.2)")


def time_epoch(name, n_rows):
    """Print the CPU seconds of an epoch of 800 spectra, without compilation: a long training less a short one."""
    X = read_spectra(n_rows=n_rows)
    X = X[: int(0.9 * n_rows), :4096]
    few, many = (2, 42) if name == "residual" else (1, 3)
    took = {}
    architecture = ResidualNetwork() if name == "residual" else ThesisNetwork()
    for n_epochs in (few, few, many):
        start = time.process_time()
        training = Training(n_epochs, n_init=1, patience=n_epochs, validation_fraction=1 / 9)
        ConvAutoencoderEmbedder(16, architecture=architecture, training=training, random_state=0).fit(X)
        took[n_epochs] = time.process_time() - start
    say(json.dumps((took[many] - took[few]) / (many - few)))


def run_python(code, **environment):
    """Run code in a fresh interpreter and return its last line."""
    env = {**os.environ, "PYTHONWARNINGS": "ignore", **environment}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return done.stdout.strip().splitlines()[-1]


def read_options():
    """Return the mode and the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = [name.removeprefix("bench_") for name in globals() if name.startswith("bench_")]
    parser.add_argument("mode", choices=modes)

    def many(kind):
        return lambda text: [kind(each) for each in text.split(",")]

    parser.add_argument("--seeds", type=many(int), default=[0, 1, 2, 3, 4])
    parser.add_argument("--splits", type=many(int), default=[0, 1, 2])
    parser.add_argument("--sizes", type=many(int))
    parser.add_argument("--snr", type=many(float), help="'inf' is noise-free")
    parser.add_argument("--catalog", help="FITS file; by default the 1,000 spectra in SEDZOO_DATA")
    parser.add_argument("--rows", type=int, help="take only so many spectra")
    parser.add_argument("--epochs", type=int)
    installed = [name for name in ("jax", "torch", "tensorflow") if find_spec(name)]
    parser.add_argument("--backends", type=many(str), default=installed)
    options = parser.parse_args()
    options.settings = {} if options.epochs is None else {"n_epochs": options.epochs}
    return options


if __name__ == "__main__":
    options = read_options()
    start = time.perf_counter(), time.process_time()
    globals()[f"bench_{options.mode}"](options)
    say(f"{time.perf_counter() - start[0]:.0f} s, {time.process_time() - start[1]:.0f} s of CPU in this process")
