"""Held-out error of the embedder beside that of PCA with as many components, on catalogues of FSPS spectra.

    SEDZOO_DATA=... python -m tests.benchmarks.bench_embedding sizes        # 1,000 spectra, 2 to 256 latents
    python -m tests.benchmarks.bench_embedding noise                        # the same at S/N 30, 10 and 3
    python -m tests.benchmarks.bench_embedding auto                         # latent_dim="auto", noise-free and S/N 30
    python -m tests.benchmarks.bench_embedding ablation                     # with and without convolutions, one start
    python -m tests.benchmarks.bench_embedding thesis                       # time to the thesis network's final error
    python -m tests.benchmarks.bench_embedding large CATALOGUE [S/N]        # 3 latents on 10,000 spectra
    python -m tests.benchmarks.bench_embedding memory                       # peak of a fit on a memory map

Every catalogue is cut to 3,620-7,380 A and divided by its mean flux in 4,050-4,150 A. Eight tenths are trained on, one
tenth stops the training, one tenth is held out. PCA learns from the nine tenths. Noise is drawn for each pixel,
proportional to its flux. "truth" compares with the spectra before noise was added.
"""

import os
import pathlib
import resource
import sys
import tempfile
import time

import numpy as np
from astropy.io import fits
from sklearn.decomposition import PCA

from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder

SEEDS = tuple(int(each) for each in os.environ.get("SEEDS", "0,1,2").split(","))
SPLITS = tuple(int(each) for each in os.environ.get("SPLITS", "0,1,2").split(","))
BOUNDS = {2: 0.15, 4: 0.03, 8: 0.04, 16: 0.15, 256: 1.0}


def read_spectra(path=None):
    """Return the normalised spectra of a catalogue file, float32."""
    path = path or pathlib.Path(os.environ["SEDZOO_DATA"]) / "sedzoo_fsps_1000.fits"
    with fits.open(path) as file:
        flux = np.asarray(file["FLUX"].data, dtype=np.float64)
        wavelength = np.asarray(file["WAVELENGTH"].data.field(0), dtype=np.float64)
    flux /= flux[:, (wavelength >= 4050) & (wavelength <= 4150)].mean(axis=1, keepdims=True)
    return flux[:, (wavelength >= 3620) & (wavelength <= 7380)].astype(np.float32)


def compare(truth, latent_dim, *, split, seed, noise=None, **settings):
    """Train on one split; return errors relative to PCA's and the time."""
    rng = np.random.default_rng(1000 + split)
    X = truth
    if noise is not None:
        X = (truth * (1 + rng.standard_normal(truth.shape, dtype=np.float32) / noise)).astype(np.float32)
    order = rng.permutation(len(X))
    held_out, fit = order[: len(X) // 10], order[len(X) // 10 :]
    pca = PCA(latent_dim, svd_solver="full" if latent_dim > 100 else "covariance_eigh").fit(X[fit].astype(np.float64))
    linear = pca.inverse_transform(pca.transform(X[held_out]))
    wall, cpu = time.perf_counter(), time.process_time()
    embedder = ConvAutoencoderEmbedder(latent_dim, random_state=seed, validation_fraction=1 / 9, **settings).fit(X[fit])
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    drawn = embedder.inverse_transform(embedder.transform(X[held_out]))
    error, pca_error = (np.mean((each - X[held_out].astype(np.float64)) ** 2) for each in (drawn, linear))
    missed, pca_missed = (np.mean((each - truth[held_out].astype(np.float64)) ** 2) for each in (drawn, linear))
    return {"ratio": error / pca_error, "truth": missed / pca_missed, "pca": pca_error, "wall": wall, "cpu": cpu}


def report(name, runs, bound):
    """Print the median and the worst of some runs beside the bound."""
    ratios = np.array([run["ratio"] for run in runs])
    print(
        f"{name}: PCA {np.median([run['pca'] for run in runs]):.3e}, embedder / PCA median {np.median(ratios):.4f} "
        f"worst {ratios.max():.4f} (bound {bound}), against the truth {np.median([run['truth'] for run in runs]):.4f}; "
        f"{np.median([run['wall'] for run in runs]):.0f} s, {np.median([run['cpu'] for run in runs]):.0f} s of CPU, "
        f"{len(runs)} runs",
        flush=True,
    )


def bench_sizes(noise=None):
    """Print the table of errors against the number of latents."""
    truth = read_spectra()
    for latent_dim, bound in BOUNDS.items():
        runs = [compare(truth, latent_dim, split=split, seed=split, noise=noise) for split in SPLITS]
        report(f"{latent_dim} latents, S/N {noise or 'infinite'}", runs, 1.005 if noise else bound)


def bench_noise():
    """Print the same at three signal-to-noise ratios."""
    for noise in (30, 10, 3):
        bench_sizes(noise)


def bench_large(path, noise=None):
    """Print the error at 3 latents of a large catalogue over seeds and splits."""
    truth, runs = read_spectra(path), []
    for split in SPLITS:
        for seed in SEEDS:
            runs.append(compare(truth, 3, split=split, seed=seed, noise=noise and float(noise)))
            report(f"split {split} seed {seed}", runs[-1:], "")
    report(
        f"{len(truth)} spectra, 3 latents, S/N {noise or 'infinite'}",
        runs,
        "0.30" if noise else "median 0.015, worst 0.030",
    )


def bench_ablation():
    """Print what convolutions and starts add at 4 latents."""
    truth = read_spectra()
    for name, settings in {"default": {}, "no convolutions": {"filters": ()}, "one start": {"n_init": 1}}.items():
        runs = [compare(truth, 4, split=split, seed=split, **settings) for split in SPLITS]
        report(f"4 latents, {name}", runs, "")


def bench_auto():
    """Print which number of latents is chosen, over seeds."""
    truth = read_spectra()
    for noise in (None, 30):
        for seed in SEEDS:
            rng = np.random.default_rng(seed)
            X = truth if noise is None else truth * (1 + rng.standard_normal(truth.shape, dtype=np.float32) / noise)
            wall = time.perf_counter()
            embedder = ConvAutoencoderEmbedder("auto", random_state=seed).fit(X)
            losses = ", ".join(f"{loss:.2e}" for loss in embedder.size_search_["loss"])
            print(
                f"S/N {noise or 'infinite'} seed {seed}: {embedder.model_.latent_dim} latents (bound 3 +- 1), losses "
                f"{losses}, noise of the latents {np.round(embedder.latent_noise_, 4)}; "
                f"{time.perf_counter() - wall:.0f} s",
                flush=True,
            )


def bench_thesis():
    """Print how long the default takes to the error that the thesis's network has after 50 epochs."""
    truth = read_spectra()
    for latent_dim in (256, 6):
        slow = compare(truth, latent_dim, split=0, seed=0, architecture="thesis", epochs=50, patience=50)
        for epochs in (1, 5, 20):
            fast = compare(truth, latent_dim, split=0, seed=0, epochs=epochs)
            print(
                f"{latent_dim} latents: thesis {slow['ratio']:.3g} of PCA in {slow['cpu']:.1f} s of CPU, default "
                f"{fast['ratio']:.3g} after {epochs} epochs in {fast['cpu']:.1f} s: {slow['cpu'] / fast['cpu']:.1f} x "
                "faster (bound 20)",
                flush=True,
            )


def bench_memory():
    """Print the peak memory of a fit on a memory map of 10,000 x 4,096 beside the bound."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "flux.npy"
        X = np.lib.format.open_memmap(path, "w+", np.float32, (10_000, 4096))
        basis = rng.standard_normal((5, 4096), dtype=np.float32)
        for start in range(0, 10_000, 1000):
            X[start : start + 1000] = rng.standard_normal((1000, 5), dtype=np.float32) @ basis
        X.flush()
        del X
        ConvAutoencoderEmbedder(3, epochs=1, random_state=0).fit(basis)  # imports and compiled code are not data
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        X = np.load(path, mmap_mode="r")
        ConvAutoencoderEmbedder(3, epochs=1, random_state=0).fit(X)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"peak {after - before:.0f} MB above the process, data {X.nbytes / 1e6:.0f} MB (bound: data + 500 MB)")


if __name__ == "__main__":
    globals()[f"bench_{sys.argv[1]}"](*sys.argv[2:])
