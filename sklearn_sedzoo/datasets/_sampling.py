"""A library of simple stellar populations and ranges of properties -> a catalog of galaxies."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pandas as pd

from sklearn_sedzoo._containers import SpectrumTable
from sklearn_sedzoo._kernels._broadening import SPEED_OF_LIGHT, broaden
from sklearn_sedzoo._parameters import check_parameter, checked, integer, mapping, nothing, pair, random_state
from sklearn_sedzoo.datasets._ssp_library import SSPLibrary, read_ssp_library

# The thesis's sampling, in the order of the draws.
RANGES = {
    "age": (0.0, 8.45),
    "metallicity": (-0.5, 0.2),
    "velocity_dispersion": (100.0, 300.0),
    "stellar_mass": (1e8, 1e12),
}
UNITS = {"age": "Gyr", "metallicity": "log10(Z/Zsun)", "velocity_dispersion": "km/s", "stellar_mass": "Msun"}
REDSHIFT = 0.496
FLUX_UNIT = "Lsun / Angstrom"
_MARGIN = 5 * RANGES["velocity_dispersion"][1] / SPEED_OF_LIGHT
_BATCH = 256
Seed = int | np.random.Generator | np.random.RandomState | None
RANDOM_STATE = random_state(np.random.Generator, np.random.RandomState)
_YOUNGEST_FSPS = 1e-3  # Gyr; python-fsps reads an age of 0 as "all ages"


def make_generator(random_state):
    """Return a numpy Generator from None, an int, a Generator or a RandomState."""
    if isinstance(random_state, np.random.RandomState):
        random_state = random_state.randint(2**31 - 1)
    return np.random.default_rng(random_state)


def draw_properties(n_galaxies, generator, extra=None):
    """Draw each property uniformly from its range, one column after the other."""
    ranges = RANGES | (extra or {})
    table = pd.DataFrame({name: generator.uniform(*bounds, n_galaxies) for name, bounds in ranges.items()})
    table.insert(0, "redshift", np.full(n_galaxies, REDSHIFT))
    table.attrs["units"] = dict(UNITS)
    return table


def compute_spectra(library, properties, wavelength):
    """Interpolate, broaden and scale by mass, a batch at a time; float32 of shape (n_galaxies, n_wavelengths)."""
    flux = np.empty((len(properties), len(wavelength)), np.float32)
    near = (library.wavelength > wavelength[0] * (1 - 2 * _MARGIN)) & (
        library.wavelength < wavelength[-1] * (1 + 2 * _MARGIN)
    )
    part = SSPLibrary(library.ln_luminosity[..., near], library.wavelength[near], library.log_age, library.metallicity)
    for start in range(0, len(properties), _BATCH):
        rows = properties.iloc[start : start + _BATCH]
        spectra = part.spectra(rows["age"], rows["metallicity"])
        spectra = broaden(part.wavelength, spectra, rows["velocity_dispersion"].to_numpy(), wavelength,
                          anchor=library.wavelength[0])  # fmt: skip
        flux[start : start + _BATCH] = spectra * rows["stellar_mass"].to_numpy()[:, None]
    return flux


@checked(
    n_galaxies=[integer(1)],
    random_state=RANDOM_STATE,
    extra=[mapping("a dict {parameter: (low, high)}"), nothing()],
    wavelength_range=[pair("Angstrom")],
)
def sample_ssp_catalog(
    library: Any,
    n_galaxies: int,
    *,
    random_state: Seed = None,
    extra: dict[str, tuple[float, float]] | None = None,
    wavelength_range: tuple[float, float] = (2900.0, 10100.0),
) -> SpectrumTable:
    """Draw a catalog of galaxies, each one simple stellar population, from a real library.

    The sampling is the thesis's: uniform and independent in age [0, 8.45] Gyr, log10(Z/Zsun) [-0.5, 0.2], velocity
    dispersion [100, 300] km/s and mass formed [1e8, 1e12] Msun; the redshift column is 0.496 throughout, the
    spectra are in the rest frame.

    Parameters
    ----------
    library : path, SSPLibrary, "fsps" or StellarPopulation
        A FITS file with the HDUs LNLUM (ln of Lsun/Angstrom of 1 Msun formed; metallicity, age, wavelength),
        WAVELENGTH (Angstrom), AGE (log10 Gyr) and METALLICITY (log10 Z/Zsun). ``"fsps"`` takes python-fsps, which
        needs the FSPS files in the folder ``SPS_HOME``; a `fsps.StellarPopulation` of your own, or anything with
        its ``params`` and ``get_spectrum``, is used as it is. The python-fsps path is tested with a stand-in
        object, as FSPS cannot be installed from a package index alone.
    n_galaxies : int
        Number of galaxies.
    random_state : int, Generator, RandomState or None, default=None
        The seed; 496 with 10,000 galaxies is the example catalog of the project.
    extra : dict of str to (low, high), default=None
        More FSPS parameters to draw uniformly, e.g. ``{"dust2": (0, 1)}``. Only with python-fsps: a grid has
        none. They are drawn after the other columns, which they leave as they were.
    wavelength_range : (low, high), default=(2900.0, 10100.0)
        In Angstrom, vacuum: the wavelengths of the library inside it are kept.

    Returns
    -------
    SpectrumTable
        `flux` float32 in Lsun / Angstrom; `properties` with redshift, age, metallicity, velocity_dispersion,
        stellar_mass and the extra ones. Within 1 % of the ends of the
        library broadening knows only one side. Ages below the youngest of the library take its spectrum: `meta` holds
        it as ``youngest_age`` (Gyr) with ``n_clipped``, the number of galaxies concerned.

    See Also
    --------
    make_sed_catalog : The same sampling from a mock that needs no files.

    Notes
    -----
    The logarithm of the luminosity is interpolated linearly in log age and metallicity. Time is about 1.5 ms a
    galaxy for 4,400 wavelengths; with python-fsps it is one FSPS call for each galaxy. Memory is 4 bytes a pixel
    and a batch of 256 spectra.

    References
    ----------
    Conroy, Gunn & White 2009, ApJ 699, 486; Conroy & Gunn 2010, ApJ 712, 833.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.datasets import SSPLibrary, sample_ssp_catalog
    >>> wavelength = np.arange(2800.0, 10400.0, 20.0)
    >>> grid = SSPLibrary(np.zeros((2, 2, len(wavelength))), wavelength, np.array([-2, 1]), np.array([-0.5, 0.2]))
    >>> catalog = sample_ssp_catalog(grid, 5, random_state=0)
    >>> catalog.flux.shape
    (5, 361)
    """
    low, high = wavelength_range
    extra = extra or {}
    for name, bounds in extra.items():
        check_parameter("sample_ssp_catalog", f"extra[{name!r}]", bounds, [pair("FSPS's own unit")])
    generator = make_generator(random_state)
    population = _population(library)
    if population is not None:
        return _sample_population(population, n_galaxies, generator, extra, (low, high))
    if extra:
        raise ValueError(
            f"`extra` of sample_ssp_catalog needs python-fsps, got {sorted(extra)} with a grid of age and "
            "metallicity. Pass library='fsps'."
        )
    if not isinstance(library, SSPLibrary):
        library = read_ssp_library(library)
    wavelength = _inside(library.wavelength, low, high)
    properties = draw_properties(n_galaxies, generator)
    flux = compute_spectra(library, properties, wavelength)
    youngest = 10 ** library.log_age[0]
    return _as_table(flux, wavelength, properties, library.origin or str(library), youngest)


def _as_table(flux, wavelength, properties, origin, youngest):
    n_clipped = int((properties["age"] < youngest).sum())
    meta = {"origin": origin, "youngest_age": float(youngest), "n_clipped": n_clipped}
    return SpectrumTable(flux, wavelength, properties, FLUX_UNIT, meta, frame="rest", medium="vacuum")


def _inside(wavelength, low, high):
    kept = wavelength[(wavelength >= low) & (wavelength <= high)]
    if len(kept) < 2:
        raise ValueError(
            f"`wavelength_range` of sample_ssp_catalog must overlap the library's "
            f"[{wavelength[0]:g}, {wavelength[-1]:g}] Angstrom, got {(low, high)!r}."
        )
    return kept


def _population(library):
    """Return a python-fsps population, or None where `library` is a grid."""
    if hasattr(library, "get_spectrum") and hasattr(library, "params"):
        return library
    if not (isinstance(library, str) and library == "fsps"):
        return None
    if not os.environ.get("SPS_HOME"):
        raise ValueError(
            "library='fsps' of sample_ssp_catalog needs the FSPS files: set the environment variable SPS_HOME to "
            "their folder (see https://dfm.io/python-fsps), or pass the path of a FITS grid."
        )
    try:
        import fsps
    except ImportError as error:
        raise ImportError(
            "library='fsps' of sample_ssp_catalog needs python-fsps: pip install 'sklearn-sedzoo[fsps]'."
        ) from error
    return fsps.StellarPopulation(zcontinuous=1, sfh=0)


def _sample_population(population, n_galaxies, generator, extra, bounds):
    known = list(getattr(population.params, "all_params", extra))
    unknown = [name for name in extra if name not in known]
    if unknown:
        raise ValueError(f"`extra` of sample_ssp_catalog must name parameters of FSPS {known!r}, got {unknown!r}.")
    properties = draw_properties(n_galaxies, generator, extra)
    flux = wavelength = None
    for row, galaxy in enumerate(properties.to_dict("records")):
        population.params["logzsol"] = galaxy["metallicity"]
        for name in extra:
            population.params[name] = galaxy[name]
        native, spectrum = population.get_spectrum(tage=max(galaxy["age"], _YOUNGEST_FSPS), peraa=True)
        if flux is None:
            wavelength = _inside(np.asarray(native, float), *bounds)
            flux = np.empty((n_galaxies, len(wavelength)), np.float32)
            near = (native > bounds[0] * (1 - 2 * _MARGIN)) & (native < bounds[1] * (1 + 2 * _MARGIN))
        sigma = [galaxy["velocity_dispersion"]]
        broadened = broaden(native[near], np.asarray(spectrum, float)[None, near], sigma, wavelength)
        flux[row] = broadened[0] * galaxy["stellar_mass"]
    return _as_table(flux, wavelength, properties, "python-fsps", _YOUNGEST_FSPS)
