"""Fitted steps to a digest of what they learned: the same after saving and loading, another after a second fit."""

from __future__ import annotations

import hashlib
from dataclasses import fields, is_dataclass

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from sklearn_sedzoo.pipeline import split_at_embedding


def digest_fit(pipeline):
    """Return a digest of the arrays that embedding and last step have learned; parameters do not count.

    The steps before the embedding do not count either: a pipeline of the last two steps has the digest of the whole.
    """
    embedding = split_at_embedding(pipeline)[1]
    final = pipeline.steps[-1][1] if isinstance(pipeline, Pipeline) else pipeline
    digest = hashlib.sha256()
    for array in (*_find_arrays(embedding), *_find_arrays(final)):
        digest.update(f"{array.dtype.str[1:]}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


def _find_arrays(value):
    """Yield the arrays of numbers inside a fitted object, in an order that saving and loading keep."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "biufc":
            yield value
    elif issparse(value):
        yield from _find_arrays([value.tocsr().data, value.tocsr().indices, value.tocsr().indptr])
    elif isinstance(value, BaseEstimator):
        for name, inner in sorted(vars(value).items()):
            is_learned = name.endswith("_") and not name.startswith("_")
            yield from _find_arrays(inner if is_learned else _find_estimators(inner))
    elif isinstance(value, dict):
        for _, inner in sorted(value.items(), key=lambda item: str(item[0])):
            yield from _find_arrays(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _find_arrays(inner)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _find_arrays(getattr(value, field.name))


def _find_estimators(parameter):
    """Return the estimators in a parameter: a pipeline and a `FrozenEstimator` keep fitted ones there."""
    if isinstance(parameter, (list, tuple)):
        return [_find_estimators(part) for part in parameter]
    return parameter if isinstance(parameter, BaseEstimator) else None
