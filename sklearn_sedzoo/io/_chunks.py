"""Read many files, in several processes where there are many of them; order and faults are kept."""

from __future__ import annotations

import pathlib
import warnings
from contextlib import contextmanager
from typing import NamedTuple

from sklearn_sedzoo.exceptions import SedReadError
from sklearn_sedzoo.io._stack import have_one_grid, stack_spectra

MANY_FILES = 1000  # above it, processes win back the seconds that each takes to start
CHUNK = 50  # files


class Chunk(NamedTuple):
    """What some of the files hold: `counts` is the number of spectra by position of the file, `faults` the errors."""

    tables: list
    counts: dict
    faults: dict
    warned: list


def read_in_chunks(read, paths, how, *, n_jobs, progress, is_fatal):
    """Yield a `Chunk` for each run of files, in their order.

    Parameters
    ----------
    read : callable
        ``read(path, *how)`` returns the SpectrumTables of a file.
    paths : list of paths
        The files.
    how : tuple
        Further arguments of `read`.
    n_jobs : int or None
        Number of processes; None: one, or as many as there are cores for more than `MANY_FILES`.
    progress : bool
        Show a progress bar.
    is_fatal : callable
        Whether an error ends the reading: the first such one is raised.
    """
    from joblib import Parallel, cpu_count, delayed
    from rich.progress import track

    if n_jobs is None:
        n_jobs = cpu_count() if len(paths) > MANY_FILES else 1
    paths = [pathlib.Path(path) for path in paths]
    if n_jobs != 1:  # processes live on, and may have been started in another folder
        paths = [path.absolute() for path in paths]
    files = list(enumerate(paths))
    runs = [files[start : start + CHUNK] for start in range(0, len(files), CHUNK)]
    read_all = Parallel(n_jobs=n_jobs, return_as="generator")
    with _closing(read_all(delayed(read_chunk)(read, run, how, is_fatal) for run in runs)) as chunks:
        for chunk in track(chunks, "reading", total=len(runs), disable=not progress):
            for message, category in chunk.warned:
                warnings.warn(message, category, stacklevel=5)
            fatal = next(filter(is_fatal, chunk.faults.values()), None)
            if fatal is not None:
                raise fatal  # here, not where it arose: the first in the order of the files
            yield chunk


@contextmanager
def _closing(chunks):
    """Close a generator of joblib at the end; that it cancels what is not read any more is no news to the user."""
    try:
        yield chunks
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            chunks.close()


def read_chunk(read, files, how, is_fatal):
    """Read some files (pairs of position and path); spectra on one grid are joined at once."""
    tables, counts, faults, names = [], {}, {}, []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for i, path in files:
            try:
                parts = read(path, *how)
            except (SedReadError, OSError) as error:
                faults[i] = error
                if is_fatal(error):
                    break
                continue
            tables += parts
            counts[i] = sum(map(len, parts))
            names += [path.name] * counts[i]
    if len(tables) > 1 and _are_alike(tables):
        tables = [stack_spectra(tables)]
    _name_files(tables, names)
    return Chunk(tables, counts, faults, [(str(warning.message), warning.category) for warning in caught])


def _name_files(tables, names):
    """Add the file of each spectrum to the properties, once for all spectra of a table: pandas is slow for one."""
    start = 0
    for table in tables:
        table.properties = table.properties.assign(file=names[start : start + len(table)])
        start += len(table)


def _are_alike(tables):
    """Whether tables can be joined without a further thought: what differs is left to who reads all of them."""
    facts = {(t.flux_unit, t.medium, t.frame, t.survey, t.ivar is None, t.flux.dtype) for t in tables}
    return len(facts) == 1 and have_one_grid(tables)
