"""What a fitted pipeline makes of spectra before and in its embedding, with the wavelengths that belong to it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from sklearn_sedzoo._containers import take_flux
from sklearn_sedzoo.pipeline import split_at_embedding


def normalize_spectra(estimator, X):
    """Return (flux, wavelength or None, band or None) in the space in which the embedding works.

    An estimator without an embedding (a pipeline that ends with the normalization) is taken whole.
    """
    try:
        front, _ = split_at_embedding(estimator)
    except ValueError:
        front = estimator
    if front is None:
        return *read_flux(X), None
    steps = [step for _, step in front.steps] if isinstance(front, Pipeline) else [front]
    bands = [step.band for step in steps if getattr(step, "band", None) is not None]
    handed_on = front.transform(X)
    if not hasattr(handed_on, "columns"):
        handed_on = pd.DataFrame(handed_on, columns=front.get_feature_names_out())
    return *read_flux(handed_on), (bands[-1] if bands else None)


def read_flux(X):
    """Return (flux, wavelength or None) of an array, a DataFrame or a SpectrumTable; masked pixels are NaN."""
    flux, _, wavelength = take_flux(X)
    return flux, wavelength


def place_pixels(owner, wavelength, n_wavelengths):
    """Return the x axis and its label: wavelengths in Angstrom, or pixels where they are not known."""
    if wavelength is None:
        return np.arange(n_wavelengths), "pixel"
    wavelength = np.asarray(wavelength, dtype=float)
    if wavelength.shape != (n_wavelengths,):
        raise ValueError(
            f"`wavelength` of {owner} must have one value for each of the {n_wavelengths} columns, got shape "
            f"{wavelength.shape}."
        )
    return wavelength, "wavelength [Å]"
