"""Fit the steps of a recipe to a catalogue, one after the other, with the time each one takes."""

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from sklearn_sedzoo.cli._rows import (
    choose_rows,
    fit_front,
    judge_quality,
    make_input,
    normalize_rows,
)
from sklearn_sedzoo.io import count_quality

FRONT = ("deredden", "resample", "normalize")


@dataclass
class FittedZoo:
    """What was learned from a catalogue, and the catalogue as the steps see it."""

    cluster: Pipeline
    map: Pipeline
    X: np.ndarray | pd.DataFrame  # all rows, as the pipelines take them
    normalized: pd.DataFrame  # the usable rows
    latent: pd.DataFrame  # the usable rows
    quality: np.ndarray  # all rows; 0 is good
    usable: np.ndarray  # all rows; whether it has a place on the map
    train: np.ndarray  # positions among the usable rows
    test: np.ndarray
    held_out: np.ndarray  # rows of the catalogue that no step has learned from, except when to stop


class Timer:
    """Say what was done and keep how long it took, in seconds."""

    def __init__(self, tell):
        self.tell = tell
        self.times = {}

    def __call__(self, name, text):
        self.name, self.text = name, text
        return self

    def __enter__(self):
        self.start = time.perf_counter()

    def __exit__(self, kind, error, traceback):
        self.times[self.name] = round(time.perf_counter() - self.start, 3)
        if kind is None:
            self.tell(f"{self.text} ({self.times[self.name]:.1f} s)")


def fit_zoo(catalog, recipe, seed, timer, callbacks=(), on_bad="mask"):
    """Fit a recipe; rows that cannot be used are left out and flagged in `quality`."""
    front = {name: step for name, step in recipe.steps.items() if name in FRONT}
    embed, cluster, som = (recipe.steps[name] for name in ("embed", "cluster", "map"))
    with timer("normalize", f"resampled and normalized {len(catalog)} spectra"):
        columns = needed_columns(front)
        X = make_input(catalog, columns=columns)
        quality = judge_quality(catalog, columns)
        usable = choose_rows(quality, on_bad)
        n_used = 0
        if usable.any():
            fit_front(front, X, usable)
            normalized, usable = normalize_rows(front, X, quality, usable)
            n_used = len(normalized)
    if n_used < 2:
        counts = ", ".join(f"{name}: {n}" for name, n in count_quality(quality).items()) or "none is flagged"
        raise ValueError(
            f"{n_used} of {len(catalog)} spectra can be used ({counts}); at least 2 are needed."
            + ("" if on_bad == "mask" else " (--on-bad mask leaves bad pixels out instead of their spectra.)")
        )
    train, test = split_rows(len(normalized), recipe.with_split, seed)
    for step in (embed, som):
        step.set_callbacks(*callbacks)
    with timer("embed", f"trained the embedder on {len(train)} spectra"):
        embed.set_output(transform="pandas").fit(normalized.iloc[train] if len(test) else normalized)
        latent = embed.transform(normalized)
    good = np.flatnonzero(usable)
    learned = train[embed.training_rows_]
    held_out = good[np.setdiff1d(np.arange(len(good)), learned)]
    if not len(held_out):  # an embedder that remained PCA has learned from all
        held_out = good
    if recipe.with_split:
        train = learned
    with timer("cluster", "found the clusters"):
        cluster.fit(latent.iloc[train])
    with timer("map", "made the map"):
        som.fit(latent.iloc[train])
    for step in (embed, som):
        step.set_callbacks()
    shared = [(name, step.set_output(transform="pandas")) for name, step in {**front, "embed": embed}.items()]
    return FittedZoo(
        Pipeline([*shared, ("cluster", cluster)]),
        Pipeline([*shared, ("map", som)]),
        X,
        normalized,
        latent,
        quality,
        usable,
        train,
        test,
        held_out,
    )


def needed_columns(front):
    """Return the names of the columns of properties that the steps read."""
    asked = [front["resample"].redshift, front["deredden"].ebv if "deredden" in front else None]
    return tuple(name for name in asked if isinstance(name, str))


def split_rows(n_rows, with_split, seed):
    """Return the rows to learn from (training and validation) and, with a split, the tenth that is held out."""
    if not with_split:
        return np.arange(n_rows), np.arange(0)
    order = np.random.default_rng(seed).permutation(n_rows)
    n_test = max(1, n_rows // 10)
    return np.sort(order[n_test:]), np.sort(order[:n_test])
