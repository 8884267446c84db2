"""Wavelengths in vacuum of the lines that galaxies and the night sky show, in Angstrom."""

# Balmer lines: NIST Atomic Spectra Database. Forbidden lines: the vacuum list of the SDSS DR7 spectroscopic pipeline
# (classic.sdss.org/dr7/algorithms/linestable.html), [S III] from NIST.
EMISSION_LINES = {
    "[O II] 3727": 3727.09, "[O II] 3730": 3729.88, "[Ne III] 3870": 3869.86, "H8": 3890.15, "[Ne III] 3969": 3968.59,
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
