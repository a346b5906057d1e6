"""The two published Tiny ImageNet runs, as they were.

Source: github.com/shilpa2301/
Data-Augmentation-using-using-Learning-based-Methods-on-TinyImagenet.
Published, on 5,000 val images on which the best epoch was also picked:

    SaliencyMix    best top-1 error 33.86 %, top-5 14.08 %
                   last epoch 34.74 / 15.86 %, loss 1.605
    Random Erasing best top-1 error 70.44 %
                   last epoch 77.06 / 55.38 %, loss 10.117

The two recipes differ in nearly everything, so the 37 points between them
say nothing about SaliencyMix; `tinyimagenet_fair` is the comparison that
does. Images, batches and settings are those of the published code, float32
among them; its random numbers are not.

Expected accuracy: the published figures above; not run to the end here yet.
Hours, hardware: not run yet; docs/gpu_day.md estimates them.
Command:
    python main.py --study=tinyimagenet_published --data_dir=DIR
"""

from experiments.configs.schema import Experiment, Optimizer, Study, layer
from models.config import Model
from pipelines.config import Data

# The Random Erasing run normalized with these; its README says ImageNet's.
_MEAN = (0.4802, 0.4481, 0.3975)
_STD = (0.2302, 0.2265, 0.2262)
# The published fill was written after normalization.
_FILL_AFTER_NORMALIZATION = (0.4914, 0.4822, 0.4465)
_FILL = tuple(
    255 * (mean + std * value)
    for mean, std, value in zip(
        _MEAN, _STD, _FILL_AFTER_NORMALIZATION, strict=True
    )
)

SALMIX = Experiment(
    name="tinyimagenet_salmix",
    summary="published SaliencyMix recipe: 224 px, SGD, 300 epochs",
    data=Data(
        name="tiny_imagenet",
        image_size=224,
        load_size=64,
        batch_size=256,
        drop_remainder=False,
        crop_fraction=224 / 256,
        train="train+holdout",
        val="published_validation",
    ),
    model=Model(
        name="ResNet50",
        initializer="he_normal_fan_out",
        head_initializer="linear_uniform",
        head_bias_initializer="linear_uniform",
    ),
    optimizer=Optimizer(
        name="sgd",
        learning_rate=0.1,
        momentum=0.9,
        nesterov=True,
        weight_decay=1e-4,
        schedule="step",
        step_epochs=75,
        step_factor=0.1,
    ),
    augment=(
        layer("RandomResizedCrop", scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3)),
        layer("RandomFlip"),
        layer("ColorJitter", brightness=0.4, contrast=0.4, saturation=0.4),
        layer("PCALighting", std=0.1),
        # What the official code computes; see the class's docstring.
        layer(
            "SaliencyMix",
            alpha=1.0,
            probability=1.0,
            box="per_batch",
            saliency="opencv_float",
        ),
    ),
    epochs=300,
    precision="float32",
    published="tinyimagenet_saliencymix",
)

RANDOM_ERASE = Experiment(
    name="tinyimagenet_random_erase",
    summary="published Random Erasing recipe: 64 px, Adam, half the images",
    data=Data(
        name="tiny_imagenet",
        image_size=64,
        batch_size=128,
        drop_remainder=False,
        train="published_train",
        val="published_validation",
    ),
    model=Model(
        name="ResNet50",
        initializer="glorot_uniform",
        head_initializer="glorot_uniform",
        head_bias_initializer="zeros",
        classes=1000,
        mean=_MEAN,
        std=_STD,
    ),
    optimizer=Optimizer(name="adam", learning_rate=1e-3),
    augment=(
        layer(
            "RandomErasing",
            probability=0.5,
            scale=(0.4, 0.4),
            ratio=(1.0, 1.0),
            fill="constant",
            value=_FILL,
        ),
    ),
    epochs=300,
    precision="float32",
    published="tinyimagenet_random_erase",
)

EXPERIMENTS = (SALMIX, RANDOM_ERASE)

STUDIES = (
    Study(
        name="tinyimagenet_published",
        summary="the two published recipes beside their published curves",
        experiments=tuple(e.name for e in EXPERIMENTS),
    ),
)
