"""Study of drawn shapes that takes minutes; its answer is known.

The project draws the images, see `pipelines.shapes`, and by construction:
- Random Erasing helps. Validation images lie under noise in part, and it
  shows the network such images in training.
- Flips hurt. Two pairs of classes are each other's mirror images, so that a
  flipped one has the wrong label.
- The placebo does nothing. It is the baseline with other random numbers: its
  seed 0 is the baseline's seed 1000.
For SaliencyMix the answer is not known beforehand.

On noise that it never saw, the baseline differs much from seed to seed; five
seeds are enough to tell that from the first two effects. Three may miss one.
`benchmarks/demo_truth.py` checks the verdicts, with other seeds and numerics,
and counts how often they are found: in 992 of 1,000 studies that draw 5 of 20
seeds of each arm.

Six easy classes and a small network say little about photographs.

Expected accuracy: none is published; only the verdicts above are known.
Hours: 0.02, measured: 80 seconds for all 25 runs on quiet cores.
Hardware: 2 cores of an AMD EPYC.
Command:
    make demo
"""

from dataclasses import replace

from experiments.configs.schema import Experiment, Optimizer, Study, layer
from models.config import Model
from pipelines.config import Data

BASELINE = Experiment(
    name="demo_baseline",
    summary="drawn shapes, small ResNet10, no augmentation",
    data=Data(
        name="shapes",
        val="occluded",
        image_size=32,
        batch_size=64,
        limit_val=1200,
    ),
    model=Model(name="ResNet10", stem="imagenet", width=8),
    optimizer=Optimizer(
        learning_rate=0.1,
        weight_decay=5e-4,
        schedule="cosine",
        warmup_epochs=1,
    ),
    epochs=2,
)


def _arm(name, summary, **changes):
    return replace(BASELINE, name=f"demo_{name}", summary=summary, **changes)


EXPERIMENTS = (
    BASELINE,
    _arm(
        "random_erase",
        "the same with Random Erasing, which helps",
        augment=(layer("RandomErasing", probability=0.5, fill="noise"),),
    ),
    _arm(
        "salmix",
        "the same with SaliencyMix",
        augment=(layer("SaliencyMix", alpha=1.0, probability=0.5),),
    ),
    _arm(
        "flip",
        "the same with flips, which hurt: arrows change sides",
        augment=(layer("RandomFlip"),),
    ),
    _arm(
        "placebo",
        "the baseline again, with other random numbers",
        seed_offset=1000,
    ),
)

STUDIES = (
    Study(
        name="demo",
        summary="what helps, what hurts and a placebo, on drawn shapes",
        experiments=tuple(e.name for e in EXPERIMENTS),
        seeds=5,
        prefix="demo_",
    ),
)
