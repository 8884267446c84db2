"""Errors and warnings that a caller may want to catch by name."""

__all__ = ["NoSpectraError", "SedDataWarning", "SedGridWarning", "SedReadError"]


class SedReadError(ValueError):
    """A file could not be read as spectra; the message names the file and what is wrong with it."""


class NoSpectraError(SedReadError):
    """A file that can be read holds no spectra."""


class SedDataWarning(UserWarning):
    """Some rows of the data were bad and were masked; the message counts and points at them."""


class SedGridWarning(UserWarning):
    """The wavelength grid gives a usable but worse result; the message says how and where."""
