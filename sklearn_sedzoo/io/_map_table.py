"""Write and read the table of results: one row for each spectrum of the input."""

from __future__ import annotations

import os
from typing import Any

import pandas as pd
from astropy.io import fits

from sklearn_sedzoo._parameters import checked, flag, mapping, nothing, path
from sklearn_sedzoo.exceptions import SedReadError
from sklearn_sedzoo.io._atomic import write_atomically
from sklearn_sedzoo.io._open import opened_fits
from sklearn_sedzoo.io._property_table import frame_from_hdu, hdu_from_frame


@checked(path=[path()], meta=[mapping("a dict of header cards"), nothing()], overwrite=[flag()])
def write_map(
    path: str | os.PathLike, frame: pd.DataFrame, *, meta: dict[str, Any] | None = None, overwrite: bool = False
) -> None:
    """Write a table of results as a FITS binary table ``MAP``; the file appears complete or not at all.

    Parameters
    ----------
    path : str or path
        File to write.
    frame : DataFrame of shape (n_samples, n_columns)
        Results; units from ``frame.attrs["units"]``.
    meta : dict, optional
        Header cards: keywords of at most 8 characters.
    overwrite : bool, default=False
        Replace a file that is there already.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import pandas as pd
    >>> from sklearn_sedzoo.io import read_map, write_map
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "map.fits"
    ...     write_map(path, pd.DataFrame({"id": [7, 8], "cluster": [0, -1]}))
    ...     print(read_map(path))
       id  cluster
    0   7        0
    1   8       -1
    """
    hdu = hdu_from_frame(frame, "MAP")
    for key, value in (meta or {}).items():
        hdu.header[key] = value
    write_atomically(path, fits.HDUList([fits.PrimaryHDU(), hdu]).writeto, overwrite=overwrite)


@checked(path=[path()])
def read_map(path: str | os.PathLike) -> pd.DataFrame:
    """Read a table that `write_map` wrote.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    frame : DataFrame of shape (n_samples, n_columns)
        With the units in ``frame.attrs["units"]``.

    Examples
    --------
    See `write_map`.
    """
    with opened_fits(path) as hdus:
        if "MAP" not in hdus:
            raise SedReadError(f"{path} is no table of results: it has no HDU MAP, which `write_map` writes.")
        return frame_from_hdu(hdus["MAP"])
