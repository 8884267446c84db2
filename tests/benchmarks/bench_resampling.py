"""Resampling 10,000 spectra beside specutils' loop and beside a plain copy of the array.

    python tests/benchmarks/bench_resampling.py [n_spectra]

Prints CPU seconds as medians of alternating turns, and the ratios (of medians, and of the smallest times, which a busy
machine disturbs less). A turn of ours and of the copies is four calls in a row, as in a survey read in parts: on a
virtual machine the first touch of memory that the host has taken back costs more than the work, once. specutils is
timed on 40 spectra and scaled. The peak of memory is what numpy allocates.
"""

import sys
import time
import tracemalloc
import warnings

import astropy.units as u
import numpy as np
from specutils import Spectrum
from specutils.manipulation import FluxConservingResampler

from sklearn_sedzoo._kernels.rebinning import bin_edges
from sklearn_sedzoo.preprocessing import SpectrumResampler

N_SPECUTILS = 40
N_CALLS = 4


def cpu_seconds(function, n_calls=N_CALLS):
    """Return the CPU seconds of one of some calls in a row."""
    start = time.process_time()
    for _ in range(n_calls):
        function()
    return (time.process_time() - start) / n_calls


def make_grid():
    """4,389 points like the FSPS catalog's: 0.9 Angstrom inside 3,602-7,402 Angstrom, 20 outside."""
    fine = np.arange(3602.0, 7402.0, 0.9)
    return np.concatenate([np.arange(2900.0, 3600.0, 20.0), fine, np.arange(7410.0, 10110.0, 20.0)])


def main(n_spectra=10_000):
    grid = make_grid()
    flux = np.random.default_rng(0).lognormal(size=(n_spectra, len(grid))).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        resampler = SpectrumResampler(4096, wavelength=grid).fit(flux)
    copy = np.empty((n_spectra, 4096), dtype=np.float32)
    theirs = FluxConservingResampler()
    spectra = [Spectrum(flux=row * u.Jy, spectral_axis=grid * u.AA) for row in flux[:N_SPECUTILS].astype(float)]
    bins = resampler.wavelength_out_ * u.AA

    def run_specutils():
        for spectrum in spectra:
            theirs(spectrum, bins)

    def run_copy():
        copy[:] = flux[:, :4096]

    rows = []
    for _ in range(7):
        steps = (lambda: resampler.transform(flux), run_copy, lambda: flux[:, :4096].copy())
        ours, plain, fresh = (cpu_seconds(step) for step in steps)
        rows.append([ours, plain, cpu_seconds(run_specutils, 1), fresh])
    (ours, plain, loop, fresh), least = np.median(rows, axis=0), np.min(rows, axis=0)
    scale = n_spectra / N_SPECUTILS
    loop *= scale
    print(f"{n_spectra} x {len(grid)} -> 4096, float32, CPU seconds, medians of 7")
    print(f"ours {ours:.3f}   copy {plain:.3f} (into new memory {fresh:.3f})   specutils {loop:.0f}")
    print(
        f"specutils / ours {loop / ours:.0f}, of least times {scale * least[2] / least[0]:.0f} (bound >= 10,000)   "
        f"ours / copy {ours / plain:.1f}, of least times {least[0] / least[1]:.1f} (bound <= 9)"
    )
    tracemalloc.start()
    result = resampler.transform(flux)
    beyond = (tracemalloc.get_traced_memory()[1] - result.nbytes) / 1e6
    tracemalloc.stop()
    print(f"memory beyond input and output: {beyond:.1f} MB (bound 50)")
    exact = resampler.transform(flux[:100].astype(float))
    error = np.abs(resampler.transform(flux[:100]) / exact - 1).max()
    print(f"largest relative error of float32 against float64: {error:.1e} (bound 1e-6)")
    longer = resampler._mean.toarray().astype(np.longdouble)[:, ::16]
    truth = flux[:20].astype(np.longdouble) @ longer
    error = np.abs(exact[:20, ::16] / truth - 1).max()
    print(f"largest relative error of float64 against longdouble: {error:.1e} (bound 1e-13)")
    line = np.exp(-0.5 * ((grid - 5000) / 12) ** 2)[None]
    coarse = SpectrumResampler(256, wavelength=grid).fit(line)
    width_in, width_out = (np.diff(bin_edges(centers)) for centers in (grid, coarse.wavelength_out_))
    lost = abs((coarse.transform(line)[0] @ width_out) / (line[0] @ width_in) - 1)
    print(f"flux of a line lost in 256 bins: {lost:.1e} (bound 1e-12)")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
