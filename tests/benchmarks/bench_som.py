"""Time and quality of maps: SOMMapper beside MiniSom, python-som, fastersom, susi, somoclu and the bare matrix product.

Run by hand; peers that are not installed are left out::

    python -m tests.benchmarks.bench_som speed --threads 1 --clock cpu
    python -m tests.benchmarks.bench_som speed --threads 2
    python -m tests.benchmarks.bench_som quality --seeds 5
    python -m tests.benchmarks.bench_som assign

"speed" prints the time of one epoch and its ratio to ours. All contenders of a row are timed in turn, several times
over, and the least time of each is kept. Ours is timed epoch by epoch through a callback, and once more as a twentieth
of a whole `fit` of 20 epochs, with first weights, final assignment in float64 and quality; compressed training as that
alone, with the search for components. A peer's epoch is the difference between a long and a short training; online, as
many samples as the data has, scaled from fewer. Where a peer would take minutes its epoch is scaled from two smaller
numbers of samples, linearly.

"quality" prints (quantization error, topographic error) on held-out data, each package at its own defaults, over
several seeds. "assign" places 1,000,000 x 6 on a 150 x 75 map. Spectra are mixtures of those in SEDZOO_DATA when it is
set, else come from a smooth random model.
"""

import argparse
import os
import pathlib
import time
import warnings
from functools import partial

from tests.benchmarks import som_peers

CLOCK = {"now": time.perf_counter}


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


def timed(work):
    """Return the time of one run by the clock that was chosen."""
    start = CLOCK["now"]()
    work()
    return CLOCK["now"]() - start


class Contender:
    """One program on one problem: keeps its least times, piece by piece, and puts an epoch together from them."""

    def __init__(self, name, X, shape):
        self.name, self.X, self.shape = name, X, shape
        self.least = {}
        size = len(X) * X.shape[1] * shape[0] * shape[1]
        self.n_steps = max(8, min(1000, int(1e8 // (shape[0] * shape[1] * X.shape[1]))))
        self.n_rows = [len(X)]
        if name in {"python-som", "somoclu", "minisom batch"} and size > 5e9:
            first = int(max(100, min(len(X) / 4, 2e9 * len(X) / size)))
            self.n_rows = [first, 2 * first]
        self.epochs = (2, 3) if size > 2e10 else (2, 6) if size > 2e9 else (2, 12)
        self.table = None

    def _keep(self, key, work):
        self.least[key] = min(timed(work), self.least.get(key, float("inf")))

    def run(self):
        """Time every piece once more."""
        if self.name == "GEMM alone":
            self._multiply()
        elif self.name == "ours":
            seconds = som_peers.time_our_epoch(self.X, self.shape, 2 + self.epochs[1], CLOCK["now"])
            self.least["epoch"] = min(seconds, self.least.get("epoch", float("inf")))
        elif self.name == "ours, whole fit":
            self._keep("fit", partial(som_peers.make_ours(self.X, self.shape, 20).fit, self.X))
        elif self.name == "ours, compressed":
            self._keep("fit", partial(som_peers.train_epochs, self.name, self.X, self.shape, 20))
        elif self.name in {"minisom", "susi"}:
            for n_steps in (1, 1 + self.n_steps):
                self._keep(n_steps, partial(som_peers.train_steps, self.name, self.X, self.shape, n_steps))
        else:
            for n_rows in self.n_rows:
                part = self.X[:n_rows]
                for n in self.epochs:
                    train = partial(som_peers.train_epochs, self.name, part, self.shape, n)
                    self._keep((n_rows, n), train)

    def _multiply(self):
        import numpy as np

        if self.table is None:
            cells = np.arange(self.shape[0] * self.shape[1]) % len(self.X)
            self.table = np.ascontiguousarray(self.X[cells].T)
            self.buffer = np.empty((1024, len(cells)), self.X.dtype)
        self._keep("blocked", lambda: som_peers.multiply(self.X, self.table, self.buffer))
        if len(self.X) * self.table.shape[1] < 2e8:
            self._keep("whole", lambda: som_peers.multiply(self.X, self.table, None))

    def epoch(self):
        """Return the time of one epoch."""
        if self.name == "GEMM alone":
            return min(self.least.values())
        if self.name in {"minisom", "susi"}:
            return (self.least[1 + self.n_steps] - self.least[1]) / self.n_steps * len(self.X)
        if self.name == "ours":
            return self.least["epoch"]
        if self.name.startswith("ours"):
            return self.least["fit"] / 20
        low, high = self.epochs
        each = [(self.least[n, high] - self.least[n, low]) / (high - low) for n in self.n_rows]
        if len(each) == 1:
            return each[0]
        return each[0] + (each[1] - each[0]) / (self.n_rows[1] - self.n_rows[0]) * (len(self.X) - self.n_rows[0])


NAMES = ["ours", "ours, whole fit", "ours, compressed", "GEMM alone"]
NAMES += ["fastersom", "minisom", "minisom batch", "python-som", "susi", "somoclu"]


def bench_speed(args):
    """Print the table of times per epoch."""
    shapes = [tuple(int(side) for side in shape.split("x")) for shape in args.shapes]
    names = ["ours", *(name for name in NAMES[1:] if not args.peers or name in args.peers)]
    print(f"threads {args.threads}, {args.dtype}, {args.clock} time; seconds per epoch, in brackets the ratio to ours")
    print("| data | map | " + " | ".join(names) + " |")
    print("|" + "---|" * (2 + len(names)))
    for data in args.data:
        X = make_data(data, args.dtype)
        for shape in shapes:
            entries = {}
            contenders = [Contender(name, X, shape) for name in names if name != "ours, compressed" or X.shape[1] > 64]
            for _ in range(args.rounds):
                for contender in contenders:
                    try:
                        if contender.name not in entries:
                            contender.run()
                    except Exception as error:  # noqa: BLE001 - a peer that fails is a result
                        entries[contender.name] = type(error).__name__
            ours = contenders[0].epoch()
            for contender in contenders:
                if contender.name not in entries:
                    seconds = contender.epoch()
                    entries[contender.name] = f"{seconds:.3g} ({seconds / ours:.3g})"
            row = [f"{X.shape[0]} x {X.shape[1]}", f"{shape[0]} x {shape[1]}", *(entries.get(n, "-") for n in names)]
            print("| " + " | ".join(row) + " |", flush=True)


def quality_of(X, weights, shape, topology="rectangular"):
    """Return (quantization error, topographic error) of weights on data, measured by the same code for all."""
    import numpy as np

    from sklearn_sedzoo.mapping import FittedMap

    fitted = FittedMap(np.asarray(weights, dtype=float).reshape(-1, X.shape[1]), shape, topology)
    found = fitted.find(X, with_second=True)
    return fitted.average_distance(X, found.best), 1 - fitted.touch(found.best, found.second).mean()


OURS = ["ours", *(f"ours {radius}" for radius in (0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.6, 0.8, 1.0, 1.4, 2.0, 3.0))]


def bench_quality(args):
    """Print held-out errors of each package, and our quantization error where our topographic error is the same.

    Both errors can be traded for each other by the last radius: a package is better only if it lies below our curve.
    """
    import numpy as np

    peers = ["minisom", "minisom batch", "python-som", "fastersom", "susi", "somoclu"]
    peers = [peer for peer in peers if not args.peers or peer in args.peers]
    print("held-out quantization / topographic error, mean of", args.seeds, "seeds (splits and starts); in brackets")
    print("our quantization error at the peer's topographic error, and in how many seeds the peer is below our curve")
    print("| data | map | ours | " + " | ".join(peers) + " |")
    print("|" + "---|" * (3 + len(peers)))
    for data in args.data:
        X = make_data(data, "float64")[:6000]
        for shape in ((10, 10), (20, 20)):
            found = {}
            for name in [*OURS, *peers]:
                try:
                    found[name] = np.array([_hold_out(name, X, shape, seed) for seed in range(args.seeds)])
                except Exception as error:  # noqa: BLE001 - a peer that fails is a result
                    found[name] = type(error).__name__
            row = ["{:.4g} / {:.3f}".format(*found["ours"].mean(axis=0))]
            for name in peers:
                if isinstance(found[name], str):
                    row.append(found[name])
                    continue
                # at least as ordered as asked and as close as possible: the lower left hull of our maps, seed by seed
                at_order = [
                    min([q for q, t in (found[own][seed] for own in OURS) if t <= found[name][seed, 1]], default=np.inf)
                    for seed in range(args.seeds)
                ]
                n_better = int((found[name][:, 0] < at_order).sum())
                row.append(
                    "{:.4g} / {:.3f}".format(*found[name].mean(axis=0)) + f" ({np.mean(at_order):.4g}; {n_better})"
                )
            print(f"| {data} | {shape[0]} x {shape[1]} | " + " | ".join(row) + " |", flush=True)


def _hold_out(name, X, shape, seed):
    import numpy as np

    order = np.random.default_rng(seed).permutation(len(X))
    train, test = X[order[:4000]], X[order[4000:]]
    return quality_of(test, som_peers.train_default(name, train, shape, seed), shape)


def bench_assign(args):
    """Print time and peak memory of placing 1,000,000 x 6 on a 150 x 75 map."""
    import resource
    import tracemalloc

    import numpy as np

    from sklearn_sedzoo.mapping import Batch, SOMMapper

    X = np.tile(make_data("photometry", args.dtype), (10, 1))
    X += np.random.default_rng(1).normal(size=X.shape).astype(args.dtype) * 0.05
    som = SOMMapper(150, 75, algorithm=Batch(n_epochs=3)).fit(X[:20_000])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = min(timed(lambda: som.predict(X)) for _ in range(args.rounds))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    tracemalloc.start()
    som.predict(X)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    print(
        f"{len(X)} x 6 {args.dtype} -> 150 x 75, {args.threads} threads: {seconds:.2f} s {args.clock} time, peak "
        f"{peak:.0f} MiB allocated ({grown:.0f} MiB more resident than after training); all distances would be "
        f"{len(X) * 150 * 75 * X.itemsize / 2**30:.0f} GiB"
    )


def main():
    """Read the command line and run one benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["speed", "quality", "assign"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument(
        "--clock", choices=["wall", "cpu"], default="wall", help="cpu: for one thread on a busy machine"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shapes", nargs="*", default=["10x10", "32x32", "64x64", "150x75"])
    parser.add_argument("--data", nargs="*", default=["latent", "spectra", "photometry"])
    parser.add_argument("--peers", nargs="*")
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    _limit_threads(args.threads)
    if args.clock == "cpu":
        CLOCK["now"] = time.process_time
    warnings.simplefilter("ignore")
    {"speed": bench_speed, "quality": bench_quality, "assign": bench_assign}[args.what](args)


if __name__ == "__main__":
    main()
