"""scikit-learn's estimator checks on every configured instance, and rules that hold for all of ours."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from tests.instances import INSTANCES

_EXPECTED = {id(estimator): reasons for estimator, reasons in INSTANCES}


@parametrize_with_checks(
    [estimator for estimator, _ in INSTANCES],
    expected_failed_checks=lambda estimator: _EXPECTED.get(id(estimator), {}),
)
@pytest.mark.filterwarnings("ignore")
def test_scikit_learn_checks(estimator, check):
    check(estimator)
