"""The first steps of a fitted model, for spectra on another grid, in another frame or medium."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone

from sklearn_sedzoo.preprocessing import ExtinctionCorrector
from sklearn_sedzoo.zoo._decisions import wants_dereddening


def bring_to_model(pipeline, provenance, catalog, dereddening):
    """Return the steps up to the normalization that bring a catalog to what the model knows, and whether with errors.

    A model of the rest frame takes observed spectra by their redshifts, and spectra at rest as they are. One that was
    trained in the observed frame takes nothing else. `fit_front` fits what is new among the steps: those at rest that
    do not cover the grid are refused, of observed ones each has masked pixels where it does not reach.
    """
    steps, frame = pipeline.named_steps, provenance["frame"]
    origin = catalog.meta.get("origin", "the catalog")
    if provenance["with_ivar"] and catalog.ivar is None:
        raise ValueError(
            f"The model was trained on spectra with inverse variances and {origin} has none. Give it an image or "
            "column IVAR, or train a model without them."
        )
    is_shifted = catalog.frame == "observed" and frame != "observed"
    if frame == "observed" and catalog.frame == "rest":
        raise ValueError(
            f"The model was trained on spectra in the observed frame, and those of {origin} are at rest: train a model "
            "in the rest frame, or say frame='observed' (--frame observed) if they are not."
        )
    if frame is None and is_shifted:
        raise ValueError(
            f"The model does not know the frame of the spectra that it was trained on, and those of {origin} are "
            "observed. Train it again with frame='rest' or 'observed' (--frame)."
        )
    own = steps["resample"]
    if catalog.density not in {None, own.density}:
        raise ValueError(
            f"The model was trained on fluxes per {own.density} and those of {origin} are per {catalog.density} "
            f"({catalog.flux_unit}). Convert them with astropy.units.spectral_density."
        )
    resample = clone(own).set_params(
        grid=own.wavelength_out_,
        grid_range=None,
        spacing="linear",
        unit="Angstrom",
        redshift="redshift" if is_shifted else None,
        medium=catalog.medium,
    )
    front = {}
    if not provenance["has_galactic_dust"] and wants_dereddening(catalog, dereddening):
        front["deredden"] = ExtinctionCorrector(on_bad="mask")
    resample.set_params(wavelength=None if front else catalog.wavelength)
    if _is_known(steps, catalog, resample, front):
        resample = own
    return {**front, "resample": resample, "normalize": steps["normalize"]}, provenance["with_ivar"]


def _is_known(steps, catalog, resample, front):
    """Whether the model's own resampler takes these spectra as they are."""
    own = steps["resample"]
    return (
        len(own.wavelength_in_) == len(catalog.wavelength)
        and np.allclose(own.wavelength_in_, catalog.wavelength, rtol=1e-9, atol=0)
        and (own.redshift, own.medium_) == (resample.redshift, catalog.medium)
        and ("deredden" in steps) == ("deredden" in front)
    )
