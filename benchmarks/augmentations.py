"""Speed of the augmentations, side by side with what else there is.

    python benchmarks/augmentations.py --json=result.json

Each case runs two functions of (batch, seed) through tf.data on the same
batch of random images, in one process, in turns, and reports the median over
the turns. Seeds come out of the data set: with constant ones TensorFlow
works the answer out once, when it optimizes the graph, and anything is fast.
What made the saliency maps fast, and what did not: docs/saliency.md.
"""

import argparse
import dataclasses
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import keras
import numpy as np
import tensorflow as tf
from endless_batches import endless_batches

import augment_tf

CLASSES = 200
WARM_UP_BATCHES = 8


@dataclasses.dataclass(frozen=True)
class Case:
    """Two functions of (batch, seed), and what is claimed of their speeds.

    The claim holds if the contender is `claimed_ratio` times as fast as the
    reference, or, where given, reaches `claimed_images_per_second`.
    """

    name: str
    contender: Callable
    reference: Callable
    reference_name: str
    claimed_ratio: float | None = None
    claimed_images_per_second: float | None = None
    batch_size: int = 256
    image_size: int = 64


def cases():
    """Equal work on both sides: every image is erased, or mixed."""
    layers = keras.layers
    return [
        Case(
            "RandomErasing, noise",
            augment_tf.RandomErasing(probability=1.0, fill="noise").apply,
            called(layers.RandomErasing(factor=(1.0, 1.0))),
            "keras.layers.RandomErasing",
            claimed_ratio=10,
        ),
        Case(
            "RandomErasing, constant",
            augment_tf.RandomErasing(probability=1.0).apply,
            called(layers.RandomErasing(factor=(1.0, 1.0), fill_value=125.0)),
            "keras.layers.RandomErasing",
            claimed_ratio=6,
        ),
        Case(
            "CutMix",
            augment_tf.CutMix().apply,
            called(layers.CutMix(factor=(1.0, 1.0))),
            "keras.layers.CutMix",
            claimed_ratio=3,
        ),
        Case(
            "MixUp",
            augment_tf.MixUp(alpha=0.2).apply,
            called(layers.MixUp(alpha=0.2)),
            "keras.layers.MixUp",
        ),
        Case(
            "crop + flip + RandomErasing",
            augment_tf.Sequence(
                [
                    augment_tf.RandomCrop(padding=4),
                    augment_tf.RandomFlip(),
                    augment_tf.RandomErasing(),
                ]
            ).apply,
            copied,
            "a plain copy of the batch",
            claimed_ratio=1 / 3,
            claimed_images_per_second=15_000,
        ),
        Case(
            "RandomResizedCrop(64) + flip + ColorJitter + PCALighting",
            augment_tf.Sequence(
                [
                    augment_tf.RandomResizedCrop(64),
                    augment_tf.RandomFlip(),
                    augment_tf.ColorJitter(),
                    augment_tf.PCALighting(),
                ]
            ).apply,
            copied,
            "a plain copy of the batch",
        ),
        *saliency_cases(),
    ]


def saliency_cases():
    native = saliency_of(augment_tf.fine_grained_saliency)
    opencv = saliency_of(augment_tf.opencv_saliency)
    large = {"batch_size": 64, "image_size": 224}
    mix = [
        augment_tf.SaliencyMix(saliency=name).apply
        for name in ("fine_grained", "opencv")
    ]
    mix.append("the same with OpenCV")
    return [
        Case("saliency", native, opencv, "OpenCV", 8),
        Case("saliency, 224", native, opencv, "OpenCV", 4, **large),
        Case("SaliencyMix", *mix, 5),
        Case("SaliencyMix, 224", *mix, **large),
    ]


def saliency_of(function):
    return lambda batch, seed: {"images": function(batch["images"])}


def called(layer):
    """A Keras layer as its users call it; it draws its own seed."""
    return lambda batch, seed: layer(batch, training=True)


def copied(batch, seed):
    """Reads and writes every pixel once."""
    value = tf.cast(seed[0], tf.uint8)
    return {**batch, "images": tf.bitwise.bitwise_xor(batch["images"], value)}


def random_batch(batch_size, image_size):
    generator = np.random.default_rng(0)
    shape = (batch_size, image_size, image_size, 3)
    images = generator.integers(0, 256, shape, dtype=np.uint8)
    labels = generator.integers(0, CLASSES, batch_size)
    return {"images": images, "labels": tf.one_hot(labels, CLASSES)}


def images_per_second(dataset, batch_size, seconds):
    iterator = iter(dataset)
    for _ in range(WARM_UP_BATCHES):
        next(iterator)
    count, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds:
        next(iterator)
        count += batch_size
    return count / elapsed


def measure(case, repeats, seconds):
    """Both speeds, in turns, so that a busy machine slows both."""
    batch = random_batch(case.batch_size, case.image_size)
    contender = endless_batches(batch, case.contender)
    reference = endless_batches(batch, case.reference)
    speeds = [
        (
            images_per_second(contender, case.batch_size, seconds),
            images_per_second(reference, case.batch_size, seconds),
        )
        for _ in range(repeats)
    ]
    return summarize(case, *zip(*speeds, strict=True))


def summarize(case, contender, reference):
    speed = statistics.median(contender)
    ratios = [a / b for a, b in zip(contender, reference, strict=True)]
    ratio = statistics.median(ratios)
    claims = [
        measured >= claimed
        for measured, claimed in (
            (ratio, case.claimed_ratio),
            (speed, case.claimed_images_per_second),
        )
        if claimed is not None
    ]
    return {
        "name": case.name,
        "batch_size": case.batch_size,
        "image_size": case.image_size,
        "images_per_second": speed,
        "reference": case.reference_name,
        "reference_images_per_second": statistics.median(reference),
        "ratio": ratio,
        "claimed_ratio": case.claimed_ratio,
        "claimed_images_per_second": case.claimed_images_per_second,
        "claim_holds": any(claims) if claims else None,
        "images_per_second_repeats": contender,
        "reference_images_per_second_repeats": reference,
    }


def claim_text(result):
    parts = []
    if result["claimed_images_per_second"]:
        parts.append(f"{result['claimed_images_per_second']:,}/s")
    if result["claimed_ratio"]:
        parts.append(f"{result['claimed_ratio']:.2g} x")
    if not parts:
        return "-"
    return " or ".join(parts) + (": yes" if result["claim_holds"] else ": NO")


def print_table(results):
    headers = ("case", "images/s", "reference", "images/s", "ratio", "claim")
    rows = [
        (
            result["name"],
            f"{result['images_per_second']:,.0f}",
            result["reference"],
            f"{result['reference_images_per_second']:,.0f}",
            f"{result['ratio']:.2f}",
            claim_text(result),
        )
        for result in results
    ]
    widths = [max(map(len, column)) for column in zip(headers, *rows)]  # noqa: B905
    for row in (headers, *rows):
        cells = zip(row, widths, strict=True)
        print("  ".join(cell.ljust(width) for cell, width in cells).rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", type=Path, help="also write results here")
    parser.add_argument("--only", default="", help="part of a case's name")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.5)
    arguments = parser.parse_args()
    results = [
        measure(case, arguments.repeats, arguments.seconds)
        for case in cases()
        if arguments.only.lower() in case.name.lower()
    ]
    print_table(results)
    if arguments.json:
        setting = {
            "repeats": arguments.repeats,
            "seconds_per_repeat": arguments.seconds,
            "processors": os.cpu_count(),
            "machine": platform.machine(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        }
        report = json.dumps({"setting": setting, "cases": results}, indent=2)
        arguments.json.write_text(report + "\n")


if __name__ == "__main__":
    main()
