"""Fixtures shared by all tests: where the real catalogues are, and a headless matplotlib."""

import os
import pathlib

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")
# The networks of the tests are tiny: compiling them costs far more than running them.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true")


@pytest.fixture(scope="session")
def data_dir():
    """The folder of real catalogues (SEDZOO_DATA); the test is skipped where there is none."""
    folder = pathlib.Path(os.environ.get("SEDZOO_DATA", "/nonexistent"))
    if not folder.is_dir():
        pytest.skip("SEDZOO_DATA names no folder with the real catalogues")
    return folder
