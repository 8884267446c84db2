"""What clusters and cells mean: association with properties, verdicts, and where a model can be trusted."""

from sklearn_sedzoo.inspection._association import property_association
from sklearn_sedzoo.inspection._domain import Domain, in_domain, learn_domain
from sklearn_sedzoo.inspection._fingerprints import fingerprint_galaxies
from sklearn_sedzoo.inspection._identifiability import identifiability
from sklearn_sedzoo.inspection._interpret import Interpretation, interpret
from sklearn_sedzoo.inspection._outliers import SpectrumOutlierDetector
from sklearn_sedzoo.inspection._similar import find_similar
from sklearn_sedzoo.inspection._unusual import rank_unusual

__all__ = [
    "Domain",
    "Interpretation",
    "SpectrumOutlierDetector",
    "find_similar",
    "fingerprint_galaxies",
    "identifiability",
    "in_domain",
    "interpret",
    "learn_domain",
    "property_association",
    "rank_unusual",
]
