"""Training speed of the networks, side by side with PyTorch.

    python benchmarks/training.py --torch_python=DIR/bin/python

Forward, backward and SGD with momentum and weight decay, in float32, on one
batch of random images that stays in memory; a process for each side, timed in
turns. Ours is the step that experiments train with, metrics and op
determinism included; PyTorch's is torchvision's network, with its tensors in
the default layout and in channels_last. The first step is counted from the
start of the process: imports, building, tracing.

PyTorch wants an environment of its own; where it is missing, so are its rows:

    python -m venv DIR
    DIR/bin/pip install torch torchvision

TF_ENABLE_ONEDNN_OPTS is set to 1, as main.py does, unless it is set already;
with 0 the table shows what that is worth. ONEDNN_MAX_CPU_ISA=AVX2 shows both
sides as on a processor without AVX-512.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from worker import Worker, in_turns, serve

ROOT = Path(__file__).parents[1]
CLASSES = 200
BATCH_SIZES = {64: 128, 224: 32}
SIDES = {
    "this project": None,
    "PyTorch": False,
    "PyTorch, channels_last": True,
}


def our_steps(network, image_size, batch_size):
    """A function that trains so many steps."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    sys.path.insert(0, str(ROOT))
    import keras
    import numpy as np
    import tensorflow as tf

    import models
    from experiments.training.optimizers import CoupledSGD
    from experiments.training.trainer import Trainer, compile_trainer
    from pipelines.batches import disable_autotune

    tf.get_logger().setLevel("ERROR")
    keras.utils.set_random_seed(0)
    tf.config.experimental.enable_op_determinism()
    trainer = Trainer(
        getattr(models, network)(
            input_shape=(image_size, image_size, 3), classes=CLASSES
        )
    )
    optimizer = CoupledSGD(0.1, coupled_weight_decay=1e-4)
    compile_trainer(trainer, optimizer, CLASSES, jit_compile=False)
    shape = (batch_size, image_size, image_size, 3)
    images = np.random.default_rng(0).integers(0, 256, shape, "uint8")
    labels = tf.one_hot(np.arange(batch_size) % CLASSES, CLASSES)
    batches = tf.data.Dataset.from_tensors((images, labels)).repeat()
    batches = disable_autotune(batches)

    def train(steps):
        trainer.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0)

    return train


def torch_steps(network, image_size, batch_size, channels_last):
    import torch
    import torchvision

    torch.manual_seed(0)
    model = getattr(torchvision.models, network.lower())(num_classes=CLASSES)
    images = torch.randn(batch_size, 3, image_size, image_size)
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    labels = torch.arange(batch_size) % CLASSES
    optimizer = torch.optim.SGD(
        model.parameters(), 0.1, 0.9, weight_decay=1e-4, nesterov=True
    )

    def train(steps):
        for _ in range(steps):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
        loss.item()

    return train


def work(name, network, image_size):
    batch_size = BATCH_SIZES[image_size]
    if SIDES[name] is None:
        train = our_steps(network, image_size, batch_size)
    else:
        train = torch_steps(network, image_size, batch_size, SIDES[name])
    serve(train)


def measure(network, image_size, names, repeats, steps, torch_python):
    """A row for each side, their speeds taken in turns."""
    workers, first_steps = {}, {}
    for name in names:
        python = sys.executable if SIDES[name] is None else torch_python
        started = time.perf_counter()
        worker = Worker([python, __file__, "--work", name, network, image_size])
        worker.seconds(1)
        first_steps[name] = time.perf_counter() - started
        worker.seconds(1)
        workers[name] = worker
    images = steps * BATCH_SIZES[image_size]
    found = in_turns(
        workers,
        dict.fromkeys(names, steps),
        dict.fromkeys(names, images),
        repeats,
    )
    return [
        {
            "network": network,
            "image_size": image_size,
            "batch_size": BATCH_SIZES[image_size],
            **row,
            "first_step_seconds": first_steps[name],
        }
        for name, row in found.items()
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--networks", nargs="+", default=["ResNet18"])
    parser.add_argument(
        "--image_sizes", nargs="+", type=int, default=[64], choices=BATCH_SIZES
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--torch_python", help="of an environment with torch")
    parser.add_argument("--json", type=Path, help="also write results here")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        name, network, image_size = arguments.work
        return work(name, network, int(image_size))
    names = list(SIDES)
    if arguments.torch_python is None:
        print("PyTorch is left out: no --torch_python")
        names = names[:1]
    print("network   size  side                    images/s  ratio  first step")
    results = []
    for network in arguments.networks:
        for image_size in arguments.image_sizes:
            rows = measure(
                network,
                image_size,
                names,
                arguments.repeats,
                arguments.steps,
                arguments.torch_python,
            )
            for row in rows:
                print(
                    f"{network:9} {image_size:4}  {row['side']:23} "
                    f"{row['images_per_second']:8.1f} "
                    f"{row['ours_is_faster_by']:6.2f} "
                    f"{row['first_step_seconds']:9.1f} s",
                    flush=True,
                )
            results += rows
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")
    return None


if __name__ == "__main__":
    main()
