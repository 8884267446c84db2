"""Names of photometric bands -> their response curves in Angstrom."""

from __future__ import annotations

from fnmatch import fnmatch

import numpy as np

from sklearn_sedzoo._kernels.band_projection import trim_response


def read_bands(owner, bands):
    """Return {name: (wavelength, response)}, trimmed, for a glob, a list of names or a dict of curves.

    Names are speclite's ("lsst2023-i") and shortened ("i") where that leaves them different.
    """
    if isinstance(bands, dict):
        curves = {name: _check_curve(owner, name, curve) for name, curve in bands.items()}
    else:
        curves = _load(owner, [bands] if isinstance(bands, str) else list(bands))
    if not curves:
        raise ValueError(f"`bands` of {owner} must name at least one band, got {bands!r}.")
    short = [name.split("-")[-1] for name in curves]
    if len(set(short)) == len(short):
        curves = dict(zip(short, curves.values(), strict=True))
    return {name: trim_response(*curve) for name, curve in curves.items()}


def _check_curve(owner, name, curve):
    try:
        wavelength, response = (np.asarray(part, float) for part in curve)
    except (TypeError, ValueError):
        raise TypeError(f"`bands` of {owner}: band {name!r} must be a pair (wavelength, response), "
                        f"got {type(curve).__name__}.") from None  # fmt: skip
    if wavelength.ndim != 1 or wavelength.shape != response.shape or len(wavelength) < 2:
        raise ValueError(
            f"`bands` of {owner}: wavelength and response of band {name!r} must be two lists of one length, "
            f"got shapes {wavelength.shape} and {response.shape}."
        )
    if not (np.all(np.diff(wavelength) > 0) and wavelength[0] >= 0 and np.isfinite(wavelength).all()):
        raise ValueError(f"`bands` of {owner}: the wavelengths of band {name!r} must increase and not be negative.")
    if not (np.isfinite(response).all() and (response >= 0).all() and response.max() > 0):
        raise ValueError(f"`bands` of {owner}: the response of band {name!r} must be >= 0 and not all zero.")
    return wavelength, response


def _load(owner, names):
    try:
        from speclite import filters
    except ImportError as error:
        raise ImportError(
            f"`bands` of {owner} = {names!r} are read from speclite, which is not installed: "
            "pip install 'sklearn-sedzoo[photometry]', or pass {name: (wavelength, response)}."
        ) from error
    known = list_bands()
    chosen = {}
    for pattern in names:
        matches = [name for name in known if fnmatch(name, pattern)]
        if not matches:
            groups = sorted({name.split("-")[0] for name in known})
            raise ValueError(
                f"`bands` of {owner}: no band is called {pattern!r}. Bands are called GROUP-BAND or GROUP-*; "
                f"groups are {groups}."
            )
        loaded = [filters.load_filter(name) for name in matches]
        loaded.sort(key=lambda curve: float(np.average(curve.wavelength, weights=curve.response)))
        chosen |= {curve.name: (np.asarray(curve.wavelength, float), np.asarray(curve.response)) for curve in loaded}
    return chosen


def list_bands() -> list[str]:
    """Return the names of all bands that speclite knows, e.g. "lsst2023-i".

    Returns
    -------
    list of str

    Examples
    --------
    >>> from sklearn_sedzoo.photometry import list_bands
    >>> "lsst2023-i" in list_bands()  # doctest: +SKIP
    True
    """
    from importlib.resources import files

    folder = files("speclite") / "data" / "filters"
    return sorted(entry.name.removesuffix(".ecsv") for entry in folder.iterdir() if entry.name.endswith(".ecsv"))
