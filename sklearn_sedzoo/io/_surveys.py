"""Files of surveys whose data model tells what stands where: the first reader that knows a file reads it."""

from __future__ import annotations

from dataclasses import replace

from sklearn_sedzoo._containers._mask_bits import SURVEY_BITS
from sklearn_sedzoo.io._desi import read_desi
from sklearn_sedzoo.io._eso import read_eso
from sklearn_sedzoo.io._euclid import read_euclid
from sklearn_sedzoo.io._fits_layouts import read_layout
from sklearn_sedzoo.io._jwst import read_dawn, read_jwst
from sklearn_sedzoo.io._lamost import read_lamost
from sklearn_sedzoo.io._sdss import read_sdss


def read_survey(hdus, path, unit=None, mask_bits=None):
    """Return the tables of a file of a known survey, one for each grid; none where it is no such file.

    `mask_bits` goes before what the data model of the survey says.
    """
    for read in READERS:
        tables = read(hdus, path, unit, mask_bits)
        if tables:
            return tables
    return []


def read_manga(hdus, path, unit, mask_bits):
    """Read stacks in the layout of the MaNGA pipeline: Angstrom, vacuum, MASK with the bits of DRP3PIXMASK."""
    if "DRPVER" not in hdus[0].header or not {"WAVE", "FLUX", "IVAR", "MASK"} <= {hdu.name.upper() for hdu in hdus}:
        return []
    bits = SURVEY_BITS["MaNGA"] if mask_bits is None else mask_bits
    [table] = read_layout(hdus, path, unit or "Angstrom", bits)
    table.meta["origin"] = f"MaNGA DRP {hdus[0].header['DRPVER']}"
    return [replace(table, survey="MaNGA", medium="vacuum", frame="observed")]


READERS = (read_euclid, read_desi, read_sdss, read_jwst, read_dawn, read_eso, read_lamost, read_manga)
