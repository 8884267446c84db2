"""`sedzoo map`: a catalogue in, a folder with the map of its zoo out."""

import sys

import joblib
from sklearn.callback import ProgressBar

from sklearn_sedzoo.cli._fit import Timer, fit_zoo
from sklearn_sedzoo.cli._recipes import RECIPES
from sklearn_sedzoo.cli._report import measure_stability, report_zoo
from sklearn_sedzoo.cli._results import find_versions, result_folder, summarize, write_summary
from sklearn_sedzoo.cli._rows import count_domain, place_rows, take_rows
from sklearn_sedzoo.datasets import make_sed_catalog
from sklearn_sedzoo.inspection import learn_domain
from sklearn_sedzoo.io import read_spectra, save_model, write_map

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
            meta = {"SEED": options.seed, "RECIPE": options.recipe, **count_domain(table)}
            write_map(folder / "map.fits", table, meta=meta)
            model = {"cluster": zoo.cluster, "map": zoo.map}
            save_model(model, folder / "model.skops")
            joblib.dump(model, folder / "model.joblib", compress=1)
            (folder / "network.txt").write_text(zoo.cluster["embed"].summary() + "\n")
        with timer("figures", "drew the figures"):
            draw_figures(folder / "figures", recipe, catalog, zoo, table)
        summary = summarize(catalog, zoo, table, recipe, options, timer.times)
        with timer("stability", "fitted clusters and map again, to see what stays"):
            runs = measure_stability(zoo, table, catalog, options.seed)
            summary["stability"] = {name: runs[name].to_dict("index") for name in runs}
        with timer("report", "wrote the report"):
            found = report_zoo(
                folder / "report.html",
                catalog,
                zoo.X,
                table,
                zoo.normalized,
                model,
                facts=summary | find_versions(),
                options=options,
                runs=runs,
            )
            summary["interpretation"] = [] if found is None else found.sentences
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


def draw_figures(folder, recipe, catalog, zoo, table):
    """Draw the figures of the recipe into a new folder."""
    from sklearn_sedzoo.cli import _figures  # here: matplotlib is slow to load, and only this needs it

    folder.mkdir()
    for name, figure in _figures.FIGURES[recipe.name](catalog, zoo, table):
        figure.savefig(folder / f"{name}.png", dpi=130)
        _figures.close(figure)
