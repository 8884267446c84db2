"""What clusters and cells mean: association with properties, verdicts, and where a model can be trusted."""

from sklearn_sedzoo.inspection._association import property_association
from sklearn_sedzoo.inspection._identifiability import identifiability
from sklearn_sedzoo.inspection._interpret import Interpretation, interpret

__all__ = ["Interpretation", "identifiability", "interpret", "property_association"]
