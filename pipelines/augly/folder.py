"""The files of a folder of augmented images, and whether it is finished.

`manifest.jsonl` has a line for each image. `augmentation.json` says what the
folder was made with, and its status: "running" or "finished".
"""

import itertools
import json
import os
from pathlib import Path

from pipelines.errors import DataError
from pipelines.files.replacing import UNFINISHED, replacing

_STATE = "augmentation.json"
_MANIFEST = "manifest.jsonl"


class AugmentedFolder:
    """Reads and writes the files; each write is all or nothing.

    Args:
        path: The folder; made when something is first written.
    """

    def __init__(self, path):
        self.path = Path(path)

    def claim(self, config, versions):
        """Makes the folder that of a config, or checks that it is.

        Args:
            config: What the images depend on; goes into JSON.
            versions: {package: version} of what makes them.

        Returns:
            Whether the folder is finished and complete already.

        Raises:
            DataError: if the folder is another config's, or not ours.
        """
        state = self._state()
        if state is None:
            self._check_empty()
        else:
            there = {key: state.get(key) for key in config}
            self._check_same(there, config, "another config")
            if state["status"] == "finished" and not self._missing():
                return True
            # Files of two versions side by side may differ unnoticed.
            self._check_same(state["versions"], versions, "other versions")
        self._write_state("running", {**config, "versions": versions})
        return False

    def finish(self, entries):
        """Writes the manifest and says that all is done."""
        lines = [json.dumps(entry) + "\n" for entry in entries]
        self.write(_MANIFEST, "".join(lines).encode())
        # Of processes that were killed while they wrote.
        for leftover in self.path.rglob(f"{UNFINISHED}*"):
            leftover.unlink()
        self._write_state("finished", self._state())

    def manifest(self):
        """The entries of a finished folder; see `augly_offline`."""
        state = self._state()
        status = state and state["status"]
        if status != "finished":
            raise DataError(
                f"{self.path}: expected augmented images, with the status "
                f"'finished' in {_STATE}. Received: {status or 'no such file'}."
                " Start the offline augmentation (again): it goes on where it "
                "was."
            )
        missing = self._missing()
        if missing:
            raise DataError(
                f"{self.path} lacks {len(missing):,} files of its manifest, "
                f"the first is {missing[0]}. Start the offline augmentation "
                "again: it makes what is missing."
            )
        return self._entries()

    def write(self, name, data):
        """Makes a file of these bytes, and its folder.

        Raises:
            DataError: if it cannot be written, and why.
        """
        path = self.path / name
        try:
            # A dying process cannot spoil its successor's file.
            with replacing(path, f"{os.getpid()}-") as temporary:
                temporary.write_bytes(data)
        except OSError as error:
            raise DataError(
                f"cannot write {path}: {error.strerror or error}. Free some "
                "space or mend that, and start again: what is done is kept."
            ) from error

    def _write_state(self, status, content):
        state = {**content, "status": status}
        text = json.dumps(state, indent=2)
        self.write(_STATE, text.encode() + b"\n")

    def _state(self):
        """augmentation.json, or None."""
        try:
            return json.loads((self.path / _STATE).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise DataError(
                f"cannot read {self.path / _STATE}: {error}. Remove the "
                "folder, or choose another."
            ) from error

    def _entries(self):
        text = (self.path / _MANIFEST).read_text()
        return [json.loads(line) for line in text.splitlines()]

    def _missing(self):
        files = [entry["file"] for entry in self._entries()]
        return [file for file in files if not (self.path / file).is_file()]

    def _check_empty(self):
        if self.path.is_dir():
            others = {
                path.name
                for path in self.path.iterdir()
                if not path.name.startswith(UNFINISHED)
            }
            if others:
                raise DataError(
                    f"{self.path}: expected a new or empty folder, or one of "
                    f"an earlier offline augmentation. Received: {min(others)} "
                    f"in it and no {_STATE}. Choose another folder."
                )

    def _check_same(self, there, here, what):
        here = json.loads(json.dumps(here))
        pairs = itertools.zip_longest(_flat(there), _flat(here))
        for old, new in pairs:
            # In order: the operations are applied in theirs.
            if old != new:
                raise DataError(
                    f"{self.path} was made with {what}: {_assignment(old)} "
                    f"there, {_assignment(new)} here. Ask for the same, or "
                    "remove that folder."
                )


def _flat(config, path=""):
    """Yields (path, value) of everything in nested dictionaries."""
    if not isinstance(config, dict) or not config:
        yield path, config
        return
    for key, value in config.items():
        yield from _flat(value, f"{path}.{key}".lstrip("."))


def _assignment(item):
    return "nothing more" if item is None else f"{item[0]}={item[1]!r}"
