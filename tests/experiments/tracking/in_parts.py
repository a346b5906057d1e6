"""Follows a run that was interrupted, and hands over its report.

Tests import it, or run it in a process of its own, as some tools start others:

Usage: python in_parts.py RUN REPORT TOOL...
"""

import sys
from pathlib import Path

from experiments.run_folder import RunFolder
from experiments.tracking.tracking import catch_up, track_report, track_run


def follow_in_parts(folder, names):
    """Follows a run as if it had six epochs.

    It is killed before the first has ended, and interrupted after four; then
    it goes on from the third, as the last checkpoint was damaged.

    Args:
        folder: The `RunFolder` of a finished run of one epoch.
        names: Of tools.

    Returns:
        The rows of history.csv.
    """
    metrics, (row,) = folder.metrics(), folder.history()
    rows = [row | {"epoch": e, "loss": 2.0 - e / 4} for e in range(6)]
    for counts in ((0,), (0, 2, 4), (3, 4, 6)):
        folder.write_json("metrics.json", metrics | {"status": "interrupted"})
        with track_run(folder, names) as tracking:
            for count in counts:
                folder.write_history(rows[:count])
                tracking.follow()
            if count == 6:
                folder.write_json("metrics.json", metrics)
    catch_up(folder, names)
    return rows


if __name__ == "__main__":
    run, report, *names = sys.argv[1:]
    follow_in_parts(RunFolder(Path(run)), names)
    for _ in range(2):
        track_report(Path(report), "Study mine", names)
