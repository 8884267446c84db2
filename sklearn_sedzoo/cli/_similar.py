"""`sedzoo similar`: the spectra of a finished map that are most like one of them."""

import pathlib

from sklearn_sedzoo.io import read_map
from sklearn_sedzoo.zoo._zoo import list_similar


def show_similar(options):
    """Run `sedzoo similar` with parsed arguments."""
    path = pathlib.Path(options.map)
    path = path / "map.fits" if path.is_dir() else path
    table = read_map(path)
    names = [name for name in table if name.startswith("latent")]
    if not names:
        raise ValueError(f"{path} holds no latents. Make it again with `sedzoo map` or `sedzoo apply` of this version.")
    if not 0 <= options.row < len(table):
        raise ValueError(f"--row {options.row}: {path} has rows 0 to {len(table) - 1}.")
    shown = list_similar(table, options.row, options.neighbors)
    units = table.attrs["units"]
    shown = shown.rename(columns={name: f"{name} [{units[name]}]" for name in shown if units.get(name)})
    shown.index.name = "row"
    print(f"The spectra of {path} nearest to row {options.row} in its {len(names)} latents:")
    print(shown.to_string(float_format=lambda value: f"{value:.4g}"))
