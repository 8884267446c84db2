"""Settings of the documentation. Build it with ``sphinx-build -W -b html docs docs/_build``."""

import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import sklearn_sedzoo  # noqa: E402 - the path above comes first, so that the docs are those of this tree

project = "sklearn_sedzoo"
author = "The sklearn_sedzoo developers"
copyright = author
version = release = sklearn_sedzoo.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "matplotlib.sphinxext.plot_directive",
]
exclude_patterns = ["_build", "_unreleased.md", "changes"]
templates_path = ["_templates"]
suppress_warnings = ["ref.citation"]  # numpydoc's References need not be cited in the text above them

myst_enable_extensions = ["colon_fence", "dollarmath", "amsmath", "deflist"]
myst_heading_anchors = 3

autosummary_generate = True
autosummary_ignore_module_all = False  # a page for each name in __all__, and for no other
autosummary_imported_members = True
autodoc_typehints = "none"  # the docstrings tell types, with shapes
numpydoc_show_class_members = False

plot_include_source = True
plot_html_show_source_link = False
plot_html_show_formats = False
plot_formats = [("png", 110)]

html_theme = "furo"
html_title = f"sklearn_sedzoo {release}"


def skip_foreign(app, what, name, obj, skip, options):
    """Leave out what scikit-learn writes into our classes: it is documented there."""
    module = getattr(obj, "__module__", None) or ""
    return True if module.startswith("sklearn.") or re.fullmatch(r"set_\w+_request", name) else skip


def write_unreleased(app):
    """Gather the news fragments, as the next release will print them."""
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "Unreleased", "--date", "next"]
    news = subprocess.run(command, cwd=HERE.parent, check=True, capture_output=True, text=True).stdout
    (HERE / "_unreleased.md").write_text(news[news.index("## ") :] if "## " in news else "")


def setup(app):
    """Connect the two."""
    app.connect("autodoc-skip-member", skip_foreign)
    app.connect("builder-inited", write_unreleased)
