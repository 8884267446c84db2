"""What sets the spectra of a group apart: typical spectra with their scatter, and the wavelengths that differ."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.ndimage import median_filter

from sklearn_sedzoo._containers import name_feature, take_flux
from sklearn_sedzoo._kernels.masked import masked_mean, masked_percentiles

CONTINUUM_WIDTH = 150.0  # Angstrom: wider than any line
APART = 25.0  # Angstrom between two features that are named


def typical_spectra(view, groups):
    """Return (wavelength or None, decoded, low, high, normalized spectra) with one row for each group.

    The typical spectrum is decoded from the median latent of the members; low and high are their 16th and 84th
    percentile, wavelength by wavelength.
    """
    flux, _, _ = take_flux(view.spectra)
    members = [view.labels == group for group in groups]
    medians = np.stack([np.median(np.asarray(view.latents)[rows], axis=0) for rows in members])
    if isinstance(view.latents, pd.DataFrame):
        medians = pd.DataFrame(medians, columns=view.latents.columns)
    decoded = np.asarray(view.parts[1].inverse_transform(medians))
    low, high = np.stack([masked_percentiles(flux[rows], (16, 84), axis=0) for rows in members], axis=1)
    return view.wavelength, decoded, low, high, flux


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
    counts = np.stack([np.count_nonzero(~np.isnan(flux[labels == group]), axis=0) for group in groups])
    within = sum(
        np.nansum((flux[labels == group] - mean) ** 2, axis=0) for group, mean in zip(groups, means, strict=True)
    )
    degrees = counts.sum(axis=0) - np.count_nonzero(counts, axis=0)
    scatter = np.sqrt(np.divide(within, degrees, out=np.full(len(x), np.nan), where=degrees > 0))
    scatter = median_filter(_bridge(scatter), width, mode="nearest")  # the normalization's own band has hardly any
    scatter = np.maximum(scatter, 1e-3 * masked_mean(np.abs(means)))  # a wavelength at which all agree is no feature
    total = np.nansum(counts * means, axis=0)
    rows = []
    for group, mean, count in zip(groups, means, counts, strict=True):
        n_others = counts.sum(axis=0) - count
        rest = total - np.where(count > 0, count * mean, 0.0)
        others = np.divide(rest, n_others, out=np.full(len(x), np.nan), where=n_others > 0)
        if len(groups) == 1:
            others = np.zeros(len(x))
        difference = mean - others  # NaN where a gap leaves one side nothing
        line = difference - median_filter(_bridge(difference), width, mode="nearest")
        in_emission = _is_emission(mean, others, line, width)
        for i in _peaks(line / scatter, x, apart, n_features):
            name = "" if wavelength is None else name_feature(x[i], in_emission[i])
            rows.append((group, x[i], line[i], line[i] / scatter[i], name))
    return pd.DataFrame(rows, columns=["group", "wavelength", "difference", "contrast", "feature"])


def _bridge(values):
    """Return values with straight lines over their gaps, so that a running median does not see them."""
    known, places = np.isfinite(values), np.arange(len(values))
    return np.interp(places, places[known], values[known]) if known.any() else np.zeros(len(values))


def _is_emission(mean, others, line, width):
    """Tell where what differs is an emission line: where that of the two that has it stands above its continuum.

    Less flux can be deeper absorption or weaker emission; more flux the reverse.
    """
    own, other = (np.nan_to_num(each - median_filter(_bridge(each), width, mode="nearest")) for each in (mean, others))
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
