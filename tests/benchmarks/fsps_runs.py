"""The embeddings that the figures of "What the clusters mean" are measured on, trained once and kept."""

import pathlib
import time
from dataclasses import dataclass

import joblib
import numpy as np
import pandas as pd
from sklearn.frozen import FrozenEstimator

from sklearn_sedzoo.pipeline import make_sed_pipeline

N_TRAIN, N_SEEDS, N_SPLITS = 8000, 5, 3
RANGE = (3620, 7380)  # Angstrom, where the catalog is finely sampled
NAMES = ["log_age", "metallicity", "velocity_dispersion"]


@dataclass
class Run:
    """One embedding: 3 latents of all spectra, and which of them it has learned from."""

    name: str
    zoo: object
    latents: np.ndarray
    properties: pd.DataFrame
    train: np.ndarray
    test: np.ndarray

    @property
    def truth(self):
        """Log age, metallicity and dispersion of all spectra."""
        return self.properties[NAMES].to_numpy()


def read_properties(catalog):
    """Return log age (clipped where the library begins), metallicity, dispersion, log mass and redshift."""
    known = catalog.properties
    return pd.DataFrame(
        {
            "log_age": np.log10(np.clip(known["age"], 0.01, None)),
            "metallicity": known["metallicity"],
            "velocity_dispersion": known["velocity_dispersion"],
            "log_mass": np.log10(known["stellar_mass"]),
            "redshift": known["redshift"],
        }
    ).astype(float)


def split_rows(n_rows, split):
    """Return the rows to learn from and those held out."""
    order = np.random.default_rng(split).permutation(n_rows)
    return order[:N_TRAIN], order[N_TRAIN:]


def make_zoo(catalog, seed=0, **params):
    """Return the pipeline, not fitted."""
    params = {"latent_dim": 3, "random_state": seed} | params
    return make_sed_pipeline(wavelength=catalog.wavelength, grid=4096, grid_range=RANGE, **params)


def refit_end(run, catalog, final, **params):
    """Return the pipeline of a run with its embedding as it is and another end, fitted on the training spectra."""
    zoo = make_zoo(catalog, embed=FrozenEstimator(run.zoo["embed"]), final=final, **params)
    return zoo.fit(catalog.flux[run.train])


def load_runs(catalog, cache, n_fits):
    """Return the runs, of which up to `n_fits` are trained now: all splits with one seed, then the next seed."""
    cache = pathlib.Path(cache)
    cache.mkdir(parents=True, exist_ok=True)
    properties, runs = read_properties(catalog), []
    for i in range(N_SEEDS * N_SPLITS):
        seed, split = divmod(i, N_SPLITS)
        path = cache / f"split{split}_seed{seed}.joblib"
        train, test = split_rows(len(catalog), split)
        if not path.exists():
            if n_fits == 0:
                continue
            n_fits -= 1
            start = time.perf_counter()
            zoo = make_zoo(catalog, seed).fit(catalog.flux[train])
            joblib.dump((zoo, np.asarray(zoo.transform(catalog.flux))), path)
            loss = zoo["embed"].best_loss_
            print(f"trained {path.stem}: loss {loss:.3g}, {time.perf_counter() - start:.0f} s", flush=True)
        zoo, latents = joblib.load(path)
        runs.append(Run(path.stem, zoo, latents, properties, train, test))
    return runs


def nmad(residual):
    """Return 1.4826 times the median distance of the residuals from their median, column by column."""
    return 1.4826 * np.median(np.abs(residual - np.median(residual, axis=0)), axis=0)


def add_noise(flux, signal_to_noise, seed):
    """Return spectra with Gaussian noise of the same S/N in every pixel."""
    if np.isinf(signal_to_noise):
        return flux
    rng = np.random.default_rng(seed)
    return flux * (1 + rng.standard_normal(flux.shape, dtype=np.float32) / np.float32(signal_to_noise))


def say(number, what, reached, bound, is_met):
    """Print one figure beside its bound."""
    reached = " / ".join(f"{value:.3g}" for value in np.atleast_1d(reached))
    verdict = "" if is_met is None else "met" if np.all(is_met) else "MISSED"
    print(f"{number:>3}  {what:<62} {reached:<26} {bound:<30} {verdict}", flush=True)
