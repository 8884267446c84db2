"""Small files in the layouts of surveys, written as their data models say; the catalog behind them is returned."""

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


def write_euclid(path, objects, wavelength, fscale=1e-16):
    """A NISP file of combined spectra: a table for each object (id: signal, variance, mask), in units of FSCALE."""
    hdus = [fits.PrimaryHDU()]
    for name, (signal, variance, mask) in objects.items():
        columns = [
            fits.Column("WAVELENGTH", "E", unit="Angstrom", array=wavelength),
            fits.Column("SIGNAL", "E", unit="erg/s/cm2/Angstrom", array=signal),
            fits.Column("MASK", "J", unit="Number", array=mask),
            fits.Column("QUALITY", "E", unit="Number", array=np.ones(len(signal))),
            fits.Column("VAR", "E", unit="erg2/s2/cm4/Angstrom2", array=variance),
            fits.Column("NDITH", "I", unit="Number", array=np.full(len(signal), 4)),
        ]
        table = fits.BinTableHDU.from_columns(columns, name=str(name))
        table.header["FSCALE"] = fscale
        hdus.append(table)
    fits.HDUList(hdus).writeto(path)
    return path


def write_redrock(path, targets, redshifts, zwarn):
    """A redrock file: REDSHIFTS with coefficients beside the numbers, and a FIBERMAP."""
    table = Table({"TARGETID": targets, "Z": redshifts, "ZERR": np.full(len(targets), 1e-4), "ZWARN": zwarn})
    table["COEFF"] = np.ones((len(targets), 10))
    table["SPECTYPE"] = ["GALAXY"] * len(targets)
    fibers = fits.BinTableHDU(Table({"TARGETID": targets}), name="FIBERMAP")
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU(table, name="REDSHIFTS"), fibers]).writeto(path)
    return path


def write_x1d(path, spectra):
    """A JWST x1d file: an EXTRACT1D for each of the spectra (wavelength in um, flux and error in Jy, dq)."""
    primary = fits.PrimaryHDU()
    primary.header["TELESCOP"] = "JWST"
    hdus = [primary]
    for number, (wavelength, flux, error, dq) in enumerate(spectra, 1):
        columns = [
            fits.Column("WAVELENGTH", "D", unit="um", array=wavelength),
            fits.Column("FLUX", "D", unit="Jy", array=flux),
            fits.Column("FLUX_ERROR", "D", unit="Jy", array=error),
            fits.Column("SURF_BRIGHT", "D", unit="MJy/sr", array=flux),
            fits.Column("DQ", "J", bzero=2**31, array=np.asarray(dq, dtype="u4")),
        ]
        hdus.append(fits.BinTableHDU.from_columns(columns, name="EXTRACT1D", ver=number))
        hdus[-1].header["SOURCEID"] = 100 + number
    fits.HDUList(hdus).writeto(path)
    return path


def write_phase_3(path, wavelength, flux, error, qual, ucd="em.wl;obs.atmos", **header):
    """A spectrum of the ESO Science Archive: one row, a vector in each cell, the roles in TUTYP and TUCD."""
    n = len(flux)
    columns = [
        fits.Column("WAVE", f"{n}D", unit="angstrom", array=[wavelength]),
        fits.Column("FLUX", f"{n}D", unit="erg cm-2 s-1 angstrom-1", array=[flux]),
        fits.Column("ERR", f"{n}D", unit="erg cm-2 s-1 angstrom-1", array=[error]),
        fits.Column("QUAL", f"{n}J", array=[qual]),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="SPECTRUM")
    table.header.update({"VOCLASS": "SPECTRUM V2.0", "TUCD1": ucd, "TUTYP1": "Spectrum.Data.SpectralAxis.Value"})
    primary = fits.PrimaryHDU()
    primary.header.update({"PRODCATG": "SCIENCE.SPECTRUM", "OBJECT": "G-7", "SPECSYS": "BARYCENT", **header})
    fits.HDUList([primary, table]).writeto(path)
    return path


def write_lamost(path, wavelength, flux, ivar, and_mask, redshift, *, as_table):
    """A LAMOST spectrum: rows of the primary image, or the table COADD of later releases."""
    rows = {"FLUX": flux, "IVAR": ivar, "WAVELENGTH": wavelength, "ANDMASK": and_mask, "ORMASK": and_mask}
    primary = fits.PrimaryHDU(None if as_table else np.array(list(rows.values()), dtype="f4"))
    primary.header.update({"TELESCOP": "LAMOST", "OBSID": 101001, "Z": redshift, "CLASS": "GALAXY", "VACUUM": True})
    hdus = [primary]
    if as_table:
        columns = [fits.Column(name, f"{len(flux)}E", array=[row]) for name, row in rows.items()]
        hdus.append(fits.BinTableHDU.from_columns(columns, name="COADD"))
    fits.HDUList(hdus).writeto(path)
    return path
