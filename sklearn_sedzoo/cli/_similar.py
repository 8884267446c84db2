"""`sedzoo similar`: the spectra of a finished map that are most like one of them."""

import pathlib
import re

from sklearn_sedzoo.cli._rows import is_placed
from sklearn_sedzoo.inspection import find_similar
from sklearn_sedzoo.io import read_map

MEASURED = ("reconstruction_error", "domain_score", "unusual_in", "quality")  # of no use in a list of neighbors


def show_similar(options):
    """Run `sedzoo similar` with parsed arguments."""
    path = pathlib.Path(options.map)
    path = path / "map.fits" if path.is_dir() else path
    table = read_map(path)
    names = [name for name in table if re.fullmatch(r"latent\d+", name)]
    if not names:
        raise ValueError(f"{path} holds no latents. Make it again with `sedzoo map` or `sedzoo apply` of this version.")
    if not 0 <= options.row < len(table):
        raise ValueError(f"--row {options.row}: {path} has rows 0 to {len(table) - 1}.")
    if not is_placed(table)[options.row]:
        raise ValueError(
            f"--row {options.row}: this spectrum could not be mapped (quality {table['quality'][options.row]})."
        )
    near = find_similar(table[names], options.row, n_neighbors=options.neighbors)
    told = table.drop(columns=[*names, *MEASURED, "distance"])
    told = told.rename(columns={name: _with_unit(name, table.attrs["units"]) for name in told})
    shown = told.iloc[[options.row, *near["row"]]]
    shown.insert(0, "apart", [0.0, *near["distance"]])
    shown.index.name = "row"
    print(f"The spectra of {path} nearest to row {options.row} in its {len(names)} latents:")
    print(shown.to_string(float_format=lambda value: f"{value:.4g}"))


def _with_unit(name, units):
    return f"{name} [{units[name]}]" if units.get(name) else name
