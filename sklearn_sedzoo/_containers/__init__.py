"""Tables of spectra, the columns of X that carry them, and the wavelengths in their names."""

from sklearn_sedzoo._containers._columns import (
    FLUX_PREFIX,
    IVAR_PREFIX,
    KNOWN_SCALARS,
    SpectrumColumns,
    name_wavelengths,
    parse_columns,
    parse_wavelength_names,
)
from sklearn_sedzoo._containers._convert import name_columns
from sklearn_sedzoo._containers._grid import check_grid, find_wavelength, require_wavelength
from sklearn_sedzoo._containers._read import SpectrumBlocks, join_blocks, read_blocks, read_spectra, take_flux
from sklearn_sedzoo._containers._specutils import is_specutils, table_from_specutils
from sklearn_sedzoo._containers._table import SpectrumTable
from sklearn_sedzoo._containers._units import check_plausible, find_density, to_angstrom

__all__ = [
    "FLUX_PREFIX",
    "IVAR_PREFIX",
    "KNOWN_SCALARS",
    "SpectrumBlocks",
    "SpectrumColumns",
    "SpectrumTable",
    "check_grid",
    "check_plausible",
    "find_density",
    "find_wavelength",
    "is_specutils",
    "join_blocks",
    "name_columns",
    "name_wavelengths",
    "parse_columns",
    "parse_wavelength_names",
    "read_blocks",
    "read_spectra",
    "require_wavelength",
    "table_from_specutils",
    "take_flux",
    "to_angstrom",
]
