"""Tells tools what the folder of a run says, each thing once."""

import contextlib

from experiments.run_folder import RunFolder
from experiments.tracking.record import (
    Record,
    files_of,
    record_of,
    results_of,
)
from experiments.tracking.tools import KEEPERS, TOOLS, make_tool

_FILE = "tracking.json"


class Tracking:
    """What follows a run.

    It reads the run's folder and nothing else, and writes tracking.json there:
    {tool: {"id", "epochs": how many it has been told, "ended"}}. So a run that
    goes on does so in the same run of the tool, and no epoch is told twice. A
    tool that fails is left out from then on; the same command tells it later
    what it lacks.

    Args:
        folder: The `RunFolder`.
        names: Keys of `experiments.tracking.tools.TOOLS`.
        record: A `Record`; None: that of the run.
    """

    def __init__(self, folder, names, record=None):
        self.folder = folder
        self.record = record
        self.left = list(names)
        self.begun = {}
        self.states = read_states(folder)

    def follow(self):
        """Tells the epochs of history.csv that are new."""
        rows = self.folder.history() if self.left else []
        for name in list(self.left):
            with self._left_out_if_it_fails(name):
                self._begin(name)
                new = rows[self.states[name]["epochs"] :]
                if new:
                    self.begun[name].add(new)
                    self._note(name, epochs=len(rows))

    def end(self, status, results=None, files=()):
        """Closes what was begun; each may be begun again.

        Args:
            status: "finished", "failed", or what metrics.json calls it.
            results: {name: number} to keep.
            files: Names of files in the folder to keep.
        """
        self.follow()
        for name in list(self.left):
            with self._left_out_if_it_fails(name):
                self.begun.pop(name).end(status, results or {}, files)
                self._note(name, ended=status == "finished")

    def _begin(self, name):
        if name in self.begun:
            return
        self.record = self.record or record_of(self.folder)
        known = self.states.get(name, {}).get("id")
        tool = make_tool(name, self.folder, self.record)
        identity = tool.begin(known)
        self.begun[name] = tool
        if identity != known:
            self.states[name] = {"id": identity, "epochs": 0}
        self._note(name, ended=False)
        if tool.place:
            print(f"  {name:9} {tool.place}", flush=True)

    def _note(self, name, **changes):
        self.states[name] |= changes
        self.folder.write_json(_FILE, self.states)

    @contextlib.contextmanager
    def _left_out_if_it_fails(self, name):
        try:
            yield
        # Whatever a server, a network or a disk makes of it: the run is more
        # than what follows it.
        except Exception as error:
            self.left.remove(name)
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            print(
                f"  note      {TOOLS[name]} failed, and the run goes on "
                "without; the same command tells it later what it lacks "
                f"({reason[:300]})",
                flush=True,
            )


@contextlib.contextmanager
def followed(folder, names):
    """Yields the `Tracking` of a run that is being made, and ends it.

    Args:
        folder: The `RunFolder`.
        names: Keys of `experiments.tracking.tools.TOOLS`.
    """
    tracking = Tracking(folder, names)
    try:
        yield tracking
    finally:
        _end(tracking)


def catch_up(folder, names):
    """Tells those tools of a finished run that have not been told all of it."""
    states = read_states(folder)
    lacking = [n for n in names if not states.get(n, {}).get("ended")]
    _end(Tracking(folder, lacking))


def _end(tracking):
    folder = tracking.folder
    if folder.is_finished():
        tracking.end("finished", results_of(folder), files_of(folder))
    else:
        tracking.end((folder.metrics() or {}).get("status", "interrupted"))


def track_report(path, title, names):
    """Hands a report to the tools that keep files, in a run of its own.

    Args:
        path: Its folder.
        title: Such as "Study demo".
        names: Keys of `experiments.tracking.tools.TOOLS`.
    """
    record = Record(f"{title}, report", "reports", {}, {})
    tools = [name for name in names if name in KEEPERS]
    files = sorted(p.name for p in path.iterdir() if p.name != _FILE)
    Tracking(RunFolder(path), tools, record).end("finished", files=files)


def read_states(folder):
    """What tracking.json says: {tool: {"id", "epochs", "ended"}}."""
    return folder.read_json(_FILE) or {}
