"""The ``sedzoo`` command."""

from sklearn_sedzoo.cli._main import main

__all__ = ["main"]
