"""Controlled comparison on Tiny ImageNet: only the augmentation differs.

Reference points others published at 64 px with a small-image stem, top-1
accuracy: OpenMixup, ResNet-18: vanilla 61.68, Mixup 63.86, CutMix 65.53,
SaliencyMix 64.60; ResNet-50 with crop and flip, 100 epochs: 63.19.
These train on all 100,000 images; here a tenth is held out, which picks the
best epoch, so that the val images only report. Not run to its end here yet.
"""

from dataclasses import replace

from experiments.configs.schema import Experiment, Optimizer, Study, layer
from models.config import Model
from pipelines.config import Data

BASELINE = Experiment(
    name="tinyimagenet_fair_baseline",
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


def _arm(name, summary, *layers):
    return replace(
        BASELINE,
        name=f"tinyimagenet_fair_{name}",
        summary=f"controlled: {summary}",
        augment=(*BASELINE.augment, *layers),
    )


EXPERIMENTS = (
    BASELINE,
    _arm("random_erase", "Random Erasing", layer("RandomErasing")),
    _arm("salmix", "SaliencyMix, a box per image", layer("SaliencyMix")),
    _arm(
        "salmix_per_batch",
        "SaliencyMix, a box per batch",
        layer("SaliencyMix", box="per_batch"),
    ),
    _arm(
        "salmix_float",
        "SaliencyMix with the official code's misread saliency",
        layer("SaliencyMix", saliency="opencv_float"),
    ),
    _arm("cutmix", "CutMix", layer("CutMix")),
    _arm("mixup", "MixUp", layer("MixUp")),
    _arm(
        "randaugment",
        "RandAugment of Keras",
        layer("keras/RandAugment", value_range=(0, 255)),
    ),
    _arm("gridmask", "GridMask of KerasCV", layer("keras_cv/GridMask")),
    _arm(
        "augmix",
        "AugMix of KerasCV",
        layer("keras_cv/AugMix", value_range=(0, 255)),
    ),
    _arm("fouriermix", "FourierMix of KerasCV", layer("keras_cv/FourierMix")),
)

STUDIES = (
    Study(
        name="tinyimagenet_fair",
        summary="one base recipe, only the augmentation differs",
        experiments=tuple(e.name for e in EXPERIMENTS),
        seeds=3,
    ),
)
