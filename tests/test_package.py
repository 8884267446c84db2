"""The door of the package: names that are there, imports that are not."""

import subprocess
import sys

import pytest

import sklearn_sedzoo


@pytest.mark.parametrize("name", sklearn_sedzoo.__all__)
def test_every_public_name_is_there(name):
    assert getattr(sklearn_sedzoo, name) is not None
    assert name in dir(sklearn_sedzoo)


def test_other_names_are_refused():
    with pytest.raises(AttributeError, match="has no attribute 'SOMMaper'"):
        _ = sklearn_sedzoo.SOMMaper


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import sklearn_sedzoo", ["astropy", "sklearn", "keras", "matplotlib"]),
        ("from sklearn_sedzoo import SOMMapper", ["astropy", "keras", "minisom", "matplotlib"]),
        ("from sklearn_sedzoo import Zoo", ["keras", "minisom", "matplotlib", "plotly", "skops", "specutils"]),
    ],
)
def test_an_import_loads_no_more_than_it_needs(statement, absent):
    code = f"import sys; {statement}; print([name for name in {absent} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
