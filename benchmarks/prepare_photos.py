"""Cost of preparing a folder of photos: time, processor time and disk.

    python benchmarks/prepare_photos.py --photos=DIR

Draws JPEG files of 2 megapixels in 10 classes into DIR, unless they are there,
prepares them as `image_folder`, and opens them a second time, as every later
run does. What was prepared before is removed. The files have just been written
or read: the disk hardly counts.
"""

import argparse
import functools
import os
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import PIL.Image

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).parents[1]))

from pipelines.files.parallel import map_in_processes  # noqa: E402

SIZE = (1632, 1224)


def draw_photo(folder, number):
    """Draws a photo of a number: smooth shapes under the noise of a camera."""
    path = folder / f"class_{number % 10}" / f"{number:05}.jpg"
    if path.is_file():
        return
    random = np.random.default_rng(number)
    colors = random.integers(0, 256, (9, 12, 3), np.uint8)
    photo = PIL.Image.fromarray(colors).resize(SIZE, PIL.Image.BICUBIC)
    noise = random.integers(0, 16, (SIZE[1], SIZE[0], 1), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.minimum(photo, 240) + noise
    PIL.Image.fromarray(pixels).save(path, quality=90)


def measure(name, function):
    """Prints the seconds that a call takes, of the clock and of processors."""
    load = os.getloadavg()[0]
    start, used = time.perf_counter(), time.process_time()
    function()
    seconds = time.perf_counter() - start
    used = time.process_time() - used
    print(f"{name}: {seconds:.1f} s, {used:.1f} s of processors, load {load}")


def count_mib(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return sum(path.stat().st_size for path in files) / 2**20


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--copy", action="store_true", help="make copies")
    arguments = parser.parse_args()
    from pipelines.config import Data
    from pipelines.loading import locate_prepared, open_source
    from pipelines.location import Location

    photos = arguments.photos
    draw = functools.partial(draw_photo, photos)
    map_in_processes(draw, range(arguments.count), desc="drawing")
    config = Data("image_folder", copy=arguments.copy)
    location = locate_prepared(config.name, Location(photos))
    shutil.rmtree(location.prepared, ignore_errors=True)
    for name in ("prepared", "opened again"):
        measure(name, lambda: open_source(config, location).fingerprint)
    print(f"photos: {count_mib(photos):,.0f} MiB")
    print(f"prepared: {count_mib(location.prepared):,.1f} MiB")


if __name__ == "__main__":
    main()
