r"""Controlled comparison on a part of Tiny ImageNet that a laptop can train.

20 of the 200 classes, spread evenly, a narrow ResNet18 and 50 passes over the
first 250 train images of each class: a run sees 5,000 images, a quarter of a
million times. 50 validation images a class are too few to tell small
differences, so all 300 images a class that are not trained on are evaluated:
validation, holdout and the rest of train. None of them picks an epoch.

An epoch here is 196 steps, 5 passes, so that evaluating 6,000 images costs less
than training does.

Expected accuracy: measured with 5 seeds, top-1 error 48.6 % for the baseline
and 45.4 % for SaliencyMix, which lowers it by 3.2 points (95 % interval 1.8 to
4.7); with the misread saliency by 2.1 (0.6 to 3.6). Random Erasing, CutMix and
MixUp are not told apart from the baseline. Source: docs/studies.
Hours: 1.5 for all 35 runs beside other work; a run takes about 3 minutes of
one core that it has to itself.
Hardware: 2 cores of an AMD EPYC.
Commands:
    python main.py --study=tinyimagenet_pocket --data_dir=DIR --threads=1 \
        --shard=1/2 &
    python main.py --study=tinyimagenet_pocket --data_dir=DIR --threads=1 \
        --shard=2/2
    python main.py --study=tinyimagenet_pocket --data_dir=DIR --threads=1
"""

from dataclasses import replace

from experiments.configs import tinyimagenet_fair
from experiments.configs.arms import ARMS, add_arm
from experiments.configs.schema import Study, layer
from models.config import Model

PREFIX = "tinyimagenet_pocket_"

BASELINE = replace(
    tinyimagenet_fair.BASELINE,
    name=f"{PREFIX}baseline",
    data=replace(
        tinyimagenet_fair.BASELINE.data,
        train="published_train",
        val="train[50000:]+holdout+validation",
        selection=None,
        classes=20,
        steps_per_epoch=196,
    ),
    model=Model(name="ResNet18", width=16),
    optimizer=replace(tinyimagenet_fair.BASELINE.optimizer, warmup_epochs=0.5),
    augment=(layer("RandomCrop", padding=8), layer("RandomFlip")),
    epochs=10,
)

_ARMS = (
    "random_erase",
    "cutmix",
    "mixup",
    "salmix",
    "salmix_float",
    "placebo",
)
EXPERIMENTS = (
    BASELINE,
    *(add_arm(BASELINE, PREFIX, ARMS[name]) for name in _ARMS),
)

STUDIES = (
    Study(
        name="tinyimagenet_pocket",
        summary="20 classes, a narrow ResNet18: an hour or two on a laptop",
        experiments=tuple(e.name for e in EXPERIMENTS),
        seeds=5,
        prefix=PREFIX,
    ),
)
