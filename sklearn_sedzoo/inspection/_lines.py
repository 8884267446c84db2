"""Names of the strong features of galaxy spectra, by wavelength in vacuum."""

import numpy as np

# Angstrom in vacuum; stars in absorption, gas in emission. NIST wavelengths, and Worthey et al. 1994 for the blends.
FEATURES = {
    "[O II] or Fe 3735": 3731.0,
    "CN 3860": 3861.0,
    "H zeta": 3890.2,
    "Ca K": 3934.8,
    "Ca H + H epsilon": 3969.6,
    "H delta": 4102.9,
    "Ca I 4227": 4227.9,
    "G band": 4305.6,
    "H gamma": 4341.7,
    "Fe 4383": 4384.8,
    "Fe 4531": 4532.4,
    "C₂ 4668": 4669.3,
    "H beta": 4862.7,
    "[O III] 5007": 5008.2,
    "Fe 5015": 5016.4,
    "Mg b": 5176.6,
    "Fe 5270": 5271.5,
    "Fe 5335": 5336.5,
    "Fe 5406": 5407.5,
    "Na D": 5894.6,
    "TiO 6230": 6231.7,
    "[O I] 6300": 6302.0,
    "H alpha": 6564.6,
    "[N II] 6583": 6585.3,
    "[S II] 6724": 6725.5,
    "TiO 7100": 7102.0,
    "Ca II 8542": 8544.4,
    "Ca II 8662": 8664.5,
}


def name_feature(wavelength, tolerance=20.0):
    """Return the name of the feature nearest to a wavelength in Angstrom, or "" where none is within `tolerance`."""
    known = np.array(list(FEATURES.values()))
    nearest = np.abs(known - wavelength).argmin()
    return list(FEATURES)[nearest] if abs(known[nearest] - wavelength) <= tolerance else ""
