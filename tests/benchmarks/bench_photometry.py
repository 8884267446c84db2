"""SyntheticPhotometry beside speclite and sedpy: time per spectrum, and how far their magnitudes are apart.

    python -m tests.benchmarks.bench_photometry [--galaxies 1000]

Needs speclite; sedpy (astro-sedpy) is timed where it is installed.
"""

import argparse
import time

import astropy.units as u
import numpy as np
from speclite import filters
from threadpoolctl import threadpool_limits

from sklearn_sedzoo.datasets import make_sed_catalog
from sklearn_sedzoo.photometry import SyntheticPhotometry

NAMES = [f"lsst2023-{band}" for band in "ugrizy"]


def timed(function, repeat=3):
    """Best CPU time of some calls, and the last result; on one thread, since idle threads of BLAS spin."""
    best = np.inf
    for _ in range(repeat):
        with threadpool_limits(1):
            start = time.process_time()
            result = function()
            best = min(best, time.process_time() - start)
    return best, result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--galaxies", type=int, default=1000)
    n = parser.parse_args().galaxies
    catalog = make_sed_catalog(n, wavelength="wide", random_state=0)
    wavelength, flux = catalog.wavelength, catalog.flux.astype(float) * 1e-30
    photometry = SyntheticPhotometry("lsst2023-*", wavelength=wavelength)
    seconds_fit, _ = timed(lambda: photometry.fit(flux), 1)
    seconds, ours = timed(lambda: photometry.transform(flux))
    print(f"{n} spectra x {len(wavelength)} points, 6 bands; CPU time per spectrum")
    print(f"ours            {1e6 * seconds / n:9.2f} us   (fit {1e3 * seconds_fit:.0f} ms once)")
    curves = filters.load_filters(*NAMES)
    unit = u.erg / u.s / u.cm**2 / u.AA
    few = min(n, 50)

    def one_by_one():
        return [curves.get_ab_magnitudes(row * unit, wavelength * u.AA) for row in flux[:few]]

    seconds_one, tables = timed(one_by_one, 1)
    theirs = np.array([[float(table[name][0]) for name in NAMES] for table in tables])
    report("speclite, one by one", seconds_one / few, seconds / n, abs(theirs - ours[:few])[:, 1:].max(), 500)
    seconds_all, table = timed(lambda: curves.get_ab_magnitudes(flux * unit, wavelength * u.AA), 1)
    theirs = np.array([table[name] for name in NAMES]).T
    report("speclite, all at once", seconds_all / n, seconds / n, abs(theirs - ours)[:, 1:].max())
    try:
        from sedpy import observate
    except ImportError:
        print("sedpy is not installed: pip install astro-sedpy")
        return
    bands = [
        observate.Filter(kname=name, data=(np.asarray(curve.wavelength, float), np.asarray(curve.response)))
        for name, curve in zip(NAMES, curves, strict=True)
    ]
    seconds_sedpy, theirs = timed(lambda: np.array([observate.getSED(wavelength, row, bands) for row in flux[:few]]), 1)
    report("sedpy, one by one", seconds_sedpy / few, seconds / n, abs(theirs - ours[:few])[:, 1:].max(), 30)
    seconds_sedpy, _ = timed(lambda: observate.getSED(wavelength, flux, bands), 1)
    report("sedpy, all at once", seconds_sedpy / n, seconds / n, np.nan)


def report(name, theirs, ours, difference, bound=None):
    line = f"{name:22s} {1e6 * theirs:9.1f} us   {theirs / ours:7.0f} x"
    line += f"   difference in g to y <= {difference:.4f} mag" if np.isfinite(difference) else ""
    print(line + ("" if bound is None else f"   bound: {bound} x"))


if __name__ == "__main__":
    main()
