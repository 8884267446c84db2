"""`sedzoo map` and `sedzoo report`: a catalog in, a folder with the map of its zoo out."""

import shlex
import sys

from sklearn.callback import ProgressBar

from sklearn_sedzoo.cli._input import read_input
from sklearn_sedzoo.zoo import Zoo
from sklearn_sedzoo.zoo._folder import add_results, open_results, read_summary
from sklearn_sedzoo.zoo._zoo import Timer


def map_catalog(options):
    """Run `sedzoo map` with parsed arguments."""
    with open_results(options.out, overwrite=options.overwrite) as finished:
        timer = Timer(tell)
        with timer("read", "read the spectra" if options.spectra else "made the built-in example"):
            catalog = read_input(options)
        low, high = catalog.wavelength[[0, -1]]
        print(f"{len(catalog)} spectra of {len(catalog.wavelength)} pixels, {low:.0f} to {high:.0f} Angstrom")
        zoo = Zoo.fit(
            catalog,
            recipe=options.recipe,
            params={**({"embed": "pca"} if options.embed == "pca" else {}), **dict(options.set)},
            frame=options.frame,
            medium=options.medium,
            dereddening=options.dereddening,
            calibration=options.calibration,
            on_bad=options.on_bad,
            random_state=options.seed,
            callbacks=[ProgressBar()] if sys.stdout.isatty() else [],
            memory=str(finished),
            progress=tell,
        )
        zoo.summary |= {"input": options.spectra or "built-in example", "arguments": options.arguments}
        zoo.summary["seconds"] = timer.times | zoo.summary["seconds"]
        zoo.save(options.out, overwrite=options.overwrite)
        finish(zoo, options.out, timer, ("figures", "stability", "report"))
    print(f"Results are in {options.out}; open {options.out}/report.html in a browser")


def remake_report(options):
    """Run `sedzoo report`: the page, figures and stability of a folder of results, from its spectra."""
    from sklearn_sedzoo.cli._main import make_parser

    summary = read_summary(options.folder)
    mapped = make_parser().parse_args(summary["arguments"])
    zoo = Zoo.load(options.folder, catalog=read_input(mapped))
    finish(zoo, options.folder, Timer(tell), ("report",) if "stability" in summary else ("stability", "report"))
    print(f"The page is {options.folder}/report.html")


def finish(zoo, folder, timer, steps):
    """Add figures, stability and report to saved results; one that fails costs nothing that is done."""
    texts = {
        "figures": "drew the figures",
        "stability": "trained again, to see what stays",
        "report": "wrote the report",
    }
    for name in steps:
        try:
            with timer(name, texts[name]):
                add_results(folder, STEPS[name](zoo))
        except Exception as error:
            raise ValueError(
                f"{name} failed: {error}\nThe map and its model are complete in {folder}; `sedzoo report {folder}` "
                "makes the page."
            ) from error


def _figures(zoo):
    from sklearn_sedzoo.zoo._figures import draw_figures  # here: matplotlib is slow to load, and only this needs it

    return {"figures": lambda folder: draw_figures(zoo, folder)}


def _stability(zoo):
    from sklearn_sedzoo.zoo._stability import measure_stability

    zoo.summary["stability"] = measure_stability(zoo, random_state=zoo.summary["seed"])
    return {"summary.json": lambda path: zoo.write_summary(path)}


def _report(zoo):
    def write(path):
        found = zoo.report(path, command=shlex.join(["sedzoo", *zoo.summary["arguments"]]))
        zoo.summary["interpretation"] = [] if found is None else found.sentences

    return {"report.html": write, "summary.json": lambda path: zoo.write_summary(path)}


STEPS = {"figures": _figures, "stability": _stability, "report": _report}


def tell(text):
    """Say on the terminal what was done (standard output) or decided (standard error)."""
    is_step = text.endswith(" s)")
    print(f"  {text}" if is_step else f"sedzoo: {text}", file=sys.stdout if is_step else sys.stderr, flush=True)
