"""Speed of the published augmentation at 224 pixels, beside its peers.

    python benchmarks/published_chain.py --torch_python=DIR/bin/python

RandomResizedCrop, horizontal flip, ColorJitter of brightness, contrast and
saturation by 0.4, and lighting along the principal components of color, to
224 x 224 from images of 64 x 64 and of 224 x 224 that are decoded already.
Ours works on batches in tf.data, with TF_ENABLE_ONEDNN_OPTS=1 and 0; the
others on single images, in one process a core, whose results stay there: what
it costs to collect them is left out, in their favor. Albumentations returns
uint8. Torchvision, on images of Pillow, has no lighting: one addition stands
for it. In turns; medians over them.

The peers want an environment of their own; where it is missing, so are they:

    python -m venv DIR
    DIR/bin/pip install torch torchvision albumentations
"""

import argparse
import json
import multiprocessing
import os
import sys
from pathlib import Path

import numpy as np
from worker import Worker, in_turns, serve

ROOT = Path(__file__).parents[1]
SIZE = 224
BATCH = 64
SOURCES = (64, 224)
SIDES = (
    "this project",
    "this project, without oneDNN",
    "albumentations",
    "torchvision",
)
PEERS = SIDES[2:]
BLAS_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def our_images(images):
    """A function that augments about so many images."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    sys.path.insert(0, str(ROOT))
    from endless_batches import endless_batches

    import augment_tf

    chain = augment_tf.Sequence(
        [
            augment_tf.RandomResizedCrop(SIZE),
            augment_tf.RandomFlip(),
            augment_tf.ColorJitter(0.4, 0.4, 0.4),
            augment_tf.PCALighting(0.1),
        ]
    )
    augmented = iter(endless_batches(images, chain.apply))

    def augment(count):
        for _ in range(count // BATCH):
            next(augmented)

    return augment


def albumentations_chain():
    import albumentations
    import cv2

    cv2.setNumThreads(0)
    chain = albumentations.Compose(
        [
            albumentations.RandomResizedCrop((SIZE, SIZE)),
            albumentations.HorizontalFlip(),
            albumentations.ColorJitter(0.4, 0.4, 0.4, 0, p=1),
            albumentations.FancyPCA(0.1, p=1),
        ]
    )
    return lambda image: chain(image=image)


def torchvision_chain():
    import PIL.Image
    import torch
    from torchvision.transforms import v2

    torch.set_num_threads(1)
    chain = v2.Compose(
        [
            v2.RandomResizedCrop(SIZE),
            v2.RandomHorizontalFlip(),
            v2.ColorJitter(0.4, 0.4, 0.4),
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
        ]
    )
    shift = torch.full((3, 1, 1), 0.01)
    return lambda image: chain(PIL.Image.fromarray(image)) + shift


CHAINS = {
    "albumentations": albumentations_chain,
    "torchvision": torchvision_chain,
}


def peer_images(images, name):
    """The same with one process a core."""
    cores = os.cpu_count()
    pool = multiprocessing.Pool(cores, start_in_process, (name, images))

    def augment(count):
        pool.map(augment_in_process, [count // cores] * cores, chunksize=1)

    return augment


def start_in_process(name, images):
    global chain, pictures
    chain, pictures = CHAINS[name](), images


def augment_in_process(count):
    for number in range(count):
        chain(pictures[number % len(pictures)])


def work(name, source):
    shape = (BATCH, source, source, 3)
    images = np.random.default_rng(0).integers(0, 256, shape, "uint8")
    if name in PEERS:
        serve(peer_images(images, name))
    else:
        augment = our_images(images)
        # Batches in tf.data's buffers were made in the turns of others.
        serve(augment, lambda: augment(16 * BATCH))


def measure(source, names, repeats, seconds, torch_python):
    """A row for each side, their speeds taken in turns."""
    workers, counts = {}, {}
    for name in names:
        python = torch_python if name in PEERS else sys.executable
        onednn = "0" if name == SIDES[1] else "1"
        worker = workers[name] = Worker(
            [python, __file__, "--work", name, source],
            TF_ENABLE_ONEDNN_OPTS=onednn,
            # The peers have a process a core already.
            **(dict.fromkeys(BLAS_THREADS, "1") if name in PEERS else {}),
        )
        worker.seconds(16 * BATCH)
        speed = 16 * BATCH / worker.seconds(16 * BATCH)
        counts[name] = BATCH * max(1, round(speed * seconds / BATCH))
    found = in_turns(workers, counts, counts, repeats)
    return [{"source_size": source, **row} for row in found.values()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--torch_python", help="of an environment with peers")
    parser.add_argument("--json", type=Path, help="also write results here")
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        name, source = arguments.work
        return work(name, int(source))
    names = SIDES
    if arguments.torch_python is None:
        print("albumentations and torchvision are left out: no --torch_python")
        names = SIDES[:2]
    print("from  side                          images/s  ratio")
    results = []
    for source in SOURCES:
        rows = measure(
            source,
            names,
            arguments.repeats,
            arguments.seconds,
            arguments.torch_python,
        )
        for row in rows:
            print(
                f"{source:4}  {row['side']:28} "
                f"{row['images_per_second']:9,.0f} "
                f"{row['ours_is_faster_by']:6.2f}",
                flush=True,
            )
        results += rows
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")
    return None


if __name__ == "__main__":
    main()
