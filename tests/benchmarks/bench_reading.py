"""Reading a folder of single spectra, each 20 kB as those of Euclid NISP are.

    python tests/benchmarks/bench_reading.py [n_files]

Prints seconds of wall and of CPU (of this process and of those that it starts), in one process and in as many as there
are cores. The files are written to a temporary folder and deleted.
"""

import pathlib
import resource
import sys
import tempfile
import time

import joblib
import numpy as np

from sklearn_sedzoo.io import read_spectra
from tests.reference.survey_files import write_euclid

N_PIXELS = 531


def cpu_seconds():
    """CPU time of this process and of its children that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main(n_files=10_000):
    rng = np.random.default_rng(0)
    wavelength = 11900 + 13.4 * np.arange(N_PIXELS)
    mask = rng.choice([0, 1, 2, 64], size=N_PIXELS, p=[0.7, 0.1, 0.1, 0.1])
    with tempfile.TemporaryDirectory() as folder:
        path = write_euclid(
            pathlib.Path(folder) / "first.fits",
            {10**18: (rng.normal(size=N_PIXELS), rng.uniform(0.5, 1, N_PIXELS), mask)},
            wavelength,
        )
        content = path.read_bytes()
        path.unlink()
        for i in range(n_files):
            name = str(10**18 + i)
            (path.parent / f"{name}.fits").write_bytes(content.replace(str(10**18).encode(), name.encode()))
        print(f"{n_files} files of {len(content)} bytes, {joblib.cpu_count()} cores")
        for n_jobs in (1, joblib.cpu_count()):
            start, cpu = time.perf_counter(), cpu_seconds()
            table = read_spectra(folder, n_jobs=n_jobs)
            wall = time.perf_counter() - start
            joblib.externals.loky.get_reusable_executor().shutdown(wait=True)
            cpu = cpu_seconds() - cpu
            assert table.properties["id"].tolist() == [10**18 + i for i in range(n_files)]
            print(f"n_jobs={n_jobs}: {wall:.1f} s of wall, {cpu:.1f} s of CPU, {1e3 * cpu / n_files:.2f} ms a file")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
