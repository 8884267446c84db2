"""Keep the state of a training on disk, so that it can be taken up again."""

from __future__ import annotations

import hashlib
import os
import pathlib
import uuid
import zipfile

import numpy as np

from sklearn_sedzoo._validation import check_integer


class TrainingCheckpoint:
    """Callback that writes the state of a training to disk and resumes it there after a crash.

    A training that was broken off and started again, with the same parameters and data, ends bit for bit where the
    uninterrupted one does. Each training has a file of its own, named by its parameters and data: one folder serves
    all candidates and folds of a search, in any number of processes; those that were finished are not trained again.

    Parameters
    ----------
    path : str or Path
        Folder, made where it is missing. Delete it to start anew.
    every : int, default=10
        Write after so many epochs.

    See Also
    --------
    ConvAutoencoderEmbedder : The estimator that it serves.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder, TrainingCheckpoint
    >>> X = np.sin(np.outer(np.linspace(1, 2, 30), np.linspace(0, 3, 40)))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     embedder = ConvAutoencoderEmbedder(2, epochs=2, strides=8, random_state=0)
    ...     _ = embedder.set_callbacks(TrainingCheckpoint(folder, every=1)).fit(X)
    """

    def __init__(self, path, every=10):
        self.path = path
        self.every = every

    def setup(self, estimator, context):
        """Make the folder.

        Parameters
        ----------
        estimator : estimator
            The embedder.
        context : CallbackContext
            Not used.
        """
        check_integer(type(self).__name__, "every", self.every, 1)
        if not isinstance(estimator.random_state, (int, np.integer)):
            raise ValueError(
                f"TrainingCheckpoint needs an integer `random_state` of {type(estimator).__name__}, got "
                f"{estimator.random_state!r}: without one the training cannot be repeated."
            )
        pathlib.Path(self.path).mkdir(parents=True, exist_ok=True)

    def teardown(self, estimator, context):
        """Nothing is left to do.

        Parameters
        ----------
        estimator : estimator
            The embedder.
        context : CallbackContext
            Not used.
        """

    def on_fit_task_begin(self, estimator, context, *, X=None, metadata=None):
        """Take up an earlier training, where there is one.

        Parameters
        ----------
        estimator : estimator
            The embedder.
        context : CallbackContext
            Of the fit or of an epoch.
        X : ndarray
            The spectra.
        metadata : dict
            Holds the course of the training.
        """
        if metadata is None or "course" not in metadata:
            return
        course = metadata["course"]
        start = estimator.model_.weights if course.is_warm else ()
        name = find_fingerprint(estimator, (X, *metadata["weights"], *start))
        course.checkpoint = pathlib.Path(self.path) / f"{name}.skops"
        if course.checkpoint.exists():
            course.resume(read_state(course.checkpoint))

    def on_fit_task_end(self, estimator, context, *, metadata=None):
        """Write the state after an epoch and after the fit.

        Parameters
        ----------
        estimator : estimator
            The embedder.
        context : CallbackContext
            Of the fit or of an epoch.
        metadata : dict
            Holds the course of the training.

        Returns
        -------
        stop : bool
            Never True.
        """
        if metadata is not None and "course" in metadata:
            import skops.io

            course = metadata["course"]
            if context.task_name != "epoch" or course.stage.n_epochs % self.every == 0:
                temporary = course.checkpoint.with_suffix(f".{uuid.uuid4().hex}")
                temporary.write_bytes(skops.io.dumps(course.get_state()))
                os.replace(temporary, course.checkpoint)
        return False


def read_state(path):
    """Return the state of a training; raise ValueError with the cure where the file is broken."""
    import skops.io  # here: it loads torch where that is installed

    try:
        return skops.io.load(path)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise ValueError(f"TrainingCheckpoint cannot read {path}: {error}. Delete it to start anew.") from error


def find_fingerprint(estimator, arrays):
    """Return a short text that differs between trainings of other parameters, spectra, weights or beginnings."""
    parameters = {name: value for name, value in estimator.get_params().items() if not callable(value)}
    digest = hashlib.sha256(repr(sorted(parameters.items(), key=lambda item: item[0])).encode())
    for array in arrays:
        digest.update(repr(None if array is None else (array.shape, array.dtype)).encode())
        if array is not None:
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:24]
