"""Small measuring functions for spectra: breaks, line indices, line widths. Vacuum wavelengths in Angstrom."""

import numpy as np

# Worthey et al. (1994) and Worthey & Ottaviani (1997), shifted from air to vacuum: blue, feature, red.
H_DELTA_A = ((4042.85, 4082.00), (4084.75, 4124.75), (4129.75, 4163.40))
MG_B = ((5119.1, 5144.1), (5161.6, 5194.1), (5192.8, 5207.8))
FE5270 = ((5234.6, 5249.6), (5247.1, 5287.1), (5287.1, 5319.6))
FE5335 = ((5306.1, 5318.6), (5313.6, 5353.6), (5354.9, 5364.9))


def mean_flux(wavelength, flux, band, power=0):
    x = np.linspace(*band, 500)
    return np.mean(np.interp(x, wavelength, flux) * x**power)


def d4000(wavelength, flux):
    """Ratio of mean flux per frequency in 4000-4100 and 3850-3950 A (Balogh et al. 1999)."""
    return mean_flux(wavelength, flux, (4001.1, 4101.2), 2) / mean_flux(wavelength, flux, (3851.1, 3951.1), 2)


def line_index(wavelength, flux, bands):
    """Equivalent width in Angstrom, absorption positive."""
    blue, feature, red = bands
    low, high = mean_flux(wavelength, flux, blue), mean_flux(wavelength, flux, red)
    x = np.linspace(*feature, 800)
    continuum = low + (high - low) * (x - np.mean(blue)) / (np.mean(red) - np.mean(blue))
    return np.mean(1 - np.interp(x, wavelength, flux) / continuum) * (feature[1] - feature[0])


def line_depth(wavelength, flux, center, reach=40.0):
    """How far the flux at `center` is below the mean on either side."""
    around = 0.5 * (np.interp(center - reach, wavelength, flux) + np.interp(center + reach, wavelength, flux))
    return 1 - np.interp(center, wavelength, flux) / around
