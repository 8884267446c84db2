"""Spectra and redshifts -> noisy magnitudes to train photometric redshifts on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sklearn_sedzoo._containers import SpectrumTable
from sklearn_sedzoo._parameters import checked, instance_of, integer, mapping, nothing, number
from sklearn_sedzoo.photometry._distance import FLUX_UNIT
from sklearn_sedzoo.photometry._synthetic import SyntheticPhotometry

_SHARED = ("redshifts", "bands", "wavelength", "igm", "out_of_range", "cosmology")


@checked(
    **{name: SyntheticPhotometry._parameters[name] for name in _SHARED},
    flux_unit=[FLUX_UNIT, nothing()],
    depths=[mapping("a dict of magnitudes"), nothing()],
    error_floor=[number(0)],
    random_state=[integer(0, 2**32 - 1), instance_of(np.random.Generator), nothing()],
)
def make_training_set(
    seds: Any,
    redshifts: ArrayLike,
    *,
    bands: str | list[str] | dict[str, tuple[ArrayLike, ArrayLike]] = "lsst2023-*",
    wavelength: ArrayLike | None = None,
    flux_unit: Any = None,
    depths: dict[str, float] | None = None,
    error_floor: float = 0.005,
    igm: str | Callable | None = "madau1995",
    out_of_range: str = "nan",
    cosmology: Any = None,
    random_state: int | np.random.Generator | None = None,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Turn spectra into training rows for photometric redshifts: one for each spectrum and redshift.

    Parameters
    ----------
    seds : SpectrumTable, DataFrame or array-like of shape (n_seds, n_wavelengths)
        Rest-frame spectra, luminosity densities for apparent magnitudes that fade with distance.
    redshifts : array-like of shape (n_redshifts,)
        Every spectrum is put at each of them.
    bands : str, list or dict, default: all bands of lsst2023
        As in `SyntheticPhotometry`.
    wavelength : array-like of shape (n_wavelengths,), optional
        In Angstrom, where `seds` does not tell.
    flux_unit : str, optional
        Unit of `seds`; that of a SpectrumTable, otherwise "Lsun / Angstrom".
    depths : dict or None, default=None
        Magnitude at signal-to-noise 1 of each band. None adds no noise.
    error_floor : float, default=0.005
        Relative flux error that bright sources have, in mag.
    igm, out_of_range, cosmology
        As in `SyntheticPhotometry`.
    random_state : int, Generator or None, default=None
        Seed of the noise.

    Returns
    -------
    X : DataFrame of shape (n_seds * n_redshifts, n_bands or 2 * n_bands)
        ``mag_u``..., and ``mag_err_u``... with noise; inf where not detected (signal-to-noise below 1), NaN where
        the spectra do not reach. The index, named ``sed``, is the row of the spectrum.
    redshift : ndarray of shape (n_seds * n_redshifts,)

    See Also
    --------
    MagnitudeToColor : Takes these columns as they are.

    Notes
    -----
    Noise is Gaussian in flux with sigma = sqrt(sigma_depth^2 + (floor ln 10 / 2.5 f)^2).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sedzoo.photometry import make_training_set
    >>> wavelength = np.linspace(1000, 20000, 500)
    >>> bands = {"g": ([4000, 4800, 5500], [0, 1, 0]), "r": ([5500, 6200, 7000], [0, 1, 0])}
    >>> X, redshift = make_training_set(1e10 * np.ones((2, 500)), [0.5, 1.0], bands=bands, wavelength=wavelength,
    ...                                 depths={"g": 29.0, "r": 29.0}, random_state=0)
    >>> list(X), redshift
    (['mag_g', 'mag_r', 'mag_err_g', 'mag_err_r'], array([0.5, 1. , 0.5, 1. ]))
    """
    owner = "make_training_set"
    if isinstance(seds, SpectrumTable):
        flux_unit = flux_unit or seds.flux_unit or None
        seds = seds.to_frame()
    photometry = SyntheticPhotometry(
        bands, wavelength=wavelength, redshifts=redshifts, output="maggies", igm=igm, out_of_range=out_of_range,
        flux_unit=flux_unit or "Lsun / Angstrom", cosmology=cosmology,
    )  # fmt: skip
    flux = photometry.fit_transform(seds)
    names, n_redshifts = photometry.band_names_, len(photometry.redshifts_)
    flux = flux.astype(float).reshape(-1, len(names))
    sed = pd.Index(np.repeat(np.arange(len(flux) // n_redshifts), n_redshifts), name="sed")
    redshift = np.tile(photometry.redshifts_, len(flux) // n_redshifts)
    if depths is None:
        return pd.DataFrame(_to_magnitude(flux, np.zeros(len(names))), sed, [f"mag_{name}" for name in names]), redshift
    absent = [name for name in names if name not in depths]
    if absent:
        raise ValueError(f"`depths` of {owner} must have a magnitude for each of {names}, {absent} are missing.")
    limit = 10 ** (-0.4 * np.array([depths[name] for name in names], float))
    sigma = np.hypot(limit, error_floor * np.log(10) / 2.5 * flux)
    noisy = flux + sigma * np.random.default_rng(random_state).standard_normal(flux.shape)
    magnitude = _to_magnitude(noisy, sigma)
    seen = np.isfinite(magnitude)
    error = np.where(seen, 2.5 / np.log(10) * sigma / np.where(seen, noisy, 1.0), np.nan)
    table = np.hstack([magnitude, error])
    return pd.DataFrame(table, sed, [f"{kind}_{name}" for kind in ("mag", "mag_err") for name in names]), redshift


def _to_magnitude(flux, sigma):
    """Magnitude, inf where the flux is not above its noise, NaN where it is NaN."""
    seen = flux > np.maximum(sigma, 0.0)
    magnitude = -2.5 * np.log10(np.where(seen, flux, 1.0))
    return np.where(np.isnan(flux), np.nan, np.where(seen, magnitude, np.inf))
