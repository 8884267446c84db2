"""Photometric redshifts through self-organizing maps."""

from sklearn_sedzoo.photoz._qp import to_qp
from sklearn_sedzoo.photoz._regressor import SOMRedshiftRegressor

__all__ = ["SOMRedshiftRegressor", "to_qp"]
