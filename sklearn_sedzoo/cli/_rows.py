"""Rows of a catalog through fitted steps: bad ones are flagged, none is lost."""

import warnings

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from sklearn_sedzoo._containers import IVAR_PREFIX, take_flux
from sklearn_sedzoo._validation import is_usable_redshift
from sklearn_sedzoo.exceptions import SedDataWarning
from sklearn_sedzoo.inspection import in_domain
from sklearn_sedzoo.io import QUALITY_BITS, count_quality
from sklearn_sedzoo.mapping import FittedMap

HOPELESS = ("empty", "zero", "unreadable", "mostly_masked")  # no step can do anything with these
MOST_MASKED = 0.9  # share of the pixels of the common grid without which a spectrum is left out


def make_input(catalog, *, columns=(), with_ivar=True):
    """Return the spectra of a catalog as the steps take them.

    A plain array where there are fluxes only; a DataFrame where inverse variances or named columns (the redshift,
    E(B-V)) ride along. A missing E(B-V) is 0.
    """
    with_ivar = with_ivar and catalog.ivar is not None
    if not with_ivar and not columns:
        return catalog.flux if catalog.ivar is None else np.where(catalog.ivar > 0, catalog.flux, np.nan)
    frame = catalog.to_frame()
    unused = [name for name in ("redshift", "ebv") if name in frame and name not in columns]
    if not with_ivar:
        unused += [name for name in frame if name.startswith(IVAR_PREFIX)]
    frame = frame.drop(columns=unused)
    for name in columns:
        if name not in catalog.properties:
            raise ValueError(
                f"The catalog has no column {name!r}; it has "
                f"{', '.join(map(str, catalog.properties.columns)) or 'no columns'}."
            )
        frame[name] = catalog.properties[name].to_numpy(dtype=float)
    if "ebv" in columns:
        frame["ebv"] = frame["ebv"].fillna(0.0)
    return frame


def take_rows(X, rows):
    """Return rows (positions) of an array or a DataFrame; all of them without a copy."""
    if len(rows) == len(X):
        return X
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def judge_quality(catalog, columns=()):
    """Return the quality of each row: the bits that the reader has set, and what the named columns lack.

    A table that was joined later may have the redshift that the reader missed.
    """
    quality = np.zeros(len(catalog), dtype=np.int16) if catalog.quality is None else catalog.quality.astype(np.int16)
    quality &= ~QUALITY_BITS["bad_redshift"]
    known = {"redshift": is_usable_redshift, "ebv": np.isfinite}
    for name, bit in (("redshift", "bad_redshift"), ("ebv", "no_ebv")):
        if name in columns:
            quality[~known[name](catalog.properties[name].to_numpy(dtype=float))] |= QUALITY_BITS[bit]
    return quality


def choose_rows(quality, on_bad):
    """Return which rows are used: with "mask" all in which something is left, else those without any fault."""
    if on_bad == "mask":
        return quality & sum(QUALITY_BITS[name] for name in (*HOPELESS, "bad_redshift")) == 0
    if on_bad == "raise" and quality.any():
        counts = ", ".join(f"{name}: {n}" for name, n in count_quality(quality).items())
        raise ValueError(
            f"{np.count_nonzero(quality)} of {len(quality)} spectra are bad ({counts}); first at "
            f"row {np.flatnonzero(quality)[0]}. Pass --on-bad mask to leave out bad pixels, or drop to leave them out."
        )
    return quality == 0


def fit_front(front, X, usable):
    """Fit the steps up to the normalization, which learn grids only: from one row, or all where each has a redshift."""
    rows = np.flatnonzero(usable)
    X = take_rows(X, rows if isinstance(front["resample"].redshift, str) else rows[:1])
    *first, last = front.values()
    for step in first:
        X = name_bins(step.fit(X).transform(X), step)
    last.fit(X)


def normalize_rows(front, X, quality, usable):
    """Return the normalized spectra of the usable rows as a table, and which rows those are after all.

    Rows without flux in the band, and those of which the grid leaves hardly a pixel, drop out; `quality` says why.
    """
    rows = np.flatnonzero(usable)
    if not len(rows):
        names = front["normalize"].get_feature_names_out()
        return pd.DataFrame(np.empty((0, len(names)), dtype=np.float32), columns=names), usable
    values = take_rows(X, rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SedDataWarning)  # the summary counts these rows, the table flags them
        for name, step in front.items():
            values = name_bins(step.transform(values), step)
            if name == "resample":
                short = np.isnan(take_flux(values)[0]).mean(axis=1) > MOST_MASKED
    empty = np.isnan(take_flux(values)[0]).all(axis=1)
    quality[rows[short]] |= QUALITY_BITS["mostly_masked"]
    quality[rows[empty & ~short]] |= QUALITY_BITS["no_flux"]
    lost, usable = empty | short, usable.copy()
    usable[rows[lost]] = False
    return (values[~lost].reset_index(drop=True) if lost.any() else values), usable


def name_bins(values, step):
    """Return what a step gives as a DataFrame with its column names; an array is not copied."""
    if isinstance(values, pd.DataFrame):
        return values.reset_index(drop=True)
    return pd.DataFrame(values, columns=step.get_feature_names_out(), copy=False)


def place_rows(catalog, quality, usable, normalized, latent, cluster, zoo):
    """Return one row for each spectrum: cluster, cell, distance, domain, quality, latents, properties.

    Rows that were not used have cluster and cell -1, distance, error and latents NaN, and are outside the domain.
    """
    fitted = FittedMap.of(zoo["map"])
    frame = pd.DataFrame({"id": _identities(catalog)})
    for name in ("cluster", "cell_row", "cell_column"):
        frame[name] = np.int32(-1)
    for name in ("distance", "reconstruction_error", "domain_score"):
        frame[name] = np.nan
    frame["unusual_in"] = ""
    frame["in_domain"] = False
    frame["quality"] = quality
    n_latents = fitted.n_features
    for i in range(n_latents):
        frame[f"latent{i}"] = np.float32(np.nan)
    if usable.any():
        frame.loc[usable, [f"latent{i}" for i in range(n_latents)]] = np.asarray(latent, dtype=np.float32)
        cell = FittedMap.locate(fitted, latent)
        frame.loc[usable, "cluster"] = np.asarray(cluster.predict(latent), dtype=np.int32)
        frame.loc[usable, "cell_row"], frame.loc[usable, "cell_column"] = (
            part.astype(np.int32) for part in np.unravel_index(cell, fitted.shape)
        )
        frame.loc[usable, "distance"] = fitted.distances(np.asarray(latent, dtype=float), cell)
        judged = judge_rows(zoo, normalized)
        frame.loc[usable, "reconstruction_error"] = judged["reconstruction_error"].to_numpy()
        frame.loc[usable, "domain_score"] = judged["score"].to_numpy()
        frame.loc[usable, "unusual_in"] = judged["unusual_in"].to_numpy()
        frame.loc[usable, "in_domain"] = judged["is_inside"].to_numpy()
    properties = catalog.properties.reset_index(drop=True)
    table = pd.concat([frame, properties.drop(columns=frame.columns, errors="ignore")], axis=1)
    table.attrs["units"] = catalog.properties.attrs.get("units", {})
    return table


def count_domain(table):
    """Return how many of the usable spectra lie inside the domain of the model and outside it, as header cards."""
    inside = table.loc[is_placed(table), "in_domain"]
    return {"N_INSIDE": int(inside.sum()), "NOUTSIDE": int((~inside).sum())}


def is_placed(table):
    """Return which rows of a table of results have a place on the map."""
    return (table["cell_row"] >= 0).to_numpy()


def judge_rows(zoo, normalized):
    """Ask which normalized spectra are in the domain of the model."""
    tail = Pipeline(zoo.steps[-2:])
    tail.domain_ = zoo.domain_
    return in_domain(tail, normalized)


def _identities(catalog):
    return catalog.properties["id"].to_numpy() if "id" in catalog.properties else np.arange(len(catalog))
