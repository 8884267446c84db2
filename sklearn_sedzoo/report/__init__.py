"""One self-contained HTML page from results that are computed already."""

from sklearn_sedzoo.report._report import write_report

__all__ = ["write_report"]
