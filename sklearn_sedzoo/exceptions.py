"""Errors and warnings that a caller may want to catch by name."""

__all__ = ["NoSpectraError", "SedDataWarning", "SedGridWarning", "SedReadError"]


class SedReadError(ValueError):
    """A file could not be read as spectra; the message names the file and what is wrong with it."""


class NoSpectraError(SedReadError):
    """A file is readable, but holds no spectra: a table of redshifts beside the spectra, or a text for people."""


class SedDataWarning(UserWarning):
    """Some rows of the data were bad and were masked; the message counts and points at them."""


class SedGridWarning(UserWarning):
    """The wavelength grid gives a usable but worse result; the message says how and where."""
