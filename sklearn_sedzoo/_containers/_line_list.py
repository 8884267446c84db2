"""Wavelengths in vacuum of the lines that galaxies and the night sky show, in Angstrom, and their names."""

import numpy as np

# Balmer lines: NIST Atomic Spectra Database. Forbidden lines: the vacuum list of the SDSS DR7 spectroscopic pipeline
# (classic.sdss.org/dr7/algorithms/linestable.html), [S III] from NIST.
EMISSION_LINES = {
    "[O II] 3727": 3727.09, "[O II] 3730": 3729.88, "[Ne III] 3869": 3869.86, "H8": 3890.15, "[Ne III] 3969": 3968.59,
    "H-delta": 4102.89, "H-gamma": 4341.68, "[O III] 4364": 4364.44, "He II 4687": 4687.02, "H-beta": 4862.68,
    "[O III] 4960": 4960.30, "[O III] 5008": 5008.24, "He I 5877": 5877.25, "[O I] 6302": 6302.05,
    "[O I] 6366": 6365.54, "[N II] 6550": 6549.86, "H-alpha": 6564.61, "[N II] 6585": 6585.27, "[S II] 6718": 6718.29,
    "[S II] 6733": 6732.68, "[S III] 9071": 9071.1, "[S III] 9533": 9533.2,
}  # fmt: skip

# The strong lines of the night sky in Osterbrock et al. (1996, PASP 108, 277), air wavelengths turned to vacuum:
# mercury of street lamps, [O I], Na D. OH fills the red: mask it by the inverse variances of the survey.
SKY_LINES = {
    "Hg I 4047": 4047.7, "Hg I 4359": 4359.6, "Hg I 5462": 5462.3, "[O I] 5579": 5578.89, "Na D 5892": 5891.58,
    "Na D 5898": 5897.56, "[O I] 6302": 6302.05, "[O I] 6366": 6365.54,
}  # fmt: skip

# Absorption lines for measuring the medium: NIST (Ca II) and the Balmer series.
ABSORPTION_LINES = {
    "Ca II K": 3934.78, "H-delta": 4102.89, "H-gamma": 4341.68, "H-beta": 4862.68, "H-alpha": 6564.61,
}  # fmt: skip

# Other features in absorption. Centers of the Lick bands (Worthey et al. 1994, ApJS 94, 687), of the CN and TiO bands,
# and single lines (NIST), air wavelengths turned to vacuum.
ABSORPTION_FEATURES = {
    "Fe 3735": 3736.0, "H10": 3798.98, "H9": 3836.48, "CN 3860": 3861.0, "H8": 3890.15, "Ca II H + H-epsilon": 3969.6,
    "Ca I 4227": 4227.9, "G band": 4305.6, "Fe 4383": 4384.8, "Fe 4531": 4532.4, "C2 4668": 4669.3, "Fe 5015": 5016.4,
    "Mg b": 5176.6, "Fe 5270": 5271.5, "Fe 5335": 5336.5, "Fe 5406": 5407.5, "Na D": 5894.6, "TiO 6230": 6231.7,
    "TiO 7100": 7102.0, "Ca II 8498": 8500.4, "Ca II 8542": 8544.4, "Ca II 8662": 8664.5,
}  # fmt: skip

_RED_OF_PAIR = "[O II] 3730"  # blended with 3727 in nearly all spectra: the pair has one name
_NARROW, _BROAD = 10.0, 20.0  # Angstrom around an emission line, around an absorption band


def name_feature(wavelength, is_emission):
    """Return the name of the line at a wavelength in Angstrom (at rest, in vacuum), or "" where none is near.

    Emission lines and absorption bands overlap ([O II] 3727 and Fe 3735): the kind that was seen goes first.
    """
    emission = {name: value for name, value in EMISSION_LINES.items() if name != _RED_OF_PAIR}
    kinds = [(emission, _NARROW), (ABSORPTION_LINES | ABSORPTION_FEATURES, _BROAD)]
    for lines, reach in kinds if is_emission else kinds[::-1]:
        away = np.abs(np.array(list(lines.values())) - wavelength)
        if away.min() <= reach:
            return list(lines)[away.argmin()]
    return ""
