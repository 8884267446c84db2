"""Open files with care: what is no FITS file, truncated, damaged or still being written is said so."""

from __future__ import annotations

import contextlib
import gzip
import io
import math
import os
import pathlib
import re
import warnings

from astropy.io import fits
from astropy.utils.exceptions import AstropyUserWarning

from sklearn_sedzoo.exceptions import SedReadError

BLOCK, CARD = 2880, 80
SIZES = re.compile(rb"(BITPIX|NAXIS\d*|PCOUNT|GCOUNT) *= +([^ /]+)")
BITPIX = (8, 16, 32, 64, -32, -64)


class _AbsurdHeaderError(SedReadError):
    """A header that must not be shown to astropy."""


@contextlib.contextmanager
def opened_fits(path, *, strict=False):
    """Open a FITS file; every fault of the file becomes a SedReadError that names it.

    With ``strict`` a checksum that does not fit is an error, without it a warning.
    """
    path = pathlib.Path(path)
    check_exists(path)
    if not is_fits(path):
        refuse_other(path)
    size = os.path.getsize(path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with _open_bytes(path) as file:
                check_headers(file)
                with fits.open(file, checksum=True) as hdus:
                    yield hdus
        except _AbsurdHeaderError as error:
            raise SedReadError(f"{path} cannot be read as FITS: {error}") from None
        except FileNotFoundError as error:
            raise SedReadError(f"{path} vanished while it was read.") from error
        except Exception as error:
            problem = _truncation(caught, path) or _changed(path, size) or _missing_bytes(path)
            if problem is None and isinstance(error, SedReadError):
                raise
            raise SedReadError(f"{path} cannot be read as FITS: {problem or error}") from error
    problem = _truncation(caught, path) or _changed(path, size)
    if problem:
        raise SedReadError(f"{path} cannot be read as FITS: {problem}")
    for warning in caught:
        message = str(warning.message)
        if "hecksum verification failed" in message or "atasum verification failed" in message:
            if strict:
                raise SedReadError(f"{path} is damaged: {message.strip()} Fetch it again.")
            warnings.warn(f"{path}: {message.strip()} The file may be damaged.", AstropyUserWarning, stacklevel=4)
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


@contextlib.contextmanager
def errors_named(path):
    """Turn each ValueError into a SedReadError that names the file."""
    try:
        yield
    except SedReadError:
        raise
    except ValueError as error:
        raise SedReadError(f"{path}: {error}") from None


def check_exists(path):
    """Raise unless the path is a file that holds something."""
    if not path.exists():
        raise FileNotFoundError(f"There is no file {path}.")
    if path.is_file() and os.path.getsize(path) == 0:
        raise SedReadError(f"{path} is empty (0 bytes).")


def is_fits(path):
    """Whether a file begins as a FITS file does, or as a packed one."""
    if path.is_dir():
        raise SedReadError(f"{path} is a folder, not a FITS file.")
    return _head_of(path).startswith((b"SIMPLE  =", b"\x1f\x8b"))


def refuse_other(path):
    """Raise for a file that is no FITS file: an error page instead of it, or something else."""
    head = _head_of(path)
    if head.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise SedReadError(f"{path} is a web page, not FITS: the download gave an error page. Fetch it again.")
    raise SedReadError(
        f"{path} is not a FITS file, nor one that specutils knows: it begins with {head[:16]!r}. A table in text is "
        "read as *.csv or *.ecsv with columns named wavelength and flux, or by the wavelengths."
    )


def check_headers(file):
    """Raise an error where a header of a FITS file gives its data a size that cannot be; leave the file at 0.

    astropy believes such a header: it goes to where the next HDU would be, which may be this one again, for ever.
    """
    end = file.seek(0, os.SEEK_END)
    place, number = 0, 0
    while place < end:
        file.seek(place)
        sizes, is_first, is_last, is_group = {}, True, False, False
        while not is_last:
            block = file.read(BLOCK)
            place += len(block)
            if len(block) < BLOCK or (is_first and not block.startswith((b"SIMPLE  =", b"XTENSION="))):
                file.seek(0)
                return  # truncated, or something else after the last HDU: astropy says so
            is_first = False
            for i in range(0, BLOCK, CARD):
                card = block[i : i + CARD]
                if card[:8] == b"END     ":
                    is_last = True
                    break
                found = SIZES.match(card)
                if found:
                    sizes.setdefault(found[1].decode(), found[2].decode("ascii", "replace"))
                is_group |= card.startswith(b"GROUPS  =") and card[10:30].strip() == b"T"
        size = _size_of_data(sizes, is_group, number)
        if place + size > end:
            raise _AbsurdHeaderError(
                f"the file is truncated ({end} bytes on disk; HDU {number} ends at {place + size}). Fetch it again."
            )
        place += -(-size // BLOCK) * BLOCK
        number += 1
    file.seek(0)


def _size_of_data(sizes, is_group, number):
    """Return the bytes of the data that a header announces; raise where a number in it is none that can be."""
    values = {}
    for name, text in sizes.items():
        try:
            values[name] = int(text)
        except ValueError:
            values[name] = None
    n_axes = values.get("NAXIS")
    lowest = {"GCOUNT": 1, "BITPIX": -64}
    for name, value in values.items():
        if value is None or value < lowest.get(name, 0) or (name == "BITPIX" and value not in BITPIX):
            allowed = "one of 8, 16, 32, 64, -32, -64" if name == "BITPIX" else f"at least {lowest.get(name, 0)}"
            raise _AbsurdHeaderError(f"the header of HDU {number} has {name} = {sizes[name]}; it must be {allowed}.")
    if n_axes is None or n_axes > 999:
        raise _AbsurdHeaderError(f"the header of HDU {number} has NAXIS = {sizes.get('NAXIS')}; it must be 0 to 999.")
    axes = [values.get(f"NAXIS{i}", 0) for i in range(1, n_axes + 1)]
    if is_group and axes and axes[0] == 0:
        axes = axes[1:]
    n_values = math.prod(axes) if axes else 0
    return abs(values.get("BITPIX", 8)) // 8 * values.get("GCOUNT", 1) * (values.get("PCOUNT", 0) + n_values)


def _head_of(path):
    with open(path, "rb") as file:
        return file.read(512)


def _open_bytes(path):
    """Return an open file; a packed one is unpacked in memory, which finds out whether it is whole."""
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    if not packed:
        return open(path, "rb")
    with gzip.open(path) as file:
        return io.BytesIO(file.read())


def _missing_bytes(path):
    """Return what astropy says about the length of a file that it could not read, or None."""
    with warnings.catch_warnings(record=True) as caught, contextlib.suppress(Exception):
        warnings.simplefilter("always")
        with _open_bytes(path) as file, fits.open(file, lazy_load_hdus=False) as hdus:
            len(hdus)
    return _truncation(caught, path)


def _truncation(caught, path):
    for warning in caught:
        if "truncated" in str(warning.message):
            return f"the file is truncated ({os.path.getsize(path)} bytes on disk; {warning.message}). Fetch it again."
    return None


def _changed(path, size):
    try:
        now = os.path.getsize(path)
    except OSError:
        return "the file vanished while it was read."
    if now != size:
        return f"the file was still being written: {size} bytes at first, {now} after reading. Wait and read it again."
    return None
