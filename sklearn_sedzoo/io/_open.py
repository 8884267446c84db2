"""Open files with care: what is no FITS file, truncated, damaged or still being written is said so."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import pathlib
import warnings

from astropy.io import fits
from astropy.utils.exceptions import AstropyUserWarning

from sklearn_sedzoo._parameters import integer, nothing, text
from sklearn_sedzoo.exceptions import NoSpectraError, SedReadError
from sklearn_sedzoo.io._headers import check_headers

HDU = [integer(0), text("the name of an HDU"), nothing()]


@contextlib.contextmanager
def opened_fits(path, *, strict=False):
    """Open a FITS file; every fault of the file becomes a SedReadError that names it.

    With ``strict`` a checksum that does not fit is an error, without it a warning.
    """
    path = pathlib.Path(path)
    check_exists(path)
    if not is_fits(path):
        refuse_other(path)
    size, is_sound = os.path.getsize(path), False
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with _open_bytes(path) as file:
                check_headers(file, path)
                is_sound = True
                with fits.open(file, checksum=True) as hdus:
                    yield hdus
        except FileNotFoundError as error:
            raise SedReadError(f"{path} vanished while it was read.") from error
        except Exception as error:
            if not is_sound and isinstance(error, SedReadError):  # nothing may walk these headers again
                raise
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


def attempt_table(path, read, *args, **params):
    """Call a reader of another package; whatever goes wrong in it is an error that names the file."""
    try:
        return read(*args, **params)
    except NoSpectraError as error:
        raise NoSpectraError(f"{path} {error}") from None
    except ImportError as error:
        raise SedReadError(f"{path}: a package that reads such files is not installed ({error}).") from error
    except Exception as error:
        raise SedReadError(f"{path} cannot be read as a table: {error}") from error


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
