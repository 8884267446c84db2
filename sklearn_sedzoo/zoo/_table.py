"""Rows of a catalog through fitted steps: bad ones are flagged, none is lost."""

import warnings

import numpy as np
import pandas as pd

from sklearn_sedzoo._containers import IVAR_PREFIX, is_nuisance, take_flux
from sklearn_sedzoo._validation import is_usable_redshift
from sklearn_sedzoo.exceptions import SedDataWarning
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
            f"row {np.flatnonzero(quality)[0]}. Pass on_bad='mask' (--on-bad mask) to "
            "leave out bad pixels, or 'drop' to leave them out."
        )
    return quality == 0


def needed_columns(front):
    """Return the names of the columns of properties that the steps read."""
    asked = [front["resample"].redshift, front["deredden"].ebv if "deredden" in front else None]
    return tuple(name for name in asked if isinstance(name, str))


def fit_front(front, X, usable):
    """Fit those steps up to the normalization that are not fitted.

    They learn grids from one row, or from all where each has a redshift; the normalization learns its amplitude.
    """
    rows = np.flatnonzero(usable)
    needs_all = isinstance(front["resample"].redshift, str) or not is_fitted(front["normalize"])
    X = take_rows(X, rows if needs_all else rows[:1])
    for name, step in front.items():
        if not is_fitted(step):
            step.fit(X)
        if name != "normalize":
            X = name_bins(step.transform(X), step)


def is_fitted(step):
    """Whether a step has learned anything."""
    return any(name.endswith("_") and not name.startswith("__") for name in vars(step))


def normalize_rows(front, X, quality, usable):
    """Return the normalized spectra of the usable rows, log10 of their brightness, and which rows those are after all.

    Rows without flux in the band, and those of which the grid leaves hardly a pixel, drop out; `quality` says why.
    """
    rows = np.flatnonzero(usable)
    if not len(rows):
        names = front["normalize"].get_feature_names_out()
        return pd.DataFrame(np.empty((0, len(names)), dtype=np.float32), columns=names), np.empty(0), usable
    values = take_rows(X, rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SedDataWarning)  # the summary counts these rows, the table flags them
        for name, step in front.items():
            if name == "normalize":
                resampled = take_flux(values)[0]
            values = name_bins(step.transform(values), step)
    flux = take_flux(values)[0]
    short = np.isnan(resampled).mean(axis=1) > MOST_MASKED
    empty = np.isnan(flux).all(axis=1)
    quality[rows[short]] |= QUALITY_BITS["mostly_masked"]
    quality[rows[empty & ~short]] |= QUALITY_BITS["no_flux"]
    lost, usable = empty | short, usable.copy()
    usable[rows[lost]] = False
    brightness = _find_scale(resampled, flux)
    if lost.any():
        values, brightness = values[~lost].reset_index(drop=True), brightness[~lost]
    return values, brightness, usable


def _find_scale(resampled, normalized):
    """Return log10 of what each spectrum was divided by."""
    strongest = np.argmax(np.nan_to_num(np.abs(normalized), nan=-1.0), axis=1)
    rows = np.arange(len(normalized))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(np.asarray(resampled[rows, strongest], dtype=float) / normalized[rows, strongest])


def name_bins(values, step):
    """Return what a step gives as a DataFrame with its column names; an array is not copied."""
    if isinstance(values, pd.DataFrame):
        return values.reset_index(drop=True)
    return pd.DataFrame(values, columns=step.get_feature_names_out(), copy=False)


def make_table(catalog, quality, usable, view, judged, cluster):
    """Return one row for each spectrum: cluster, cell, distance, domain, quality, latents, properties.

    Rows that were not used have cluster and cell -1, distance, error and latents NaN, and are outside the domain.
    """
    fitted = FittedMap.of(view.pipeline)
    frame = pd.DataFrame({"id": _identities(catalog)})
    for name in ("cluster", "cell_row", "cell_column"):
        frame[name] = np.int32(-1)
    for name in ("distance", "reconstruction_error", "domain_score"):
        frame[name] = np.nan
    frame["unusual_in"] = ""
    frame["in_domain"] = False
    frame["quality"] = quality
    n_latents = fitted.n_features
    names = [f"latent{i}" for i in range(n_latents)]
    frame[names] = np.float32(np.nan)
    if usable.any():
        latents = np.asarray(view.latents)
        frame.loc[usable, names] = latents.astype(np.float32)
        cell = view.labels
        frame.loc[usable, "cluster"] = np.asarray(cluster.predict(view.latents), dtype=np.int32)
        frame.loc[usable, "cell_row"], frame.loc[usable, "cell_column"] = (
            part.astype(np.int32) for part in np.unravel_index(cell, fitted.shape)
        )
        frame.loc[usable, "distance"] = fitted.distances(latents.astype(float), cell)
        frame.loc[usable, "reconstruction_error"] = judged["reconstruction_error"].to_numpy()
        frame.loc[usable, "domain_score"] = judged["score"].to_numpy()
        frame.loc[usable, "unusual_in"] = judged["unusual_in"].to_numpy()
        frame.loc[usable, "in_domain"] = judged["is_inside"].to_numpy()
    properties = catalog.properties.reset_index(drop=True)
    table = pd.concat([frame, properties.drop(columns=frame.columns, errors="ignore")], axis=1)
    table.attrs["units"] = catalog.properties.attrs.get("units", {})
    return table


def is_placed(table):
    """Return which rows of a table of results have a place on the map."""
    return (table["cell_row"] >= 0).to_numpy()


def read_latents(table, good=None):
    """Return the latents in a table of results, of all spectra or of the good ones."""
    latents = table.filter(regex=r"^latent\d+$")
    return latents if good is None else latents[good].reset_index(drop=True)


def read_properties(catalog, good):
    """Return the properties of the usable spectra, without their names: physics first, then redshift, S/N and such."""
    properties = catalog.properties[good].reset_index(drop=True).drop(columns="id", errors="ignore")
    properties = properties[sorted(properties, key=is_nuisance)]
    properties.attrs["units"] = catalog.properties.attrs.get("units", {})
    return properties


def _identities(catalog):
    return catalog.properties["id"].to_numpy() if "id" in catalog.properties else np.arange(len(catalog))
