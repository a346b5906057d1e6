"""What a checkpoint costs a training, on a CPU.

    python benchmarks/checkpoints.py --network=ResNet50 --repeats=5

Trains some steps of a network at 64 pixels, with and without a checkpoint in
each step's shadow. Prints how long a checkpoint holds the training up, how
long it takes beside it and how much slower steps are meanwhile, and what that
is of an epoch of Tiny ImageNet's 100,000 images, after which one is written by
default. The exit code is 1 where that is 1 % or more.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
sys.path.insert(0, str(Path(__file__).parents[1]))

from experiments.runtime.startup import start_tensorflow

CLAIMED = 0.01
IMAGES, BATCH = 100_000, 128


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", default="ResNet50")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    start_tensorflow()
    import tensorflow as tf

    from experiments.configs.overrides import override
    from experiments.configs.registry import get_experiment
    from experiments.run_folder import RunFolder
    from experiments.runtime.background import Background
    from experiments.training.checkpoints import save_checkpoint
    from experiments.training.trainer import build_trainer

    experiment = override(
        get_experiment("tinyimagenet_fair_baseline"),
        [f"model.name={options.network}", "precision=float32"],
    )
    trainer = build_trainer(
        experiment,
        classes=200,
        steps_per_epoch=IMAGES // BATCH,
        augment=None,
        replicas=1,
        jit_compile=False,
    )
    side = experiment.data.image_size
    batch = (
        tf.zeros((BATCH, side, side, 3), tf.uint8),
        tf.one_hot([0] * BATCH, 200),
    )
    step = tf.data.Dataset.from_tensors(batch)

    def train():
        start = time.perf_counter()
        trainer.fit(step, shuffle=False, verbose=0)
        return time.perf_counter() - start

    train()
    alone, beside, held_up, written = [], [], [], []
    with tempfile.TemporaryDirectory() as path:
        folder, background = RunFolder(path), Background()
        for _ in range(options.repeats):
            alone.append(train())
            start = time.perf_counter()
            save_checkpoint(folder, trainer, 1, [], {}, background.do)
            held_up.append(time.perf_counter() - start)
            beside.append(train())
            background.wait()
            written.append(time.perf_counter() - start)
        size = sum(p.stat().st_size for p in Path(path).glob("checkpoint.npz"))
    plain, held, written = map(statistics.median, (alone, held_up, written))
    slower = max(statistics.median(beside) - plain, 0)
    epoch = plain * IMAGES / BATCH
    share = (held + slower) / epoch
    print(
        f"{options.network}, {side} px, batch {BATCH}: {BATCH / plain:,.0f} "
        f"images/s, an epoch {epoch:,.0f} s\n"
        f"a checkpoint of {size / 2**20:,.0f} MiB holds up {held:.2f} s, is "
        f"written after {written:.2f} s; the step beside it takes "
        f"{slower:.2f} s more\n"
        f"of an epoch: {share:.3%}, claimed under {CLAIMED:.0%}"
    )
    return int(share >= CLAIMED)


if __name__ == "__main__":
    sys.exit(main())
