"""What `sedzoo map` and `sedzoo apply` tell in report.html."""

import shlex

import numpy as np

from sklearn_sedzoo.cli._rows import is_placed, take_rows
from sklearn_sedzoo.inspection import interpret, rank_unusual
from sklearn_sedzoo.metrics import reconstruct
from sklearn_sedzoo.model_selection import stability
from sklearn_sedzoo.report import write_report

MOST_ROWS = 2000
N_RUNS = 3


def report_zoo(path, catalog, X, table, normalized, model, *, facts, options, runs=None, overwrite=False):
    """Write the page about the usable spectra of a catalogue; return what the clusters mean, or None.

    `X` are its spectra as the pipelines "cluster" and "map" of `model` take them.
    """
    good = is_placed(table)
    properties = read_properties(catalog, good)
    embed, latents = model["cluster"]["embed"], read_latents(table, good)
    interpretation = None
    if len(properties.columns) and good.sum() > 1:
        interpretation = interpret(
            model["cluster"], take_rows(X, np.flatnonzero(good)), properties, frame=model.get("frame"), random_state=0
        )
    facts = {name: value for name, value in facts.items() if isinstance(value, (int, float, str, np.number))}
    write_report(
        path,
        som=model["map"]["map"],
        latents=latents,
        labels=table.loc[good, "cluster"],
        normalized=normalized,
        reconstructed=reconstruct(embed, normalized)[1],
        properties=properties,
        ids=table.loc[good, "id"],
        is_inside=table.loc[good, "in_domain"],
        unusual=rank_unusual(table[good]),
        interpretation=interpretation,
        stability=runs,
        history=embed.history_,
        facts=facts,
        command=shlex.join(["sedzoo", *options.arguments]),
        overwrite=overwrite,
    )
    return interpretation


def read_properties(catalog, good):
    """Return the properties of the usable spectra, without their names."""
    properties = catalog.properties[good].reset_index(drop=True).drop(columns="id", errors="ignore")
    properties.attrs["units"] = catalog.properties.attrs.get("units", {})
    return properties


def read_latents(table, good):
    """Return the latents of the usable spectra from a table of results."""
    return table.loc[good].filter(regex=r"^latent\d+$").reset_index(drop=True)


def measure_stability(zoo, table, catalog, seed):
    """Fit clusters and map again on the latents, which stay: other seeds, bootstrap samples, subsets."""
    good = is_placed(table)
    rows = np.random.default_rng(seed).permutation(np.count_nonzero(good))[:MOST_ROWS]
    latents = read_latents(table, good).iloc[rows]
    properties = read_properties(catalog, good).iloc[rows].select_dtypes("number")
    properties = properties.loc[:, properties.nunique() > 1]
    finals = {"clusters": zoo.cluster["cluster"], "cells": zoo.map["map"]}
    return {
        name: stability(final, latents, properties, n_runs=N_RUNS, random_state=seed) for name, final in finals.items()
    }
