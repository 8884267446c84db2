"""What a fitted pipeline sees in spectra: latents, labels, reconstructions, brightness."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from sklearn_sedzoo._containers import judge_columns, take_flux
from sklearn_sedzoo.metrics._reconstruction import average_square
from sklearn_sedzoo.pipeline import split_at_embedding


class View:
    """What a fitted pipeline sees in spectra; each part is computed once, when it is first asked for.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted; has an embedding.
    X : array-like of shape (n_samples, n_wavelengths)
        Spectra as the pipeline takes them.
    **known
        Parts that are known already, by the names below.
    """

    def __init__(self, pipeline, X, **known):
        self.pipeline, self.X = pipeline, X
        vars(self).update(known)

    @cached_property
    def parts(self):
        """The steps before the embedding (or None), and the embedding."""
        return split_at_embedding(self.pipeline)

    @cached_property
    def spectra(self):
        """Normalized spectra, as the embedding takes them."""
        front, _ = self.parts
        return self.X if front is None else front.transform(self.X)

    @cached_property
    def wavelength(self):
        """Wavelength of each pixel that the embedding sees, in Angstrom; None where it is not known."""
        wavelength, front = take_flux(self.spectra)[2], self.parts[0]
        return getattr(front[-1], "wavelength_in_", None) if wavelength is None and front is not None else wavelength

    @cached_property
    def latents(self):
        """What the embedding makes of the spectra: an array or a DataFrame."""
        embedding = self.parts[1]
        knows_names = hasattr(embedding[0], "feature_names_in_")
        return embedding.transform(self.spectra if knows_names else np.asarray(self.spectra))

    @cached_property
    def reconstructed(self):
        """Spectra decoded from the latents."""
        return np.asarray(self.parts[1].inverse_transform(self.latents))

    @cached_property
    def features(self):
        """What the last step sees: the latents, unless a step between changes or joins something."""
        front, embedding = self.parts
        n_steps = len(embedding.steps) + (0 if front is None else len(front.steps))
        if n_steps == len(self.pipeline.steps) - 1 and embedding.steps[-1] == self.pipeline.steps[-2]:
            return self.latents
        return self.pipeline[:-1].transform(self.X)

    @cached_property
    def labels(self):
        """Cluster or cell of each spectrum."""
        return np.asarray(self.pipeline[-1].predict(self.features))

    @cached_property
    def brightness(self):
        """log10 of what the normalization divides out, or None where there is no normalization."""
        front, _ = self.parts
        for i, (_, step) in enumerate([] if front is None else front.steps):
            if hasattr(step, "scale") and callable(step.scale):
                with np.errstate(divide="ignore", invalid="ignore"):
                    return np.log10(step.scale(front[:i].transform(self.X) if i else self.X))
        return None

    @cached_property
    def frame(self):
        """Frame of the wavelengths that the embedding sees: "rest", "observed", or None where nothing tells."""
        front, _ = self.parts
        frames = [getattr(step, "frame_", None) for _, step in ([] if front is None else front.steps)]
        return next((frame for frame in frames[::-1] if frame), None)

    @cached_property
    def error(self):
        """Mean squared reconstruction error of each spectrum."""
        flux, ivar, _ = take_flux(self.spectra)
        return average_square(flux, self.reconstructed, ivar, axis=1)


def look(pipeline, X):
    """Return the View of a pipeline that ends with a clusterer or a map; a View is returned as it is."""
    if isinstance(pipeline, View):
        return pipeline
    if not (isinstance(pipeline, Pipeline) and len(pipeline.steps) > 1 and hasattr(pipeline, "predict")):
        raise TypeError(
            "`pipeline` must be a fitted Pipeline whose last step predicts clusters or cells, as "
            f"make_sed_pipeline(final=...) makes it; got {type(pipeline).__name__}."
        )
    return View(pipeline, X)


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
