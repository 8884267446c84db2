"""Files that appear complete or not at all."""

import os
import pathlib
import tempfile


def write_atomically(path, write, *, overwrite=False):
    """Call ``write(temporary_path)`` beside `path`, then rename; an old file stays until the new one is complete."""
    path = pathlib.Path(path)
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists already. Pass overwrite=True to replace it.")
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    os.unlink(temporary)  # writers such as astropy's want to create the file themselves
    try:
        write(temporary)
        os.replace(temporary, path)
    finally:
        pathlib.Path(temporary).unlink(missing_ok=True)
