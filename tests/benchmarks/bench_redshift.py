"""Each spectrum to its own rest frame, beside SpectRes spectrum by spectrum and beside the exact sparse operator.

    pip install spectres
    python tests/benchmarks/bench_redshift.py [n_spectra]

2,000 x 4,389 -> 3,000 bins, random redshifts, and the two shortcuts: equal redshifts, logarithmic grids of one step.
Prints CPU milliseconds per spectrum, medians of alternating runs. SpectRes is timed on 10 spectra.
"""

import sys
import warnings

import numpy as np
import pandas as pd
from spectres import spectres

from sklearn_sedzoo.preprocessing import SpectrumResampler
from tests.benchmarks.bench_resampling import cpu_seconds, make_grid

N_SPECTRES = 10


def make_frame(grid, redshift, dtype=float):
    flux = np.random.default_rng(0).lognormal(sigma=0.3, size=(len(redshift), len(grid))).astype(dtype)
    return pd.DataFrame(flux, columns=[str(float(w)) for w in grid]).assign(redshift=redshift)


def main(n_spectra=2000):
    warnings.simplefilter("ignore")
    random = np.random.default_rng(1)
    fsps, bins = make_grid()[:4389], np.linspace(3400.0, 7000.0, 3000)
    log, log_bins = 3600 * np.exp(1e-4 * np.arange(4389) * 2.3), 3800 * np.exp(2.3e-4 * np.arange(3000))
    cases = {
        "random redshifts": (fsps, bins, random.uniform(0, 0.1, n_spectra)),
        "100 redshifts": (fsps, bins, random.choice(np.linspace(0, 0.1, 100), n_spectra)),
        "logarithmic, one step": (log, log_bins, random.uniform(0, 0.05, n_spectra)),
    }
    for name, (grid, centers, redshift) in cases.items():
        frame = make_frame(grid, redshift)
        resampler = SpectrumResampler(centers, redshift="redshift", on_bad="mask").fit(frame)
        flux = frame.to_numpy()[:, :-1]

        def theirs(flux=flux, grid=grid, centers=centers, redshift=redshift):
            return [
                spectres(centers, grid / (1 + z), row, fill=np.nan, verbose=False) * (1 + z)
                for row, z in zip(flux[:N_SPECTRES], redshift, strict=False)
            ]

        times = [
            (cpu_seconds(lambda r=resampler, f=frame: r.transform(f)) / n_spectra, cpu_seconds(theirs) / N_SPECTRES)
            for _ in range(3)
        ]
        ours, loop = 1e3 * np.median(times, axis=0)
        difference = np.nanmax(np.abs(np.asarray(resampler.transform(frame))[:N_SPECTRES] / theirs() - 1))
        exact = [
            SpectrumResampler(centers, redshift=z, wavelength=grid, on_bad="mask", fill_value=np.nan)
            .fit(row)
            .transform(row)[0]
            for row, z in zip(flux[:50, None], redshift[:50], strict=True)
        ]
        error = np.nanmax(np.abs(np.asarray(resampler.transform(frame[:50])) / exact - 1))
        print(
            f"{name}: {ours:.3f} ms, SpectRes {loop:.2f} ms: {loop / ours:.0f} x (bound >= 100); off the sparse "
            f"operator by {error:.0e} (bound 1e-10), off SpectRes by {difference:.0e}"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
