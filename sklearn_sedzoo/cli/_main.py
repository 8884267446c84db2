"""Arguments of the ``sedzoo`` command, and what the user is told when something is wrong."""

import argparse
import ast
import sys
import warnings

import numpy as np

from sklearn_sedzoo._version import __version__
from sklearn_sedzoo.cli._apply import apply_model
from sklearn_sedzoo.cli._check import check_file
from sklearn_sedzoo.cli._map import map_catalog, remake_report
from sklearn_sedzoo.cli._similar import show_similar
from sklearn_sedzoo.exceptions import SedDataWarning, SedGridWarning
from sklearn_sedzoo.zoo._recipes import RECIPES


def main(arguments=None):
    """Run the command; return its exit status: 0, or 2 with one line on what is wrong."""
    options = make_parser().parse_args(arguments)
    options.arguments = sys.argv[1:] if arguments is None else arguments
    with warnings.catch_warnings():
        if not options.debug:
            warnings.showwarning = _show_warning
        try:
            options.run(options)
        except (ValueError, OSError) as error:
            if options.debug:
                raise
            print(f"sedzoo {options.command}: {error}", file=sys.stderr)
            return 2
    return 0


def _show_warning(message, category, filename, lineno, file=None, line=None):
    """Print our own warnings in one line each; those of other packages are theirs (`--debug` shows them)."""
    if issubclass(category, (SedDataWarning, SedGridWarning)):
        print(f"sedzoo: {message}", file=sys.stderr)


def make_parser():
    """Return the parser of ``sedzoo`` and its commands."""
    parser = argparse.ArgumentParser(prog="sedzoo", description="Map the zoo of galaxy spectra.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    command = _add(commands, "map", map_catalog, "resample, normalize, embed, cluster and map a catalog")
    text = "file of spectra, or a folder of them (default: the built-in example)"
    command.add_argument("spectra", nargs="?", metavar="SPECTRA", help=text)
    command.add_argument("--out", default="zoo", metavar="DIR", help="folder for the results (default: zoo)")
    command.add_argument("--recipe", choices=RECIPES, default="default", help="default, or the thesis to the letter")
    command.add_argument("--embed", choices=("network", "pca"), help="the network of the recipe, or PCA: seconds")
    command.add_argument("--quick", dest="embed", action="store_const", const="pca", help="the same as --embed pca")
    command.add_argument(
        "--set",
        action="append",
        type=_assignment,
        default=[],
        metavar="STEP__PARAM=VALUE",
        help="set a parameter, e.g. embed__latent_dim=8 or map__n_rows=20; may be repeated",
    )
    command.add_argument(
        "--no-calibration",
        dest="calibration",
        action="store_false",
        help="do not bring observed spectra of different plates, tiles or fields to one calibration",
    )
    command.add_argument("--galaxies", type=_positive, metavar="N", help="take the first N spectra")
    command.add_argument("--seed", type=int, default=0, help="seed of everything random (default: 0)")

    command = _add(commands, "apply", apply_model, "map other spectra with a model that `sedzoo map` has left")
    command.add_argument("model", metavar="MODEL", help="folder of an earlier run, or its model.skops alone")
    command.add_argument("spectra", metavar="SPECTRA", help="file of spectra, or a folder of them")
    command.add_argument("--out", default="map.fits", metavar="FILE", help="table to write (default: map.fits)")
    command.add_argument("--report", metavar="FILE", help="page about these spectra to write, e.g. report.html")

    command = _add(commands, "report", remake_report, "make the page of a folder of results again")
    command.add_argument("folder", metavar="FOLDER", help="folder of `sedzoo map`; its spectra are read again")

    command = _add(commands, "similar", show_similar, "list the spectra of a map that are nearest to one of them")
    command.add_argument(
        "map", metavar="MAP", help="map.fits of `sedzoo map` or `sedzoo apply`, or the folder it is in"
    )
    command.add_argument("--row", type=int, required=True, metavar="N", help="the spectrum: its row, counted from 0")
    command.add_argument("--neighbors", type=_positive, default=10, metavar="K", help="how many to list (default: 10)")

    command = _add(commands, "check", check_file, "say what a file holds and how it will be read, before any training")
    command.add_argument("spectra", metavar="SPECTRA", help="file of spectra, or a folder of them")
    for name in ("map", "apply", "check"):
        _add_input(commands.choices[name])
    for name in ("map", "apply"):
        _add_treatment(commands.choices[name])
    return parser


def _add_input(command):
    """Add the arguments that say how spectra are to be read."""
    group = command.add_argument_group("what the file does not say")
    group.add_argument("--frame", choices=("rest", "observed"), help="frame of the wavelengths")
    group.add_argument("--medium", choices=("vacuum", "air"), help="medium of the wavelengths")
    group.add_argument("--unit", help="unit of the wavelengths, e.g. Angstrom, um or 'log10(Angstrom)'")
    group.add_argument(
        "--grid", type=_grid, metavar="LOW:HIGH:STEP", help="resample spectra on different grids to this one, Angstrom"
    )
    group.add_argument(
        "--mask-bits", type=_mask_bits, metavar="BITS", help="which bits of an integer mask mean bad: a sum, or 'all'"
    )
    group.add_argument("--catalog", metavar="FILE", help="table of redshifts and other properties to join")
    group.add_argument(
        "--on", metavar="ID", type=_names, help="column with the identifiers, or two: of the spectra,of the table"
    )
    group.add_argument("--redshift-column", metavar="NAME", help="column that holds the redshift")


def _add_treatment(command):
    """Add the arguments that say what is done with spectra before they are mapped."""
    command.add_argument("--overwrite", action="store_true", help="replace results that are there")
    command.add_argument(
        "--no-dereddening",
        dest="dereddening",
        action="store_false",
        help="do not correct observed spectra for the dust of our Galaxy by their column E(B-V)",
    )
    command.add_argument(
        "--on-bad",
        choices=("mask", "drop", "raise"),
        default="mask",
        help="bad pixels are left out (mask, the default), the spectra that have any are (drop; the table keeps and "
        "flags them), or they are an error (raise)",
    )


def _add(commands, name, run, text):
    command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    command.add_argument("--debug", action="store_true", help="show the traceback of an error")
    command.set_defaults(run=run)
    return command


def _assignment(text):
    name, equals, value = text.partition("=")
    if not equals or "__" not in name:
        raise argparse.ArgumentTypeError(f"{text!r} must be STEP__PARAM=VALUE, such as embed__latent_dim=8")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def _grid(text):
    try:
        low, high, step = (float(part) for part in text.split(":"))
        grid = np.arange(low, high + 0.5 * step, step)
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError(f"{text!r} must be LOW:HIGH:STEP, such as 3600:7400:1.5") from None
    if len(grid) < 2 or low <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} must satisfy 0 < LOW < HIGH and hold two steps at least")
    return grid


def _mask_bits(text):
    try:
        return text if text == "all" else int(text, 0)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number such as 5 or 0x40, or 'all'") from None


def _names(text):
    left, comma, right = text.partition(",")
    return (left, right) if comma else left


def _positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {value}")
    return value
