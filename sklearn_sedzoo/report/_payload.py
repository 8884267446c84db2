"""What the page shows, as plain numbers: small integers for spectra, lists for the rest."""

from __future__ import annotations

import base64
import gzip
import json
import math

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

from sklearn_sedzoo._containers import judge_columns, take_flux
from sklearn_sedzoo.mapping import FittedMap

N_BINS = 200
N_NEIGHBORS = 6


def gather_payload(*, latents, labels, cells, som, normalized, reconstructed, properties, ids, is_inside, max_spectra):
    """Return the numbers behind the page: the map, one entry for each galaxy, and the spectra."""
    rows = pick_rows(cells, max_spectra)
    flux, _, wavelength = take_flux(normalized)
    drawn = np.asarray(reconstructed)[rows]
    flux, x = bin_spectra(np.where(np.isnan(flux[rows]), drawn, flux[rows]))  # masked pixels leave no residual
    residual = bin_spectra(drawn)[0] - flux
    grid = x if wavelength is None else np.interp(x, np.arange(len(wavelength)), wavelength)
    numeric, words = split_columns(properties)
    n_near = min(N_NEIGHBORS, len(latents) - 1)
    near = np.empty((len(latents), 0), dtype=int)
    if n_near > 0:
        near = NearestNeighbors(n_neighbors=n_near).fit(latents).kneighbors(return_distance=False)  # none is its own
    units, fitted = properties.attrs.get("units", {}), FittedMap.of(som)
    return {
        "cells": {"x": tidy(fitted.positions[:, 0]), "y": tidy(fitted.positions[:, 1])},
        "isHexagonal": fitted.topology == "hexagonal",
        "uMatrix": tidy(np.ravel(fitted.u_matrix)),
        "ids": [str(value) for value in ids],
        "cluster": [int(value) for value in labels],
        "cell": [int(value) for value in cells],
        "latent": [tidy(column) for column in np.asarray(latents)[:, :3].T],
        "near": near.tolist(),
        "outside": None if is_inside is None else np.flatnonzero(~np.asarray(is_inside, dtype=bool)).tolist(),
        "properties": {name: tidy(values) for name, values in numeric.items()},
        "words": {name: [str(value) for value in values] for name, values in words.items()},
        "units": {name: str(units.get(name, "")) for name in properties},
        "wavelength": tidy(grid),
        "hasWavelength": wavelength is not None,
        "stored": rows.tolist(),
        "flux": squeeze(flux, np.uint8),
        "residual": squeeze(residual, np.uint8),
    }


def pick_rows(cells, max_spectra):
    """Return the galaxies whose spectra the page holds: all, or as many of each cell as there is room for."""
    cells = np.asarray(cells)
    if len(cells) <= max_spectra:
        return np.arange(len(cells))
    rank = pd.Series(cells).groupby(cells).cumcount().to_numpy()
    return np.sort(np.argsort(rank, kind="stable")[:max_spectra])


def bin_spectra(flux):
    """Return spectra averaged into at most `N_BINS` bins, and the places of the bins in pixels."""
    n_pixels = flux.shape[1]
    edges = np.linspace(0, n_pixels, min(N_BINS, n_pixels) + 1).astype(int)
    binned = np.add.reduceat(np.nan_to_num(flux.astype(float)), edges[:-1], axis=1) / np.diff(edges)
    return binned, (edges[:-1] + edges[1:] - 1) / 2


def squeeze(values, dtype):
    """Return rows as small integers between the smallest and the largest of each row, gzipped, in base64."""
    low, high = values.min(axis=1), values.max(axis=1)
    width = np.where(high > low, high - low, 1.0)
    most = np.iinfo(dtype).max
    small = np.round((values - low[:, None]) / width[:, None] * most).astype(dtype)
    return {"low": tidy(low, 6), "width": tidy(width, 6), "most": int(most), "data": pack(small.tobytes())}


def pack(data):
    """Return bytes as gzip in base64: what the page's own unpacking reads."""
    return base64.b64encode(gzip.compress(data, compresslevel=9, mtime=0)).decode("ascii")


def split_columns(properties):
    """Return the columns of numbers, and those of words: identifiers and labels are no numbers."""
    judged = judge_columns(properties)
    numeric = {
        name: column.to_numpy(dtype=float, na_value=np.nan)
        for name, column in judged.items()
        if pd.api.types.is_numeric_dtype(column)
    }
    return numeric, {name: properties[name] for name in properties if name not in numeric}


def tidy(values, digits=5):
    """Return numbers as a list with few digits; what is not finite becomes None (null in JSON)."""
    return [float(f"{value:.{digits}g}") if math.isfinite(value) else None for value in np.asarray(values, dtype=float)]


def as_json(payload):
    """Return JSON that is safe inside a script element."""
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
