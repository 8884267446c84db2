"""Names of the strong features of galaxy spectra, by wavelength in vacuum."""

import numpy as np

from sklearn_sedzoo.preprocessing import ABSORPTION_LINES, EMISSION_LINES

# Blends of absorption lines, Angstrom in vacuum: centres of the Lick bands (Worthey et al. 1994, ApJS 94, 687), of the
# CN and TiO bands, and of single lines (NIST).
BLENDS = {
    "Fe 3735": 3736.0,
    "CN 3860": 3861.0,
    "Ca II H + H-epsilon": 3969.6,
    "Ca I 4227": 4227.9,
    "G band": 4305.6,
    "Fe 4383": 4384.8,
    "Fe 4531": 4532.4,
    "C2 4668": 4669.3,
    "Fe 5015": 5016.4,
    "Mg b": 5176.6,
    "Fe 5270": 5271.5,
    "Fe 5335": 5336.5,
    "Fe 5406": 5407.5,
    "Na D": 5894.6,
    "TiO 6230": 6231.7,
    "TiO 7100": 7102.0,
    "Ca II 8542": 8544.4,
    "Ca II 8662": 8664.5,
}
_GAS = ("H8", "[O III] 4960", "[O III] 5008", "[O I] 6302", "[N II] 6585", "[S II] 6718", "[S II] 6733")
FEATURES = ABSORPTION_LINES | BLENDS | {name: EMISSION_LINES[name] for name in _GAS}


def name_feature(wavelength, tolerance=20.0):
    """Return the name of the feature nearest to a wavelength in Angstrom, or "" where none is within `tolerance`."""
    known = np.array(list(FEATURES.values()))
    nearest = np.abs(known - wavelength).argmin()
    return list(FEATURES)[nearest] if abs(known[nearest] - wavelength) <= tolerance else ""
