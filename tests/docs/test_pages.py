"""The pages of the documentation: their Python code runs, and the reference lists every public family."""

import importlib
import pathlib
import pkgutil
import re

import pytest

import sklearn_sedzoo

DOCS = pathlib.Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
PAGES = sorted(page for page in DOCS.glob("**/*.md") if "_build" not in page.parts and BLOCK.search(page.read_text()))
NOT_IMPORTED_BY_USERS = {"cli"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # what small examples warn of is not what this test is about
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "\n".join(BLOCK.findall(page.read_text()))
    exec(compile(code, str(page), "exec"), {"__name__": page.stem})


def test_reference_lists_every_public_module():
    public = {
        f"sklearn_sedzoo.{module.name}"
        for module in pkgutil.iter_modules(sklearn_sedzoo.__path__)
        if not module.name.startswith("_") and module.name not in NOT_IMPORTED_BY_USERS
    }
    listed = set(re.findall(r"^\s+(sklearn_sedzoo\.\w+)$", (DOCS / "reference" / "index.md").read_text(), re.MULTILINE))
    assert public == listed


def test_every_module_says_what_is_public():
    for module in pkgutil.iter_modules(sklearn_sedzoo.__path__):
        if not module.name.startswith("_") and module.name not in NOT_IMPORTED_BY_USERS:
            names = importlib.import_module(f"sklearn_sedzoo.{module.name}").__all__
            assert len(names) == len(set(names)) > 0
