"""Folder of augmented images: its files and its status.

`manifest.jsonl` has a line for each image. `augmentation.json` has the config
of the folder and its status: "running" or "finished".
"""

import json
import os

from pipelines.errors import DataError
from pipelines.files.claimed_folder import ClaimedFolder
from pipelines.files.names import is_hidden
from pipelines.files.replacing import UNFINISHED

_STATE = "augmentation.json"
_MANIFEST = "manifest.jsonl"


class AugmentedFolder(ClaimedFolder):
    """Reads and writes the files, in several processes at once."""

    error = DataError
    if_full = (
        "Free some space or mend that, and start again: what is done is kept."
    )
    if_claimed = "Ask for the same"

    @property
    def writer(self):
        # A dying process cannot spoil its successor's file.
        return f"{os.getpid()}-"

    def claim(self, config, versions):
        """Claims the folder for a config, or checks that it has this config.

        Args:
            config: Settings that the images depend on; goes into JSON.
            versions: {package: version} of the packages that make them.

        Returns:
            True if the folder is finished and complete already.

        Raises:
            DataError: if the folder is another config's, or not ours.
        """
        state = self.read_json(_STATE)
        if state is None:
            self._check_empty()
        else:
            self.check_claim({key: state.get(key) for key in config}, config)
            if state["status"] == "finished" and not self._missing():
                return True
            # Files of two versions side by side may differ unnoticed.
            self.check_claim(state["versions"], versions, "version")
        state = {**config, "versions": versions, "status": "running"}
        self.write_json(_STATE, state)
        return False

    def finish(self, entries):
        """Writes the manifest and says that all is done."""
        lines = [json.dumps(entry) + "\n" for entry in entries]
        self.write(_MANIFEST, "".join(lines).encode())
        # Processes that were killed while they wrote have left these.
        for leftover in self.path.rglob(f"{UNFINISHED}*"):
            leftover.unlink()
        self.write_json(_STATE, self.read_json(_STATE) | {"status": "finished"})

    def manifest(self):
        """Reads the entries of a finished folder; see `read_manifest`."""
        state = self.read_json(_STATE)
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
        """Writes a file of these bytes, and makes its folder.

        Raises:
            DataError: if it cannot be written, and why.
        """
        self.replace(name, lambda path: path.write_bytes(data))

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
                # Also those that are unfinished.
                if not is_hidden(path.name)
            }
            if others:
                raise DataError(
                    f"{self.path}: expected a new or empty folder, or one of "
                    f"an earlier offline augmentation. Received: {min(others)} "
                    f"in it and no {_STATE}. Choose another folder."
                )
