"""Small files in the layouts of surveys, written as their data models say; the catalogue behind them is returned."""

import numpy as np
from astropy.io import fits
from astropy.table import Table


def write_sdss(path, first_pixel, flux, ivar, redshift, *, and_mask=None, zwarning=0):
    """A ``spec-PLATE-MJD-FIBER.fits``: COADD with loglam as float32 on the survey's lattice, SPALL."""
    loglam = (1e-4 * (first_pixel + np.arange(len(flux)))).astype(">f4")
    and_mask = np.zeros(len(flux), "i4") if and_mask is None else and_mask
    coadd = Table({"flux": flux.astype("f4"), "loglam": loglam, "ivar": ivar.astype("f4"), "and_mask": and_mask})
    spall = Table({"PLATE": [266], "MJD": [51602], "FIBERID": [4], "Z": [redshift], "ZWARNING": [zwarning]})
    primary = fits.PrimaryHDU()
    primary.header["BUNIT"] = "1E-17 erg/cm^2/s/Ang"
    hdus = [primary, fits.BinTableHDU(coadd, name="COADD"), fits.BinTableHDU(spall, name="SPALL")]
    fits.HDUList(hdus).writeto(path)
    return path


def write_desi(path, arms, fibermap):
    """A DESI coadd: for each arm images WAVELENGTH, FLUX, IVAR, MASK, and a table FIBERMAP."""
    hdus = [fits.PrimaryHDU(), fits.BinTableHDU(Table(fibermap), name="FIBERMAP")]
    for arm, (wavelength, flux, ivar, mask) in arms.items():
        grid = fits.ImageHDU(wavelength, name=f"{arm}_WAVELENGTH")
        grid.header["BUNIT"] = "Angstrom"
        image = fits.ImageHDU(flux.astype("f4"), name=f"{arm}_FLUX")
        image.header["BUNIT"] = "10**-17 erg/(s cm2 Angstrom)"
        hdus += [grid, image, fits.ImageHDU(ivar.astype("f4"), name=f"{arm}_IVAR")]
        hdus.append(fits.ImageHDU(mask.astype("i4"), name=f"{arm}_MASK"))
    fits.HDUList(hdus).writeto(path)
    return path
