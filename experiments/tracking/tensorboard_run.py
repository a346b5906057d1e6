"""A run in TensorBoard, in the folder logs/ of the run."""

import secrets
import shutil

import tensorflow as tf


class Tool:
    """What each tool has.

    Args:
        folder: The `RunFolder`.
        record: Its `Record`.

    Attributes:
        place: Where it all goes, in words; None: beside the run.
    """

    place = None

    def __init__(self, folder, record):
        self.folder = folder
        self.logs = folder / "logs"

    def begin(self, identity):
        """Goes on with a run of the tool, or makes one.

        Args:
            identity: What this has returned before, or None.

        Returns:
            The same where that run is still there, otherwise a new one.
        """
        self.writers = {}
        self.is_new = identity is None or not any(
            self.logs.glob("train/events*")
        )
        if self.is_new:
            # Of an earlier version, which was not careful.
            shutil.rmtree(self.logs, ignore_errors=True)
        return secrets.token_hex(4) if self.is_new else identity

    def _open(self):
        """Not before there is something: a run has no samples at once."""
        self.writers = {
            part: tf.summary.create_file_writer(str(self.logs / part))
            for part in ("train", "validation")
        }
        path = self.folder / "plots/samples.png"
        if self.is_new and path.is_file():
            image = tf.io.decode_png(path.read_bytes(), 3)
            with self.writers["train"].as_default():
                tf.summary.image(
                    "augmented training images", image[tf.newaxis], 0
                )

    def add(self, rows):
        """Tells of epochs.

        Args:
            rows: Of history.csv.
        """
        if not self.writers:
            self._open()
        for row in rows:
            for name in row.keys() - {"epoch"}:
                is_val = name.startswith("val_")
                writer = self.writers["validation" if is_val else "train"]
                with writer.as_default():
                    tf.summary.scalar(
                        # As Keras's own callback calls them.
                        f"epoch_{name.removeprefix('val_')}",
                        row[name],
                        row["epoch"],
                    )
        for writer in self.writers.values():
            writer.flush()

    def end(self, status, results, files):
        """As `Tracking.end`."""
        for writer in self.writers.values():
            writer.close()
