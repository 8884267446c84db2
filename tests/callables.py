"""The one list of public functions whose options are tried with wrong values, each with a call that works."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import matplotlib.pyplot
import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

import sklearn_sedzoo
from sklearn_sedzoo import (
    datasets,
    inspection,
    io,
    metrics,
    model_selection,
    photometry,
    photoz,
    plotting,
    preprocessing,
    report,
)
from sklearn_sedzoo._containers import SpectrumTable
from sklearn_sedzoo.inspection import in_domain, learn_domain
from sklearn_sedzoo.mapping import Batch, SOMMapper
from sklearn_sedzoo.pipeline import make_sed_pipeline, split_at_embedding
from sklearn_sedzoo.zoo import Zoo

RNG = np.random.default_rng(0)
LATENTS = RNG.normal(size=(60, 2))
GRID = np.linspace(4000.0, 5000.0, 40)
FLUX = 10 + LATENTS @ np.vstack([np.sin(GRID / 90), np.cos(GRID / 130)])
PROPERTIES = pd.DataFrame({"age": LATENTS[:, 0], "mass": RNG.normal(size=60)})
BANDS = {"g": ([4000, 4300, 4600], [0, 1, 0]), "r": ([4500, 4700, 4900], [0, 1, 0])}


@dataclass
class Call:
    """A call that works: the arguments that it needs, made anew each time; names of the options to be tried."""

    make: Callable[[], dict]
    options: tuple[str, ...]
    data: tuple[str, ...] = ()  # arguments with a default that are data, no options


def catalog():
    return SpectrumTable(FLUX[:20].copy(), GRID, PROPERTIES[:20].copy(), frame="rest", medium="vacuum")


@cache
def fit_pipeline():
    pipeline = make_sed_pipeline(wavelength=GRID, grid=20, band=None, embed=PCA(2), final=KMeans(3, random_state=0))
    return pipeline.fit(FLUX)


@cache
def fit_map():
    return SOMMapper(3, 3, algorithm=Batch(n_epochs=2)).fit(LATENTS)


@cache
def fit_zoo():
    return Zoo.fit(catalog(), **zoo_options())


def zoo_options():
    steps = {"embed": PCA(2), "cluster": KMeans(2, random_state=0), "resample__grid": 20, "normalize__band": None}
    return {"params": {**steps, "map__n_rows": 2, "map__n_columns": 2}, "random_state": 0}


def write_spectra():
    io.write_catalog("spectra.fits", catalog(), overwrite=True)
    return "spectra.fits"


def write_numbers():
    PROPERTIES.to_csv("numbers.csv", index=False)
    return "numbers.csv"


def write_fits():
    io.write_map("numbers.fits", PROPERTIES, overwrite=True)
    return "numbers.fits"


def drawn(display, *data):
    """Return a display to be drawn, after what was drawn before is closed."""
    matplotlib.pyplot.close("all")
    return display(*data)


READING = ("unit", "on_bad", "grid", "sentinels", "strict", "mask_bits", "n_jobs")
FITTED = {"pipeline": fit_pipeline(), "X": FLUX}
MAPPED = {"som": fit_map(), "X": LATENTS}
TRUTH = {"z_true": np.linspace(0.1, 0.9, 9), "z_phot": np.linspace(0.1, 0.8, 9)}
LABELS = {"labels": np.arange(60) % 3, "values": LATENTS[:, 0]}

FUNCTIONS = {
    datasets.make_observed_catalog: Call(
        lambda: {"n_galaxies": 2},
        ("n_galaxies", "redshift_range", "median_snr", "wrong_redshifts", "return_clean", "random_state"),
    ),
    datasets.make_sed_catalog: Call(
        lambda: {"n_galaxies": 2}, ("n_galaxies", "random_state", "dust", "emission_lines", "wavelength")
    ),
    datasets.sample_ssp_catalog: Call(
        lambda: {
            "library": datasets.SSPLibrary(np.zeros((2, 2, 40)), GRID, np.array([-2, 1]), np.array([-0.5, 0.2])),
            "n_galaxies": 2,
            "wavelength_range": (4100.0, 4900.0),
        },
        ("n_galaxies", "random_state", "extra", "wavelength_range"),
    ),
    inspection.find_similar: Call(lambda: {"latents": LATENTS, "query": 0}, ("query", "n_neighbors")),
    inspection.fingerprint_galaxies: Call(
        lambda: {"estimator": fit_map(), "X": LATENTS, "galaxies": np.arange(60) // 6}, ("radius",), ("sample_weight",)
    ),
    inspection.identifiability: Call(
        lambda: {**FITTED, "properties": PROPERTIES}, ("parameters", "min_effect", "max_samples", "random_state")
    ),
    inspection.in_domain: Call(lambda: {**FITTED, "domain": learn_domain(**FITTED)}, ("domain",)),
    inspection.interpret: Call(lambda: {**FITTED, "properties": PROPERTIES}, ("n_features", "frame", "random_state")),
    inspection.learn_domain: Call(lambda: FITTED, ("false_alarm_rate", "description")),
    inspection.property_association: Call(
        lambda: {"labels": LABELS["labels"], "properties": PROPERTIES, "n_permutations": 3, "n_resamples": 3},
        ("n_permutations", "n_resamples", "random_state"),
    ),
    inspection.rank_unusual: Call(
        lambda: {"judged": in_domain(**FITTED, domain=learn_domain(**FITTED))}, ("n_spectra",), ("properties",)
    ),
    io.diagnose_catalog: Call(lambda: {"catalog": catalog()}, ("frame", "medium")),
    io.load_model: Call(dict, ("path",)),
    io.read_catalog: Call(lambda: {"path": write_spectra()}, READING),
    io.read_map: Call(dict, ("path",)),
    io.read_photometry: Call(lambda: {"path": write_numbers()}, ("columns", "group", "hdu")),
    io.read_properties: Call(lambda: {"path": write_fits()}, ("hdu",)),
    io.read_spectra: Call(lambda: {"source": [write_spectra()]}, (*READING, "progress")),
    io.save_model: Call(lambda: {"model": PCA(1), "path": "model.skops", "overwrite": True}, ("overwrite",)),
    io.stack_spectra: Call(lambda: {"tables": [catalog(), catalog()]}, ("grid",), ("path",)),
    io.write_catalog: Call(lambda: {"catalog": catalog(), "path": "a.fits", "overwrite": True}, ("overwrite",)),
    io.write_map: Call(lambda: {"frame": PROPERTIES, "path": "m.fits", "overwrite": True}, ("meta", "overwrite")),
    make_sed_pipeline: Call(
        dict,
        (
            "wavelength",
            "unit",
            "grid",
            "grid_range",
            "spacing",
            "band",
            "latent_dim",
            "redshift",
            "medium",
            "ebv",
            "resample",
            "embed",
            "final",
            "keep_brightness",
            "on_bad",
            "memory",
            "random_state",
        ),
    ),
    metrics.adjusted_mutual_information: Call(lambda: LABELS, ("n_bins",)),
    metrics.conditional_entropy: Call(lambda: LABELS, ("n_bins",)),
    metrics.distortion: Call(lambda: MAPPED, ("radius",)),
    metrics.intrinsic_dimension: Call(lambda: {"X": LATENTS}, ("n_neighbors",)),
    metrics.map_trustworthiness: Call(
        lambda: {**MAPPED, "n_neighbors": 1}, ("n_neighbors", "n_samples", "random_state")
    ),
    metrics.neighborhood_preservation: Call(
        lambda: {**MAPPED, "n_neighbors": 1}, ("n_neighbors", "n_samples", "random_state")
    ),
    metrics.outlier_rate: Call(lambda: TRUTH, ("threshold",)),
    metrics.reconstruction_error: Call(lambda: {"estimator": fit_pipeline(), "X": FLUX}, ("per_sample",)),
    model_selection.choose_n_clusters: Call(
        lambda: {"X": LATENTS, "n_clusters": [2], "n_references": 1, "n_bootstraps": 1},
        ("n_clusters", "clusterer", "n_references", "n_bootstraps", "max_samples", "random_state"),
    ),
    model_selection.compare_propagators: Call(
        lambda: {"X": LATENTS, "y": LATENTS[:, 0], "som": SOMMapper(2, 2, algorithm=Batch(n_epochs=2)), "cv": 2},
        ("som", "n_near", "n_neighbors", "cv", "random_state"),
    ),
    model_selection.fit_reference: Call(lambda: FITTED, ("min_share", "max_components", "random_state")),
    model_selection.map_scorer: Call(dict, ("measure",)),
    model_selection.photoz_scorer: Call(dict, ("metric",)),
    model_selection.silhouette_scorer: Call(lambda: {"reference": "own"}, ("reference", "sample_size", "random_state")),
    model_selection.stability: Call(
        lambda: {"estimator": KMeans(2, n_init=1), "X": LATENTS, "n_runs": 2},
        ("vary", "n_runs", "subset", "test_fraction", "random_state"),
        ("properties",),
    ),
    photoz.best_redshift: Call(
        lambda: {"density": np.ones((2, 9)), "zgrid": np.linspace(0, 1, 9)}, ("gamma", "window")
    ),
    photometry.ab_to_vega: Call(lambda: {"magnitude": [20.0]}, ("band",)),
    photometry.absolute_magnitude: Call(
        lambda: {"magnitude": [20.0], "redshift": [0.1]}, ("cosmology",), ("k_correction",)
    ),
    photometry.distance_modulus: Call(lambda: {"redshift": [0.1]}, ("cosmology",)),
    photometry.make_training_set: Call(
        lambda: {"seds": FLUX[:2], "redshifts": [0.0], "bands": BANDS, "wavelength": GRID, "depths": {"g": 9, "r": 9}},
        (
            "redshifts",
            "bands",
            "wavelength",
            "flux_unit",
            "depths",
            "error_floor",
            "igm",
            "out_of_range",
            "cosmology",
            "random_state",
        ),
    ),
    preprocessing.air_to_vacuum: Call(lambda: {"wavelength": GRID}, ("formula",)),
    preprocessing.vacuum_to_air: Call(lambda: {"wavelength": GRID}, ("formula",)),
    plotting.LatentDisplay.plot: Call(
        lambda: {"self": drawn(plotting.LatentDisplay, LATENTS)}, ("n_columns", "size", "alpha"), ("ax",)
    ),
    plotting.MapDisplay.from_estimator: Call(
        lambda: {"estimator": fit_map()}, ("show",), ("X", "values", "title", "ax")
    ),
    plotting.MapDisplay.plot: Call(
        lambda: {"self": drawn(plotting.MapDisplay, np.arange(4.0), np.array([[0, 0], [0, 1], [1, 0], [1, 1]]))},
        ("low", "high", "colorbar"),
        ("ax", "cmap"),
    ),
    plotting.PITDisplay.plot: Call(
        lambda: {"self": drawn(plotting.PITDisplay, {"a": np.linspace(0, 1, 20)})}, ("n_bins",), ("ax",)
    ),
    plotting.PropertyViolinsDisplay.plot: Call(
        lambda: {"self": drawn(plotting.PropertyViolinsDisplay, LABELS["labels"], PROPERTIES)}, ("n_columns",), ("ax",)
    ),
    plotting.ReconstructionDisplay.plot: Call(
        lambda: {"self": drawn(plotting.ReconstructionDisplay, FLUX[:2], FLUX[:2])}, ("n_columns",), ("ax",)
    ),
    plotting.SpectraDisplay.plot: Call(
        lambda: {"self": drawn(plotting.SpectraDisplay, FLUX[:2])}, ("offset", "linewidth"), ("ax",)
    ),
    plotting.TrainingHistoryDisplay.plot: Call(
        lambda: {"self": drawn(plotting.TrainingHistoryDisplay, {"a": {"loss": [2.0, 1.0]}})}, ("scale",), ("ax",)
    ),
    report.write_report: Call(
        lambda: {
            "path": "report.html",
            "som": fit_map(),
            "latents": LATENTS,
            "labels": LABELS["labels"],
            "normalized": FLUX,
            "reconstructed": FLUX,
            "overwrite": True,
        },
        ("command", "title", "max_spectra", "overwrite"),
        ("properties", "ids", "cells", "is_inside", "unusual", "interpretation", "stability", "history", "facts"),
    ),
    Zoo.fit: Call(
        lambda: {"catalog": catalog(), **zoo_options()},
        (
            "recipe",
            "calibration",
            "params",
            "frame",
            "medium",
            "dereddening",
            "on_bad",
            "random_state",
            "callbacks",
            "memory",
            "progress",
        ),
    ),
    Zoo.apply: Call(
        lambda: {"self": fit_zoo(), "catalog": catalog()}, ("frame", "medium", "dereddening", "on_bad", "progress")
    ),
    Zoo.unusual: Call(lambda: {"self": fit_zoo()}, ("n_spectra",)),
    Zoo.similar: Call(lambda: {"self": fit_zoo(), "id": 0}, ("n_neighbors",)),
    Zoo.interpret: Call(lambda: {"self": fit_zoo()}, ("random_state",)),
    Zoo.report: Call(lambda: {"self": fit_zoo(), "path": "zoo.html", "overwrite": True}, ("overwrite", "command")),
    Zoo.save: Call(lambda: {"self": fit_zoo(), "folder": "zoo", "overwrite": True}, ("overwrite",)),
}

# They take data and nothing else, or nothing at all.
WITHOUT_OPTIONS = {
    datasets.read_ssp_library,
    io.count_quality,
    metrics.cde_loss,
    metrics.combined_error,
    metrics.crps,
    metrics.epsilon_squared,
    metrics.nz_mean_shift,
    metrics.photoz_bias,
    metrics.pit,
    metrics.pit_ks,
    metrics.quantization_error,
    metrics.reconstruct,
    metrics.scaled_residual,
    metrics.sigma_iqr,
    metrics.sigma_nmad,
    metrics.topographic_error,
    metrics.topographic_product,
    model_selection.reconstruction_scorer,
    photometry.johnson_bands,
    photoz.to_qp,
    photometry.list_bands,
    preprocessing.fine_range,
    split_at_embedding,
}


def find_public_functions():
    """Every function in the `__all__` of a family."""
    for module in pkgutil.iter_modules(sklearn_sedzoo.__path__):
        if not module.name.startswith("_") and module.name not in {"cli", "exceptions"}:
            family = importlib.import_module(f"sklearn_sedzoo.{module.name}")
            yield from (member for name in family.__all__ if inspect.isfunction(member := getattr(family, name)))
