"""Wrong values for every parameter of every public class and function: what works may work, what does not says why.

The oracle is not the tables of `sklearn_sedzoo._parameters`: it is the rule of the messages (they name the parameter,
and whose it is), and the types that the docstrings state. `python -m tests.test_parameters` counts what breaks it.
"""

import collections
import inspect
import math
import numbers
import os
import re
import tempfile
import warnings

import numpy as np
import pytest
from numpydoc.docscrape import FunctionDoc, NumpyDocString
from sklearn.base import BaseEstimator, clone
from sklearn.callback import ProgressBar
from sklearn.decomposition import PCA

from sklearn_sedzoo._parameters import (
    check_parameter,
    checked,
    flag,
    integer,
    nothing,
    number,
    option,
    pair,
    read_table,
)
from sklearn_sedzoo._parameters import (
    numbers as arrays,
)
from sklearn_sedzoo.embedding import DESOM, VAE, ConvAutoencoderEmbedder, ResidualNetwork, ThesisNetwork, Training
from sklearn_sedzoo.exceptions import SedReadError
from sklearn_sedzoo.mapping import Batch, Online, SOMMapper
from sklearn_sedzoo.preprocessing import ExtinctionCorrector
from sklearn_sedzoo.zoo import Zoo
from tests.callables import FUNCTIONS, WITHOUT_OPTIONS, catalog, find_public_functions, zoo_options
from tests.instances import INSTANCES


def anything(*args, **kwargs):
    return 1.0


X = np.random.default_rng(0).uniform(1, 2, size=(40, 4))
WRONG = {
    "a word": "nonsense",
    "digits": "3",
    "an empty string": "",
    "bytes": b"x",
    "half": 0.5,
    "minus seven": -7,
    "zero": 0,
    "three": 3,
    "True": True,
    "False": False,
    "None": None,
    "nan": math.nan,
    "infinity": math.inf,
    "a huge integer": 10**30,
    "complex": 1j,
    "an empty list": [],
    "an empty tuple": (),
    "an empty dict": {},
    "a dict": {"a": 1},
    "a falling pair": (2, 1),
    "a rising pair": (1.0, 2.0),
    "a list of words": ["a", "b"],
    "a list of None": [None],
    "a list of NaN": [math.nan, 1.0],
    "three numbers": [1.0, 2.0, 3.0],
    "a nested list": [[1.0], [2.0, 3.0]],
    "a matrix": np.ones((2, 2)),
    "an array of words": np.array(["a"]),
    "a set": {1, 2},
    "an object": object(),
    "a class": PCA,
    "a function": anything,
    "numpy's integer": np.int64(5),
    "numpy's True": np.True_,
    "numpy's half": np.float32(0.5),
}

DELEGATES = (
    "SpectrumResampler",
    "SyntheticPhotometry",
)  # whose own check of a grid is the last word in functions that resample
OTHERS = {"ExtinctionCorrector": ExtinctionCorrector(0.1, wavelength=[4000.0, 5000.0, 6000.0, 7000.0])}
CLASSES = list({**{type(estimator).__name__: estimator for estimator, _ in reversed(INSTANCES)}, **OTHERS}.values())
PARTS = [  # objects of parameters, each in an estimator that takes it
    SOMMapper(3, 3, algorithm=Batch(n_epochs=2)),
    SOMMapper(3, 3, algorithm=Online(n_epochs=2), random_state=0),
    ConvAutoencoderEmbedder(1, training=Training(n_epochs=1), random_state=0),
    ConvAutoencoderEmbedder(1, architecture=ResidualNetwork(), training=Training(n_epochs=1), random_state=0),
    ConvAutoencoderEmbedder(1, architecture=ThesisNetwork(), training=Training(n_epochs=1), random_state=0),
    ConvAutoencoderEmbedder(1, objective=VAE(), training=Training(n_epochs=1), random_state=0),
    ConvAutoencoderEmbedder(1, objective=DESOM(2, 2), training=Training(n_epochs=1), random_state=0),
]


def fit(estimator):
    y = np.round(X[:, 0]) if hasattr(estimator, "predict_proba") else X[:, 0]
    estimator.fit(X, y)
    for method in ("transform", "predict"):
        if hasattr(estimator, method):
            getattr(estimator, method)(X)


def list_parameters():
    """Yield owner, parameter, the docstring's type, and a function of a value that uses it."""
    for estimator in CLASSES:
        documented = read_types(NumpyDocString(inspect.getdoc(type(estimator))))
        for name in estimator.get_params(deep=False):

            def use(value, estimator=estimator, name=name):
                fit(clone(estimator).set_params(**{name: value}))

            yield type(estimator).__name__, name, documented[name], use
    tried = set()
    for estimator in PARTS:
        for part, own in estimator.get_params(deep=False).items():
            if isinstance(own, BaseEstimator) and type(own) not in tried:
                tried.add(type(own))
                documented = read_types(NumpyDocString(inspect.getdoc(type(own))))
                for name in own.get_params(deep=False):

                    def use(value, estimator=estimator, name=f"{part}__{name}"):
                        fit(clone(estimator).set_params(**{name: value}))

                    yield type(own).__name__, name, documented[name], use
    for function, call in FUNCTIONS.items():
        documented = read_types(FunctionDoc(function))
        for name in call.options:

            def use(value, function=function, call=call, name=name):
                function(**{**call.make(), name: value})

            yield function.__qualname__, name, documented.get(name, ""), use


def read_types(doc):
    return {name.strip(): entry.type for entry in doc["Parameters"] for name in entry.name.split(",")}


def admits(words, value):
    """Whether the type that a docstring states admits a value; None where it says more than this function reads."""
    words = re.sub(r",? default.*", "", words)
    if words.endswith(", optional"):
        words = words.removesuffix(", optional") + " or None"
    rest = words
    kinds = set()
    for kind, pattern in (
        ("option", r"\{[^}]*\}"),
        ("option", r'"[^"]*"'),
        ("pair", r"\((?:float, float|low, high)\)"),
        ("bool", r"\bbool\b"),
        ("int", r"\bint\b"),
        ("float", r"\bfloat\b"),
        ("str", r"\bstr\b"),
        ("None", r"\bNone\b"),
        ("nan", r"\bnan\b"),
    ):
        if re.search(pattern, rest):
            kinds.add(kind)
        rest = re.sub(pattern, "", rest)
    if not kinds or re.sub(r"[\s,]|\bor\b", "", rest):
        return None
    if isinstance(value, str):
        return "str" in kinds or f'"{value}"' in words
    if value is None:
        return "None" in kinds
    if isinstance(value, (bool, np.bool_)):
        return "bool" in kinds
    if isinstance(value, numbers.Integral):
        return bool({"int", "float"} & kinds)
    if isinstance(value, numbers.Real):
        return ("nan" if math.isnan(value) else "float") in kinds
    if isinstance(value, (tuple, list)):
        return "pair" in kinds and len(value) == 2 and all(isinstance(bound, numbers.Real) for bound in value)
    return False


def find_fault(owner, name, words, use, value):
    """Return what is wrong with how a value is treated: "" , "obscure: ...", "silent" or "refused"."""
    admitted = admits(words, value)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            use(value)
    except (SedReadError, OSError) as error:  # of files: these messages name the file and what it lacks
        is_named = any(str(part) in str(error) for part in np.ravel(value)) or f"{name}=" in str(error)
        return "" if is_named else f"obscure: {type(error).__name__}: {str(error)[:150]}"
    except (ValueError, TypeError) as error:
        text = str(error)
        is_named = re.search(rf"`{name}[`[]|\b{name}=", text)
        if not is_named or not any(each in text for each in (owner.split(".")[0], *DELEGATES)):
            return f"obscure: {type(error).__name__}: {text[:150]}"
        return f"refused: {text}" if value is None and admitted and text.startswith(f"`{name}`") else ""
    except Exception as error:  # noqa: BLE001 - any other error is a fault
        return f"obscure: {type(error).__name__}: {str(error)[:150]}"
    return "silent" if admitted is False else ""


SLOW = {"DESOM", "ResidualNetwork", "ThesisNetwork", "Training", "VAE"}  # each right value trains a network
PARAMETERS = [
    pytest.param(*case, id=f"{case[0]}-{case[1]}", marks=[pytest.mark.slow] * (case[0] in SLOW))
    for case in list_parameters()
]


@pytest.mark.parametrize(("owner", "name", "words", "use"), PARAMETERS)
def test_wrong_values(owner, name, words, use, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a string may be a path
    faults = {label: find_fault(owner, name, words, use, value) for label, value in WRONG.items()}
    faults = {label: fault for label, fault in faults.items() if fault}
    assert not faults, "\n".join(f"{label}: {fault}" for label, fault in faults.items())


@pytest.mark.parametrize("estimator", [*CLASSES, *PARTS], ids=lambda estimator: type(estimator).__name__)
def test_every_parameter_has_its_kinds(estimator):
    for part in (estimator, *estimator.get_params(deep=False).values()):
        if type(part).__module__.startswith("sklearn_sedzoo."):
            assert set(read_table(type(part))) == set(part.get_params(deep=False))


def test_every_public_function_is_tried():
    methods = {function for function in FUNCTIONS if "." in function.__qualname__}
    assert set(find_public_functions()) == {*FUNCTIONS, *WITHOUT_OPTIONS} - methods


def test_every_option_of_a_function_is_tried():
    for function, call in FUNCTIONS.items():
        known = {
            name
            for name, parameter in inspect.signature(function).parameters.items()
            if parameter.default is not inspect.Parameter.empty
        }
        assert known <= {*call.options, *call.data}, function


@pytest.mark.parametrize(
    ("kinds", "value", "error", "message"),
    [
        ([flag()], 1, TypeError, "must be True or False, got 1."),
        ([integer(1)], 0, ValueError, "must be >= 1, got 0."),
        ([integer(1)], True, TypeError, "must be an integer >= 1, got True."),
        ([integer(1, 3), nothing()], 5, ValueError, "must be in [1, 3], got 5."),
        ([integer(1)], 10**30, ValueError, "must be at most 2147483647"),
        ([number(0, 1, closed="right")], 0.0, ValueError, "must be in (0, 1], got 0.0."),
        ([number(0)], math.nan, ValueError, "must be >= 0, got nan."),
        ([number()], math.inf, ValueError, "must be finite, got inf."),
        ([option("a", "b")], "c", ValueError, "must be one of ('a', 'b'), got 'c'."),
        ([option("a"), integer(2), nothing()], "c", ValueError, "must be 'a', an integer >= 2 or None, got 'c'."),
        ([pair("mag"), nothing()], (2, 1), ValueError, "must satisfy low < high, got (2, 1)."),
        (
            [pair("mag"), nothing()],
            "x",
            TypeError,
            "must be a pair (low, high) in mag with low < high or None, got 'x'.",
        ),
        ([pair("mag", 0)], (-1, 1), ValueError, "must be within [0, inf] mag, got (-1, 1)."),
        ([arrays("redshifts", 0)], [0.1, -1], ValueError, "must hold numbers in [0, inf], got [0.1, -1]."),
        ([arrays("redshifts")], [[1, 2], [3]], TypeError, "must be redshifts, got [[1, 2], [3]]."),
    ],
)
def test_messages(kinds, value, error, message):
    with pytest.raises(error, match="^" + re.escape(f"`x` of Owner {message}")):
        check_parameter("Owner", "x", value, kinds)


@pytest.mark.parametrize(
    ("kinds", "value"),
    [
        ([flag()], np.True_),
        ([integer(1)], np.int16(3)),
        ([number(0)], np.float32(3)),
        ([number(0)], 3),
        ([number(nan=True)], np.nan),
        ([option("a"), nothing()], None),
        ([pair("mag")], np.array([1, 2])),
        ([arrays("redshifts", empty=True)], []),
    ],
)
def test_right_values(kinds, value):
    check_parameter("Owner", "x", value, kinds)


def test_callbacks_caches_and_progress_are_taken(tmp_path):
    told: list[str] = []
    zoo = Zoo.fit(catalog(), **zoo_options(), callbacks=[ProgressBar()], memory=tmp_path, progress=told.append)
    assert told
    assert len(zoo.table) == 20


def test_a_function_is_checked_by_name_and_by_place():
    @checked(b=[integer(1)])
    def add(a, b=1):
        return a + b

    assert add("x" and 1, 2) == add(1, b=2) == 3
    for call in (lambda: add(1, 0), lambda: add(1, b=0)):
        with pytest.raises(ValueError, match=r"`b` of .*add must be >= 1, got 0\."):
            call()
    assert list(inspect.signature(add).parameters) == ["a", "b"]


if __name__ == "__main__":  # count
    counts = collections.Counter()
    os.chdir(tempfile.mkdtemp())
    for owner, name, words, use in list_parameters():
        for value in WRONG.values():
            counts[find_fault(owner, name, words, use, value).split(":")[0]] += 1
    print(sum(counts.values()), dict(counts))  # noqa: T201
