"""Each tool is set up in one file, and each module stands on a floor of its own."""

import configparser
import pathlib
import tomllib

ROOT = pathlib.Path(__file__).parents[1]


def test_setup_cfg_holds_import_contracts_only():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    others = [section for section in parser.sections() if not section.startswith("importlinter")]
    assert others == []


def test_no_tool_is_set_up_twice():
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    assert "importlinter" not in tools
    files = {"pytest": "pytest.ini", "ruff": "ruff.toml", "mypy": "mypy.ini", "coverage": ".coveragerc"}
    assert [name for tool, name in files.items() if tool in tools and (ROOT / name).exists()] == []


def test_the_light_import(run_python):
    heavy = ["keras", "jax", "torch", "tensorflow", "matplotlib", "specutils", "minisom", "astropy.units"]
    code = f"import sys, sklearn_sedzoo; print([name for name in {heavy!r} if name in sys.modules])"
    assert run_python(code) == "[]"
