"""What a catalog is fit for, before anything is trained on it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np

from sklearn_sedzoo._containers import SpectrumTable, judge_frame, parse_flux_unit
from sklearn_sedzoo._kernels import line_centroid
from sklearn_sedzoo._kernels.rebinning import fine_range
from sklearn_sedzoo._parameters import checked
from sklearn_sedzoo._validation import FRAME, MEDIUM, is_usable_redshift
from sklearn_sedzoo.io._quality import count_quality

BAND = (4050.0, 4150.0)
N_MEASURED = 2000  # spectra that are enough to measure the noise
MIN_PIXELS = 10


@dataclass
class Diagnosis:
    """Findings on a catalog: facts by name, and what the user should look at.

    Parameters
    ----------
    facts : dict of str to str
        What was found, in the order of reading.
    warnings : list of str
        What will go wrong or deserves a look, each with its cure.
    measured : dict of str to float or str
        The numbers behind the facts: `frame`, `medium`, `offset_km_s` and its
        `error_km_s`, `median_snr`, `n_bad`, `covered_range`.
    """

    facts: dict = field(default_factory=dict)
    warnings: list = field(default_factory=list)
    measured: dict = field(default_factory=dict)

    def __str__(self):
        width = max((len(name) for name in self.facts), default=0)
        lines = [f"{name:<{width}}  {text}" for name, text in self.facts.items()]
        return "\n".join(lines + [f"! {text}" for text in self.warnings])


@checked(frame=FRAME, medium=MEDIUM)
def diagnose_catalog(catalog: SpectrumTable, *, frame: str | None = None, medium: str | None = None) -> Diagnosis:
    """Say what a catalog holds and how it will be read: frame, medium, units, noise, coverage, oversampling, bad rows.

    Frame and medium are what `decide_frame` finds. Whether wavelengths are in air or in vacuum is measured from the
    centroids of Ca II K and the Balmer lines in the median spectrum: air moves them by -83 km/s.

    Parameters
    ----------
    catalog : SpectrumTable
        As `read_catalog` returns it.
    frame : {"rest", "observed"} or None, default=None
        Frame of the wavelengths, where the catalog does not state it. None: what the lines show.
    medium : {"vacuum", "air"} or None, default=None
        Medium of the wavelengths, where the catalog does not state it.

    Returns
    -------
    diagnosis : Diagnosis
        Print it.

    References
    ----------
    .. [1] F. Stoehr et al., "DER_SNR: A Simple & General Spectroscopic Signal-to-Noise Measurement Algorithm", ADASS
       XVII, ASP Conf. Ser. 394, 505 (2008).

    Examples
    --------
    >>> from sklearn_sedzoo.datasets import make_sed_catalog
    >>> from sklearn_sedzoo.io import diagnose_catalog
    >>> diagnosis = diagnose_catalog(make_sed_catalog(20, random_state=0))
    >>> diagnosis.measured["frame"], diagnosis.measured["medium"]
    ('rest', 'vacuum')
    """
    found = Diagnosis()
    _describe_contents(catalog, found)
    _describe_rows(catalog, found)
    if len(catalog.wavelength) < MIN_PIXELS:
        found.warnings.append(f"Fewer than {MIN_PIXELS} pixels: nothing can be measured on them.")
        return found
    usable = _usable_rows(catalog)
    if len(usable):
        flux = np.where(_valid(catalog)[usable], catalog.flux[usable], np.nan).astype(float)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # rows without a valid pixel give NaN, and are counted
            decision = judge_frame(catalog, frame=frame, medium=medium)
            stretch = _describe_frame(catalog, decision, found)[usable]
            _measure_noise(catalog, flux, usable, found)
        _describe_coverage(catalog, flux, stretch, found)
    return found


def _valid(catalog):
    valid = np.isfinite(catalog.flux)
    return valid if catalog.ivar is None else valid & (catalog.ivar > 0)


def _usable_rows(catalog):
    """Return rows with flux in more than 10 pixels, at most N_MEASURED of them, from all over the catalog."""
    rows = np.flatnonzero(_valid(catalog).sum(axis=1) > 10)
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), N_MEASURED)).astype(int))] if len(rows) else rows


def _describe_contents(catalog, found):
    grid = catalog.wavelength
    found.facts["spectra"] = f"{len(catalog)} of {len(grid)} pixels, {catalog.flux.dtype}"
    _describe_grid(grid, found)
    found.facts["flux unit"] = catalog.flux_unit or "not stated"
    found.facts["errors"] = (
        "none"
        if catalog.ivar is None
        else (f"inverse variances; {100 * np.mean(catalog.ivar <= 0):.3g} % of the pixels are masked")
    )
    found.facts["properties"] = ", ".join(map(str, catalog.properties.columns[:12])) or "none"
    if catalog.meta.get("unused"):
        found.facts["not read"] = ", ".join(catalog.meta["unused"])
    if catalog.meta.get("assumed"):
        found.facts["assumed"] = "; ".join(catalog.meta["assumed"])
    if not catalog.flux_unit:
        found.warnings.append("The file states no unit of flux: brightness (FluxScale) will have none either.")
    elif catalog.density is None:
        known = "is not understood" if parse_flux_unit(catalog.flux_unit) is None else "is no density of flux"
        found.warnings.append(
            f"The unit of flux {catalog.flux_unit!r} {known}: the fluxes are taken as densities per wavelength. If "
            "they are per frequency, pass density='frequency' to SpectrumResampler."
        )


def _describe_grid(grid, found):
    if len(grid) < 2:
        found.facts["wavelengths"] = f"{grid[0]:.6g} Angstrom"
        return
    steps = np.diff(grid)
    kind = "uniform" if np.allclose(steps, steps[0], rtol=1e-3) else "logarithmic"
    if kind == "logarithmic" and not np.allclose(np.diff(np.log(grid)), np.log(grid[1] / grid[0]), rtol=1e-3):
        kind = "not uniform"
    found.facts["wavelengths"] = (
        f"{grid[0]:.6g} to {grid[-1]:.6g} Angstrom, {kind}, steps {steps.min():.3g} to {steps.max():.3g} Angstrom"
    )
    low, high = fine_range(grid)
    if high - low < 0.95 * (grid[-1] - grid[0]):
        found.facts["fine sampling"] = f"{low:.0f} to {high:.0f} Angstrom"
        found.warnings.append(
            f"Outside {low:.0f} to {high:.0f} Angstrom the pixels are much wider: resampled finely they are "
            f"oversampled. Take grid_range=({low:.0f}, {high:.0f})."
        )


def _describe_rows(catalog, found):
    quality = np.zeros(len(catalog), dtype=int) if catalog.quality is None else catalog.quality
    counts = count_quality(quality)
    found.measured["n_bad"] = int(np.count_nonzero(quality))
    rows = np.flatnonzero(quality)
    found.facts["bad spectra"] = (
        ", ".join(f"{name}: {n}" for name, n in counts.items()) + f"; first at row {rows[0]}" if len(rows) else "none"
    )
    values = np.ascontiguousarray(catalog.flux[np.flatnonzero(_valid(catalog).any(axis=1))[:20000]])
    n_double = len(values) - len({row.tobytes() for row in values})
    if n_double:
        found.warnings.append(f"{n_double} spectra are exact copies of others.")


def _describe_frame(catalog, decision, found):
    """Say frame and medium, and return 1 + z by which the spectra go to rest."""
    redshift = catalog.redshift
    for name, text in zip(("frame", "medium"), decision.reasons, strict=True):
        found.facts[name] = text.split(": ", 1)[1]
        found.measured[name] = getattr(decision, name) or "unknown"
    found.measured.update({"offset_km_s": decision.offset, "error_km_s": decision.offset_error})
    found.warnings += [*decision.warnings, *([decision.problem] if decision.problem else [])]
    if decision.medium == "air":
        found.warnings.append("Wavelengths are in air: pass medium='air' to SpectrumResampler (sedzoo map does).")
    if decision.frame != "observed" or redshift is None:
        return np.ones(len(catalog))
    known = is_usable_redshift(redshift)
    if known.any():
        low, high = redshift[known].min(), redshift[known].max()
        found.facts["redshifts"] = (
            f"{low:.4g} to {high:.4g}: use SpectrumResampler(redshift='redshift') (sedzoo map does)"
        )
    return 1 + np.where(known, redshift, 0.0)


def _measure_noise(catalog, flux, usable, found):
    if catalog.ivar is not None:
        snr = np.nanmedian(np.where(np.isfinite(flux), flux * np.sqrt(catalog.ivar[usable]), np.nan), axis=1)
        source = "from the inverse variances"
    else:
        noise = line_centroid.noise_of(flux)
        level = np.nanmedian(flux, axis=1)
        snr = np.divide(level, noise, out=np.full(len(flux), np.inf), where=noise > 0)
        source = "from the scatter of neighboring pixels"
    low, middle, high = np.nanpercentile(np.where(np.isinf(snr), 1e6, snr), [10, 50, 90])
    found.measured["median_snr"] = float(middle)
    found.facts["S/N per pixel"] = f"{middle:.3g} (10th to 90th percentile {low:.3g} to {high:.3g}), {source}"
    if middle < 3:
        found.warnings.append("S/N below 3 for half of the spectra: resample to wider bins, or stack.")


def _describe_coverage(catalog, flux, stretch, found):
    grid = catalog.wavelength
    low, high = grid[0] / stretch.min(), grid[-1] / stretch.max()
    share = np.isfinite(flux).mean(axis=0)
    found.measured["covered_range"] = (float(low), float(high))
    found.facts["covered by all"] = (
        f"{low:.6g} to {high:.6g} Angstrom{' in the rest frame' if stretch.max() > 1 else ''}; "
        f"{100 * np.mean(share > 0.95):.3g} % of the pixels are valid in 95 % of the spectra"
    )
    if low > BAND[0] or high < BAND[1]:
        found.warnings.append(
            f"The band {BAND[0]:.0f} to {BAND[1]:.0f} Angstrom of the default normalization is not covered: choose "
            "another band inside the range."
        )
