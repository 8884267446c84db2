"""Densities of a photometric redshift regressor -> a qp ensemble."""

from typing import Any


def to_qp(model: Any, X: Any) -> Any:
    """Hand the densities of `predict_dist` to qp, the DESC's format.

    Parameters
    ----------
    model : SOMRedshiftRegressor
        Fitted; anything with `predict_dist` and `zgrid_`.
    X : array-like of shape (n_samples, n_features)
        Features.

    Returns
    -------
    qp.Ensemble
        Of the kind "interp", with the point estimates as ``zphot`` in its ancillary table.

    Notes
    -----
    Needs ``pip install "sklearn-sedzoo[qp]"``.

    Examples
    --------
    >>> from sklearn_sedzoo.photoz import to_qp
    >>> ensemble = to_qp(model, X)  # doctest: +SKIP
    """
    try:
        import qp
    except ImportError as error:
        raise ImportError("to_qp needs qp, which is not installed: pip install 'sklearn-sedzoo[qp]'.") from error
    ensemble = qp.Ensemble(qp.interp, data={"xvals": model.zgrid_, "yvals": model.predict_dist(X)})
    ensemble.set_ancil({"zphot": model.predict(X)})
    return ensemble
