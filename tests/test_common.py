"""scikit-learn's estimator checks on every configured instance, and rules that hold for all of ours."""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

import sklearn_sedzoo
from tests.instances import INSTANCES

FEWEST_CHECKS = 46  # scikit-learn 1.9.1 runs 46 to 54 on each of ours; fewer means that a tag has switched some off

_EXPECTED = {id(estimator): reasons for estimator, reasons in INSTANCES}
_ESTIMATORS = [estimator for estimator, _ in INSTANCES]


@parametrize_with_checks(_ESTIMATORS, expected_failed_checks=lambda estimator: _EXPECTED.get(id(estimator), {}))
@pytest.mark.filterwarnings("ignore")
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", _ESTIMATORS, ids=lambda estimator: type(estimator).__name__)
def test_no_checks_are_switched_off(estimator):
    assert sum(1 for _ in estimator_checks_generator(estimator)) >= FEWEST_CHECKS


def test_exceptions_are_only_for_sample_weights():
    assert {name for reasons in _EXPECTED.values() for name in reasons} <= {
        "check_sample_weight_equivalence_on_dense_data"
    }


def find_public_estimators():
    """Every estimator class in the `__all__` of a family."""
    for module in pkgutil.iter_modules(sklearn_sedzoo.__path__):
        if not module.name.startswith("_") and module.name != "cli":
            family = importlib.import_module(f"sklearn_sedzoo.{module.name}")
            for name in family.__all__:
                member = getattr(family, name)
                if inspect.isclass(member) and issubclass(member, BaseEstimator) and hasattr(member, "fit"):
                    yield member


def test_every_public_estimator_is_checked():
    assert set(find_public_estimators()) == {type(estimator) for estimator in _ESTIMATORS}


@pytest.mark.parametrize("estimator", _ESTIMATORS, ids=lambda estimator: type(estimator).__name__)
@pytest.mark.filterwarnings("ignore")
def test_byte_order_changes_nothing(estimator):
    X = np.random.default_rng(0).uniform(1, 2, size=(40, 4)).astype(np.float32)
    y = X[:, 0] > 1.5 if is_classifier(estimator) else X[:, 0].astype(float)
    native, swapped = (clone(estimator).fit(data, y) for data in (X, X.astype(">f4")))
    for method in ("transform", "predict"):
        if hasattr(native, method):
            np.testing.assert_array_equal(getattr(swapped, method)(X.astype(">f4")), getattr(native, method)(X))
