"""Resample, normalise, embed, cluster and map galaxy spectra with scikit-learn."""

__version__ = "0.1.0"
