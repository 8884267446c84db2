"""Files that the loaders of specutils know."""

from __future__ import annotations

import warnings

from sklearn_sedzoo._containers import split_specutils, table_from_specutils

GENERAL = {"tabular-fits", "wcs1d-fits", "iraf", "ASCII", "ECSV", "IPAC"}  # formats of no survey, which guess units


def ask_specutils(path):
    """Return the tables that specutils makes of a file of an instrument or a survey, one for each grid, or none.

    Its loaders of general formats are not asked: where a file does not state a unit, they guess it.
    """
    from specutils import Spectrum, SpectrumList
    from specutils.io.registers import identify_spectrum_format

    for kind in (Spectrum, SpectrumList):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found = identify_spectrum_format(str(path), kind)
                formats = ({found} if isinstance(found, str) else set(found)) - GENERAL
                if not formats:
                    continue
                name = next(iter(formats)) if len(formats) == 1 else None
                spectra = kind.read(str(path), format=name)
                tables = [table_from_specutils(part) for part in split_specutils(spectra)]
            except Exception:  # noqa: BLE001  # its loaders fail in many ways; our own message says what the file holds
                continue
        if any(table.shape[1] < 2 for table in tables):  # a table of lines taken for a spectrum
            continue
        for table in tables:
            table.meta.update({"path": str(path), "origin": f"specutils, format {name or found!r}"})
        if tables:
            return tables
    return []
