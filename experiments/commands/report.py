"""Reports on finished runs.

Examples:
  python main.py --report=runs
  python main.py --report=runs --margin=1
"""

from absl import flags

from experiments.commands.common import MARGIN, PathParser

REPORT = flags.DEFINE(
    PathParser(), "report", None, "Compare the runs found in this folder."
)


def report_runs(runs_dir):
    """Compares the runs of a folder."""
    from experiments.report.report import report_on

    report_on(runs_dir, margin=MARGIN.value)
