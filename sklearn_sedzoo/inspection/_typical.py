"""What sets the spectra of a group apart: typical spectra with their scatter, and the wavelengths that differ."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.ndimage import median_filter

from sklearn_sedzoo._containers import name_feature, take_flux
from sklearn_sedzoo._kernels.masked import masked_mean, masked_percentiles
from sklearn_sedzoo.pipeline import split_at_embedding

CONTINUUM_WIDTH = 150.0  # Angstrom: wider than any line
APART = 25.0  # Angstrom between two features that are named


def typical_spectra(zoo, X, labels, groups):
    """Return (wavelength or None, decoded, low, high, normalised spectra) with one row for each group.

    The typical spectrum is decoded from the median latent of the members; low and high are their 16th and 84th
    percentile, wavelength by wavelength.
    """
    front, embedding = split_at_embedding(zoo)
    frame = X if front is None else front.transform(X)
    flux, _, wavelength = take_flux(frame)
    latents = embedding.transform(frame)
    medians = np.stack([np.median(np.asarray(latents)[labels == group], axis=0) for group in groups])
    if isinstance(latents, pd.DataFrame):
        medians = pd.DataFrame(medians, columns=latents.columns)
    decoded = np.asarray(embedding.inverse_transform(medians))
    low, high = np.stack([masked_percentiles(flux[labels == group], (16, 84), axis=0) for group in groups], axis=1)
    return wavelength, decoded, low, high, flux


def contrast_groups(flux, labels, groups, wavelength, n_features):
    """Return the wavelengths that set each group apart, the strongest first.

    The mean of the group minus that of all others, less its own continuum (a running median), in units of the
    typical scatter within groups around there.
    """
    x = np.arange(flux.shape[1], dtype=float) if wavelength is None else wavelength
    step = np.median(np.diff(x))
    width = max(3, round(CONTINUUM_WIDTH / step)) if wavelength is not None else max(3, flux.shape[1] // 20)
    apart = APART if wavelength is not None else flux.shape[1] / 50
    means = np.stack([masked_mean(flux[labels == group], axis=0) for group in groups])
    counts = np.array([np.count_nonzero(labels == group) for group in groups])
    within = sum(
        np.nansum((flux[labels == group] - mean) ** 2, axis=0) for group, mean in zip(groups, means, strict=True)
    )
    scatter = np.sqrt(within / max(counts.sum() - len(groups), 1))
    scatter = median_filter(scatter, width, mode="nearest")  # the normalisation's own band has hardly any
    scatter = np.maximum(scatter, 1e-3 * masked_mean(np.abs(means)))  # a wavelength at which all agree is no feature
    total = counts @ means
    rows = []
    for group, mean, count in zip(groups, means, counts, strict=True):
        others = (total - count * mean) / max(counts.sum() - count, 1)
        difference = np.nan_to_num(mean - others)  # where a group is masked as a whole, nothing sets it apart
        line = difference - median_filter(difference, width, mode="nearest")
        in_emission = _is_emission(mean, others, line, width)
        for i in _peaks(line / scatter, x, apart, n_features):
            name = "" if wavelength is None else name_feature(x[i], in_emission[i])
            rows.append((group, x[i], line[i], line[i] / scatter[i], name))
    return pd.DataFrame(rows, columns=["group", "wavelength", "difference", "contrast", "feature"])


def _is_emission(mean, others, line, width):
    """Tell where what differs is an emission line: where that of the two that has it stands above its continuum.

    Less flux can be deeper absorption or weaker emission; more flux the reverse.
    """
    own, other = (
        np.nan_to_num(each - median_filter(np.nan_to_num(each), width, mode="nearest")) for each in (mean, others)
    )
    strongest = np.where(np.abs(own) >= np.abs(other), own, other)
    return np.where(strongest == 0, line > 0, strongest > 0)


def tilt(spectra):
    """Return how red each spectrum is: mean flux of its red half over that of its blue half."""
    half = spectra.shape[1] // 2
    return np.nanmean(spectra[:, half:], axis=1) / np.nanmean(spectra[:, :half], axis=1)


def _peaks(signal, x, apart, n_wanted):
    """Return the places of the largest absolute values, at least `apart` from each other."""
    found = []
    for i in np.argsort(-np.abs(signal)):
        if len(found) == n_wanted:
            break
        if np.isfinite(signal[i]) and all(abs(x[i] - x[j]) >= apart for j in found):
            found.append(i)
    return found
