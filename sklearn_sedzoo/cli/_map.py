"""`sedzoo map`: a catalogue in, a folder with the map of its zoo out."""

import shlex
import sys

import joblib
import numpy as np
from sklearn.callback import ProgressBar

from sklearn_sedzoo.cli._fit import Timer, fit_zoo
from sklearn_sedzoo.cli._recipes import RECIPES
from sklearn_sedzoo.cli._results import result_folder, summarize, write_summary
from sklearn_sedzoo.cli._rows import place_rows, take_rows
from sklearn_sedzoo.datasets import make_sed_catalog
from sklearn_sedzoo.inspection import interpret, learn_domain
from sklearn_sedzoo.io import read_spectra, save_model, write_map
from sklearn_sedzoo.metrics import reconstruct
from sklearn_sedzoo.report import write_report

EXAMPLE_SIZE = 1000


def map_catalog(options):
    """Run `sedzoo map` with parsed arguments."""
    timer = Timer(lambda text: print(f"  {text}", flush=True))
    with result_folder(options.out, overwrite=options.overwrite) as folder:
        with timer("read", "read the spectra" if options.catalog else "made the built-in example"):
            catalog = load_catalog(options)
        low, high = catalog.wavelength[[0, -1]]
        print(f"{len(catalog)} spectra of {len(catalog.wavelength)} pixels, {low:.0f} to {high:.0f} Angstrom")
        recipe = RECIPES[options.recipe](catalog, options.seed).set_params(options.set)
        for note in recipe.notes:
            print(f"  {note}")
        bars = [ProgressBar()] if sys.stdout.isatty() else []
        zoo = fit_zoo(catalog, recipe, options.seed, timer, bars, options.on_bad)
        with timer("domain", "learned what belongs to this zoo"):
            held_out = take_rows(zoo.X, zoo.held_out)
            learn_domain(zoo.map, held_out, description=options.catalog or "built-in example")
        table = place_rows(
            catalog, zoo.quality, zoo.usable, zoo.normalized, zoo.latent, zoo.cluster["cluster"], zoo.map
        )
        with timer("write", "wrote the table and the model"):
            write_map(folder / "map.fits", table, meta={"SEED": options.seed, "RECIPE": options.recipe})
            model = {"cluster": zoo.cluster, "map": zoo.map}
            save_model(model, folder / "model.skops")
            joblib.dump(model, folder / "model.joblib", compress=1)
            (folder / "network.txt").write_text(zoo.cluster["embed"].summary() + "\n")
        with timer("figures", "drew the figures"):
            draw_figures(folder / "figures", recipe, catalog, zoo, table)
        summary = summarize(catalog, zoo, table, recipe, options, timer.times)
        with timer("report", "wrote the report"):
            report_zoo(folder / "report.html", catalog, zoo, table, summary, options)
        write_summary(folder / "summary.json", summary)
    print(f"Results are in {options.out}; open {options.out}/report.html in a browser")


def load_catalog(options):
    """Read the user's file, or make the built-in example."""
    if options.catalog is None:
        return make_sed_catalog(options.galaxies or EXAMPLE_SIZE, random_state=options.seed)
    catalog = read_spectra(options.catalog, unit=options.unit, progress=sys.stdout.isatty())
    if options.galaxies is None:
        return catalog
    if options.galaxies > len(catalog):
        raise ValueError(f"--galaxies {options.galaxies}: {options.catalog} holds only {len(catalog)} spectra.")
    return catalog[: options.galaxies]


def report_zoo(path, catalog, zoo, table, summary, options):
    """Write the page with the map to click on, and what the clusters mean where properties are known."""
    good = zoo.usable
    properties = catalog.properties[good].reset_index(drop=True).drop(columns="id", errors="ignore")
    interpretation = None
    if len(properties.columns):
        interpretation = interpret(
            zoo.cluster, take_rows(zoo.X, np.flatnonzero(good)), properties, random_state=options.seed
        )
        summary["interpretation"] = interpretation.sentences
    facts = {name: value for name, value in summary.items() if isinstance(value, (int, float, str, np.number))}
    write_report(
        path,
        som=zoo.map["map"],
        latents=zoo.latent,
        labels=table.loc[good, "cluster"],
        normalized=zoo.normalized,
        reconstructed=reconstruct(zoo.cluster["embed"], zoo.normalized)[1],
        properties=properties,
        ids=table.loc[good, "id"],
        interpretation=interpretation,
        history=zoo.cluster["embed"].history_,
        facts=facts,
        command=shlex.join(["sedzoo", *options.arguments]),
    )


def draw_figures(folder, recipe, catalog, zoo, table):
    """Draw the figures of the recipe into a new folder."""
    from sklearn_sedzoo.cli import _figures  # here: matplotlib is slow to load, and only this needs it

    folder.mkdir()
    for name, figure in _figures.FIGURES[recipe.name](catalog, zoo, table):
        figure.savefig(folder / f"{name}.png", dpi=130)
        _figures.close(figure)
