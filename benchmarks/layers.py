"""Speed of every layer beside its peers, on the same work.

    python benchmarks/layers.py --torch_python=DIR/bin/python --json=DIR/x.json

Each side augments batches of random uint8 images in a process of its own, in
turns with the others; medians over the turns. Layers of this project, of
Keras and of KerasCV run in tf.data. Layers of KerasCV that cannot be traced
run eagerly. benchmarks/torch_peers.py describes the other sides. A side that
lacks a layer, or cannot run it, has no row.

`--opencv` compares saliency maps and SaliencyMix with OpenCV:

    python benchmarks/layers.py --opencv --only saliency SaliencyMix \\
        --sizes 64 --batch_size 256

The peers of PyTorch's world need an environment of their own. They are left
out without it:

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
# The batch of benchmarks/torch_peers.py.
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
    "RandomHue": {},
    "RandomChannelShift": {},
    "ChannelShuffle": {},
    "PCALighting": {},
    "RandomErasing": {"probability": 1.0},
    "Cutout": {},
    "GridMask": {},
    "GridMask, turned": {"rotation": 45.0},
    "CutMix": {},
    "MixUp": {"alpha": 0.2},
    "ResizeMix": {},
    "FMix": {},
    "SaliencyMix": {},
}
# Compared only with `--opencv`: the maps alone, without a layer.
OPENCV = ("saliency", "SaliencyMix")
MIXING = ("CutMix", "MixUp", "ResizeMix", "FMix", "SaliencyMix")
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
    "RandomHue": ("RandomHue", {**RANGE, "factor": 0.2}),
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
    "RandomHue": ("RandomHue", {**RANGE, "factor": 0.2}),
    "RandomChannelShift": ("RandomChannelShift", {**RANGE, "factor": 0.1}),
    "ChannelShuffle": ("ChannelShuffle", {}),
    "Cutout": ("RandomCutout", {"height_factor": 0.5, "width_factor": 0.5}),
    "GridMask": ("GridMask", {}),
    "GridMask, turned": ("GridMask", {"rotation_factor": 0.125}),
    "CutMix": ("CutMix", {}),
    "MixUp": ("MixUp", {"alpha": 0.2}),
}
TENSORFLOW = ("this project", "keras", "keras_cv", "opencv")
TORCH = ("torchvision", "torchvision, batch", "albumentations", "kornia")
# Around the table in the document.
MARK = "<!-- speed -->"
# For sides that have a process a core already.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
# They cannot be traced.
EAGER = {("keras_cv", "RandAugment"), ("keras_cv", "AugMix")}


def make_layer(side, name, size):
    """A function of (batch, seed)."""
    import augment_tf

    if name == "saliency":
        function = augment_tf.fine_grained_saliency
        if side == "opencv":
            function = augment_tf.opencv_saliency
        return lambda batch, seed: function(batch["images"])
    if side == "opencv":
        return augment_tf.SaliencyMix(saliency="opencv").apply
    if side == "this project":
        options = dict(OURS[name])
        if name == "RandomResizedCrop":
            options["size"] = size
        return getattr(augment_tf, name.split(",")[0])(**options).apply
    import importlib

    layers = importlib.import_module(side).layers
    class_name, options = (KERAS if side == "keras" else KERAS_CV)[name]
    layer = getattr(layers, class_name)(**options)
    return lambda batch, seed: layer(batch, training=True)


def tensorflow_images(side, name, size, batch_size):
    """A function that augments about `count` images."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    sys.path.insert(0, str(HERE.parent))
    import tensorflow as tf
    from endless_batches import endless_batches

    layer = make_layer(side, name, size)
    generator = np.random.default_rng(0)
    shape = (batch_size, size, size, 3)
    batch = {"images": generator.integers(0, 256, shape, "uint8")}
    if name in MIXING:
        labels = np.arange(batch_size) % CLASSES
        batch["labels"] = np.eye(CLASSES, dtype="float32")[labels]
    if side == "keras_cv":
        batch["images"] = batch["images"].astype("float32")
    if (side, name) in EAGER:
        batch = tf.nest.map_structure(tf.constant, batch)

        def augment(count):
            for _ in range(count // batch_size):
                layer(batch, None)

        return augment
    augmented = iter(endless_batches(batch, layer))

    def augment(count):
        for _ in range(count // batch_size):
            next(augmented)

    return augment


def list_sides(name, with_torch, with_opencv):
    """Sides that have such a layer, this project first."""
    sides = ["this project"]
    sides += ["keras"] * (name in KERAS) + ["keras_cv"] * (name in KERAS_CV)
    sides += ["opencv"] * (with_opencv and name in OPENCV)
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


def measure(name, size, arguments):
    """A row for each side."""
    workers = {}
    batch_size = arguments.batch_size
    for side in list_sides(name, arguments.torch_python, arguments.opencv):
        if side in TENSORFLOW:
            work = ["--work", side, name, size, "--batch_size", batch_size]
            command = [sys.executable, __file__, *work]
        else:
            script = HERE / "torch_peers.py"
            command = [arguments.torch_python, script, side, name, size]
        single = side in ("torchvision", "albumentations")
        workers[side] = Worker(command, **(ONE_THREAD if single else {}))
    counts = {}
    for side, worker in list(workers.items()):
        try:
            worker.seconds(2 * batch_size)
            speed = 2 * batch_size / worker.seconds(2 * batch_size)
            count = whole_batches(speed * arguments.seconds / 4, batch_size)
            speed = count / worker.seconds(count)
        except RuntimeError:
            print(f"{name}, {size} px: {side} cannot", flush=True)
            del workers[side]
            continue
        counts[side] = whole_batches(speed * arguments.seconds, batch_size)
    found = in_turns(workers, counts, counts, arguments.repeats)
    return [{"layer": name, "size": size, **row} for row in found.values()]


def whole_batches(images, batch_size):
    return max(1, round(images / batch_size)) * batch_size


def as_table(results):
    """Images/s of all sides, in Markdown, a row for each layer and size."""
    measured = {row["side"] for row in results}
    sides = [*TENSORFLOW[:3], *TORCH]
    sides += ["opencv"] * ("opencv" in measured)
    speeds = {}
    for row in results:
        speeds.setdefault((row["layer"], row["size"]), {})[row["side"]] = row
    lines = [
        f"| | px | {' | '.join(sides)} |",
        "|---" + (1 + len(sides)) * "|---:" + "|",
    ]
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
    parser.add_argument("--batch_size", type=int, default=BATCH)
    parser.add_argument("--opencv", action="store_true", help="as a peer, too")
    parser.add_argument("--torch_python", help="of an environment with peers")
    parser.add_argument("--json", type=Path, help="also write results here")
    parser.add_argument("--document", type=Path, help="has a table of them")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        side, name, size = arguments.work
        batch_size = arguments.batch_size
        augment = tensorflow_images(side, name, int(size), batch_size)
        # Batches in tf.data's buffers were made in the turns of others.
        buffered = 0 if (side, name) in EAGER else BUFFERED
        return serve(augment, lambda: augment(buffered * batch_size))
    if arguments.torch_python and arguments.batch_size != BATCH:
        parser.error(f"--torch_python works with --batch_size={BATCH} alone")
    if "saliency" in arguments.only and not arguments.opencv:
        parser.error("saliency is compared with OpenCV only: add --opencv")
    if arguments.torch_python is None:
        print(f"{', '.join(TORCH)} are left out: no --torch_python")
    results = []
    for size in arguments.sizes:
        for name in arguments.only:
            rows = measure(name, size, arguments)
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
