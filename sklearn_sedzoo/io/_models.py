"""Fitted models to files that cannot execute anything, and back."""

from __future__ import annotations

import importlib
import json
import pathlib
import zipfile
from importlib.metadata import PackageNotFoundError, version

from sklearn.base import BaseEstimator

from sklearn_sedzoo._version import __version__
from sklearn_sedzoo.exceptions import SedReadError
from sklearn_sedzoo.io._atomic import write_atomically

FORMAT = 1
HEADER = "sklearn_sedzoo.json"
ARRAYS = ("scipy.sparse._csr.csr_array", "scipy.sparse._csc.csc_array")  # plain data that skops does not list
VERSIONS_OF = ("numpy", "scikit-learn", "keras", "skops")


def save_model(model, path, *, overwrite=False):
    """Write a fitted estimator, or a dict of them, as parameters and arrays: loading the file executes nothing.

    Callbacks are left out: they belong to a training, not to its result.

    Parameters
    ----------
    model : estimator or dict of str to estimator
        Pipelines, our estimators and scikit-learn's.
    path : str or Path
        File to write, by convention ``*.skops``. An old file stays whole until the new one is complete.
    overwrite : bool, default=False
        Replace an existing file.

    Raises
    ------
    ValueError
        Where a parameter is a function: its code cannot be written safely. The message names the parameter.
    FileExistsError
        Where the file exists and `overwrite` is False.

    See Also
    --------
    load_model : Read the file.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from sklearn.decomposition import PCA
    >>> from sklearn_sedzoo.io import load_model, save_model
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(PCA(2).fit([[0, 1], [1, 3], [2, 2]]), pathlib.Path(folder) / "pca.skops")
    ...     load_model(pathlib.Path(folder) / "pca.skops").n_components_
    2
    """
    import skops.io  # here: it loads the test tools of scikit-learn, a second of each start

    estimators = _find_estimators(model)
    if not estimators:
        raise TypeError(f"`model` of save_model must be an estimator or a dict of estimators, got {type(model)!r}.")
    _refuse_functions(model)
    removed = [(each, vars(each).pop("_skl_callbacks")) for each in estimators if "_skl_callbacks" in vars(each)]
    try:
        raw = skops.io.dumps(model, compression=zipfile.ZIP_DEFLATED, compresslevel=1)
    finally:
        for each, callbacks in removed:
            each._skl_callbacks = callbacks
    unknown = [name for name in skops.io.get_untrusted_types(data=raw) if not _is_ours(name)]
    if unknown:
        raise ValueError(
            f"save_model cannot write {', '.join(unknown)}: only what scikit-learn, numpy and sklearn_sedzoo define "
            "can be read back safely. Use joblib.dump, and load such files only where you trust them."
        )
    header = {"format": FORMAT, "sklearn_sedzoo": __version__, "versions": _find_versions()}

    def write(temporary):
        pathlib.Path(temporary).write_bytes(raw)
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.writestr(HEADER, json.dumps(header))

    write_atomically(path, write, overwrite=overwrite)


def load_model(path):
    """Read what `save_model` wrote. Nothing in the file is executed; types from elsewhere are refused.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    model : estimator or dict of str to estimator
        As it was saved, without callbacks.

    Raises
    ------
    SedReadError
        The file is missing, damaged, of another kind, of a newer format, or holds a type that is not ours.

    See Also
    --------
    save_model : Write the file; has an example.
    """
    import skops.io  # here: it loads the test tools of scikit-learn, a second of each start

    path = pathlib.Path(path)
    if not path.is_file():
        raise SedReadError(f"{path} is not there, or is no file.")
    header = _read_header(path)
    if header["format"] > FORMAT:
        raise SedReadError(
            f"{path} was written by sklearn_sedzoo {header.get('sklearn_sedzoo')} in format {header['format']}; this "
            f"version ({__version__}) reads formats up to {FORMAT}. Upgrade sklearn_sedzoo."
        )
    try:
        untrusted = skops.io.get_untrusted_types(file=path)
        foreign = [name for name in untrusted if not _is_ours(name)]
        if foreign:
            raise SedReadError(
                f"{path} holds {', '.join(foreign)}: only what scikit-learn, numpy and sklearn_sedzoo define is loaded."
            )
        return skops.io.load(path, trusted=untrusted)
    except (zipfile.BadZipFile, KeyError, EOFError, TypeError, AttributeError, ImportError) as error:
        raise SedReadError(f"{path} is damaged, or its parts do not fit this version: {error}") from error


def _read_header(path):
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.testzip() is not None:
                raise zipfile.BadZipFile(f"{archive.testzip()} fails its checksum")
            header = json.loads(archive.read(HEADER))
    except KeyError:
        raise SedReadError(f"{path} is no model of sklearn_sedzoo: it has no {HEADER}.") from None
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        raise SedReadError(f"{path} is no model file, or is cut short: {error}") from None
    if not isinstance(header, dict) or not isinstance(header.get("format"), int):
        raise SedReadError(f"{path} is no model of sklearn_sedzoo: its {HEADER} names no format.")
    return header


def _find_estimators(model):
    """Return the estimators of a model and those inside it, whether parameters or learned."""
    found, queue = [], [model]
    while queue:
        each = queue.pop()
        if isinstance(each, BaseEstimator):
            if not any(each is known for known in found):
                found.append(each)
                queue.extend(vars(each).values())
        elif isinstance(each, dict):
            queue.extend(each.values())
        elif isinstance(each, (list, tuple)):
            queue.extend(each)
    return found


def _refuse_functions(model):
    parts = model.items() if isinstance(model, dict) else [("", model)]
    for name, part in parts:
        for parameter, value in part.get_params(deep=True).items() if isinstance(part, BaseEstimator) else ():
            if callable(value) and not isinstance(value, BaseEstimator):
                where = f"{name}: {parameter}" if name else parameter
                raise ValueError(
                    f"`{where}` of {type(part).__name__} is a function ({value!r}); save_model writes no code. "
                    "Use joblib.dump, and load such files only where you trust them."
                )


def _is_ours(name):
    """Say whether a dotted name is a class that this package defines, or a sparse array."""
    if name in ARRAYS:
        return True
    if not name.startswith("sklearn_sedzoo."):
        return False
    module, _, attribute = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError):
        return False
    return isinstance(found, type) and found.__module__ == module


def _find_versions():
    found = {}
    for name in VERSIONS_OF:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found
