"""Settings of the site, which `make docs` builds with Sphinx."""

import inspect
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import augment_tf

project = "augment_tf"
author = "The augment_tf authors"
copyright = f"2026, {author}"
release = augment_tf.__version__
version = release

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "myst_nb",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Does this augmentation help?"
html_show_sphinx = False
# Most blocks are commands.
highlight_language = "none"
# Straight quotes and -- as they are typed.
smartquotes = False

myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
# Tutorials run once, and again after they have changed.
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_timeout = 900
nb_merge_streams = True
# Without execution, cells that call a shell are taken for Python.
suppress_warnings = ["misc.highlighting_failure"]

copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True

# In docstrings `name` is code.
default_role = "code"
autosummary_generate = False
autodoc_member_order = "bysource"
# Layers have dozens of Keras's methods.
autodoc_inherit_docstrings = False
napoleon_custom_sections = [
    ("Input shape", "notes_style"),
    ("Output shape", "notes_style"),
    ("Returns, Raises", "notes_style"),
]


def show_init(app, what, name, obj, options, signature, returns):
    """Shows the arguments of a class instead of those of Keras's __new__."""
    if what != "class":
        return None
    parameters = list(inspect.signature(obj.__init__).parameters.values())
    return str(inspect.Signature(parameters[1:])), None


def adapt_page(app, page, source):
    """Adapts the links of a page to the site, whose index has the README."""
    source[0] = source[0].replace("../README.md#", "index.md#")


def setup(app):
    app.connect("autodoc-process-signature", show_init)
    app.connect("source-read", adapt_page)
