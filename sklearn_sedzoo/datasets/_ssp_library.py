"""A file with a grid of simple stellar populations -> spectra at any age and metallicity inside it."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from sklearn_sedzoo._kernels._broadening import interpolation_weights
from sklearn_sedzoo.exceptions import SedReadError


@dataclass
class SSPLibrary:
    """Spectra of simple stellar populations on a grid of metallicity and age.

    Parameters
    ----------
    ln_luminosity : ndarray of shape (n_metallicities, n_ages, n_wavelengths)
        Natural logarithm of the luminosity density in Lsun / Angstrom of 1 Msun formed.
    wavelength : ndarray of shape (n_wavelengths,)
        In Angstrom, vacuum, increasing.
    log_age : ndarray of shape (n_ages,)
        log10 of the age in Gyr, increasing.
    metallicity : ndarray of shape (n_metallicities,)
        log10(Z / Zsun), increasing.
    origin : str, default=""
        Where it comes from.
    """

    ln_luminosity: np.ndarray
    wavelength: np.ndarray
    log_age: np.ndarray
    metallicity: np.ndarray
    origin: str = ""

    def __post_init__(self):
        self.log_age = np.asarray(self.log_age, float)
        self.metallicity = np.asarray(self.metallicity, float)
        shape = (len(self.metallicity), len(self.log_age), len(self.wavelength))
        if self.ln_luminosity.shape != shape:
            raise ValueError(
                f"ln_luminosity of SSPLibrary must have shape {shape} (metallicity, age, wavelength), "
                f"got {self.ln_luminosity.shape}."
            )

    def spectra(self, age, metallicity):
        """Luminosity per Angstrom of 1 Msun formed, shape (n, n_wavelengths), by interpolation in its logarithm.

        Ages (Gyr) below the youngest of the library take the youngest; metallicities outside raise.
        """
        age, metallicity = np.asarray(age, float), np.asarray(metallicity, float)
        low, high = self.metallicity[[0, -1]]
        outside = (metallicity < low - 1e-9) | (metallicity > high + 1e-9)
        if outside.any():
            raise ValueError(
                f"`metallicity` must be inside the library's [{low:g}, {high:g}], got {metallicity[outside][0]:g}."
            )
        log_age = np.log10(np.maximum(age, 10 ** self.log_age[0]))
        i, f = interpolation_weights(self.log_age, np.clip(log_age, self.log_age[0], self.log_age[-1]))
        j, g = interpolation_weights(self.metallicity, metallicity)
        f, g, ln = f[:, None], g[:, None], self.ln_luminosity
        poor = (1 - f) * ln[j, i] + f * ln[j, i + 1]
        rich = (1 - f) * ln[j + 1, i] + f * ln[j + 1, i + 1]
        return np.exp(((1 - g) * poor + g * rich).astype(float))


def read_ssp_library(path: str | os.PathLike) -> SSPLibrary:
    """Read a library from FITS: HDUs LNLUM, WAVELENGTH (Angstrom), AGE (log10 Gyr) and METALLICITY (log Z/Zsun)."""
    from astropy.io import fits  # here: keeps the package light to import

    columns = {"WAVELENGTH": "wavelength", "AGE": "log10_age_gyr", "METALLICITY": "logzsol"}
    try:
        with fits.open(path) as hdus:
            names = [hdu.name for hdu in hdus]
            missing = [name for name in ("LNLUM", *columns) if name not in names]
            if missing:
                raise SedReadError(
                    f"{path} is no SSP library: HDU {missing[0]} is missing; it has {names}. "
                    "Needed are LNLUM (metallicity, age, wavelength), WAVELENGTH, AGE and METALLICITY."
                )
            grid, age, metallicity = (np.asarray(hdus[name].data[column], float) for name, column in columns.items())
            origin = str(hdus[0].header.get("ORIGIN", ""))
            return SSPLibrary(np.asarray(hdus["LNLUM"].data, "f4"), grid, age, metallicity, origin)
    except (OSError, KeyError, TypeError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise SedReadError(f"{path} cannot be read as an SSP library in FITS: {error}.") from error
