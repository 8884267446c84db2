"""What a reader of the results wants to know first, as plain numbers and words."""

from __future__ import annotations

import json
import pathlib
from importlib.metadata import PackageNotFoundError, version

import joblib
import numpy as np

from sklearn_sedzoo._containers import take_flux
from sklearn_sedzoo._version import __version__
from sklearn_sedzoo.io import count_quality
from sklearn_sedzoo.metrics._reconstruction import average_square
from sklearn_sedzoo.zoo._table import is_placed

PACKAGES = ("numpy", "scipy", "scikit-learn", "keras", "jax", "torch", "tensorflow", "minisom", "astropy", "specutils")


def summarize_table(zoo):
    """Return how many spectra there are, of what quality, in the domain or out of it."""
    placed = is_placed(zoo.table)
    return {
        "n_spectra": len(zoo.table),
        "n_used": np.count_nonzero(placed),
        "quality_counts": count_quality(zoo.table["quality"].to_numpy()),
        "n_in_domain": np.count_nonzero(zoo.table.loc[placed, "in_domain"]),
        "frame": zoo.pipeline["resample"].frame_ or zoo.catalog.frame or "not stated",
        "medium": zoo.catalog.medium or "not stated",
        "frame_in": zoo.catalog.frame,
        "medium_in": zoo.catalog.medium,
        "digest": joblib.hash(zoo.catalog.flux),
    }


def summarize_fit(zoo, recipe, decisions, *, n_train, test, seed, times):
    """Return the summary of a zoo that was just fitted."""
    embed, som, view = zoo.pipeline["embed"], zoo.map_pipeline[-1], zoo.view()
    used = zoo.table[is_placed(zoo.table)]
    wavelength = zoo.pipeline["normalize"].wavelength_in_
    summary = {
        "recipe": recipe.name,
        "params": {name: repr(value) for name, value in recipe.params.items()},
        "seed": seed,
        **summarize_table(zoo),
        "n_learned_from": n_train,
        "n_pixels_in": len(zoo.catalog.wavelength),
        "n_pixels": len(wavelength),
        "wavelength_range": wavelength[[0, -1]],
        "n_latents": np.asarray(view.latents).shape[1],
        "cluster_counts": np.bincount(used["cluster"], minlength=getattr(zoo.pipeline[-1], "n_clusters", 0)),
        "n_occupied_cells": len(used[["cell_row", "cell_column"]].drop_duplicates()),
        "losses": getattr(embed, "history_", {}),
        "reconstruction_mse": _mean_error(view),
        "quantization_error": som.quantization_error_,
        "topographic_error": som.topographic_error_,
        "decisions": decisions,
        "seconds": times,
    }
    if len(test):
        summary["reconstruction_mse_test"] = _mean_error(view, test)
    return _plain(summary)


def write_summary(path, summary):
    """Write the summary as JSON, with the versions of what made it."""
    pathlib.Path(path).write_text(json.dumps({**_plain(summary), "versions": find_versions()}, indent=2) + "\n")


def find_versions():
    """Return the versions of what makes the results."""
    versions = {"sklearn_sedzoo": __version__}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


def _mean_error(view, rows=slice(None)):
    flux, ivar, _ = take_flux(view.spectra)
    return float(average_square(flux[rows], view.reconstructed[rows], None if ivar is None else ivar[rows], None))


def _plain(value):
    """Return numbers, words, lists and dicts of them."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return value if isinstance(value, (int, float, str, bool, type(None))) else str(value)
