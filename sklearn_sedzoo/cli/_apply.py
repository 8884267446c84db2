"""`sedzoo apply`: other spectra through a model that was fitted before."""

import pathlib

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from sklearn_sedzoo._containers import IVAR_PREFIX
from sklearn_sedzoo.cli._report import report_zoo
from sklearn_sedzoo.cli._results import find_versions
from sklearn_sedzoo.cli._rows import (
    choose_rows,
    count_domain,
    judge_quality,
    make_input,
    normalize_rows,
    place_rows,
    take_rows,
)
from sklearn_sedzoo.io import QUALITY_BITS, load_model, read_spectra, write_map


def apply_model(options):
    """Run `sedzoo apply` with parsed arguments."""
    model = read_model(options.model)
    catalog = read_spectra(options.catalog, unit=options.unit)
    resample, normalize, embed, _ = (step for _, step in model["map"].steps)
    X = make_input(catalog, redshift=resample.redshift, with_ivar=_has_ivar(resample, catalog, options))
    quality = judge_quality(catalog, X)
    usable = choose_rows(quality, "mask" if resample.on_bad == "mask" else "drop", resample.redshift)
    resample = fit_to_grid(resample, catalog, X, usable)
    normalized, kept = normalize_rows(resample, normalize, X, usable)
    quality[usable & ~kept] |= QUALITY_BITS["no_flux"]
    latent = embed.transform(normalized) if len(normalized) else None
    table = place_rows(catalog, quality, kept, normalized, latent, model["cluster"][-1], model["map"])
    counts = count_domain(table)
    meta = {"MODEL": pathlib.Path(options.model).name, **counts}
    write_map(options.out, table, meta=meta, overwrite=options.overwrite)
    if options.report and len(normalized):
        model["cluster"] = Pipeline([("resample", resample), *model["cluster"].steps[1:]])  # reads the new grid
        facts = {"input": options.catalog, "model": options.model, **counts, **find_versions()}
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
        f"{counts['N_INSIDE']} are of the kind that the model was trained on; {counts['NOUTSIDE']} are not "
        "(in_domain is false): do not trust their place on the map"
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


def _has_ivar(resample, catalog, options):
    """Tell whether the model takes inverse variances; refuse a catalogue that has none then."""
    takes = any(str(name).startswith(IVAR_PREFIX) for name in resample.get_feature_names_out())
    if takes and catalog.ivar is None:
        raise ValueError(
            f"{options.model} was trained on spectra with inverse variances and {options.catalog} has none. Give it an "
            "image or column IVAR, or train a model without them."
        )
    return takes


def fit_to_grid(resample, catalog, X, usable):
    """Return a resampler from the catalogue's grid to the one that the model knows.

    It refuses a catalogue that does not cover that grid: nothing is extrapolated.
    """
    known = resample.wavelength_in_
    is_known = len(known) == len(catalog.wavelength) and np.allclose(known, catalog.wavelength, rtol=1e-9, atol=0)
    if is_known or not usable.any():
        return resample
    other = clone(resample).set_params(
        grid=resample.wavelength_out_, grid_range=None, spacing="linear", wavelength=catalog.wavelength, unit="Angstrom"
    )
    rows = np.flatnonzero(usable)
    return other.fit(take_rows(X, rows if isinstance(resample.redshift, str) else rows[:1]))
