"""What a fitted pipeline knows of spectra: latents, labels, brightness."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from sklearn_sedzoo._containers import judge_columns
from sklearn_sedzoo.pipeline import split_at_embedding


def read_latents(zoo, X):
    """Return (latents, labels, final step) of a fitted pipeline that ends with a clusterer or a map."""
    if not (isinstance(zoo, Pipeline) and len(zoo.steps) > 1 and hasattr(zoo, "predict")):
        raise TypeError(
            "`zoo` must be a fitted Pipeline whose last step predicts clusters or cells, as "
            f"make_sed_pipeline(final=...) makes it; got {type(zoo).__name__}."
        )
    latents = zoo[:-1].transform(X)
    return np.asarray(latents, dtype=float), np.asarray(zoo[-1].predict(latents)), zoo[-1]


def read_brightness(zoo, X):
    """Return log10 of what the normalisation divides out, or None where there is no normalisation."""
    front, _ = split_at_embedding(zoo)
    for i, (_, step) in enumerate([] if front is None else front.steps):
        if hasattr(step, "scale") and callable(step.scale):
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.log10(step.scale(front[:i].transform(X) if i else X))
    return None


def read_frame(zoo):
    """Return the frame of the wavelengths that the embedding sees: "rest", "observed", or None where nothing tells."""
    front, _ = split_at_embedding(zoo)
    frames = [getattr(step, "frame_", None) for _, step in ([] if front is None else front.steps)]
    return next((frame for frame in frames[::-1] if frame), None)


def check_properties(properties, n_samples, owner):
    """Return the properties that are judged, as a DataFrame with as many rows as there are spectra."""
    units = getattr(properties, "attrs", {}).get("units", {})
    properties = pd.DataFrame(properties)
    if len(properties) != n_samples:
        raise ValueError(
            f"`properties` of {owner} must have one row for each of the {n_samples} spectra, got {len(properties)}."
        )
    properties = judge_columns(properties.reset_index(drop=True))
    properties.attrs["units"] = units
    return properties


def is_measured(column):
    """Tell numbers from words and flags."""
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def is_constant(column):
    """Tell whether all known values are the same, up to rounding."""
    known = column.dropna()
    if not len(known):
        return True
    if not is_measured(column):
        return known.nunique() == 1
    return float(np.ptp(known)) <= 1e-6 * max(abs(float(known.iloc[0])), 1e-300)
