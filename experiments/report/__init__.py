"""From the files of runs to numbers, words and pages."""

from experiments.report.comparison_file import Comparison, load

__all__ = ["Comparison", "load"]
