"""The figures of a Zoo: ours, and the thesis's figures 5 to 9 with its own indices."""

import numpy as np
from matplotlib.pyplot import close
from sklearn.base import clone

from sklearn_sedzoo._containers import judge_columns
from sklearn_sedzoo.plotting import (
    LatentDisplay,
    MapPanelsDisplay,
    MapSpectraDisplay,
    ReconstructionDisplay,
    SpectraDisplay,
    TrainingHistoryDisplay,
)
from sklearn_sedzoo.zoo._table import is_placed, read_properties
from sklearn_sedzoo.zoo._zoo import split_rows

# The thesis counts from 1.
THESIS_SPECTRA = (1, 256, 304, 678, 789, 800)
THESIS_RECONSTRUCTIONS = (1, 26, 34, 68, 79, 100)
THESIS_PAIRS = ((1, 2), (1, 256), (255, 256), (34, 93))
THESIS_RUNS = 4
THESIS_SCATTER_SEED = 42


def default_figures(zoo):
    """Yield (name, figure): spectra, reconstructions, latents, map, map of spectra, properties, training."""
    embed, som, view = zoo.pipeline["embed"], zoo.map_pipeline["map"], zoo.view()
    used = zoo.table[is_placed(zoo.table)].reset_index(drop=True)
    properties = varying(read_properties(zoo.catalog, is_placed(zoo.table)))
    shade = next(iter(properties.columns), None)
    rows = spread_rows(len(used), 6)
    yield "spectra", SpectraDisplay.from_spectra(view.spectra, band=zoo.pipeline["normalize"].band, rows=rows).figure_
    yield "reconstructions", ReconstructionDisplay.from_estimator(embed, view.spectra, rows=rows).figure_
    n_latents = np.shape(view.latents)[1]
    pairs = [(i, j) for i in range(min(n_latents, 3)) for j in range(i)] or [(0, 0)]
    pairs = [(j, i) for i, j in pairs]
    yield "latents", LatentDisplay.from_predictions(view.latents, used["cluster"], pairs=pairs, label="cluster").figure_
    yield "map", MapPanelsDisplay.from_estimator(som, view.latents, properties=used[["cluster"]]).figure_
    values = None if shade is None else properties[shade]
    yield "map_spectra", MapSpectraDisplay.from_estimator(view.pipeline, view.spectra, values=values).figure_
    if shade is not None:
        panels = {"panels": list(properties.columns), "properties": properties}
        yield "properties", MapPanelsDisplay.from_estimator(som, view.latents, **panels).figure_
    if hasattr(embed, "history_"):
        yield "training", TrainingHistoryDisplay.from_estimator(embed).figure_


def thesis_figures(zoo):
    """Yield (name, figure): the thesis's figures 5 to 9."""
    embed, som, view = zoo.pipeline["embed"], zoo.map_pipeline["map"], zoo.view()
    spectra = existing(THESIS_SPECTRA, len(view.spectra))
    band = zoo.pipeline["normalize"].band
    yield "figure5_spectra", SpectraDisplay.from_spectra(view.spectra, band=band, rows=spectra).figure_
    learned, held_out = split_rows(len(view.spectra), True, zoo.summary["seed"])
    tests = view.spectra.iloc[held_out]
    rows = existing(THESIS_RECONSTRUCTIONS, len(tests))
    yield "figure6_reconstructions", ReconstructionDisplay.from_estimator(embed, tests, rows=rows).figure_
    yield "figure7_training", TrainingHistoryDisplay.from_estimator(embed).figure_
    train = learned[embed.training_rows_]
    seen = view.latents.iloc[train]
    labels = clone(zoo.pipeline["cluster"]).set_params(random_state=THESIS_SCATTER_SEED).fit_predict(seen)
    n_latents = seen.shape[1]
    pairs = [(i - 1, j - 1) for i, j in THESIS_PAIRS if max(i, j) <= n_latents] or [(0, min(1, n_latents - 1))]
    yield "figure8_latents", LatentDisplay.from_predictions(seen, labels, pairs=pairs, label="cluster").figure_
    first = som.random_state or 0
    runs = {f"run {i + 1}": clone(som).set_params(random_state=first + i).fit(seen) for i in range(THESIS_RUNS)}
    groups = zoo.table.loc[is_placed(zoo.table), ["cluster"]].iloc[train].reset_index(drop=True)
    yield "figure9_maps", MapPanelsDisplay.from_estimators(runs, seen, properties=groups).figure_


def draw_figures(zoo, folder):
    """Draw the figures of the recipe of a Zoo into a new folder."""
    folder.mkdir()
    for name, figure in {"default": default_figures, "thesis": thesis_figures}[zoo.summary["recipe"]](zoo):
        figure.savefig(folder / f"{name}.png", dpi=130)
        close(figure)


def spread_rows(n_rows, n_wanted):
    """Return up to n_wanted rows, evenly spread."""
    return np.unique(np.linspace(0, n_rows - 1, n_wanted).astype(int)).tolist()


def existing(numbers, n_rows):
    """Return the thesis's numbers, counted from 1, as rows; those beyond the end are left out."""
    return [number - 1 for number in numbers if number <= n_rows]


def varying(properties):
    """Return the properties that are numbers and not all alike: a constant makes no picture."""
    numbers = judge_columns(properties).select_dtypes(include="number")
    numbers = numbers.loc[:, numbers.nunique() > 1]
    numbers.attrs["units"] = properties.attrs.get("units", {})
    return numbers
