"""Speed and memory of the input pipeline, from Tiny ImageNet's zip to batches.

    python benchmarks/pipeline.py --data_dir=DIR

Prepares the data set in a folder of its own, then loads it as an experiment
does and runs some epochs without augmentation and without a network: with
decoded images in memory and on disk, and with images that are decoded as they
are needed. Each part runs in a process of its own, so that its peak of memory
is its own. The time to import TensorFlow is not counted in the seconds. Its
memory is counted, and so is what the system keeps of decoded images on disk.
Prints each figure beside the claim for two CPU cores; the exit code is 1 if a
claim does not hold, or if the batches differ.
"""

import argparse
import contextlib
import dataclasses
import hashlib
import json
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
sys.path.insert(0, str(Path(__file__).parents[1]))

GIB = 2**30
# {how images come: (cache_gib, disk_gib)}
PLACES = {
    "in memory": (1000.0, 0.0),
    "on disk": (0.0, 1000.0),
    "decoded anew": (0.0, 0.0),
}
# First batches that are the same from everywhere.
COMPARED = 20


@dataclasses.dataclass(frozen=True)
class Result:
    """A figure with its claim: at most or at least so much."""

    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def claim(self):
        if self.at_most is not None:
            return f"<= {self.at_most:,g}"
        if self.at_least is not None:
            return f">= {self.at_least:,g}"
        return "-"

    @property
    def holds(self):
        return (self.at_most is None or self.value <= self.at_most) and (
            self.at_least is None or self.value >= self.at_least
        )


def prepare(location):
    """(seconds, GiB) to write the records."""
    import tensorflow  # noqa: F401

    from pipelines.config import Data
    from pipelines.loading import open_source

    start = time.perf_counter()
    open_source(Data("tiny_imagenet"), location)
    return time.perf_counter() - start, peak_memory()


def train(location, size, batch_size, epochs, cache_gib, disk_gib):
    """(images/s of each epoch, GiB, description of the cache, digest).

    The first epoch's time begins before the records are opened, and includes
    decoding the validation images, which are not counted.
    """
    import tensorflow as tf

    from pipelines.batches import count_epoch_steps, train_batches
    from pipelines.config import Data
    from pipelines.loading import load

    tf.config.experimental.enable_op_determinism()
    start = time.perf_counter()
    config = Data(
        name="tiny_imagenet",
        image_size=size,
        train="train+holdout",
        cache_gib=cache_gib,
        disk_gib=disk_gib,
    )
    data = load(config, location)
    steps = count_epoch_steps(data.train, batch_size)
    batches = train_batches(
        data.train,
        classes=len(data.class_names),
        batch_size=batch_size,
        seed=0,
        steps=epochs * steps,
    )
    speeds = []
    for step, _ in enumerate(batches, 1):
        if step % steps == 0:
            now = time.perf_counter()
            speeds.append(steps * batch_size / (now - start))
            start = now
    digest = hashlib.sha256()
    for batch in batches.take(COMPARED).as_numpy_iterator():
        for array in batch:
            digest.update(array.tobytes())
    return speeds, peak_memory(), data.cache, digest.hexdigest()


def peak_memory():
    """The largest memory that this process has had so far, in GiB."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return used / GIB * (1 if sys.platform == "darwin" else 1024)


def apart(function, *arguments):
    """Calls a function in a new process."""
    from pipelines.files.parallel import Workers

    with Workers(1) as pool:
        return pool.submit(function, *arguments).result()


def measure(location, arguments):
    seconds, memory = apart(prepare, location)
    results = [
        Result("preparation", seconds, "s", at_most=180),
        Result("preparation, memory", memory, "GiB", at_most=3),
    ]
    digests = set()
    for where in PLACES:
        speeds, memory, description, digest = apart(
            train,
            location,
            arguments.size,
            arguments.batch_size,
            arguments.epochs,
            *PLACES[where],
        )
        print(description)
        digests.add(digest)
        claimed = where == "in memory" and arguments.size == 64
        first, *others = speeds
        results += [
            Result(
                f"images {where}: first epoch",
                first,
                "images/s",
                at_least=5_000 if claimed else None,
            ),
            Result(
                f"images {where}: later epochs",
                statistics.median(others),
                "images/s",
                at_least=60_000 if claimed else None,
            ),
            Result(
                f"images {where}: memory",
                memory,
                "GiB",
                at_most=3 if claimed or where == "decoded anew" else None,
            ),
        ]
    results.append(Result("different batches", len(digests) - 1, "", at_most=0))
    return results


def print_table(results):
    rows = [("", "measured", "", "claimed on 2 cores", "")]
    for result in results:
        digits = 0 if result.value >= 100 else 2
        rows.append(
            (
                result.name,
                f"{result.value:,.{digits}f}",
                result.unit,
                result.claim,
                "" if result.holds else "NO",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, strict=True)
        print("  ".join(cell.ljust(width) for cell, width in cells).rstrip())


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--data_dir",
        required=True,
        help="zip file of Tiny ImageNet, or its folder",
    )
    parser.add_argument(
        "--prepared_dir", help="take the records from here, or keep them here"
    )
    parser.add_argument("--size", type=int, default=64, help="in pixels")
    parser.add_argument("--batch_size", type=int, default=128)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--json", type=Path, help="also write results here")
    arguments = parser.parse_args()
    if arguments.epochs < 2:
        parser.error("--epochs: expected at least 2, the first is special.")
    return arguments


def main():
    from pipelines.errors import DataError
    from pipelines.location import Location

    arguments = parse_arguments()
    with contextlib.ExitStack() as stack:
        folder = arguments.prepared_dir or stack.enter_context(
            tempfile.TemporaryDirectory()
        )
        try:
            location = Location(arguments.data_dir, folder)
            results = measure(location, arguments)
        except DataError as error:
            raise SystemExit(f"error: {error}") from error
    print_table(results)
    if arguments.json:
        setting = {
            "batch_size": arguments.batch_size,
            "image_size": arguments.size,
            "processors": os.cpu_count(),
            "machine": platform.machine(),
        }
        cases = [dataclasses.asdict(result) for result in results]
        report = json.dumps({"setting": setting, "results": cases}, indent=2)
        arguments.json.write_text(report + "\n")
    sys.exit(0 if all(result.holds for result in results) else 1)


if __name__ == "__main__":
    main()
