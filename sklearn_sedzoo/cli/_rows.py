"""Rows of a catalogue through fitted steps: bad ones are flagged, none is lost."""

import warnings

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from sklearn_sedzoo._containers import IVAR_PREFIX, take_flux
from sklearn_sedzoo.exceptions import SedDataWarning
from sklearn_sedzoo.inspection import in_domain
from sklearn_sedzoo.io import QUALITY_BITS, count_quality

HOPELESS = ("empty", "zero", "unreadable")  # no step can do anything with these, whatever `--on-bad` says


def make_input(catalog, *, redshift=None, with_ivar=True):
    """Return the spectra of a catalogue as the steps take them.

    A plain array where there are fluxes only; a DataFrame where inverse variances or the column `redshift` (its name)
    ride along.
    """
    with_ivar = with_ivar and catalog.ivar is not None
    if not with_ivar and not isinstance(redshift, str):
        return catalog.flux if catalog.ivar is None else np.where(catalog.ivar > 0, catalog.flux, np.nan)
    frame = catalog.to_frame()
    unused = [name for name in ("redshift", "ebv") if name in frame and name != redshift]
    if not with_ivar:
        unused += [name for name in frame if name.startswith(IVAR_PREFIX)]
    frame = frame.drop(columns=unused)
    if isinstance(redshift, str) and redshift not in frame:
        if redshift not in catalog.properties:
            raise ValueError(
                f"The catalogue has no column {redshift!r} to take redshifts from; it has "
                f"{', '.join(map(str, catalog.properties.columns)) or 'no columns'}."
            )
        frame[redshift] = catalog.properties[redshift].to_numpy(dtype=float)
    return frame


def take_rows(X, rows):
    """Return rows (positions) of an array or a DataFrame; all of them without a copy."""
    if len(rows) == len(X):
        return X
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def judge_quality(catalog, X):
    """Return the quality of each row: the bits that the reader has set, and pixels that are not finite."""
    quality = np.zeros(len(catalog), dtype=np.int16) if catalog.quality is None else catalog.quality.astype(np.int16)
    flux, ivar, _ = take_flux(X)
    if ivar is None:
        with np.errstate(over="ignore", invalid="ignore"):
            suspect = ~np.isfinite(flux.sum(axis=1))
        suspect[suspect] = ~np.isfinite(flux[suspect]).all(axis=1)
        quality[suspect] |= QUALITY_BITS["not_finite"]
    return quality


def choose_rows(quality, on_bad, redshift=None):
    """Return which rows are used: with "mask" all in which something is left, else those without any fault."""
    if not isinstance(redshift, str):
        quality = quality & ~QUALITY_BITS["bad_redshift"]  # a redshift that nobody needs
        hopeless = HOPELESS
    else:
        hopeless = (*HOPELESS, "bad_redshift")
    if on_bad == "mask":
        return quality & sum(QUALITY_BITS[name] for name in hopeless) == 0
    if on_bad == "raise" and quality.any():
        counts = ", ".join(f"{name}: {n}" for name, n in count_quality(quality).items())
        raise ValueError(
            f"{np.count_nonzero(quality)} of {len(quality)} spectra are bad ({counts}); first at "
            f"row {np.flatnonzero(quality)[0]}. Pass --on-bad drop to leave them out, or mask to leave out bad pixels."
        )
    return quality == 0


def fit_front(resample, normalize, X, usable):
    """Fit resampler and normaliser, which learn grids only: from one row, or from all where each has a redshift."""
    rows = np.flatnonzero(usable)
    resample.fit(take_rows(X, rows if isinstance(resample.redshift, str) else rows[:1]))
    normalize.fit(name_bins(resample.transform(take_rows(X, rows[:1])), resample))


def normalize_rows(resample, normalize, X, usable):
    """Return the normalised spectra of the usable rows as a table, and which rows those are after all.

    Rows without flux in the band drop out.
    """
    rows = np.flatnonzero(usable)
    if not len(rows):
        names = normalize.get_feature_names_out()
        return pd.DataFrame(np.empty((0, len(names)), dtype=np.float32), columns=names), usable
    resampled = name_bins(resample.transform(take_rows(X, rows)), resample)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SedDataWarning)  # the summary counts these rows, the table flags them
        normalized = name_bins(normalize.transform(resampled), normalize)
    empty = np.isnan(take_flux(normalized)[0]).all(axis=1)
    usable = usable.copy()
    usable[rows[empty]] = False
    return (normalized[~empty].reset_index(drop=True) if empty.any() else normalized), usable


def name_bins(values, step):
    """Return what a step gives as a DataFrame with its column names; an array is not copied."""
    if isinstance(values, pd.DataFrame):
        return values.reset_index(drop=True)
    return pd.DataFrame(values, columns=step.get_feature_names_out(), copy=False)


def place_rows(catalog, quality, usable, normalized, latent, cluster, zoo):
    """Return one row for each spectrum: cluster, cell, distance, domain, quality, latents, properties.

    Rows that were not used have cluster and cell -1, distance, error and latents NaN, and are outside the domain.
    """
    som = zoo["map"]
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
    if usable.any():
        frame.loc[usable, [f"latent{i}" for i in range(n_latents)]] = np.asarray(latent, dtype=np.float32)
        cell = np.asarray(som.predict(latent))
        frame.loc[usable, "cluster"] = np.asarray(cluster.predict(latent), dtype=np.int32)
        frame.loc[usable, "cell_row"], frame.loc[usable, "cell_column"] = (
            part.astype(np.int32) for part in np.unravel_index(cell, som.cell_shape)
        )
        weights = som.weights_.reshape(-1, n_latents)
        frame.loc[usable, "distance"] = np.linalg.norm(np.asarray(latent, dtype=float) - weights[cell], axis=1)
        judged = judge_rows(zoo, normalized)
        frame.loc[usable, "reconstruction_error"] = judged["reconstruction_error"].to_numpy()
        frame.loc[usable, "domain_score"] = judged["score"].to_numpy()
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
    """Ask which normalised spectra are of the kind that the zoo was trained on."""
    tail = Pipeline(zoo.steps[2:])
    tail.domain_ = zoo.domain_
    return in_domain(tail, normalized)


def _identities(catalog):
    return catalog.properties["id"].to_numpy() if "id" in catalog.properties else np.arange(len(catalog))
