"""What a FITS file holds beside the spectra that were read: arrays of their length that nobody took."""

from __future__ import annotations

from astropy.io import fits


def label_of(hdus, hdu):
    """Return the name of an HDU, or its number where it has none."""
    return hdu.name or f"HDU {next(i for i, one in enumerate(hdus) if one is hdu)}"


def name_unused(hdus, used, n_rows, n_pixels):
    """Return the names of HDUs ("HDU") and columns ("HDU/COLUMN") that hold arrays like the spectra, but not read.

    Parameters
    ----------
    hdus : HDUList
        The file.
    used : set of str
        What the reader took, by the same names.
    n_rows, n_pixels : int
        Number of spectra and of their pixels.
    """
    taken = {str(name).upper() for name in used}
    found = []
    for hdu in hdus:
        label = label_of(hdus, hdu)
        if label.upper() in taken:
            continue
        if isinstance(hdu, fits.BinTableHDU):
            names = [f"{label}/{name}" for name in _columns_like(hdu, n_rows, n_pixels)]
            found += [name for name in names if name.upper() not in taken]
        elif getattr(hdu, "is_image", False) and _fits(_shape_of(hdu.header), n_rows, n_pixels):
            found.append(label)
    return found


def _columns_like(hdu, n_rows, n_pixels):
    by_pixel = hdu.header["NAXIS2"] == n_pixels and n_pixels != n_rows
    for column in hdu.columns:
        shape = hdu.data.dtype[column.name].shape if column.name in (hdu.data.dtype.names or ()) else ()
        is_text = "A" in str(column.format)
        if not is_text and ((shape and _fits(shape, n_rows, n_pixels)) or (by_pixel and not shape)):
            yield column.name


def _shape_of(header):
    return tuple(header[f"NAXIS{i}"] for i in range(header.get("NAXIS", 0), 0, -1))


def _fits(shape, n_rows, n_pixels):
    return len(shape) > 0 and n_pixels > 1 and shape[-1] == n_pixels and all(n in {1, n_rows} for n in shape[:-1])
