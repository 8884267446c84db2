"""A fitted pipeline, spectra and properties to what the groups mean: tables, spectra and plain sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sklearn_sedzoo._parameters import Seed, checked, integer, random_state
from sklearn_sedzoo._validation import FRAME
from sklearn_sedzoo.inspection._identifiability import EXPLAINED, judge
from sklearn_sedzoo.inspection._typical import contrast_groups, tilt, typical_spectra
from sklearn_sedzoo.inspection._views import check_properties, is_measured, look

OBSERVED = "The spectra are in the observed frame, where lines have no fixed wavelength: none is named."


@dataclass
class Interpretation:
    """What `interpret` found; ``print(interpretation)`` tells it in sentences.

    Parameters
    ----------
    groups : DataFrame of shape (n_groups, n_columns)
        For each cluster or cell: ``n``, ``share``, and of each property ``<name>_median``, ``<name>_p16``,
        ``<name>_p84`` (of words: ``<name>_mode``).
    associations : DataFrame
        See `property_association`.
    verdicts : DataFrame
        See `identifiability`.
    wavelength : ndarray of shape (n_wavelengths,) or None
        Wavelength in Angstrom.
    typical : ndarray of shape (n_groups, n_wavelengths)
        Spectrum decoded from the median latent of each group, in normalized flux.
    low, high : ndarray of shape (n_groups, n_wavelengths)
        16th and 84th percentile of the members' normalized spectra.
    features : DataFrame of shape (n, 5)
        What sets each group apart: ``group``, ``wavelength``, ``difference`` from all others (normalized flux, less
        the continuum), ``contrast`` (the same in units of the scatter within groups) and ``feature``, its name.
    sentences : list of str
        All of it in words.

    Examples
    --------
    See `interpret`.
    """

    groups: pd.DataFrame
    associations: pd.DataFrame
    verdicts: pd.DataFrame
    wavelength: np.ndarray | None
    typical: np.ndarray
    low: np.ndarray
    high: np.ndarray
    features: pd.DataFrame
    sentences: list

    def __str__(self):
        return "\n".join(self.sentences)


@checked(n_features=[integer(0)], frame=FRAME, random_state=random_state())
def interpret(
    pipeline: Any,
    X: Any,
    properties: pd.DataFrame,
    *,
    n_features: int = 3,
    frame: str | None = None,
    random_state: Seed = None,
) -> Interpretation:
    """Say what the clusters or cells of a fitted pipeline mean.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted; ends with a clusterer or a map, whose labels or cells are the groups.
    X : array-like of shape (n_samples, n_wavelengths)
        Spectra, best those that were held out.
    properties : DataFrame of shape (n_samples, n_properties)
        What is known of them; units in ``attrs["units"]``. Identifiers are not judged; flags and plates count as
        words.
    n_features : int, default=3
        Wavelengths named for each group.
    frame : {"rest", "observed"} or None, default=None
        Frame of the wavelengths that the embedding sees; None takes what the `SpectrumResampler` knows, else "rest".
        Lines have names at rest only.
    random_state : int, RandomState or None, default=None
        Seed of permutations and predictions.

    Returns
    -------
    interpretation : Interpretation
        Tables, typical spectra and sentences.

    See Also
    --------
    property_association : The statistics alone.
    identifiability : The verdicts alone.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.decomposition import PCA
    >>> from sklearn_sedzoo.inspection import interpret
    >>> from sklearn_sedzoo.pipeline import make_sed_pipeline
    >>> depth = np.repeat([0.1, 0.5], 40)[:, None] + np.random.default_rng(0).normal(0, 0.01, (80, 1))
    >>> wavelength = np.linspace(4700, 5000, 151)
    >>> X = 1 - depth * np.exp(-0.5 * ((wavelength - 4862.7) / 5) ** 2)
    >>> pipeline = make_sed_pipeline(
    ...     wavelength=wavelength, grid=151, band=None, embed=PCA(1), final=KMeans(2, random_state=0)
    ... ).fit(X)
    >>> found = interpret(pipeline, X, pd.DataFrame({"depth": depth[:, 0]}), random_state=0)
    >>> found.features["feature"].tolist()[0]
    'H-beta'
    >>> found.verdicts.loc["depth", "verdict"]
    'explained'
    """
    view = look(pipeline, X)
    properties = check_properties(properties, len(view.X), "interpret")
    units = properties.attrs.get("units", {})
    associations, verdicts = judge(view, properties, random_state=random_state)
    labels = view.labels
    names = np.unique(labels[labels >= 0])
    wavelength, typical, low, high, flux = typical_spectra(view, names)
    features = contrast_groups(flux, labels, names, wavelength, n_features)
    is_observed = (frame or view.frame) == "observed"
    if is_observed:
        features["feature"] = ""
    groups = describe_groups(labels, properties)
    sentences = [
        *verdicts["because"],
        *([OBSERVED] if is_observed and wavelength is not None else []),
        *_describe(groups, properties, verdicts, features, typical, tilt(typical), units),
    ]
    return Interpretation(groups, associations, verdicts, wavelength, typical, low, high, features, sentences)


def describe_groups(labels, properties):
    """Return count, share, median and 16-84 % of each property for each group."""
    labels = np.asarray(labels)
    rows = {}
    for group in np.unique(labels[labels >= 0]):
        members = properties[labels == group]
        row = {"n": len(members), "share": len(members) / len(labels)}
        for name, column in members.items():
            known = column.dropna()
            if is_measured(column):
                low, middle, high = np.percentile(known, (16, 50, 84)) if len(known) else [np.nan] * 3
                row |= {f"{name}_median": middle, f"{name}_p16": low, f"{name}_p84": high}
            else:
                row[f"{name}_mode"] = known.mode().iloc[0] if len(known) else None
        rows[group] = row
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index.name = "group"
    return table


def _describe(groups, properties, verdicts, features, typical, redness, units):
    told = [name for name in properties if verdicts.loc[name, "verdict"] == EXPLAINED]
    usual = np.average(redness, weights=groups["n"])
    for (group, row), red in zip(groups.iterrows(), redness, strict=True):
        parts = [f"Group {group}: {row['n']:.0f} spectra ({100 * row['share']:.0f} %)"]
        parts += [_say_property(name, row, properties[name], units.get(name, "")) for name in told]
        if abs(red / usual - 1) > 0.02:
            parts.append(f"{'redder' if red > usual else 'bluer'} than the others")
        own = features[(features["group"] == group) & (features["contrast"].abs() > 0.5)]
        if len(own):
            parts.append("set apart at " + ", ".join(_say_feature(feature) for _, feature in own.iterrows()))
        yield "; ".join(parts) + "."


def _say_property(name, row, column, unit):
    words = name.replace("_", " ")
    if f"{name}_mode" in row:
        return f"{words} mostly {row[f'{name}_mode']}"
    rank = np.mean(column.dropna() < row[f"{name}_median"])
    place = "low" if rank < 0.25 else "high" if rank > 0.75 else "middling"
    values = f"{row[f'{name}_median']:.3g} ({row[f'{name}_p16']:.3g} to {row[f'{name}_p84']:.3g})"
    return f"{place} {words} {values}{' ' + unit if unit else ''}"


def _say_feature(feature):
    where = (
        f"{feature['feature']} ({feature['wavelength']:.0f} Å"
        if feature["feature"]
        else f"{feature['wavelength']:.0f} Å ("
    )
    return f"{where}{', ' if feature['feature'] else ''}{'more' if feature['difference'] > 0 else 'less'} flux)"
