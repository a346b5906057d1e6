"""Speed of every layer beside its peers, on the same work.

    python benchmarks/layers.py --torch_python=DIR/bin/python --json=DIR/x.json

Each side augments batches of 64 random uint8 images of its own, in a process
of its own, in turns with the others; medians over the turns. Layers of this
project, of Keras and of KerasCV run in tf.data, those of KerasCV that cannot
be traced run eagerly. How the others work: benchmarks/torch_peers.py.
A side that lacks a layer, or cannot run it, has no row.

The peers of PyTorch's world want an environment of their own; where it is
missing, so are they:

    python -m venv DIR
    DIR/bin/pip install torch torchvision albumentations kornia

TF_ENABLE_ONEDNN_OPTS is set to 1, as main.py does, unless it is set already.
"""

import argparse
import ast
import json
import os
import sys
from pathlib import Path

import numpy as np
from worker import Worker, in_turns, serve

HERE = Path(__file__).parent
BATCH = 64
CLASSES = 200
# Batches that tf.data holds ready at most.
BUFFERED = 16
RANGE = {"value_range": (0, 255)}
# Options of our layers: each image is changed, as by the peers.
OURS = {
    "RandAugment": {},
    "TrivialAugmentWide": {},
    "AutoAugment": {},
    "AugMix": {},
    "AutoContrast": {},
    "Equalize": {},
    "Solarize": {},
    "Posterize": {},
    "Sharpness": {"factor": (1.7, 1.7)},
    "RandomGrayscale": {"probability": 1.0},
    "GaussianBlur": {"probability": 1.0},
    "RandomAffine": {"degrees": 15, "translate": 0.1, "scale": (0.9, 1.1)},
    "RandomFlip": {},
    "RandomCrop": {"padding": 4},
    "RandomResizedCrop": {},
    "ColorJitter": {},
    "RandomErasing": {"probability": 1.0},
    "Cutout": {},
    "GridMask": {},
    "CutMix": {},
    "MixUp": {"alpha": 0.2},
    "SaliencyMix": {},
}
KERAS = {
    "RandAugment": ("RandAugment", RANGE),
    "AugMix": ("AugMix", {**RANGE, "all_ops": False}),
    "AutoContrast": ("AutoContrast", RANGE),
    "Equalize": ("Equalization", RANGE),
    "Solarize": ("Solarization", {**RANGE, "threshold_factor": (0.5, 0.5)}),
    "Posterize": ("RandomPosterization", {**RANGE, "factor": 4}),
    "Sharpness": ("RandomSharpness", {**RANGE, "factor": (0.7, 0.7)}),
    "RandomGrayscale": ("RandomGrayscale", {"factor": 1.0}),
    "GaussianBlur": (
        "RandomGaussianBlur",
        {**RANGE, "kernel_size": 13, "sigma": (0.1, 2.0)},
    ),
    "RandomFlip": ("RandomFlip", {"mode": "horizontal"}),
    "ColorJitter": (
        "RandomColorJitter",
        {
            **RANGE,
            "brightness_factor": 0.4,
            "contrast_factor": 0.4,
            "saturation_factor": 0.4,
        },
    ),
    "RandomErasing": ("RandomErasing", {**RANGE, "factor": (1.0, 1.0)}),
    "CutMix": ("CutMix", {"factor": (1.0, 1.0)}),
    "MixUp": ("MixUp", {"alpha": 0.2}),
}
KERAS_CV = {
    "RandAugment": (
        "RandAugment",
        {**RANGE, "augmentations_per_image": 2, "magnitude": 0.3},
    ),
    "AugMix": ("AugMix", RANGE),
    "AutoContrast": ("AutoContrast", RANGE),
    "Equalize": ("Equalization", RANGE),
    "Solarize": ("Solarization", {**RANGE, "threshold_factor": 128}),
    "Posterize": ("Posterization", {**RANGE, "bits": 4}),
    "Sharpness": ("RandomSharpness", {**RANGE, "factor": (0.7, 0.7)}),
    "RandomGrayscale": ("Grayscale", {"output_channels": 3}),
    "GaussianBlur": ("RandomGaussianBlur", {"kernel_size": 13, "factor": 2.0}),
    "RandomFlip": ("RandomFlip", {}),
    "ColorJitter": (
        "RandomColorJitter",
        {
            **RANGE,
            "brightness_factor": 0.4,
            "contrast_factor": 0.4,
            "saturation_factor": 0.4,
            "hue_factor": 0.0,
        },
    ),
    "Cutout": ("RandomCutout", {"height_factor": 0.5, "width_factor": 0.5}),
    "GridMask": ("GridMask", {}),
    "CutMix": ("CutMix", {}),
    "MixUp": ("MixUp", {"alpha": 0.2}),
}
TENSORFLOW = ("this project", "keras", "keras_cv")
TORCH = ("torchvision", "torchvision, batch", "albumentations", "kornia")
# Around the table in the document.
MARK = "<!-- speed -->"
# For sides that have a process a core already.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
# They cannot be traced.
EAGER = {("keras_cv", "RandAugment"), ("keras_cv", "AugMix")}


def make_layer(side, name, size):
    """A function of (batch, seed)."""
    if side == "this project":
        import augment_tf

        options = dict(OURS[name])
        if name == "RandomResizedCrop":
            options["size"] = size
        return getattr(augment_tf, name)(**options).apply
    import importlib

    layers = importlib.import_module(side).layers
    class_name, options = (KERAS if side == "keras" else KERAS_CV)[name]
    layer = getattr(layers, class_name)(**options)
    return lambda batch, seed: layer(batch, training=True)


def tensorflow_images(side, name, size):
    """A function that augments about so many images."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    sys.path.insert(0, str(HERE.parent))
    import tensorflow as tf
    from endless_batches import endless_batches

    layer = make_layer(side, name, size)
    generator = np.random.default_rng(0)
    shape = (BATCH, size, size, 3)
    batch = {"images": generator.integers(0, 256, shape, "uint8")}
    if name in ("CutMix", "MixUp", "SaliencyMix"):
        labels = np.arange(BATCH) % CLASSES
        batch["labels"] = np.eye(CLASSES, dtype="float32")[labels]
    if side == "keras_cv":
        batch["images"] = batch["images"].astype("float32")
    if (side, name) in EAGER:
        batch = tf.nest.map_structure(tf.constant, batch)

        def augment(count):
            for _ in range(count // BATCH):
                layer(batch, None)

        return augment
    augmented = iter(endless_batches(batch, layer))

    def augment(count):
        for _ in range(count // BATCH):
            next(augmented)

    return augment


def sides_of(name, with_torch):
    """The sides that have such a layer, ours first."""
    sides = ["this project"]
    sides += ["keras"] * (name in KERAS) + ["keras_cv"] * (name in KERAS_CV)
    if with_torch:
        # Read, not imported: its libraries are not here.
        source = ast.parse((HERE / "torch_peers.py").read_text())
        names = {
            function.name: {
                node.value
                for node in ast.walk(function)
                if isinstance(node, ast.Constant)
            }
            for function in source.body
            if isinstance(function, ast.FunctionDef)
        }
        names["torchvision_batch"] |= names["torchvision"]
        sides += [
            side for side in TORCH if name in names[side.replace(", ", "_")]
        ]
    return sides


def measure(name, size, repeats, seconds, torch_python):
    """A row for each side."""
    workers = {}
    for side in sides_of(name, torch_python):
        if side in TENSORFLOW:
            command = [sys.executable, __file__, "--work", side, name, size]
        else:
            script = HERE / "torch_peers.py"
            command = [torch_python, script, side, name, size]
        single = side in ("torchvision", "albumentations")
        workers[side] = Worker(command, **(ONE_THREAD if single else {}))
    counts = {}
    for side, worker in list(workers.items()):
        try:
            worker.seconds(2 * BATCH)
            speed = 2 * BATCH / worker.seconds(2 * BATCH)
            count = max(1, round(speed * seconds / 4 / BATCH)) * BATCH
            speed = count / worker.seconds(count)
        except RuntimeError:
            print(f"{name}, {size} px: {side} cannot", flush=True)
            del workers[side]
            continue
        counts[side] = max(1, round(speed * seconds / BATCH)) * BATCH
    found = in_turns(workers, counts, counts, repeats)
    return [{"layer": name, "size": size, **row} for row in found.values()]


def as_table(results):
    """Images/s of all sides, in Markdown, a row for each layer and size."""
    sides = (*TENSORFLOW, *TORCH)
    speeds = {}
    for row in results:
        speeds.setdefault((row["layer"], row["size"]), {})[row["side"]] = row
    lines = [f"| | px | {' | '.join(sides)} |", "|---" + 8 * "|---:" + "|"]
    for (layer, size), rows in speeds.items():
        cells = [
            f"{rows[side]['images_per_second']:,.0f}" if side in rows else ""
            for side in sides
        ]
        lines.append(f"| {layer} | {size} | {' | '.join(cells)} |")
    return "\n".join(lines)


def write_table(path, results):
    """Between the first two marks of a document."""
    before, _, after = path.read_text().split(MARK, maxsplit=2)
    parts = (before, f"\n{as_table(results)}\n", after)
    path.write_text(MARK.join(parts))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="*", default=[64, 224])
    parser.add_argument("--only", nargs="*", default=list(OURS))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--torch_python", help="of an environment with peers")
    parser.add_argument("--json", type=Path, help="also write results here")
    parser.add_argument("--document", type=Path, help="has a table of them")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        side, name, size = arguments.work
        augment = tensorflow_images(side, name, int(size))
        # What waits in tf.data's buffers was made in the turns of others.
        buffered = 0 if (side, name) in EAGER else BUFFERED
        return serve(augment, lambda: augment(buffered * BATCH))
    if arguments.torch_python is None:
        print(f"{', '.join(TORCH)} are left out: no --torch_python")
    results = []
    for size in arguments.sizes:
        for name in arguments.only:
            rows = measure(
                name,
                size,
                arguments.repeats,
                arguments.seconds,
                arguments.torch_python,
            )
            for row in rows:
                print(
                    f"{size:4}  {name:18}  {row['side']:18} "
                    f"{row['images_per_second']:10,.0f} "
                    f"{row['ours_is_faster_by']:8.2f}",
                    flush=True,
                )
            results += rows
            if arguments.json:
                text = json.dumps(results, indent=2)
                arguments.json.write_text(text + "\n")
            if arguments.document:
                write_table(arguments.document, results)
    return None


if __name__ == "__main__":
    main()
