"""`sedzoo apply`: other spectra through a model that was fitted before."""

import pathlib
import shlex

import numpy as np

from sklearn_sedzoo.cli._input import read_input
from sklearn_sedzoo.cli._map import tell
from sklearn_sedzoo.zoo import Zoo


def apply_model(options):
    """Run `sedzoo apply` with parsed arguments."""
    known = Zoo.load(options.model)
    zoo = known.apply(
        read_input(options),
        frame=options.frame,
        medium=options.medium,
        dereddening=options.dereddening,
        on_bad=options.on_bad,
        progress=tell,
    )
    zoo.write_table(options.out, meta={"MODEL": pathlib.Path(options.model).name}, overwrite=options.overwrite)
    n_used, n_inside = zoo.summary["n_used"], zoo.summary["n_in_domain"]
    if options.report and n_used:
        zoo.summary |= {"input": options.spectra, "model": options.model}
        zoo.report(options.report, command=shlex.join(["sedzoo", *options.arguments]), overwrite=options.overwrite)
    print(
        f"{len(zoo.table)} spectra mapped, {np.count_nonzero(zoo.table['quality'])} of them flagged; the table is "
        f"{options.out}\n{n_inside} are in the domain of the model; {n_used - n_inside} are out of it (in_domain is "
        "false): do not trust their place on the map"
    )
