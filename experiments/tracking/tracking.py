"""Tracking of a run by tools that read its folder, each epoch once."""

import contextlib

from experiments.configs.schema import Layer
from experiments.formatting import flatten
from experiments.run_folder import RunFolder
from experiments.tracking.tools import CLASSES, KEEPERS, TOOLS

_FILE = "tracking.json"
# Files of a finished run; the others are large, or for going on.
_FILES = (
    "config.json",
    "data.json",
    "environment.json",
    "history.csv",
    "metrics.json",
    "plots/*",
)


class Tracking:
    """Follows a run with tools.

    It reads the run's folder and writes tracking.json there: {tool: {"id",
    "epochs": the number it has got, "ended"}}. So a run that goes on does
    so in the same run of the tool, and gets no epoch twice. A tool that
    fails is left out from then on; the same command later adds what it
    lacks.

    Args:
        folder: The `RunFolder`.
        names: Keys of `experiments.tracking.tools.TOOLS`.
        record: See `tools.TensorBoard`; None: read from the folder.
    """

    def __init__(self, folder, names, record=None):
        self.folder = folder
        self.record = record
        self.left = list(names)
        self.begun = {}
        self.states = folder.read_json(_FILE) or {}

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
        """Ends the runs of all tools; each may be begun again.

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
        self.record = self.record or read_record(self.folder)
        known = self.states.get(name, {}).get("id")
        tool = CLASSES[name](self.folder, self.record)
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
        # A tool may raise anything, and the run must go on.
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
def track_run(folder, names):
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
    """Tells tools the part of a finished run that they lack."""
    states = folder.read_json(_FILE) or {}
    lacking = [n for n in names if not states.get(n, {}).get("ended")]
    _end(Tracking(folder, lacking))


def _end(tracking):
    folder, metrics = tracking.folder, tracking.folder.metrics() or {}
    if not folder.is_finished():
        return tracking.end(metrics.get("status", "interrupted"))
    results = {
        name: value
        for name, value in flatten(metrics).items()
        if isinstance(value, int | float)
    }
    files = sorted(
        str(path.relative_to(folder.path))
        for name in _FILES
        for path in folder.path.glob(name)
    )
    return tracking.end("finished", results, files)


def track_report(path, title, names):
    """Hands a report to the tools that keep files, in a run of its own.

    Args:
        path: Its folder.
        title: Such as "Study demo".
        names: Keys of `experiments.tracking.tools.TOOLS`.
    """
    record = {"title": f"{title}, report", "group": "reports"}
    record |= {"settings": {}, "environment": {}}
    tools = [name for name in names if name in KEEPERS]
    files = sorted(p.name for p in path.iterdir() if p.name != _FILE)
    Tracking(RunFolder(path), tools, record).end("finished", files=files)


def read_record(folder):
    """Reads the title, group, settings and environment of a run.

    Settings are named as `--set` names fields, with the layers in one line.
    """
    config = folder.read_json("config.json")
    layers = [str(Layer(**each)) for each in config["augment"]]
    return {
        "title": f"{config['name']}, seed {config['seed']}",
        "group": config["name"],
        "settings": flatten(config | {"augment": " + ".join(layers) or "none"}),
        "environment": flatten(folder.read_json("environment.json") or {}),
    }
