"""Rows of a catalogue through fitted steps: bad ones are flagged, none is lost."""

import warnings

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from sklearn_sedzoo.exceptions import SedDataWarning
from sklearn_sedzoo.inspection import in_domain

NOT_FINITE, NO_FLUX = 1, 2  # bits of the column `quality`


def normalize_rows(resample, normalize, flux):
    """Return the normalised spectra of the usable rows as a table, and the quality of all rows."""
    with np.errstate(over="ignore", invalid="ignore"):
        suspect = ~np.isfinite(flux.sum(axis=1))
    quality = np.zeros(len(flux), dtype=np.int16)
    quality[suspect] = np.where(np.isfinite(flux[suspect]).all(axis=1), 0, NOT_FINITE)
    good = np.flatnonzero(quality == 0)
    names = resample.get_feature_names_out()
    if not len(good):
        return pd.DataFrame(np.empty((0, len(names)), dtype=flux.dtype), columns=names), quality
    resampled = np.asarray(resample.transform(flux[good] if len(good) < len(flux) else flux))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SedDataWarning)  # the summary counts these rows, the table flags them
        normalized = np.asarray(normalize.transform(pd.DataFrame(resampled, columns=names, copy=False)))
    empty = np.isnan(normalized).all(axis=1)
    quality[good[empty]] = NO_FLUX
    return pd.DataFrame(normalized[~empty] if empty.any() else normalized, columns=names, copy=False), quality


def place_rows(catalog, quality, normalized, latent, cluster, zoo):
    """Return one row for each spectrum: cluster, cell, distance, domain, quality, latents, properties.

    Rows that could not be used have cluster and cell -1, distance, error and latents NaN, and are outside the domain.
    """
    som = zoo["map"]
    good = quality == 0
    frame = pd.DataFrame({"id": _identities(catalog)})
    for name in ("cluster", "cell_row", "cell_column"):
        frame[name] = np.int32(-1)
    for name in ("distance", "reconstruction_error", "domain_score"):
        frame[name] = np.nan
    frame["in_domain"] = False
    frame["quality"] = quality
    n_latents = som.weights_.shape[-1]
    for i in range(n_latents):
        frame[f"latent{i}"] = np.float32(np.nan)
    if good.any():
        frame.loc[good, [f"latent{i}" for i in range(n_latents)]] = np.asarray(latent, dtype=np.float32)
        cell = np.asarray(som.predict(latent))
        frame.loc[good, "cluster"] = np.asarray(cluster.predict(latent), dtype=np.int32)
        frame.loc[good, "cell_row"], frame.loc[good, "cell_column"] = (
            part.astype(np.int32) for part in np.unravel_index(cell, som.cell_shape)
        )
        weights = som.weights_.reshape(-1, n_latents)
        frame.loc[good, "distance"] = np.linalg.norm(np.asarray(latent, dtype=float) - weights[cell], axis=1)
        judged = judge_rows(zoo, normalized)
        frame.loc[good, "reconstruction_error"] = judged["reconstruction_error"].to_numpy()
        frame.loc[good, "domain_score"] = judged["score"].to_numpy()
        frame.loc[good, "in_domain"] = judged["is_inside"].to_numpy()
    properties = catalog.properties.reset_index(drop=True)
    table = pd.concat([frame, properties.drop(columns=frame.columns, errors="ignore")], axis=1)
    table.attrs["units"] = catalog.properties.attrs.get("units", {})
    return table


def count_domain(table):
    """Return how many of the usable spectra lie inside the domain of the model and outside it, as header cards."""
    inside = table.loc[table["quality"] == 0, "in_domain"]
    return {"N_INSIDE": int(inside.sum()), "NOUTSIDE": int((~inside).sum())}


def judge_rows(zoo, normalized):
    """Ask which normalised spectra are of the kind that the zoo was trained on."""
    tail = Pipeline(zoo.steps[2:])
    tail.domain_ = zoo.domain_
    return in_domain(tail, normalized)


def _identities(catalog):
    return catalog.properties["id"].to_numpy() if "id" in catalog.properties else np.arange(len(catalog))
