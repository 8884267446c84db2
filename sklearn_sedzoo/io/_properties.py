"""Tables of what is known of galaxies (redshifts, masses, classes), to be joined to their spectra."""

from __future__ import annotations

import os
import pathlib

import pandas as pd
from astropy.io import fits
from astropy.table import Table

from sklearn_sedzoo._parameters import checked, path
from sklearn_sedzoo.exceptions import SedReadError
from sklearn_sedzoo.io._fits_layouts import scalar_columns
from sklearn_sedzoo.io._open import HDU, attempt_table, check_exists, errors_named, is_fits, opened_fits

TEXT = {".csv": ",", ".tsv": "\t"}


@checked(path=[path()], hdu=HDU)
def read_properties(path: str | os.PathLike, *, hdu: int | str | None = None) -> pd.DataFrame:
    """Read a table with a row for each object: redshifts, masses, classes.

    Parameters
    ----------
    path : str or path
        CSV, TSV, Parquet, FITS, or any other table that astropy knows (ECSV, VOTable, text with a header).
    hdu : int, str or None, default=None
        HDU of a FITS file, by default the first one with a table.

    Returns
    -------
    properties : DataFrame of shape (n_objects, n_columns)
        Columns with one value for each object; units in ``attrs["units"]``.

    Raises
    ------
    SedReadError
        If the file holds no table.

    See Also
    --------
    SpectrumTable.join : Gives them to the spectra.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from sklearn_sedzoo.io import read_properties
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "redshifts.csv"
    ...     _ = path.write_text("id,zspec\\n7,0.1\\n8,0.2\\n")
    ...     read_properties(path)
       id  zspec
    0   7    0.1
    1   8    0.2
    """
    path = pathlib.Path(path)
    check_exists(path)
    suffix = next((end for end in path.suffixes[::-1] if end != ".gz"), "").lower()
    if suffix in TEXT:
        return attempt_table(path, pd.read_csv, path, sep=TEXT[suffix])
    if suffix in {".parquet", ".pq"}:
        return attempt_table(path, pd.read_parquet, path)
    if is_fits(path):
        with opened_fits(path) as hdus, errors_named(path):
            return scalar_columns(_find_table(hdus, hdu, path))
    table = attempt_table(path, Table.read, path)
    names = [name for name in table.colnames if table[name].ndim == 1]
    frame = table[names].to_pandas(index=False)
    frame.attrs["units"] = {name: str(table[name].unit or "") for name in names}
    return frame


def _find_table(hdus, name, path):
    tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU | fits.TableHDU)]
    if name is not None:
        named = [hdu for i, hdu in enumerate(hdus) if hdu in tables and (i == name or hdu.name == str(name).upper())]
        if not named:
            raise SedReadError(f"{path} has no table {name!r}; it has {[hdu.name for hdu in tables]}.")
        return named[0]
    if not tables:
        raise SedReadError(f"{path} holds no table.")
    return tables[0]
