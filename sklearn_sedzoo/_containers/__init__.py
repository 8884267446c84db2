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
from sklearn_sedzoo._containers._convert import name_columns, tables_from_astropy
from sklearn_sedzoo._containers._frame import (
    FrameDecision,
    decide_frame,
    judge_frame,
    measure_frame,
    settle_frame,
    take_usable,
)
from sklearn_sedzoo._containers._grid import check_grid, find_wavelength, require_wavelength
from sklearn_sedzoo._containers._layout import (
    ERROR_NAMES,
    FLUX_NAMES,
    IVAR_NAMES,
    LOG_NAMES,
    MASK_NAMES,
    WAVELENGTH_NAMES,
    as_floats,
    inverse_variances,
    rising_table,
    share_properties,
    tables_from_columns,
    wavelengths_of,
)
from sklearn_sedzoo._containers._line_list import (
    ABSORPTION_FEATURES,
    ABSORPTION_LINES,
    EMISSION_LINES,
    SKY_LINES,
    name_feature,
)
from sklearn_sedzoo._containers._property_names import REDSHIFT_NAMES, find_name, name_properties
from sklearn_sedzoo._containers._read import (
    SpectrumBlocks,
    join_blocks,
    read_blocks,
    read_spectra,
    refuse_shifted,
    take_flux,
)
from sklearn_sedzoo._containers._specutils import is_specutils, split_specutils, table_from_specutils
from sklearn_sedzoo._containers._table import SpectrumTable
from sklearn_sedzoo._containers._units import check_plausible, find_density, to_angstrom

__all__ = [
    "ABSORPTION_FEATURES",
    "ABSORPTION_LINES",
    "EMISSION_LINES",
    "ERROR_NAMES",
    "FLUX_NAMES",
    "FLUX_PREFIX",
    "IVAR_NAMES",
    "IVAR_PREFIX",
    "KNOWN_SCALARS",
    "LOG_NAMES",
    "MASK_NAMES",
    "REDSHIFT_NAMES",
    "SKY_LINES",
    "WAVELENGTH_NAMES",
    "FrameDecision",
    "SpectrumBlocks",
    "SpectrumColumns",
    "SpectrumTable",
    "as_floats",
    "check_grid",
    "check_plausible",
    "decide_frame",
    "find_density",
    "find_name",
    "find_wavelength",
    "inverse_variances",
    "is_specutils",
    "join_blocks",
    "judge_frame",
    "measure_frame",
    "name_columns",
    "name_feature",
    "name_properties",
    "name_wavelengths",
    "parse_columns",
    "parse_wavelength_names",
    "read_blocks",
    "read_spectra",
    "refuse_shifted",
    "require_wavelength",
    "rising_table",
    "settle_frame",
    "share_properties",
    "split_specutils",
    "table_from_specutils",
    "tables_from_astropy",
    "tables_from_columns",
    "take_flux",
    "take_usable",
    "to_angstrom",
    "wavelengths_of",
]
