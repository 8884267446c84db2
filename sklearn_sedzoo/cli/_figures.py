"""The figures of `sedzoo map`: ours, and the thesis's figures 5 to 9 with its own indices."""

import numpy as np
from matplotlib.pyplot import close
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from sklearn_sedzoo._containers import is_nuisance, judge_columns
from sklearn_sedzoo.plotting import (
    LatentDisplay,
    MapPanelsDisplay,
    MapSpectraDisplay,
    ReconstructionDisplay,
    SpectraDisplay,
    TrainingHistoryDisplay,
)

__all__ = ["FIGURES", "close"]

# The thesis counts from 1.
THESIS_SPECTRA = (1, 256, 304, 678, 789, 800)
THESIS_RECONSTRUCTIONS = (1, 26, 34, 68, 79, 100)
THESIS_PAIRS = ((1, 2), (1, 256), (255, 256), (34, 93))
THESIS_RUNS = 4
THESIS_SCATTER_SEED = 42


def default_figures(catalog, zoo, table):
    """Yield (name, figure): spectra, reconstructions, latents, map, map of spectra, properties, training."""
    embed, used = zoo.cluster["embed"], table[zoo.usable].reset_index(drop=True)
    labels = used["cluster"]
    on_map = Pipeline([("embed", embed), ("map", zoo.map["map"])])
    properties = varying(used, catalog)
    shade = next(iter(sorted(properties.columns, key=is_nuisance)), None)  # rather physics than redshift or S/N
    rows = spread_rows(len(used), 6)
    band = zoo.cluster["normalize"].band
    yield "spectra", SpectraDisplay.from_spectra(zoo.normalized, band=band, rows=rows).figure_
    yield "reconstructions", ReconstructionDisplay.from_estimator(embed, zoo.normalized, rows=rows).figure_
    n_latents = zoo.latent.shape[1]
    pairs = [(i, j) for i in range(min(n_latents, 3)) for j in range(i)] or [(0, 0)]
    display = LatentDisplay.from_predictions(zoo.latent, labels, pairs=[(j, i) for i, j in pairs], label="cluster")
    yield "latents", display.figure_
    yield "map", MapPanelsDisplay.from_estimator(zoo.map["map"], zoo.latent, properties=used[["cluster"]]).figure_
    display = MapSpectraDisplay.from_estimator(
        on_map, zoo.normalized, values=None if shade is None else properties[shade]
    )
    yield "map_spectra", display.figure_
    if shade is not None:
        display = MapPanelsDisplay.from_estimator(
            zoo.map["map"], zoo.latent, panels=list(properties.columns), properties=properties
        )
        yield "properties", display.figure_
    yield "training", TrainingHistoryDisplay.from_estimator(embed).figure_


def thesis_figures(catalog, zoo, table):
    """Yield (name, figure): the thesis's figures 5 to 9."""
    embed, som = zoo.cluster["embed"], zoo.map["map"]
    spectra = existing(THESIS_SPECTRA, len(zoo.normalized))
    display = SpectraDisplay.from_spectra(zoo.normalized, band=zoo.cluster["normalize"].band, rows=spectra)
    yield "figure5_spectra", display.figure_
    tests = zoo.normalized.iloc[zoo.test]
    rows = existing(THESIS_RECONSTRUCTIONS, len(tests))
    yield "figure6_reconstructions", ReconstructionDisplay.from_estimator(embed, tests, rows=rows).figure_
    yield "figure7_training", TrainingHistoryDisplay.from_estimator(embed).figure_
    seen = zoo.latent.iloc[zoo.train]
    labels = clone(zoo.cluster["cluster"]).set_params(random_state=THESIS_SCATTER_SEED).fit_predict(seen)
    n_latents = seen.shape[1]
    pairs = [(i - 1, j - 1) for i, j in THESIS_PAIRS if max(i, j) <= n_latents] or [(0, min(1, n_latents - 1))]
    yield "figure8_latents", LatentDisplay.from_predictions(seen, labels, pairs=pairs, label="cluster").figure_
    first = som.random_state or 0
    runs = {f"run {i + 1}": clone(som).set_params(random_state=first + i).fit(seen) for i in range(THESIS_RUNS)}
    groups = table.loc[zoo.usable, ["cluster"]].iloc[zoo.train].reset_index(drop=True)
    yield "figure9_maps", MapPanelsDisplay.from_estimators(runs, seen, properties=groups).figure_


FIGURES = {"default": default_figures, "thesis": thesis_figures}


def spread_rows(n_rows, n_wanted):
    """Return up to n_wanted rows, evenly spread."""
    return np.unique(np.linspace(0, n_rows - 1, n_wanted).astype(int)).tolist()


def existing(numbers, n_rows):
    """Return the thesis's numbers, counted from 1, as rows; those beyond the end are left out."""
    return [number - 1 for number in numbers if number <= n_rows]


def varying(table, catalog):
    """Return the object properties that are numbers and not all alike: a constant makes no picture."""
    properties = judge_columns(table[[name for name in catalog.properties.columns if name in table]])
    numbers = properties.select_dtypes(include="number")
    numbers = numbers.loc[:, numbers.nunique() > 1]
    numbers.attrs["units"] = table.attrs.get("units", {})
    return numbers
