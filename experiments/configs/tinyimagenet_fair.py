"""Controlled comparison on Tiny ImageNet: only the augmentation differs.

A tenth of the 100,000 train images is held out and picks the best epoch, so
the val images only report.

Expected accuracy: not run yet. Published by others, not measured here, top-1 %
at 64 px with a small-image stem and all train images:
    ResNet-50, crop and flip, 100 epochs: 63.19
    OpenMixup, ResNet-18: vanilla 61.68, Mixup 63.86, CutMix 65.53,
    SaliencyMix 64.60
Hours, hardware: not run yet; docs/gpu_day.md estimates them.
Command:
    python main.py --study=tinyimagenet_fair --data_dir=DIR
"""

from experiments.configs.arms import ARMS, add_arm
from experiments.configs.schema import Experiment, Optimizer, Study, layer
from models.config import Model
from pipelines.config import Data

PREFIX = "tinyimagenet_fair_"

BASELINE = Experiment(
    name=f"{PREFIX}baseline",
    summary="controlled: pad-crop and flip only",
    data=Data(
        name="tiny_imagenet",
        selection="holdout",
        image_size=64,
        batch_size=128,
    ),
    model=Model(name="ResNet50", stem="small"),
    optimizer=Optimizer(
        name="sgd",
        learning_rate=0.1,
        momentum=0.9,
        nesterov=True,
        weight_decay=5e-4,
        schedule="cosine",
        warmup_epochs=5,
    ),
    augment=(layer("RandomCrop", padding=8), layer("RandomFlip")),
    epochs=100,
)


_ARMS = (
    "random_erase",
    "salmix",
    "salmix_per_batch",
    "salmix_float",
    "cutmix",
    "mixup",
    "randaugment",
    "gridmask",
    "augmix",
    "fouriermix",
)
EXPERIMENTS = (
    BASELINE,
    *(add_arm(BASELINE, PREFIX, ARMS[name]) for name in _ARMS),
)

STUDIES = (
    Study(
        name="tinyimagenet_fair",
        summary="one base recipe, only the augmentation differs",
        experiments=tuple(e.name for e in EXPERIMENTS),
        seeds=3,
        prefix=PREFIX,
    ),
)
