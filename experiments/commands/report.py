"""Reports on finished runs.

Examples:
  python main.py --report=runs
  python main.py --report=runs --margin=1
"""

from absl import flags

from experiments.commands.common import MARGIN, require_one_of
from experiments.commands.parsers import PathParser

REPORT = flags.DEFINE(
    PathParser(), "report", None, "Compare the runs found in this folder."
)
DRAWN_PREVIEWS = flags.DEFINE_bool(
    "drawn_previews",
    False,
    "With --report or --study: the page shows what arms do to images that this "
    "program draws, even if the images of the study may be shown.",
)
require_one_of(DRAWN_PREVIEWS, "report", "study")


def report_runs(runs_dir):
    """Compares the runs of a folder."""
    from experiments.report.report import report_on

    report_on(runs_dir, MARGIN.value, DRAWN_PREVIEWS.value)
