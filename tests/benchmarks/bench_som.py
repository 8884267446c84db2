"""Time and quality of maps: SOMMapper beside MiniSom, python-som, fastersom, susi, somoclu and the bare matrix product.

Run by hand; peers that are not installed are left out::

    python tests/benchmarks/bench_som.py speed --threads 2 [--quick] [--dtype float32]
    python tests/benchmarks/bench_som.py quality
    python tests/benchmarks/bench_som.py assign

"speed" prints the time of one epoch (the difference between a long and a short training; online MiniSom: as many
samples as the data has, scaled from fewer) and its ratio to ours. "quality" prints (quantization error, topographic
error) on held-out data, each package at its own defaults, over several seeds. "assign" places 1,000,000 x 6 on a
150 x 75 map. Spectra come from SEDZOO_DATA when it is set, else from a smooth random model.
"""

import argparse
import os
import pathlib
import sys
import time
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))


CLOCK = {"wall": time.perf_counter, "is_whole": False}


def _limit_threads(n_threads):
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = str(n_threads)


def make_data(name, dtype, seed=0):
    """Return latent-like (10,000 x 256), spectra-like (10,000 x 4,096) or photometry-like (100,000 x 6) data."""
    import numpy as np

    rng = np.random.default_rng(seed)
    if name == "latent":
        scales = np.arange(1, 257) ** -0.7
        return (np.tanh(rng.normal(size=(10_000, 8)) @ rng.normal(size=(8, 256))) * scales).astype(dtype)
    if name == "photometry":
        hidden = rng.normal(size=(100_000, 3))
        return (np.tanh(hidden @ rng.normal(size=(3, 6))) + 0.1 * rng.normal(size=(100_000, 6))).astype(dtype)
    folder = pathlib.Path(os.environ.get("SEDZOO_DATA", "/nonexistent"))
    path = folder / "sedzoo_fsps_1000.fits"
    if path.is_file():
        from astropy.io import fits

        with fits.open(path) as hdus:
            flux = hdus["FLUX"].data.astype(np.float64)[:, :4096]
        flux /= flux.mean(axis=1, keepdims=True)
        mix = rng.dirichlet(np.ones(3), 10_000)
        rows = rng.integers(0, len(flux), (10_000, 3))
        return np.concatenate(
            [np.einsum("ij,ijk->ik", mix[i : i + 500], flux[rows[i : i + 500]]) for i in range(0, 10_000, 500)]
        ).astype(dtype)
    waves = np.cumsum(rng.normal(size=(12, 4096)), axis=1) / 64
    return (1 + 0.1 * rng.normal(size=(10_000, 12)) @ waves).astype(dtype)


def timed(work, repeats=1):
    """Return the least time of some runs, by the clock that was chosen."""
    best = float("inf")
    for _ in range(repeats):
        start = CLOCK["wall"]()
        work()
        best = min(best, CLOCK["wall"]() - start)
    return best


def per_epoch(fit, long, short=1, repeats=2):
    """Return the time of one epoch: the difference of two trainings, or (--whole) the share in one of 20 epochs."""
    if CLOCK["is_whole"]:
        return timed(lambda: fit(20)) / 20
    fit(short)
    return (timed(lambda: fit(long), repeats) - timed(lambda: fit(short), repeats)) / (long - short)


def epoch_ours(X, shape, **params):
    """One epoch of SOMMapper."""
    from sklearn_sedzoo.mapping import SOMMapper

    n_cells = shape[0] * shape[1]
    start = X[:: len(X) // n_cells][:n_cells].reshape(*shape, -1) if len(X) >= n_cells else "sample"

    def fit(n_epochs):
        SOMMapper(*shape, init=start, n_epochs=n_epochs, random_state=0, **params).fit(X)

    return per_epoch(fit, 4 if X.shape[1] > 1000 or shape[0] > 50 else 11)


def epoch_minisom(X, shape, *, batch=False):
    """One epoch of MiniSom, scaled from a few samples."""
    import numpy as np
    from minisom import MiniSom

    trainer = MiniSom(*shape, X.shape[1], sigma=max(shape) / 2, random_seed=0)
    n = int(np.clip(1e8 // (shape[0] * shape[1] * X.shape[1]), 10, 1000))
    if batch:
        part = X[:n]
        return timed(lambda: trainer.train_batch_offline(part, 1)) / len(part) * len(X)
    return timed(lambda: trainer.train_random(X[:n], n)) / n * len(X)


def epoch_python_som(X, shape):
    """One epoch of python-som's batch training."""
    import python_som

    def fit(n):
        som = python_som.SOM(*shape, X.shape[1], neighborhood_radius=max(shape) / 2, random_seed=0)
        som.train(X, n_iteration=n, mode="batch")

    return per_epoch(fit, 3, repeats=1)


def epoch_fastersom(X, shape):
    """One epoch of fastersom on the CPU."""
    import fastersom

    def fit(n):
        fastersom.SOM(*shape, n_epochs=n, init="sample", random_state=0, device="cpu").fit(X)

    return per_epoch(fit, 4 if X.shape[1] > 1000 or shape[0] > 50 else 11)


def epoch_susi(X, shape):
    """As many online steps of susi as the data has samples, scaled from a few."""
    import susi

    n = 100 if shape[0] < 50 else 10

    def fit(n_steps):
        susi.SOMClustering(*shape, n_iter_unsupervised=n_steps, random_state=0).fit(X[:64])

    return per_epoch(fit, n + 1, repeats=1) * len(X)


def epoch_somoclu(X, shape):
    """One epoch of somoclu (float32 only)."""
    import somoclu

    def fit(n):
        som = somoclu.Somoclu(shape[1], shape[0], compactsupport=False)
        som.train(X.astype("float32"), epochs=n)

    return per_epoch(fit, 4)


def time_gemm(X, shape):
    """The matrix product of the distance search alone: whole, or in blocks of 1,024 rows, whichever is faster."""
    import numpy as np

    table = np.ascontiguousarray(X[np.arange(shape[0] * shape[1]) % len(X)].T)
    buffer = np.empty((1024, table.shape[1]), X.dtype)

    def blocked():
        for start in range(0, len(X), 1024):
            part = X[start : start + 1024]
            np.dot(part, table, out=buffer[: len(part)])

    times = [timed(blocked, 2)]
    if len(X) * table.shape[1] < 2e8:
        times.append(timed(lambda: X @ table, 2))
    return min(times)


PEERS = {
    "minisom": epoch_minisom,
    "minisom batch": lambda X, shape: epoch_minisom(X, shape, batch=True),
    "python-som": epoch_python_som,
    "fastersom": epoch_fastersom,
    "susi": epoch_susi,
    "somoclu": epoch_somoclu,
}


def bench_speed(args):
    """Print the table of times per epoch."""
    shapes = [(10, 10), (32, 32)] if args.quick else [(10, 10), (32, 32), (64, 64), (150, 75)]
    if args.shapes:
        shapes = [tuple(int(side) for side in shape.split("x")) for shape in args.shapes]
    peers = [name for name in PEERS if not args.peers or name in args.peers]
    print(f"threads {args.threads}, {args.dtype}; seconds per epoch, in brackets the ratio to ours")
    print("| data | map | ours | compress | GEMM alone | " + " | ".join(peers) + " |")
    for name in args.data:
        X = make_data(name, args.dtype)
        for shape in shapes:
            if len(X) * X.shape[1] * shape[0] * shape[1] > 2e11 and not args.all:
                continue
            ours = epoch_ours(X, shape)
            row = [f"{X.shape[0]} x {X.shape[1]}", f"{shape[0]} x {shape[1]}", f"{ours:.3g}"]
            packed = epoch_ours(X, shape, compress=1e-4) if X.shape[1] > 64 else None
            row.append("-" if packed is None else f"{packed:.3g} ({packed / ours:.2f})")
            gemm = time_gemm(X, shape)
            row.append(f"{gemm:.3g} ({gemm / ours:.2f})")
            for peer in peers:
                try:
                    seconds = PEERS[peer](X, shape)
                    row.append(f"{seconds:.3g} ({seconds / ours:.1f})")
                except Exception as error:  # noqa: BLE001 - a peer that fails is a result
                    row.append(type(error).__name__)
            print("| " + " | ".join(row) + " |", flush=True)


def quality_of(X, weights, shape, topology="rectangular"):
    """Return (quantization error, topographic error) of weights on data, measured by the same code for all."""
    import numpy as np

    from sklearn_sedzoo._kernels.som_grid import are_neighbors
    from sklearn_sedzoo._kernels.som_search import find_best_cells, measure_own

    flat = np.asarray(weights, dtype=float).reshape(-1, X.shape[1])
    found = find_best_cells(X, flat, with_second=True)
    near = are_neighbors(*shape, topology, False, found.best, found.second)
    return measure_own(X, flat, found.best).mean(), 1 - near.mean()


def train_default(name, X, shape, seed):
    """Return the weights of one package at its own defaults."""
    if name.startswith("ours"):
        from sklearn_sedzoo.mapping import SOMMapper

        radius = {"radius_end": float(name.split()[1])} if " " in name else {}
        return SOMMapper(*shape, random_state=seed, **radius).fit(X).weights_
    if name == "minisom":
        from minisom import MiniSom

        som = MiniSom(*shape, X.shape[1], random_seed=seed)
        som.train_random(X, 10 * len(X))
        return som.get_weights()
    if name == "python-som":
        import python_som

        som = python_som.SOM(*shape, X.shape[1], random_seed=seed)
        som.weight_initialization(mode="linear", data=X)
        som.train(X, n_iteration=20, mode="batch")
        return som.get_weights()
    if name == "fastersom":
        import fastersom

        return fastersom.SOM(*shape, random_state=seed, device="cpu").fit(X).weights_
    if name == "susi":
        import susi

        return susi.SOMClustering(*shape, random_state=seed).fit(X).unsuper_som_
    import somoclu

    som = somoclu.Somoclu(shape[1], shape[0])
    som.train(X.astype("float32"))
    return som.codebook


OURS = ["ours", *(f"ours {radius}" for radius in (0.2, 0.25, 0.3, 0.35, 0.4, 0.6, 0.8, 1.0, 1.4, 2.0, 3.0))]


def bench_quality(args):
    """Print held-out errors of each package, and our quantization error where our topographic error is the same.

    Both errors can be traded for each other by the last radius: a package is better only if it lies below our curve.
    """
    import numpy as np

    peers = ["minisom", "python-som", "fastersom", "susi", "somoclu"]
    print("held-out quantization / topographic error, mean of", args.seeds, "seeds; in brackets: ours at that order")
    print("| data | map | ours | " + " | ".join(peers) + " |")
    for data in ("latent", "photometry"):
        X = make_data(data, "float64")[:6000]
        for shape in ((10, 10), (20, 20)):
            found = {}
            for name in [*OURS, *peers]:
                pairs = []
                for seed in range(args.seeds):
                    order = np.random.default_rng(seed).permutation(len(X))
                    train, test = X[order[:4000]], X[order[4000:]]
                    try:
                        pairs.append(quality_of(test, train_default(name, train, shape, seed), shape))
                    except Exception as error:  # noqa: BLE001 - a peer that fails is a result
                        found[name] = type(error).__name__
                        break
                if name not in found:
                    found[name] = np.mean(pairs, axis=0)
            curve = np.array(sorted((found[name][1], found[name][0]) for name in OURS))
            row = ["{:.4f} / {:.3f}".format(*found["ours"])]
            for name in peers:
                if isinstance(found[name], str):
                    row.append(found[name])
                    continue
                row.append("{:.4f} / {:.3f}".format(*found[name]) + f" ({np.interp(found[name][1], *curve.T):.4f})")
            print(f"| {data} | {shape[0]} x {shape[1]} | " + " | ".join(row) + " |", flush=True)


def bench_assign(args):
    """Print time and peak memory of placing 1,000,000 x 6 on a 150 x 75 map."""
    import tracemalloc

    import numpy as np

    from sklearn_sedzoo.mapping import SOMMapper

    X = np.tile(make_data("photometry", args.dtype), (10, 1))
    X += np.random.default_rng(1).normal(size=X.shape).astype(args.dtype) * 0.05
    som = SOMMapper(150, 75, n_epochs=3).fit(X[:20_000])
    seconds = timed(lambda: som.predict(X))
    tracemalloc.start()
    som.predict(X)
    print(f"{len(X)} x 6 -> 150 x 75: {seconds:.2f} s, peak {tracemalloc.get_traced_memory()[1] / 2**20:.0f} MiB")


def main():
    """Read the command line and run one benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["speed", "quality", "assign"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--shapes", nargs="*", help="maps such as 10x10; default all four")
    parser.add_argument("--whole", action="store_true", help="divide whole trainings of 20 epochs, start and end too")
    parser.add_argument("--cpu", action="store_true", help="count processor time, for one thread on a busy machine")
    parser.add_argument("--data", nargs="*", default=["latent", "spectra", "photometry"])
    parser.add_argument("--peers", nargs="*")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="small maps only")
    parser.add_argument("--all", action="store_true", help="also what takes many minutes")
    args = parser.parse_args()
    _limit_threads(args.threads)
    CLOCK["is_whole"] = args.whole
    if args.cpu:
        CLOCK["wall"] = time.process_time
    warnings.simplefilter("ignore")
    {"speed": bench_speed, "quality": bench_quality, "assign": bench_assign}[args.what](args)


if __name__ == "__main__":
    main()
