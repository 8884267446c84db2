"""Fixtures shared by all tests: where the real catalogs are, and a headless matplotlib."""

import os
import pathlib
import subprocess
import sys

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")
# The networks of the tests are tiny: compiling them costs far more than running them.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true")


@pytest.fixture(scope="session")
def data_dir():
    """The folder of real catalogs (SEDZOO_DATA); the test is skipped where there is none."""
    folder = pathlib.Path(os.environ.get("SEDZOO_DATA", "/nonexistent"))
    if not folder.is_dir():
        pytest.skip("SEDZOO_DATA names no folder with the real catalogs")
    return folder


@pytest.fixture(scope="session")
def fsps(data_dir):
    """The first 1,000 galaxies of the FSPS catalog."""
    from sklearn_sedzoo.io import read_catalog

    return read_catalog(data_dir / "sedzoo_fsps_1000.fits")


@pytest.fixture
def run_python():
    """Run code in a fresh interpreter and return what it prints."""

    def run(code, **environment):
        result = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **environment},
            cwd=pathlib.Path(__file__).parents[1],
        )
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    return run
