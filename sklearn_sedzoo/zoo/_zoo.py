"""Zoo: a catalog mapped, with its pipelines, table of results, domain and provenance."""

from __future__ import annotations

import os
import pathlib
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from sklearn_sedzoo._containers import SpectrumTable
from sklearn_sedzoo._parameters import (
    Seed,
    checked,
    flag,
    function,
    having,
    integer,
    mapping,
    nothing,
    option,
    path,
    random_state,
    sequence_of,
    text,
)
from sklearn_sedzoo._validation import FRAME, MEDIUM
from sklearn_sedzoo._version import __version__
from sklearn_sedzoo.inspection import Interpretation, find_similar, in_domain, interpret, learn_domain, rank_unusual
from sklearn_sedzoo.inspection._views import View
from sklearn_sedzoo.io import count_quality, load_model, read_map, save_model, write_map
from sklearn_sedzoo.zoo import _folder
from sklearn_sedzoo.zoo._adapt import bring_to_model
from sklearn_sedzoo.zoo._calibration import apply_calibration, can_calibrate, measure_calibration
from sklearn_sedzoo.zoo._decisions import settle_catalog
from sklearn_sedzoo.zoo._recipes import FRONT, RECIPES
from sklearn_sedzoo.zoo._summary import find_versions, summarize_fit, summarize_table, write_summary
from sklearn_sedzoo.zoo._table import (
    choose_rows,
    fit_front,
    is_placed,
    judge_quality,
    make_input,
    make_table,
    needed_columns,
    normalize_rows,
    read_latents,
    read_properties,
)

_READING = {
    "frame": FRAME,
    "medium": MEDIUM,
    "dereddening": [flag()],
    "on_bad": [option("mask", "drop", "raise")],
    "progress": [function("a function of a sentence"), nothing()],
}
_CALLBACK = having("on_fit_task_begin", "on_fit_task_end", words="a callback of scikit-learn")


class Zoo:
    """A catalog of spectra mapped: what `Zoo.fit`, `Zoo.apply` and `Zoo.load` return.

    It is a result, no estimator: its pipelines are plain scikit-learn, to be cloned, searched and saved as such.

    Attributes
    ----------
    pipeline : Pipeline
        From spectra to clusters: (`deredden`,) `resample`, `normalize`, `embed`, `cluster`.
    map_pipeline : Pipeline
        From spectra to cells: the same fitted steps, then `map`.
    table : DataFrame of shape (n_spectra, n_columns) or None
        One row for each spectrum of the catalog, in its order: ``id``, ``cluster``, ``cell_row``, ``cell_column``,
        ``distance`` to the cell, ``reconstruction_error``, ``domain_score``, ``unusual_in``, ``in_domain``,
        ``quality`` (see `sklearn_sedzoo.io.QUALITY_BITS`), ``latent0``, ..., and the properties of the catalog. Spectra
        that could not be used have cluster and cell -1.
    catalog : SpectrumTable or None
        The spectra, their frame and medium decided. None in a loaded zoo to which no catalog was given.
    domain : Domain
        What kind of spectra the model knows, see `sklearn_sedzoo.inspection.learn_domain`.
    summary : dict
        What was decided, numbers of spectra, losses, errors, times and versions, as plain numbers and words.

    See Also
    --------
    sklearn_sedzoo.make_sed_pipeline : The pipeline alone, step by step.

    Examples
    --------
    >>> from sklearn_sedzoo import Zoo
    >>> from sklearn_sedzoo.datasets import make_sed_catalog
    >>> catalog = make_sed_catalog(60, random_state=0)
    >>> quick = {"embed__training__n_epochs": 1, "resample__grid": 200, "map__n_rows": 3, "map__n_columns": 3}
    >>> zoo = Zoo.fit(catalog, params=quick, random_state=0)
    >>> zoo.table[["cluster", "cell_row"]].shape
    (60, 2)
    >>> zoo.similar(7, n_neighbors=3).columns[:2].tolist()
    ['apart', 'id']
    >>> bool((zoo.pipeline.predict(catalog.flux) == zoo.table["cluster"]).all())
    True
    """

    def __init__(self, pipeline, map_pipeline, *, domain, provenance, catalog=None, table=None, summary=None):
        self.pipeline = pipeline
        self.map_pipeline = map_pipeline
        self.domain = domain
        self.provenance = provenance
        self.catalog = catalog
        self.table = table
        self.summary = summary

    @classmethod
    @checked(
        **_READING,
        recipe=[option(*RECIPES)],
        calibration=[flag()],
        params=[mapping("a dict of parameters or steps", empty=True), nothing()],
        random_state=[integer(0, 2**32 - 1), nothing()],
        callbacks=[sequence_of(_CALLBACK, "callbacks of scikit-learn", empty=True)],
        memory=[path(), having("cache", words="a joblib.Memory"), nothing()],
    )
    def fit(
        cls,
        catalog: SpectrumTable,
        *,
        recipe: str = "default",
        params: dict[str, Any] | None = None,
        frame: str | None = None,
        medium: str | None = None,
        dereddening: bool = True,
        calibration: bool = True,
        on_bad: str = "mask",
        random_state: int | None = None,
        callbacks: Sequence = (),
        memory: Any = None,
        progress: Callable[[str], object] | None = None,
    ) -> Zoo:
        """Fit the steps of a recipe to a catalog, and place every spectrum of it.

        Parameters
        ----------
        catalog : SpectrumTable
            Spectra with what is known of them, see `sklearn_sedzoo.io.read_spectra`. Observed spectra go to the rest
            frame by their column ``redshift`` and are corrected for Galactic dust by their column ``ebv``.
        recipe : {"default", "thesis"}, default="default"
            Our method, or the thesis to the letter.
        params : dict of str to value, default=None
            Parameters of the steps, such as ``{"map__n_rows": 20}``, or whole steps, ``{"cluster": KMeans(8)}``.
            ``{"embed": "pca"}`` is linear and takes seconds.
        frame : {"rest", "observed"} or None, default=None
            Frame of the wavelengths, where the catalog does not state it. None: what the lines show.
        medium : {"vacuum", "air"} or None, default=None
            Medium of the wavelengths, where the catalog does not state it.
        dereddening : bool, default=True
            Correct observed spectra for the dust of our Galaxy, where the catalog has E(B-V).
        calibration : bool, default=True
            Divide observed spectra by smooth curves in observed wavelength, that all of them share or those of a plate,
            tile or field (a column of that name): errors of the flux calibration, told from galaxies by their
            redshifts. The `catalog` of the zoo is corrected then.
        on_bad : {"mask", "drop", "raise"}, default="mask"
            Bad pixels are left out; the spectra that have any are; or they are an error. No spectrum leaves the table.
        random_state : int or None, default=None
            Seed of all steps.
        callbacks : sequence of callbacks, default=()
            For the training of embedder and map, see `sklearn.callback`.
        memory : str or joblib.Memory, default=None
            Where fitted steps are kept, as in `sklearn.pipeline.Pipeline`: the same call goes on after a kill.
        progress : callable, default=None
            Is told in one sentence of each finished step.

        Returns
        -------
        zoo : Zoo
            With `table`, `summary` and all else.

        Raises
        ------
        ValueError
            A parameter that no step has, or that a step refuses; a frame that cannot be decided; fewer than two usable
            spectra. All of it before the first training.
        """
        timer = Timer(progress)
        _check_catalog(catalog, "Zoo.fit")
        catalog, decisions = settle_catalog(catalog, frame=frame, medium=medium, dereddening=dereddening)
        chosen = RECIPES[recipe](catalog, random_state, dereddening).set_params(params or {})
        decisions = [*decisions, *chosen.notes]
        if progress is not None:
            for sentence in decisions:
                progress(sentence)
        front = {name: step for name, step in chosen.steps.items() if name in FRONT}
        embed, cluster, som = (chosen.steps[name] for name in ("embed", "cluster", "map"))
        columns = needed_columns(front)
        with timer("normalize", f"resampled and normalized {len(catalog)} spectra"):
            normalized, brightness, quality, usable = _normalize(catalog, front, columns, on_bad)
        curves = None
        if calibration and columns and can_calibrate(catalog):
            with timer("calibrate", "measured the errors of the calibration"):
                curves = measure_calibration(catalog, normalized, np.flatnonzero(usable))
                catalog, said = apply_calibration(catalog, curves)
                if said:
                    normalized, brightness, quality, usable = _normalize(catalog, front, columns, on_bad)
            if said:
                decisions.append(said)
                if progress is not None:
                    progress(said)
        train, test = split_rows(len(normalized), chosen.with_split, random_state)
        _rehearse(embed, cluster, som, len(train))
        memory = memory if hasattr(memory, "cache") else joblib.Memory(memory, verbose=0)
        fit_step = memory.cache(_fit_step, ignore=["callbacks"])
        with timer("embed", f"trained the embedder on {len(train)} spectra"):
            learned = normalized.iloc[train] if len(test) else normalized
            embed = fit_step(embed.set_output(transform="pandas"), learned, __version__, callbacks)
            latents = embed.transform(normalized)
        rows = train[getattr(embed, "training_rows_", np.arange(len(train)))]
        held_out = np.setdiff1d(np.arange(len(normalized)), rows)
        if not len(held_out):  # an embedder that remained PCA has learned from all
            held_out = np.arange(len(normalized))
        if chosen.with_split:
            train = rows
        with timer("cluster", "found the clusters"):
            cluster = fit_step(cluster, latents.iloc[train], __version__, ())
        with timer("map", "made the map"):
            som = fit_step(som, latents.iloc[train], __version__, callbacks)
        shared = [(name, step.set_output(transform="pandas")) for name, step in {**front, "embed": embed}.items()]
        zoo = cls(
            Pipeline([*shared, ("cluster", cluster)]),
            Pipeline([*shared, ("map", som)]),
            domain=None,
            provenance={**_describe_model(catalog, front), "calibration": curves},
            catalog=catalog,
        )
        view = View(Pipeline(zoo.map_pipeline.steps[-2:]), normalized, latents=latents, brightness=brightness)
        with timer("domain", "learned what belongs to this zoo"):
            known = View(view.pipeline, normalized.iloc[held_out], latents=latents.iloc[held_out])
            zoo.domain = learn_domain(known, None, description=catalog.meta.get("origin", ""))
        zoo._place(view, quality, usable)
        fitted = {"n_train": len(train), "test": test, "seed": random_state, "times": timer.times}
        zoo.summary = summarize_fit(zoo, chosen, decisions, **fitted)
        return zoo

    @checked(**_READING)
    def apply(
        self,
        catalog: SpectrumTable,
        *,
        frame: str | None = None,
        medium: str | None = None,
        dereddening: bool = True,
        on_bad: str = "mask",
        progress: Callable[[str], object] | None = None,
    ) -> Zoo:
        """Place other spectra on this map; nothing is fitted to them.

        Parameters
        ----------
        catalog : SpectrumTable
            Spectra on any grid that covers that of the model. A model of the rest frame takes observed spectra by
            their redshifts, and spectra at rest as they are; one of the observed frame takes nothing else.
        frame, medium, dereddening, on_bad, progress
            As in `Zoo.fit`.

        Returns
        -------
        zoo : Zoo
            With the table of these spectra, and pipelines that read them.
        """
        _check_catalog(catalog, "Zoo.apply")
        catalog, decisions = settle_catalog(catalog, frame=frame, medium=medium, dereddening=dereddening)
        if self.provenance["calibration"] is not None:
            catalog, said = apply_calibration(catalog, self.provenance["calibration"])
            decisions += [said] if said else []
        if progress is not None:
            for sentence in decisions:
                progress(sentence)
        front, with_ivar = bring_to_model(self.map_pipeline, self.provenance, catalog, dereddening)
        columns = needed_columns(front)
        X = make_input(catalog, columns=columns, with_ivar=with_ivar)
        quality = judge_quality(catalog, columns)
        usable = choose_rows(quality, on_bad)
        if usable.any():
            fit_front(front, X, usable)
        normalized, brightness, usable = normalize_rows(front, X, quality, usable)
        other = Zoo(
            Pipeline([*front.items(), *self.pipeline.steps[-2:]]),
            Pipeline([*front.items(), *self.map_pipeline.steps[-2:]]),
            domain=self.domain,
            provenance=self.provenance,
            catalog=catalog,
        )
        other._place(View(Pipeline(other.map_pipeline.steps[-2:]), normalized, brightness=brightness), quality, usable)
        other.summary = {**summarize_table(other), "decisions": decisions}
        return other

    @checked(n_spectra=[integer(1)])
    def unusual(self, n_spectra: int = 20) -> pd.DataFrame:
        """Return the most unusual spectra, see `sklearn_sedzoo.inspection.rank_unusual`."""
        return rank_unusual(self._table("unusual"), n_spectra=n_spectra)

    @checked(n_neighbors=[integer(1)])
    def similar(self, id: Any, *, n_neighbors: int = 10) -> pd.DataFrame:
        """Return the spectra nearest to one of them in the latents, with how far apart they are.

        Parameters
        ----------
        id : identifier
            As in the column ``id`` of `table`: the row, counted from 0, where the catalog has no identifiers.
        n_neighbors : int, default=10
            How many.

        Returns
        -------
        table : DataFrame of shape (1 + n_neighbors, n_columns)
            The spectrum itself, then the nearest: ``apart``, ``id``, cluster, cell, domain and properties. The index
            is the row.
        """
        table = self._table("similar")
        rows = np.flatnonzero((table["id"] == id).to_numpy())
        if not len(rows):
            raise ValueError(f"No spectrum has the id {id!r}; the first ones are {table['id'].head(3).tolist()}.")
        return list_similar(table, int(rows[0]), n_neighbors)

    @checked(random_state=random_state())
    def interpret(self, *, random_state: Seed = 0) -> Interpretation | None:
        """Say what the clusters mean, see `sklearn_sedzoo.inspection.interpret`; None without any property."""
        properties = read_properties(self._spectra("interpret"), is_placed(self.table))
        if not len(properties.columns) or len(properties) < 2:
            return None
        view, frame = self.view(), self.provenance["frame"]
        known = {name: vars(view)[name] for name in ("latents", "reconstructed", "brightness") if name in vars(view)}
        view = View(Pipeline(self.pipeline.steps[-2:]), view.X, **known)
        return interpret(view, None, properties, frame=frame, random_state=random_state)

    @checked(overwrite=[flag()], command=[text()])
    def report(self, path: str | os.PathLike, *, overwrite: bool = False, command: str = "") -> Interpretation | None:
        """Write one HTML page about the zoo: the map to click on, spectra, what the clusters mean, what is unusual.

        Parameters
        ----------
        path : str or path
            File to write.
        overwrite : bool, default=False
            Replace a file that is there.
        command : str, default=""
            How to make this again, to be printed in the page.

        Returns
        -------
        interpretation : Interpretation or None
            What the page says of the clusters.
        """
        from sklearn_sedzoo.report import write_report  # here: it is of no use to who only maps

        table, catalog, view = self._table("report"), self._spectra("report"), self.view()
        som = self.map_pipeline[-1]
        good = is_placed(table)
        interpretation = self.interpret()
        facts = {**self.summary, **find_versions()}
        stability = self.summary.get("stability", {})
        write_report(
            path,
            som=som,
            latents=read_latents(table, good),
            labels=table.loc[good, "cluster"],
            cells=table.loc[good, "cell_row"] * som.n_columns + table.loc[good, "cell_column"],
            normalized=view.spectra,
            reconstructed=view.reconstructed,
            properties=read_properties(catalog, good),
            ids=table.loc[good, "id"],
            is_inside=table.loc[good, "in_domain"],
            unusual=rank_unusual(table[good]),
            interpretation=interpretation,
            stability={name: pd.DataFrame.from_dict(rows, orient="index") for name, rows in stability.items()},
            history=getattr(self.pipeline["embed"], "history_", None),
            facts={name: value for name, value in facts.items() if isinstance(value, (int, float, str, np.number))},
            command=command,
            overwrite=overwrite,
        )
        return interpretation

    @checked(overwrite=[flag()])
    def save(self, folder: str | os.PathLike, *, overwrite: bool = False) -> None:
        """Write model, table and summary into a folder; all of them appear, or none.

        Parameters
        ----------
        folder : str or path
            ``model.skops`` (parameters and arrays: loading it executes nothing), ``map.fits``, ``summary.json``,
            ``network.txt`` and, last, ``manifest.json`` with their checksums. The spectra are not among them.
        overwrite : bool, default=False
            Replace the results of an earlier run. Files that are no results stay.
        """
        parts = {
            "model.skops": lambda path: save_model(self._model(), path),
            "summary.json": self.write_summary,
        }
        if self.table is not None:
            parts["map.fits"] = self.write_table
        if hasattr(self.pipeline["embed"], "summary"):
            parts["network.txt"] = lambda path: path.write_text(self.pipeline["embed"].summary() + "\n")
        _folder.write_results(folder, parts, overwrite=overwrite)

    def write_table(self, path, *, meta=None, overwrite=False):
        """Write the table as ``map.fits``, see `sklearn_sedzoo.io.write_map`; `meta` are further header cards."""
        known = {"SEED": self.summary.get("seed"), "RECIPE": self.summary.get("recipe")}
        known |= {"N_INSIDE": self.summary["n_in_domain"]}
        known |= {"NOUTSIDE": self.summary["n_used"] - self.summary["n_in_domain"], **(meta or {})}
        cards = {name: value for name, value in known.items() if value is not None}
        write_map(path, self._table("write_table"), meta=cards, overwrite=overwrite)

    def write_summary(self, path):
        """Write the summary as JSON, with the versions of what made it."""
        write_summary(path, self.summary)

    @classmethod
    def load(cls, path, *, catalog=None):
        """Read what `save` wrote; nothing in the files is executed.

        Parameters
        ----------
        path : str or path
            The folder, or its ``model.skops`` alone: enough to `apply` it.
        catalog : SpectrumTable, default=None
            The spectra that were mapped, for `interpret` and `report`. They are compared with what was saved.

        Raises
        ------
        SedReadError
            A file is missing, damaged, or not the one that the manifest names.
        """
        path = pathlib.Path(path)
        is_folder = path.is_dir()
        summary = _folder.read_summary(path) if is_folder else None
        model = load_model(path / "model.skops" if is_folder else path)
        wanted = {"pipeline", "map_pipeline", "domain", "provenance"}
        if not isinstance(model, dict) or set(model) != wanted:
            raise ValueError(f"{path} is no model of a Zoo: it holds {type(model).__name__}.")
        zoo = cls(**model, summary=summary)
        if is_folder and (path / "map.fits").exists():
            zoo.table = read_map(path / "map.fits")
        if catalog is not None:
            zoo._take_catalog(catalog)
        return zoo

    def view(self):
        """Return what the embedding sees of the usable spectra, each part computed once."""
        if not hasattr(self, "_view"):
            catalog, good = self._spectra("view"), is_placed(self.table)
            front = dict(self.pipeline.steps[:-2])
            X = make_input(catalog, columns=needed_columns(front), with_ivar=self.provenance["with_ivar"])
            normalized, brightness, _ = normalize_rows(front, X, self.table["quality"].to_numpy().copy(), good)
            latents = read_latents(self.table, good)
            self._view = View(
                Pipeline(self.map_pipeline.steps[-2:]), normalized, latents=latents, brightness=brightness
            )
        return self._view

    def __repr__(self):
        n_spectra = "no" if self.table is None else len(self.table)
        return f"<Zoo: {n_spectra} spectra, steps {' -> '.join(self.pipeline.named_steps)} and map>"

    def __getstate__(self):
        return {name: value for name, value in vars(self).items() if name != "_view"}

    def _place(self, view, quality, usable):
        """Make the table from the view of the usable spectra."""
        self._view = view
        judged = in_domain(view, None, self.domain) if usable.any() else None
        self.table = make_table(self.catalog, quality, usable, view, judged, self.pipeline[-1])

    def _model(self):
        return {
            "pipeline": self.pipeline,
            "map_pipeline": self.map_pipeline,
            "domain": self.domain,
            "provenance": self.provenance,
        }

    def _table(self, asked):
        if self.table is None:
            raise ValueError(f"This Zoo was loaded from a model alone: `{asked}` needs its folder, Zoo.load(folder).")
        return self.table

    def _spectra(self, asked):
        if self.catalog is None:
            raise ValueError(
                f"This Zoo was loaded without its spectra: `{asked}` needs them, Zoo.load(folder, catalog=catalog)."
            )
        return self.catalog

    def _take_catalog(self, catalog):
        _check_catalog(catalog, "Zoo.load")
        catalog, _ = settle_catalog(catalog, frame=self.summary["frame_in"], medium=self.summary["medium_in"])
        if self.provenance["calibration"] is not None:
            catalog, _ = apply_calibration(catalog, self.provenance["calibration"])
        if joblib.hash(catalog.flux) != self.summary["digest"]:
            raise ValueError("`catalog` of Zoo.load holds other spectra than those that were mapped.")
        self.catalog = catalog


class Timer:
    """Say what was done and keep how long it took, in seconds."""

    def __init__(self, tell=None):
        self.tell = tell
        self.times = {}

    @contextmanager
    def __call__(self, name, text):
        start = time.perf_counter()
        yield
        self.times[name] = round(time.perf_counter() - start, 3)
        if self.tell is not None:
            self.tell(f"{text} ({self.times[name]:.1f} s)")


def split_rows(n_rows, with_split, seed):
    """Return the rows to learn from (training and validation) and, with a split, the tenth that is held out."""
    if not with_split:
        return np.arange(n_rows), np.arange(0)
    order = np.random.default_rng(seed).permutation(n_rows)
    n_test = max(1, n_rows // 10)
    return np.sort(order[n_test:]), np.sort(order[:n_test])


def list_similar(table, row, n_neighbors):
    """Return a row of a table of results and those nearest to it in the latents."""
    if not is_placed(table)[row]:
        raise ValueError(f"The spectrum of row {row} could not be mapped (quality {table['quality'].iloc[row]}).")
    latents = read_latents(table)
    near = find_similar(latents, row, n_neighbors=n_neighbors)
    measured = ["reconstruction_error", "domain_score", "unusual_in", "quality", "distance"]
    shown = table.drop(columns=[*latents.columns, *measured]).iloc[[row, *near["row"]]]
    shown.insert(0, "apart", [0.0, *near["distance"]])
    return shown


def _fit_step(step, X, version, callbacks):
    """Fit a step; kept by joblib under a digest of the step, its input and the version of this package."""
    if callbacks and hasattr(step, "set_callbacks"):
        step.set_callbacks(*callbacks)
    step.fit(X)
    if callbacks and hasattr(step, "set_callbacks"):
        step.set_callbacks()
    return step


def _rehearse(embed, cluster, som, n_rows):
    """Fit clusters and map to random latents, so that what they refuse is refused before the training."""
    n_latents = embed.get_params().get("latent_dim", 2)
    n_latents = n_latents if isinstance(n_latents, (int, np.integer)) else 2
    latents = np.random.default_rng(0).normal(size=(n_rows, min(n_latents, n_rows)))
    names = [f"latent{i}" for i in range(latents.shape[1])]
    for name, step in (("cluster", cluster), ("map", som)):
        if not hasattr(step, "predict"):
            raise TypeError(f"The step {name} must be an estimator with `predict`, got {step!r}.")
        try:
            clone(step).fit(pd.DataFrame(latents, columns=names))
        except Exception as error:
            raise ValueError(f"The step {name} cannot be fitted: {error}") from error


def _normalize(catalog, front, columns, on_bad):
    """Fit the steps up to the normalization where they are not, and return what they make of the usable rows."""
    X = make_input(catalog, columns=columns)
    quality = judge_quality(catalog, columns)
    usable = choose_rows(quality, on_bad)
    normalized: Any = None
    brightness = None
    if usable.any():
        fit_front(front, X, usable)
        normalized, brightness, usable = normalize_rows(front, X, quality, usable)
    _refuse_few(normalized, quality, on_bad)
    return normalized, brightness, quality, usable


def _refuse_few(normalized, quality, on_bad):
    n_used = 0 if normalized is None else len(normalized)
    if n_used < 2:
        counts = ", ".join(f"{name}: {n}" for name, n in count_quality(quality).items()) or "none is flagged"
        raise ValueError(
            f"{n_used} of {len(quality)} spectra can be used ({counts}); at least 2 are needed."
            + ("" if on_bad == "mask" else " (on_bad='mask' leaves bad pixels out instead of their spectra.)")
        )


def _check_catalog(catalog, owner):
    if not isinstance(catalog, SpectrumTable):
        raise TypeError(
            f"`catalog` of {owner} must be a SpectrumTable, as read_spectra returns it, got {type(catalog).__name__}. "
            "Of arrays make one: SpectrumTable(wavelength, flux, ivar=ivar, properties=properties)."
        )


def _describe_model(catalog, front):
    """Return what a model must remember of its spectra: their frame after its steps, dust that was left, errors."""
    is_shifted = front["resample"].redshift is not None
    return {
        "frame": "rest" if is_shifted else catalog.frame,
        "has_galactic_dust": catalog.frame == "observed" and not catalog.is_dereddened and "deredden" not in front,
        "with_ivar": catalog.ivar is not None,
    }
