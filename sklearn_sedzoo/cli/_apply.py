"""`sedzoo apply`: other spectra through a model that was fitted before."""

import pathlib
import sys

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from sklearn_sedzoo._containers import IVAR_PREFIX
from sklearn_sedzoo.cli._fit import needed_columns
from sklearn_sedzoo.cli._input import prepare_input, wants_dereddening
from sklearn_sedzoo.cli._report import report_zoo
from sklearn_sedzoo.cli._results import find_versions
from sklearn_sedzoo.cli._rows import (
    choose_rows,
    count_domain,
    judge_quality,
    make_input,
    name_bins,
    normalize_rows,
    place_rows,
    take_rows,
)
from sklearn_sedzoo.io import load_model, write_map
from sklearn_sedzoo.preprocessing import ExtinctionCorrector


def apply_model(options):
    """Run `sedzoo apply` with parsed arguments."""
    model = read_model(options.model)
    catalog, decisions = prepare_input(options)
    for sentence in decisions:
        print(f"sedzoo: {sentence}", file=sys.stderr)
    front = make_front(model, catalog, options)
    columns = needed_columns(front)
    X = make_input(catalog, columns=columns, with_ivar=_has_ivar(model, catalog, options))
    quality = judge_quality(catalog, columns)
    usable = choose_rows(quality, options.on_bad)
    fit_to_grid(front, catalog, X, usable)
    normalized, kept = normalize_rows(front, X, quality, usable)
    latent = model["map"]["embed"].transform(normalized) if len(normalized) else None
    table = place_rows(catalog, quality, kept, normalized, latent, model["cluster"][-1], model["map"])
    counts = count_domain(table)
    meta = {"MODEL": pathlib.Path(options.model).name, **counts}
    write_map(options.out, table, meta=meta, overwrite=options.overwrite)
    if options.report and len(normalized):
        model["cluster"] = Pipeline([*front.items(), *model["cluster"].steps[-2:]])  # reads the new spectra
        facts = {"input": options.spectra, "model": options.model, **counts, **find_versions()}
        report_zoo(
            options.report,
            catalog,
            X,
            table,
            normalized,
            model,
            facts=facts,
            options=options,
            overwrite=options.overwrite,
        )
    print(
        f"{len(catalog)} spectra mapped, {np.count_nonzero(quality)} of them flagged; the table is {options.out}\n"
        f"{counts['N_INSIDE']} are in the domain of the model; {counts['NOUTSIDE']} are out of it (in_domain is "
        "false): do not trust their place on the map"
    )


def read_model(path):
    """Read what `sedzoo map` left: the safe ``model.skops``, or ``model.joblib``, which runs whatever it holds."""
    path = pathlib.Path(path)
    model = _unpickle(path) if path.suffix == ".joblib" else load_model(path)
    if not (isinstance(model, dict) and isinstance(model.get("map"), Pipeline) and "cluster" in model):
        raise ValueError(f"{path} is no model of `sedzoo map`: it holds {type(model).__name__}.")
    return model


def _unpickle(path):
    if not path.exists():
        raise FileNotFoundError(f"There is no file {path}.")
    try:
        return joblib.load(path)
    except Exception as error:
        raise ValueError(f"{path} cannot be loaded as a model of `sedzoo map`: {error}") from error


def _has_ivar(model, catalog, options):
    """Tell whether the model takes inverse variances; refuse a catalog that has none then."""
    takes = any(str(name).startswith(IVAR_PREFIX) for name in model["map"]["resample"].get_feature_names_out())
    if takes and catalog.ivar is None:
        raise ValueError(
            f"{options.model} was trained on spectra with inverse variances and {options.spectra} has none. Give it an "
            "image or column IVAR, or train a model without them."
        )
    return takes


def make_front(model, catalog, options):
    """Return the steps up to the normalization that bring these spectra to what the model knows.

    A model of the rest frame takes observed spectra by their redshifts, and spectra at rest as they are. One that was
    trained in the observed frame takes nothing else.
    """
    steps, frame = model["map"].named_steps, model.get("frame")
    is_shifted = catalog.frame == "observed" and frame != "observed"
    if frame == "observed" and catalog.frame == "rest":
        raise ValueError(
            f"{options.model} was trained on spectra in the observed frame, and those of {options.spectra} are at "
            "rest: train a model in the rest frame, or say --frame observed if they are not."
        )
    if frame is None and is_shifted:
        raise ValueError(
            f"{options.model} does not know the frame of the spectra that it was trained on, and those of "
            f"{options.spectra} are observed. Train it again with --frame rest or --frame observed."
        )
    resample = clone(steps["resample"]).set_params(
        grid=steps["resample"].wavelength_out_,
        grid_range=None,
        spacing="linear",
        unit="Angstrom",
        redshift="redshift" if is_shifted else None,
        medium=catalog.medium,
    )
    if catalog.density not in {None, resample.density}:
        raise ValueError(
            f"{options.model} was trained on fluxes per {resample.density} and those of {options.spectra} are per "
            f"{catalog.density} ({catalog.flux_unit}). Convert them with astropy.units.spectral_density."
        )
    front = {}
    if not model.get("has_galactic_dust") and wants_dereddening(catalog, options.dereddening):
        front["deredden"] = ExtinctionCorrector(on_bad="mask")
    resample.set_params(wavelength=None if front else catalog.wavelength)
    if _is_known(steps, catalog, resample, front):
        resample = steps["resample"]
    return {**front, "resample": resample, "normalize": steps["normalize"]}


def _is_known(steps, catalog, resample, front):
    """Whether the model's own resampler takes these spectra as they are."""
    own = steps["resample"]
    return (
        len(own.wavelength_in_) == len(catalog.wavelength)
        and np.allclose(own.wavelength_in_, catalog.wavelength, rtol=1e-9, atol=0)
        and (own.redshift, own.medium_) == (resample.redshift, catalog.medium)
        and ("deredden" in steps) == ("deredden" in front)
    )


def fit_to_grid(front, catalog, X, usable):
    """Fit the steps that bring the catalog to the grid that the model knows.

    Those at rest that do not cover that grid are refused: nothing is extrapolated. Of observed ones, whose redshifts
    differ, each has masked pixels where it does not reach.
    """
    rows = np.flatnonzero(usable)
    if not len(rows):
        return
    X = take_rows(X, rows if isinstance(front["resample"].redshift, str) else rows[:1])
    if "deredden" in front:
        X = name_bins(front["deredden"].fit(X).transform(X), front["deredden"])
    if not hasattr(front["resample"], "wavelength_out_"):
        front["resample"].fit(X)
