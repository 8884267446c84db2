"""A folder of results: parts with checksums, and a manifest that is written last."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pathlib
import shutil

from sklearn_sedzoo._version import __version__
from sklearn_sedzoo.exceptions import SedReadError

MANIFEST = "manifest.json"
FORMAT = 1
PARTIAL = ".partial"  # finished steps of a run, and parts that are not complete yet


@contextlib.contextmanager
def open_results(folder, *, overwrite):
    """Yield the place for finished steps in a folder of results; nobody else may write there meanwhile.

    That the folder can be written to, and holds nothing that is not to be replaced, is found out at the start.
    Finished steps stay until the block ends without an error, so that the same run goes on after a kill.
    """
    folder = pathlib.Path(folder)
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{folder} is a file; results go into a folder.")
    if folder.is_dir() and not overwrite and any(path.name != PARTIAL for path in folder.iterdir()):
        raise FileExistsError(
            f"{folder} is not empty. Pass --overwrite to replace the results in it, or another --out."
        )
    is_new = not folder.exists()
    partial = folder / PARTIAL
    partial.mkdir(parents=True, exist_ok=True)
    try:
        with _locked(partial / "lock", folder):
            yield partial
            shutil.rmtree(partial)
    except BaseException:
        if partial.is_dir() and all(path.name == "lock" for path in partial.iterdir()):  # nothing was done yet
            shutil.rmtree(folder if is_new else partial)
        raise


@contextlib.contextmanager
def _locked(path, folder):
    """Hold a lock that the system takes back when this process ends, however it ends."""
    try:
        import fcntl
    except ImportError:  # Windows: runs beside each other are not noticed there
        yield
        return
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise FileExistsError(f"Another process is writing results into {folder}. Wait for it.") from None
        yield


def write_results(folder, parts, *, overwrite=False):
    """Write parts of results, each by its function of a path; all of them appear with the manifest, or none.

    Complete parts stand in a folder of their own first; moving them is finished by the next call where it was broken
    off.
    """
    folder = pathlib.Path(folder)
    if (folder / MANIFEST).exists() and not overwrite:
        raise FileExistsError(f"{folder} holds results. Pass overwrite=True to replace them.")
    new, ready = folder / PARTIAL / "new", folder / PARTIAL / "ready"
    _finish(folder)
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        _fill(new, parts, {})
        os.replace(new, ready)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    _finish(folder)


def add_results(folder, parts):
    """Write more parts beside those that are there, and put them into the manifest."""
    folder = pathlib.Path(folder)
    new = folder / PARTIAL / "new"
    known = read_manifest(folder, check=False)["files"]
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        _fill(new, parts, known)
        os.replace(new, folder / PARTIAL / "ready")
    finally:
        shutil.rmtree(new, ignore_errors=True)
    _finish(folder)


def read_manifest(folder, *, check=True):
    """Return the manifest of a folder of results; with `check` every part must be what it says."""
    folder = pathlib.Path(folder)
    path = folder / MANIFEST
    if (folder / PARTIAL / "ready").is_dir():
        _finish(folder)
    if not path.exists():
        raise SedReadError(f"{folder} holds no complete results: it has no {MANIFEST}.")
    try:
        manifest = json.loads(path.read_text())
        files = dict(manifest["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise SedReadError(f"{path} is damaged: {error}") from None
    if manifest.get("format", 0) > FORMAT:
        raise SedReadError(
            f"{folder} was written by a newer sklearn_sedzoo; this version reads formats up to {FORMAT}."
        )
    for name, digest in files.items() if check else ():
        if not (folder / name).is_file():
            raise SedReadError(f"{folder} lacks its part {name}. Run it again.")
        if _digest(folder / name) != digest:
            raise SedReadError(f"{folder / name} is damaged, or was changed: it is not what {MANIFEST} names.")
    return manifest


def read_summary(folder):
    """Return the summary of a folder of results, whose parts are checked."""
    read_manifest(folder)
    return json.loads((pathlib.Path(folder) / "summary.json").read_text())


def _fill(new, parts, known):
    for name, write in parts.items():
        (new / name).parent.mkdir(parents=True, exist_ok=True)
        write(new / name)
    written = {path.relative_to(new).as_posix(): _digest(path) for path in sorted(new.rglob("*")) if path.is_file()}
    manifest = {"format": FORMAT, "sklearn_sedzoo": __version__, "files": {**known, **written}}
    (new / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")


def _finish(folder):
    """Move parts that are ready into the folder, the manifest last, and remove those of earlier results."""
    ready = folder / PARTIAL / "ready"
    if not ready.is_dir():
        return
    old, new = _files(folder), _files(ready)
    for file in sorted(path for path in ready.rglob("*") if path.is_file() and path.name != MANIFEST):
        target = folder / file.relative_to(ready)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, target)
    if (ready / MANIFEST).exists():
        os.replace(ready / MANIFEST, folder / MANIFEST)
        for name in old - new:
            (folder / name).unlink(missing_ok=True)
    shutil.rmtree(ready)
    with contextlib.suppress(OSError):
        (folder / PARTIAL).rmdir()  # where nothing else is in it


def _files(folder):
    try:
        return set(json.loads((folder / MANIFEST).read_text())["files"])
    except (OSError, ValueError, KeyError):
        return set()


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
