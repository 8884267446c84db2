"""What clusters and cells mean: association with properties, verdicts, and where a model can be trusted."""

from sklearn_sedzoo.inspection._association import property_association

__all__ = ["property_association"]
