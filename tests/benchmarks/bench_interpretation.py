"""How well clusters and cells tell physical properties: the figures of "What the clusters mean", beside their bounds.

    python -m tests.benchmarks.bench_interpretation catalog.fits --fit 15 --cache DIR

`catalog.fits` holds 10,000 FSPS galaxies. The embeddings (3 latents, 8,000 spectra to learn from, three minutes each on
one core) are kept in DIR; `--fit 0` evaluates those that are there.
"""

import argparse
import pathlib
import time

import joblib
import numpy as np

from sklearn_sedzoo.io import read_catalog
from sklearn_sedzoo.pipeline import make_sed_pipeline

N_TRAIN, SPLITS = 8000, 3
RANGE = (3620, 7380)  # Angstrom, where the catalogue is finely sampled
NAMES = ("log_age", "metallicity", "velocity_dispersion")


def read_properties(catalog):
    """Return log age (clipped where the library begins), metallicity and dispersion."""
    known = catalog.properties
    log_age = np.log10(np.clip(known["age"], 0.01, None))
    return np.column_stack([log_age, known["metallicity"], known["velocity_dispersion"]]).astype(float)


def split_rows(n_rows, split):
    """Return the rows to learn from and those held out."""
    order = np.random.default_rng(split).permutation(n_rows)
    return order[:N_TRAIN], order[N_TRAIN:]


def make_zoo(catalog, seed=0, **params):
    """Return the pipeline, not fitted."""
    return make_sed_pipeline(
        wavelength=catalog.wavelength, grid=4096, grid_range=RANGE, latent_dim=3, random_state=seed, **params
    )


def fit_embeddings(catalog, cache, n_fits):
    """Fit and keep up to `n_fits` embeddings that are not there yet: all splits with one seed, then the next seed."""
    for i in range(15):
        seed, split = divmod(i, SPLITS)
        path = cache / f"split{split}_seed{seed}.joblib"
        if path.exists() or n_fits == 0:
            continue
        n_fits -= 1
        start = time.perf_counter()
        zoo = make_zoo(catalog, seed).fit(catalog.flux[split_rows(len(catalog), split)[0]])
        joblib.dump(zoo, path)
        print(f"{path.name}: loss {zoo['embed'].best_loss_:.3g}, {time.perf_counter() - start:.0f} s", flush=True)


def main():
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("catalog")
    parser.add_argument("--fit", type=int, default=15)
    parser.add_argument("--cache", type=pathlib.Path, required=True)
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    catalog = read_catalog(options.catalog)
    fit_embeddings(catalog, options.cache, options.fit)


if __name__ == "__main__":
    main()
