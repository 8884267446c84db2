"""The folder that `sedzoo map` leaves, and its summary."""

import json
import os
import pathlib
import shutil
import tempfile
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from sklearn_sedzoo import __version__
from sklearn_sedzoo.cli._rows import count_domain
from sklearn_sedzoo.io import count_quality
from sklearn_sedzoo.metrics import reconstruction_error

PACKAGES = ("numpy", "scipy", "scikit-learn", "keras", "jax", "torch", "tensorflow", "minisom", "astropy", "specutils")


@contextmanager
def result_folder(out, *, overwrite):
    """Yield a new folder inside `out`; when all went well its files move up into `out`, else they vanish.

    That `out` can be written to is tried at the start, before any training. Files in `out` that are not results
    stay.
    """
    out = pathlib.Path(out)
    if out.exists() and not out.is_dir():
        raise FileExistsError(f"{out} is a file; --out names a folder.")
    if out.is_dir() and any(out.iterdir()) and not overwrite:
        raise FileExistsError(f"{out} is not empty. Pass --overwrite to replace the results in it, or another --out.")
    out.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix=".sedzoo-", dir=out))
    try:
        yield work
        for file in sorted(path for path in work.rglob("*") if path.is_file()):
            target = out / file.relative_to(work)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if not any(out.iterdir()):
            out.rmdir()


def summarize(catalog, zoo, table, decisions, options, times):
    """Return what a reader of the results wants to know first, as plain numbers."""
    embed, som = zoo.cluster["embed"], zoo.map["map"]
    used = table[zoo.usable]
    wavelength = zoo.cluster["normalize"].wavelength_in_
    counts = np.bincount(used["cluster"], minlength=getattr(zoo.cluster["cluster"], "n_clusters", 0))
    summary = {
        "input": options.spectra or "built-in example",
        "recipe": options.recipe,
        "set": {name: repr(value) for name, value in options.set},
        "seed": options.seed,
        "n_spectra": len(catalog),
        "n_used": np.count_nonzero(zoo.usable),
        "quality_counts": count_quality(zoo.quality),
        "n_learned_from": len(zoo.train),
        "n_in_domain": count_domain(table)["N_INSIDE"],
        "n_pixels_in": len(catalog.wavelength),
        "n_pixels": len(wavelength),
        "wavelength_range": wavelength[[0, -1]],
        "n_latents": zoo.latent.shape[1],
        "cluster_counts": counts,
        "n_occupied_cells": len(used[["cell_row", "cell_column"]].drop_duplicates()),
        "losses": embed.history_,
        "reconstruction_mse": reconstruction_error(embed, zoo.normalized),
        "quantization_error": som.quantization_error_,
        "topographic_error": som.topographic_error_,
        "frame": zoo.cluster["resample"].frame_ or catalog.frame or "not stated",
        "medium": catalog.medium or "not stated",
        "decisions": decisions,
        "seconds": times,
    }
    if len(zoo.test):
        summary["reconstruction_mse_test"] = reconstruction_error(embed, zoo.normalized.iloc[zoo.test])
    return summary


def write_summary(path, summary):
    """Write the summary as JSON, with the versions of what made it."""
    text = json.dumps({**summary, "versions": find_versions()}, indent=2, default=_plain)
    pathlib.Path(path).write_text(text + "\n")


def find_versions():
    """Return the versions of what makes the results."""
    versions = {"sklearn_sedzoo": __version__}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


def _plain(value):
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else str(value)
