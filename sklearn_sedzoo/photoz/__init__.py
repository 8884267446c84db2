"""Photometric redshifts through self-organizing maps."""

from sklearn_sedzoo.photoz._best import best_redshift
from sklearn_sedzoo.photoz._qp import to_qp
from sklearn_sedzoo.photoz._regressor import SOMRedshiftRegressor

__all__ = ["SOMRedshiftRegressor", "best_redshift", "to_qp"]
