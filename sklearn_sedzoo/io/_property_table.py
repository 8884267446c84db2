"""A DataFrame as a table in a FITS file and back, with all that FITS has no word for: what is missing, UTF-8, units.

Beside the cards of the standard a table has, for its column n: ``MISSn``, the text that stands for a missing value in a
column of text, or T where the null of a logical column is one; ``XUNITn``, a unit that FITS does not know.
"""

from __future__ import annotations

import astropy.units as u
import numpy as np
import pandas as pd
from astropy.io import fits
from astropy.table import MaskedColumn, Table


def hdu_from_frame(frame, name):
    """Return a table HDU of a DataFrame, with units from ``frame.attrs["units"]``.

    Text is UTF-8 and loses blanks at its end. Names of columns must be ASCII.
    """
    wrong = [label for label in frame.columns if not str(label).isascii()]
    if wrong:
        raise ValueError(f"A FITS table takes names of columns in ASCII only, got {wrong[0]!r}. Rename the column.")
    table, cards = Table(), {}
    null_logicals, units = {}, {}
    for i, (label, column) in enumerate(frame.items(), 1):
        values, missing = _plain(column)
        if values.dtype.kind == "O":
            mark = "--"
            while mark in set(values[~missing]):
                mark += "-"
            if missing.any():
                cards[f"MISS{i}"] = mark
            text = [mark if gone else value for value, gone in zip(values, missing, strict=True)]
            values = np.array([value.encode("utf-8") for value in text], dtype=np.bytes_)
            values = values.astype("S1") if values.dtype.itemsize == 0 else values
        elif missing.any() and values.dtype.kind == "b":
            cards[f"MISS{i}"] = True
            null_logicals[str(label)] = missing
        elif missing.any():
            null = next(n for n in range(np.iinfo(values.dtype).min, 2**31) if not (values == n).any())
            values = MaskedColumn(values, mask=missing, fill_value=null)
        table[str(label)] = values
        unit = str(frame.attrs.get("units", {}).get(label) or "")
        if unit and _is_fits_unit(unit):
            units[str(label)] = unit
        elif unit.isascii() and unit:
            cards[f"XUNIT{i}"] = unit
    hdu = fits.BinTableHDU(table, name=name)
    hdu.header.update(cards)
    for label, unit in units.items():
        hdu.columns[label].unit = unit  # as it is spelled
    for label, missing in null_logicals.items():
        hdu.data.view(np.ndarray)[label][missing] = 0
    return hdu


def frame_from_hdu(hdu):
    """Return the columns of a table HDU that have one value for each row, as a DataFrame with their units."""
    raw = hdu.data.view(np.ndarray) if hdu.data is not None else np.zeros(0, dtype=[])
    columns, units = {}, {}
    for i, column in enumerate(hdu.columns, 1):
        name = column.name
        missing = hdu.header.get(f"MISS{i}")
        if name not in (raw.dtype.names or ()) or raw[name].ndim != 1:
            continue
        if raw[name].dtype.kind == "S":
            values = [_decode(value) for value in raw[name]]
            columns[name] = pd.array([None if value == missing else value for value in values], dtype="str")
        else:
            values = raw[name] == ord("T") if column.format == "L" else hdu.data[name]
            if values.dtype.kind not in "iufb" or values.ndim != 1:
                continue
            values = values.astype(values.dtype.newbyteorder("="))
            if values.dtype.kind == "b" and missing is True:
                values = pd.arrays.BooleanArray(values, raw[name] == 0)
            elif values.dtype.kind in "iu" and column.null is not None and (raw[name] == column.null).any():
                values = pd.arrays.IntegerArray(values, np.asarray(raw[name] == column.null))
            columns[name] = values
        units[name] = str(column.unit or hdu.header.get(f"XUNIT{i}", ""))
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(raw)))
    frame.attrs["units"] = units
    return frame


def _plain(column):
    """Return a column as numpy's bools, integers, floats or objects of text, and where it is missing."""
    missing = column.isna().to_numpy()
    kind = column.dtype
    if isinstance(kind, np.dtype) and kind.kind in "biuf":
        values = column.to_numpy()
        values = values.astype({"f2": "f4"}.get(kind.str[1:], {"i1": "i2"}.get(kind.str[1:], kind.str[1:])))
        return values, np.zeros(len(values), dtype=bool)
    if pd.api.types.is_bool_dtype(kind):
        return column.fillna(False).to_numpy(dtype=bool), missing
    if pd.api.types.is_integer_dtype(kind):
        return column.fillna(0).to_numpy(dtype=np.int64 if kind != "UInt64" else np.uint64), missing
    if pd.api.types.is_float_dtype(kind):
        return column.to_numpy(dtype=float, na_value=np.nan), np.zeros(len(column), dtype=bool)
    values = column.to_numpy(dtype=object)
    present = values[~missing]
    if len(present) and all(isinstance(value, (bool, np.bool_)) for value in present):
        return np.where(missing, False, values).astype(bool), missing
    if len(present) and all(isinstance(value, (int, float, np.number)) for value in present):
        return np.where(missing, np.nan, values).astype(float), np.zeros(len(values), dtype=bool)
    return np.array(["" if gone else str(value) for value, gone in zip(values, missing, strict=True)], object), missing


def _decode(value):
    try:
        return value.decode("utf-8").rstrip(" \0")
    except UnicodeDecodeError:
        return value.decode("latin-1").rstrip(" \0")


def _is_fits_unit(unit):
    try:
        u.Unit(unit, format="fits")
    except ValueError:  # such as "dex": FITS has no word for it, and a warning for each reader
        return False
    return True
