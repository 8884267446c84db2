"""Results to report.html: the map to click on, spectra, tables and words, in one file that needs no network."""

from __future__ import annotations

import html
import os
import pathlib
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from sklearn_sedzoo._containers import take_flux
from sklearn_sedzoo._kernels.masked import masked_mean
from sklearn_sedzoo._parameters import checked, flag, integer, path, text
from sklearn_sedzoo.inspection import rank_unusual
from sklearn_sedzoo.inspection._novelty import find_centers, score_novelty
from sklearn_sedzoo.inspection._unusual import name_unusual
from sklearn_sedzoo.io._atomic import write_atomically
from sklearn_sedzoo.report._payload import as_json, gather_payload, pack, tidy

MAX_SPECTRA = 10_000


@checked(path=[path()], command=[text()], title=[text()], max_spectra=[integer(1)], overwrite=[flag()])
def write_report(
    path: str | os.PathLike,
    *,
    som: Any,
    latents: Any,
    labels: Any,
    normalized: Any,
    reconstructed: Any,
    properties: pd.DataFrame | None = None,
    ids: Any = None,
    cells: Any = None,
    is_inside: Any = None,
    unusual: pd.DataFrame | None = None,
    interpretation: Any = None,
    stability: dict[str, pd.DataFrame] | None = None,
    history: dict[str, Any] | None = None,
    facts: dict[str, Any] | None = None,
    command: str = "",
    title: str = "A map of the zoo",
    max_spectra: int = MAX_SPECTRA,
    overwrite: bool = False,
) -> pathlib.Path:
    """Write one HTML page with the map to click on: cells, galaxies, clusters, associations, quality.

    Parameters
    ----------
    path : str or path
        File to write.
    som : SOMMapper
        Fitted on latents.
    latents : array-like of shape (n_samples, n_latents)
        Output of the embedding.
    labels : array-like of shape (n_samples,)
        Cluster of each spectrum.
    normalized : DataFrame or ndarray of shape (n_samples, n_wavelengths)
        Normalized spectra; columns named by their wavelength in Angstrom.
    reconstructed : array-like of shape (n_samples, n_wavelengths)
        What the embedding gives back.
    properties : DataFrame of shape (n_samples, n_properties), optional
        What is known of the objects; units in ``attrs["units"]``.
    ids : array-like of shape (n_samples,), optional
        Names of the objects, by default their row.
    cells : array-like of shape (n_samples,), optional
        Cell of each spectrum, by default ``som.predict(latents)``.
    is_inside : array-like of bool of shape (n_samples,), optional
        Whether each spectrum is in the domain of the model, as `sklearn_sedzoo.inspection.in_domain` says; the page
        counts the others and lists them.
    unusual : DataFrame, optional
        The most unusual spectra, as `sklearn_sedzoo.inspection.rank_unusual` lists them; ``row`` counts in `latents`.
        By default the spectra are ranked among themselves, by reconstruction error and distance to the nearest cell.
    interpretation : Interpretation, optional
        What `sklearn_sedzoo.inspection.interpret` found for the clusters: associations, verdicts and sentences.
    stability : dict of str to DataFrame, optional
        What `sklearn_sedzoo.model_selection.stability` found, for instance for "clusters" and "cells".
    history : dict, optional
        ``history_`` of the embedder.
    facts : dict of str to value, optional
        What else to tell: errors, versions, seed.
    command : str, default=""
        How to make this again.
    title : str, default="A map of the zoo"
        Title of the page.
    max_spectra : int, default=10000
        Spectra kept in the page, evenly from all cells; the page says so where it is not all of them.
    overwrite : bool, default=False
        Replace a file that is there already.

    Returns
    -------
    path : Path
        The file.

    Notes
    -----
    Spectra are kept in 200 bins with 8 bits. With plotly inside, the page is about 2 MB, and 6 MB for 10,000 galaxies.
    It needs a browser of 2023 or newer and no network.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from sklearn_sedzoo.mapping import Batch, SOMMapper
    >>> from sklearn_sedzoo.report import write_report
    >>> latents = np.random.default_rng(0).normal(size=(50, 3))
    >>> som = SOMMapper(3, 3, algorithm=Batch(2)).fit(latents)
    >>> flux = 1 + latents @ np.random.default_rng(1).normal(size=(3, 40))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_report(
    ...         pathlib.Path(folder) / "report.html", som=som, latents=latents, labels=latents[:, 0] > 0,
    ...         normalized=flux, reconstructed=flux
    ...     )
    ...     path.name
    'report.html'
    """
    path = pathlib.Path(path)
    n_samples = len(latents)
    properties = pd.DataFrame(index=range(n_samples)) if properties is None else properties
    rows = {"labels": labels, "normalized": normalized, "properties": properties, "is_inside": is_inside}
    for name, given in rows.items():
        if given is not None and len(given) != n_samples:
            raise ValueError(f"`{name}` of write_report must have {n_samples} rows, as latents has, got {len(given)}.")
    payload = gather_payload(
        latents=np.asarray(latents, dtype=float),
        labels=np.asarray(labels).astype(int),
        cells=np.asarray(som.predict(latents) if cells is None else cells),
        som=som,
        normalized=normalized,
        reconstructed=reconstructed,
        properties=properties,
        ids=range(n_samples) if ids is None else ids,
        is_inside=is_inside,
        max_spectra=max_spectra,
    )
    payload["history"] = {key: tidy(values) for key, values in (history or {}).items() if np.ndim(values) == 1}
    if unusual is None:
        unusual = rank_among(som, latents, normalized, reconstructed, properties, ids, is_inside)
    page = _fill_page(payload, unusual, interpretation, stability or {}, facts or {}, command, title)
    write_atomically(path, lambda name: pathlib.Path(name).write_text(page, encoding="utf-8"), overwrite=overwrite)
    return path


def rank_among(som, latents, normalized, reconstructed, properties, ids, is_inside):
    """Return the most unusual spectra where no domain was learned: each is judged by all of them."""
    flux, _, _ = take_flux(normalized)
    distance = cdist(np.asarray(latents, dtype=float), find_centers(som)).min(axis=1)
    measured = np.column_stack([masked_mean((flux - np.asarray(reconstructed)) ** 2, axis=1), distance])
    measured = np.where(np.isfinite(measured), measured, np.inf)
    judged = pd.DataFrame(measured, columns=["reconstruction_error", "distance"])
    judged["score"] = score_novelty(measured, measured)
    judged["unusual_in"] = name_unusual(measured, measured)
    judged["is_inside"] = True if is_inside is None else np.asarray(is_inside, dtype=bool)
    known = properties.reset_index(drop=True)
    return rank_unusual(judged, known if ids is None else known.assign(id=np.asarray(ids)))


def _fill_page(payload, unusual, interpretation, stability, facts, command, title):
    from plotly.offline import get_plotlyjs  # here: plotly is slow to import, and only this needs it

    folder = files("sklearn_sedzoo.report")
    parts = {
        "TITLE": html.escape(title),
        "STYLE": (folder / "page.css").read_text(encoding="utf-8"),
        "SUMMARY": html.escape(_summarize(payload)),
        "VERDICTS": "" if interpretation is None else _verdicts(interpretation),
        "UNUSUAL": _unusual(unusual),
        "STABILITY": "".join(_stability(name, table) for name, table in stability.items()),
        "FACTS": _facts(facts, command),
        "DATA": pack(as_json(payload).encode("utf-8")),
        "PLOTLY": pack(get_plotlyjs().encode("utf-8")),
        "SCRIPT": (folder / "page.js").read_text(encoding="utf-8"),
    }
    page = (folder / "page.html").read_text(encoding="utf-8")
    for name, content in parts.items():
        page = page.replace("{{" + name + "}}", content)
    return page


def _summarize(payload):
    n_samples, n_stored = len(payload["cell"]), len(payload["stored"])
    n_clusters = len(set(payload["cluster"]) - {-1})
    text = f"{n_samples:,} spectra on {len(payload['cells']['x'])} cells, in {n_clusters} clusters."
    if payload["outside"] is not None:
        n_outside = len(payload["outside"])
        text += f" {n_samples - n_outside:,} are in the domain of the model, {n_outside:,} are out of domain."
    return text if n_stored == n_samples else f"{text} The page holds the spectra of {n_stored:,} of them."


def _verdicts(interpretation):
    table = interpretation.verdicts
    head = "<tr><th>property</th><th>verdict</th><th>epsilon²</th><th>ceiling</th><th>AMI</th><th>q</th></tr>"
    rows = []
    for name, row in table.iterrows():
        numbers = "".join(f"<td>{_number(row[key])}</td>" for key in ("epsilon2", "ceiling", "ami", "q_value"))
        words = html.escape(str(name).replace("_", " "))
        rows.append(f"<tr><th>{words}</th><td class='verdict'>{html.escape(row['verdict'])}</td>{numbers}</tr>")
    sentences = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in interpretation.sentences)
    return (
        "<section id='meaning'><h2>What the clusters mean</h2><div class='scroll'><table>"
        f"{head}{''.join(rows)}</table></div><p class='note'>Epsilon² is the share of a property's variance that the "
        "clusters explain, corrected for chance: 0 is nothing, 1 is all. Ceiling: what the same method would "
        f"reach from the true properties. q: chance that it means nothing.</p><ul>{sentences}</ul></section>"
    )


def _unusual(unusual):
    words = {"id": "spectrum", "redshift": "redshift", "outlier_score": "outlier score", "unusual_in": "unusual in",
             "reconstruction_error": "reconstruction error", "distance": "distance"}  # fmt: skip
    shown = [name for name in words if name in unusual]
    head = "".join(f"<th>{words[name]}</th>" for name in shown) + "<th>domain</th>"
    rows = []
    for _, row in unusual.iterrows():
        button = f"<button data-row='{int(row['row'])}'>{html.escape(str(row['id']))}</button>"
        cells = "".join(f"<td>{html.escape(_number(row[name]))}</td>" for name in shown[1:])
        rows.append(f"<tr><th>{button}</th>{cells}<td>{'in domain' if row['is_inside'] else 'out of domain'}</td></tr>")
    return (
        "<p class='note'>The outlier score is log10 of the chance that a spectrum in domain is as unusual: lower is "
        "more unusual. Reconstruction error: the model cannot reproduce the spectrum. Distance: no cell with training "
        "spectra is near. Look here for wrong redshifts, sky residuals and blends, also where all are in domain.</p>"
        f"<div class='scroll'><table><tr>{head}</tr>{''.join(rows)}</table></div>"
    )


def _stability(name, table):
    words = {"ari": "same groups (ARI)", "ari_min": "worst pair of runs (ARI)"}
    heads = [words.get(column, "same " + str(column).removeprefix("r_").replace("_", " ") + " (r)") for column in table]
    head = "".join(f"<th>{html.escape(text)}</th>" for text in ["what differs", *heads])
    rows = "".join(
        f"<tr><th>{html.escape(str(kind))}</th>{''.join(f'<td>{_number(value)}</td>' for value in row)}</tr>"
        for kind, row in zip(table.index, table.to_numpy(dtype=float), strict=True)
    )
    return f"<h3>{html.escape(name)}</h3><div class='scroll'><table><tr>{head}</tr>{rows}</table></div>"


def _facts(facts, command):
    rows = "".join(
        f"<tr><th>{html.escape(str(name).replace('_', ' '))}</th><td>{html.escape(_number(value))}</td></tr>"
        for name, value in facts.items()
    )
    table = f"<div class='scroll'><table>{rows}</table></div>" if rows else ""
    again = f"<p>To make it again:</p><pre>{html.escape(command)}</pre>" if command else ""
    return table + again


def _number(value):
    if isinstance(value, (float, np.floating)):
        return "" if np.isnan(value) else f"{value:.3g}"
    return str(value)
