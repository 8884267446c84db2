"""`sedzoo map`: a catalogue in, a folder with the map of its zoo out."""

import sys

import joblib
from sklearn.callback import ProgressBar

from sklearn_sedzoo.cli._fit import Timer, fit_zoo
from sklearn_sedzoo.cli._input import prepare_input
from sklearn_sedzoo.cli._recipes import RECIPES
from sklearn_sedzoo.cli._report import measure_stability, report_zoo
from sklearn_sedzoo.cli._results import find_versions, result_folder, summarize, write_summary
from sklearn_sedzoo.cli._rows import count_domain, place_rows, take_rows
from sklearn_sedzoo.inspection import learn_domain
from sklearn_sedzoo.io import save_model, write_map


def map_catalog(options):
    """Run `sedzoo map` with parsed arguments."""
    timer = Timer(lambda text: print(f"  {text}", flush=True))
    with result_folder(options.out, overwrite=options.overwrite) as folder:
        with timer("read", "read the spectra" if options.spectra else "made the built-in example"):
            catalog, decisions = prepare_input(options)
        low, high = catalog.wavelength[[0, -1]]
        print(f"{len(catalog)} spectra of {len(catalog.wavelength)} pixels, {low:.0f} to {high:.0f} Angstrom")
        recipe = RECIPES[options.recipe](catalog, options.seed, options.dereddening).set_params(options.set)
        decisions += recipe.notes
        for sentence in decisions:
            print(f"sedzoo: {sentence}", file=sys.stderr)
        bars = [ProgressBar()] if sys.stdout.isatty() else []
        zoo = fit_zoo(catalog, recipe, options.seed, timer, bars, options.on_bad)
        with timer("domain", "learned what belongs to this zoo"):
            held_out = take_rows(zoo.X, zoo.held_out)
            learn_domain(zoo.map, held_out, description=options.spectra or "built-in example")
        table = place_rows(
            catalog, zoo.quality, zoo.usable, zoo.normalized, zoo.latent, zoo.cluster["cluster"], zoo.map
        )
        with timer("write", "wrote the table and the model"):
            meta = {"SEED": options.seed, "RECIPE": options.recipe, **count_domain(table)}
            write_map(folder / "map.fits", table, meta=meta)
            model = {"cluster": zoo.cluster, "map": zoo.map, **find_frame(zoo, catalog)}
            save_model(model, folder / "model.skops")
            joblib.dump(model, folder / "model.joblib", compress=1)
            (folder / "network.txt").write_text(zoo.cluster["embed"].summary() + "\n")
        with timer("figures", "drew the figures"):
            draw_figures(folder / "figures", recipe, catalog, zoo, table)
        summary = summarize(catalog, zoo, table, decisions, options, timer.times)
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


def find_frame(zoo, catalog):
    """Return what a model must remember of its spectra: their frame after its steps, and whether dust was left in."""
    is_shifted = zoo.cluster["resample"].redshift is not None
    has_dust = catalog.frame == "observed" and not catalog.is_dereddened and "deredden" not in zoo.cluster.named_steps
    return {"frame": "rest" if is_shifted else catalog.frame, "has_galactic_dust": has_dust}


def draw_figures(folder, recipe, catalog, zoo, table):
    """Draw the figures of the recipe into a new folder."""
    from sklearn_sedzoo.cli import _figures  # here: matplotlib is slow to load, and only this needs it

    folder.mkdir()
    for name, figure in _figures.FIGURES[recipe.name](catalog, zoo, table):
        figure.savefig(folder / f"{name}.png", dpi=130)
        _figures.close(figure)
