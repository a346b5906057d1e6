"""Peak memory of the saliency maps of one large batch.

    python benchmarks/saliency_memory.py --size=224 --batch_size=256

Computes the maps through tf.data, after a batch of one image has brought
everything else into memory, and prints by how much the peak of the process
has grown since. The images and the maps themselves are counted.
"""

import argparse
import os
import resource
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import tensorflow as tf

import augment_tf


def peak():
    """The largest memory that the process has had so far, in MiB."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return used / 2**20 if sys.platform == "darwin" else used / 2**10


def compute(batch_size, size):
    shape = (batch_size, size, size, 3)
    dataset = tf.data.Dataset.range(1).map(
        lambda seed: tf.cast(
            tf.random.stateless_uniform(
                shape, (seed, seed), 0, 256, dtype=tf.int32
            ),
            tf.uint8,
        )
    )
    for maps in dataset.map(augment_tf.fine_grained_saliency):
        assert maps.shape == shape[:3]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch_size", type=int, default=256)
    arguments = parser.parse_args()
    compute(1, arguments.size)
    before = peak()
    compute(arguments.batch_size, arguments.size)
    print(
        f"{arguments.batch_size} images of {arguments.size}x{arguments.size}: "
        f"{peak() - before:.0f} MiB"
    )


if __name__ == "__main__":
    main()
