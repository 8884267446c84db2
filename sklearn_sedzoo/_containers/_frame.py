"""Which frame and medium the wavelengths of a table are in: stated, measured by its lines, or not known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sklearn_sedzoo._containers._line_list import ABSORPTION_LINES, EMISSION_LINES
from sklearn_sedzoo._containers._table import SpectrumTable
from sklearn_sedzoo._kernels import line_centroid
from sklearn_sedzoo._parameters import checked
from sklearn_sedzoo._validation import FRAME, MEDIUM, is_usable_redshift

N_STACKED = 300  # spectra that are enough to measure the frame
STEP = 1e-4  # of the stack, in ln(wavelength)
SIGNIFICANT = 2.0  # mean -ln(chance) of the lines; 1 is chance
CLEARER = 0.7  # by which one frame must beat the other
SAME_REDSHIFT = 1e-4  # redshifts that differ less are one; spectra that move less do not move
TOLERANCE = 30.0  # km/s around what vacuum or air gives; air stands at -83
MOST_ERROR = 12.0  # km/s of the median of the lines above which their scatter decides nothing


@dataclass(frozen=True)
class FrameDecision:
    """The frame and the medium of a table of spectra, and how they are known.

    Parameters
    ----------
    frame : {"rest", "observed"} or None
        Frame of the wavelengths; None where nothing tells.
    medium : {"vacuum", "air"} or None
        Medium of the wavelengths; None where nothing tells.
    reasons : tuple of str
        A sentence each on the frame and the medium.
    warnings : tuple of str
        What contradicts, or could not be found out, each with its cure.
    problem : str
        Why the spectra cannot be brought to the rest frame, with the cure; "" where they can.
    offset, offset_error : float
        Median velocity of absorption lines against vacuum, and its error, in km/s.
    """

    frame: str | None
    medium: str | None
    reasons: tuple = ()
    warnings: tuple = ()
    problem: str = ""
    offset: float = np.nan
    offset_error: float = np.inf

    def __str__(self):
        return " ".join((*self.reasons, *self.warnings))


@checked(frame=FRAME, medium=MEDIUM)
def decide_frame(catalog: SpectrumTable, *, frame: str | None = None, medium: str | None = None) -> FrameDecision:
    """Decide in which frame and medium the spectra of a table are, or refuse to guess.

    What is given counts first, then what the file states, then what the lines show: the stack of the spectra as they
    stand is compared with the stack of the spectra shifted by their redshifts.

    Parameters
    ----------
    catalog : SpectrumTable
        The spectra; redshifts in the column ``redshift`` of its properties.
    frame : {"rest", "observed"}, optional
        The frame, where you know it.
    medium : {"vacuum", "air"}, optional
        The medium, where you know it.

    Returns
    -------
    decision : FrameDecision
        Print it. ``decision.frame`` is None only where the redshifts do not vary and nothing tells.

    Raises
    ------
    ValueError
        If redshifts vary and neither the file nor the lines tell the frame, or if the spectra are observed and there
        are no redshifts. The message names the cure.

    See Also
    --------
    SpectrumResampler : Takes the redshift out.

    Notes
    -----
    The chance of a line is the share of places without a line in the stack that are as deep or as high as the line. A
    frame is found where the mean of -ln(chance) of the lines is above 2 (1 is chance) and 0.7 above the other frame's.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from sklearn_sedzoo import decide_frame
    >>> from sklearn_sedzoo.datasets import make_sed_catalog
    >>> catalog = replace(make_sed_catalog(20, random_state=0), frame=None)  # nothing is stated, z = .496
    >>> decide_frame(catalog).frame
    'rest'
    """
    decision = judge_frame(catalog, frame=frame, medium=medium)
    if decision.problem:
        raise ValueError(decision.problem)
    return decision


def settle_frame(catalog, *, frame=None, medium=None):
    """Return the table with the frame and the medium that `decide_frame` finds, and the decision."""
    decision = decide_frame(catalog, frame=frame, medium=medium)
    return replace(catalog, frame=decision.frame, medium=decision.medium), decision


def judge_frame(catalog, *, frame=None, medium=None, compare=True):
    """Return the FrameDecision as `decide_frame` does, without raising: its `problem` says why it cannot be used.

    Where frame and medium are stated they are measured all the same, to `compare`.
    """
    flux, redshift = take_usable(catalog.flux, catalog.ivar, catalog.redshift)
    evidence = (None, "")
    if compare or not (frame or catalog.frame):
        evidence = measure_frame(flux, catalog.wavelength, redshift)
    decided, reason, warned, problem = _judge_frame(catalog, redshift, frame, *evidence)
    stretch = _stretch(decided, redshift, len(flux))
    found = (None, np.nan, np.inf, "")
    if stretch is not None and (compare or not (medium or catalog.medium)):
        found = _measure_medium(flux, catalog.wavelength, stretch)
    known, why, more = _judge_medium(catalog.medium, medium, found)
    return FrameDecision(decided, known, (reason, why), (*warned, *more), problem, found[1], found[2])


def _judge_frame(catalog, redshift, given, measured, depths):
    """Return frame, reason, warnings and problem."""
    stated = given or catalog.frame
    if stated:
        source = "as you said" if given else f"as {catalog.survey or 'the file'} states"
        warned: tuple[str, ...] = ()
        if measured not in {None, stated}:
            warned = (f"But its lines stand in the {measured} frame ({depths}).",)
        if stated == "observed" and redshift is None:
            return stated, f"Frame: observed, {source}.", warned, _without_redshifts(catalog, source)
        return stated, f"Frame: {stated}, {source}.", warned, ""
    if measured:
        return measured, f"Frame: {measured}, measured by its lines ({depths}).", (), ""
    if redshift is None:
        text = "Frame: not stated; there are no redshifts, and the lines do not tell."
        return None, text, ("Spectra in the observed frame cannot be brought to rest without redshifts.",), ""
    if np.abs(redshift).max() < SAME_REDSHIFT:
        return "rest", "Frame: rest, all redshifts are 0.", (), ""
    if np.ptp(redshift) < SAME_REDSHIFT:
        text = f"Frame: not stated, and the lines do not tell; all redshifts are {redshift[0]:.4g}."
        return None, text, ("The spectra are taken as they stand.",), ""
    problem = (
        f"Nothing tells the frame of these spectra: redshifts run from {redshift.min():.4g} to {redshift.max():.4g}, "
        f"the file states no frame, and the lines do not show it ({depths}). Say it: frame='observed' "
        "(--frame observed) brings each to rest by its redshift, frame='rest' (--frame rest) leaves them as they stand."
    )
    return None, "Frame: not stated, and the lines do not tell.", (), problem


def _without_redshifts(catalog, source):
    columns = ", ".join(map(str, catalog.properties.columns[:8])) or "none"
    return (
        f"The spectra are in the observed frame, {source}, and there are no redshifts (columns: {columns}). Join them: "
        "catalog.join(table, on=...) (--catalog FILE --on ID), name their column (--redshift-column), or pass "
        "frame='rest' (--frame rest) to take the spectra as they stand."
    )


def take_usable(flux, ivar=None, redshift=None):
    """Return fluxes (NaN where masked) of up to N_STACKED rows and their redshifts, None where none is known."""
    valid = np.isfinite(flux)
    if ivar is not None:
        valid &= ivar > 0
    usable = valid.sum(axis=1) > 10
    known = None if redshift is None else is_usable_redshift(redshift)
    if known is not None and known.any():
        usable &= known
    else:
        redshift = None
    rows = np.flatnonzero(usable)
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), N_STACKED)).astype(int))] if len(rows) else rows
    flux = np.where(valid[rows], flux[rows], np.nan).astype(float)
    if redshift is None or not len(rows):
        return flux, None
    return flux, redshift[rows]


def measure_frame(flux, wavelength, redshift):
    """Return the frame that the lines show ("rest", "observed" or None), and the evidence in words."""
    if not len(flux) or len(wavelength) < 50:
        return None, "too few pixels or spectra"
    found = {"rest": _line_evidence(flux, wavelength, np.ones(len(flux)))}
    if redshift is not None and np.abs(redshift).max() >= SAME_REDSHIFT:
        found["observed"] = _line_evidence(flux, wavelength, 1 + redshift)
    words = f"{found['rest']:.1f} as they stand"
    if "observed" in found:
        words += f", {found['observed']:.1f} shifted by their redshifts"
    words = f"evidence of lines {words}; chance gives 1"
    best = max(found, key=lambda frame: found[frame])
    others = [value for frame, value in found.items() if frame != best]
    is_clear = found[best] > SIGNIFICANT and all(found[best] - value > CLEARER for value in others)
    return (best if is_clear else None), words


def _line_evidence(flux, wavelength, stretch):
    """Return the mean -ln(chance) of the lines in the stack of spectra that are shifted by 1 / stretch."""
    grid = np.exp(np.arange(np.log(wavelength[0] / np.max(stretch)), np.log(wavelength[-1] / np.min(stretch)), STEP))
    stack = line_centroid.stack_spectra(flux, wavelength, stretch, grid, N_STACKED)
    lines = np.array(sorted({*ABSORPTION_LINES.values(), *EMISSION_LINES.values()}))
    return line_centroid.line_evidence(grid, stack, lines)


def _stretch(frame, redshift, n_rows):
    """Return 1 + z by which the spectra go to rest, None where that is not known."""
    if frame == "observed":
        return None if redshift is None else 1 + redshift
    return np.ones(n_rows) if frame == "rest" else None


def _measure_medium(flux, wavelength, stretch):
    """Return the medium that the absorption lines show (or None), their velocity, its error in km/s, and words."""
    if not len(flux):
        return None, np.nan, np.inf, "no line could be measured"
    lines = np.array(list(ABSORPTION_LINES.values()))
    low, high = max(lines.min() / 1.02, wavelength[0] / stretch.max()), min(lines.max() * 1.02, wavelength[-1])
    if low >= high:
        return None, np.nan, np.inf, "no line could be measured"
    grid = np.exp(np.arange(np.log(low), np.log(high), STEP))
    stack = line_centroid.stack_spectra(flux, wavelength, stretch, grid, N_STACKED)
    offset, error, in_air, each = line_centroid.measure_medium(grid, stack, lines)
    if np.isnan(offset):
        return None, np.nan, np.inf, "no line could be measured"
    near = "vacuum" if abs(offset) < TOLERANCE else "air" if abs(offset - in_air) < TOLERANCE else None
    names = ", ".join(name for name, value in zip(ABSORPTION_LINES, each, strict=True) if np.isfinite(value))
    words = f"{names} stand at {offset:+.0f} +- {error:.0f} km/s (vacuum 0, air {in_air:+.0f})"
    if error >= MOST_ERROR or near is None:
        return None, offset, error, f"{words}, {'the lines scatter too much' if near else 'neither fits'}"
    return near, offset, error, words


def _judge_medium(stated, given, found):
    """Return medium, reason and warnings."""
    measured, _, _, words = found
    chosen = given or stated
    if chosen:
        source = "as you said" if given else "as the file states"
        warned: tuple[str, ...] = ()
        if measured not in {None, chosen}:
            but = f"But its lines stand where they do in {measured} ({words}): ages and dispersions will be wrong. "
            warned = (f"{but}If that is right, pass medium={measured!r} (--medium {measured}).",)
        return chosen, f"Medium: {chosen}, {source}.", warned
    if measured:
        return measured, f"Medium: {measured}, measured: {words}.", ()
    return None, f"Medium: not stated, taken as vacuum; cannot tell: {words or 'the frame is not known'}.", ()
