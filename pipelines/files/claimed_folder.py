"""Folders whose files all belong to one config."""

import json
import os
from pathlib import Path

from pipelines.config import compare_configs
from pipelines.files.replacing import replace_file


class ClaimedFolder:
    """Reads and writes the files of one config; each write is all or nothing.

    Subclasses set the attributes.

    Args:
        path: The folder; made when something is first written.

    Attributes:
        error: Class of exceptions.
        if_full: Advice if a file cannot be written.
        if_claimed: Advice if the folder has another config.
        writer: See `replacing`.
    """

    writer = ""

    def __init__(self, path):
        self.path = Path(path)

    def __truediv__(self, name):
        return self.path / name

    def check_claim(self, there, here, what="config", mend=None):
        """Raises an error if the folder has files of another config.

        Args:
            there: Config of the folder's files, as read from JSON.
            here: Config of the files to write; goes into JSON.
            what: Name of both for the message.
            mend: Advice; None: `if_claimed`.

        Raises:
            `error`: names the first field that differs.
        """
        for field, old, new in compare_configs(
            there, json.loads(json.dumps(here))
        ):
            raise self.error(
                f"{self.path} was made with another {what}: {field} is "
                f"{old!r} there and {new!r} here. {mend or self.if_claimed}, "
                "or remove that folder."
            )

    def read_json(self, name):
        """Reads a JSON file; None if it is not there.

        Raises:
            `error`: if it is no JSON object.
        """
        try:
            content = json.loads((self / name).read_bytes())
            if not isinstance(content, dict):
                raise ValueError("expected a JSON object")
            return content
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, RecursionError) as error:
            raise self.error(
                f"cannot read {self / name}: {error}. Mend or remove it."
            ) from error

    def write_json(self, name, content):
        text = json.dumps(content, indent=2) + "\n"
        self.replace(name, lambda path: path.write_text(text))

    def replace(self, name, write, keep=None):
        """Calls `write(path)` on a new file that then takes name's place.

        Args:
            name: Of the file, in this folder.
            write: Function of a path.
            keep: New name for the old file; None: it is removed.

        Raises:
            `error`: if the file cannot be written, and why.
        """
        try:
            with replace_file(self / name, self.writer) as temporary:
                write(temporary)
                # Only now, as the disk may have been full.
                if keep and (self / name).exists():
                    os.replace(self / name, self / keep)
        except OSError as error:
            raise self.error(
                f"cannot write {self / name}: {error.strerror or error}. "
                f"{self.if_full}"
            ) from error
