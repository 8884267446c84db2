"""What stays of clusters and map when they are made again."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from sklearn_sedzoo.model_selection import stability
from sklearn_sedzoo.zoo._table import is_placed, read_properties

MOST_ROWS = 2000
N_RUNS = 3


def measure_stability(zoo, *, n_runs=N_RUNS, random_state=0):
    """Return for clusters and cells how far repeated runs agree, as tables of `model_selection.stability`.

    "training": all steps from the embedder on are trained again with other seeds, on at most 2,000 spectra; a network
    from one start and for an eighth of the epochs, so that it agrees less than whole trainings do.
    "bootstrap" and "subset": clusters and map are fitted again to the latents that are there.
    """
    view, catalog = zoo.view(), zoo.catalog
    rng = np.random.default_rng(random_state)
    rows = np.sort(rng.permutation(len(view.spectra))[:MOST_ROWS])
    spectra, latents = (each.iloc[rows].reset_index(drop=True) for each in (view.spectra, view.latents))
    properties = read_properties(catalog, is_placed(zoo.table)).iloc[rows].reset_index(drop=True)
    properties = properties.select_dtypes("number")
    properties = properties.loc[:, properties.nunique() > 1]
    finals = {"clusters": zoo.pipeline[-1], "cells": zoo.map_pipeline[-1]}
    seeds = rng.integers(2**31, size=n_runs).tolist()
    trained = [_train_again(zoo.pipeline["embed"], spectra, seed) for seed in seeds]
    tables = {}
    for name, final in finals.items():
        runs = []
        for embed, seed in zip(trained, seeds, strict=True):
            again = _reseed(final, seed).fit(embed.transform(spectra))
            runs.append(Pipeline([("embed", embed), (name, again)]))
        table = stability(runs, spectra, properties, random_state=random_state).rename(index={"given": "training"})
        kept = stability(
            final, latents, properties, vary=("bootstrap", "subset"), n_runs=n_runs, random_state=random_state
        )
        tables[name] = {**table.to_dict("index"), **kept.to_dict("index")}
    return tables


def _train_again(embed, spectra, seed):
    again = _reseed(embed, seed)
    if "training__n_epochs" in again.get_params():
        again.set_params(training__n_epochs=max(1, embed.n_iter_ // 8), training__n_init=1)
    if hasattr(again, "set_output"):
        again.set_output(transform="pandas")
    return again.fit(spectra)


def _reseed(step, seed):
    again = clone(step)
    return again.set_params(random_state=seed) if "random_state" in again.get_params() else again
