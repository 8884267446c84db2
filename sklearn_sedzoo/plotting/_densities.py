"""Fitted photo-z models -> their densities."""

from __future__ import annotations

from sklearn.pipeline import Pipeline


def split_model(owner, estimator, method):
    """Return the last step, which must have `method`, and a function that makes its features from X."""
    is_pipeline = isinstance(estimator, Pipeline)
    model = estimator.steps[-1][1] if is_pipeline else estimator
    if not hasattr(model, method):
        raise TypeError(f"{owner} needs an estimator with {method}, got {type(model).__name__}.")
    if is_pipeline and len(estimator.steps) > 1:
        return model, estimator[:-1].transform
    return model, lambda X: X


def read_densities(owner, estimator, X):
    """Return densities (n_samples, n_z), the redshifts they are given at, and the model's name."""
    model, make_features = split_model(owner, estimator, "predict_dist")
    return model.predict_dist(make_features(X)), model.zgrid_, type(model).__name__
