"""Controlled comparison on any images: a recipe that any arm can join.

Recipes differ by the size of the problem. None of them was tuned for an arm;
they are the ones that ResNets are commonly trained with: SGD with Nesterov
momentum, cosine decay after a warm-up, weight decay, crops and flips.

`laptop` is the default. It needs no GPU: the network of `tinyimagenet_pocket`,
trained for 50 passes over the images in 10 epochs, 300 steps at least.

Folds, batch size, learning rate, seeds and the steps of `laptop` follow from
the images alone, by the rules of `experiments.planning.fitting`. What stands
here is for 128 images a batch. `--set` changes each of them.

Expected accuracy: depends on the images; none is published for these recipes.
Hours: of `laptop`, half an hour for the 50 runs on 140 photographs, by --plan
beside other work; of the others, not run yet. `large` needs a GPU.
Hardware: one core of an AMD EPYC.
Commands:
    python main.py --study=fair --data_dir=DIR
    python main.py --study=fair --recipe=large --data_dir=DIR
"""

from dataclasses import replace

from experiments.configs.arms import ARMS, add_arm
from experiments.configs.schema import Experiment, Optimizer, Study, layer
from models.config import Model
from pipelines.config import Data

PREFIX = "fair_"

LAPTOP = Experiment(
    name="fair_laptop",
    summary="narrow ResNet18 at 64 px, for a CPU",
    data=Data(name="image_folder", image_size=64, batch_size=128),
    model=Model(name="ResNet18", width=16),
    optimizer=Optimizer(
        learning_rate=0.1,
        weight_decay=5e-4,
        schedule="cosine",
        warmup_epochs=0.5,
    ),
    augment=(layer("RandomCrop", padding=8), layer("RandomFlip")),
    epochs=10,
)

SMALL = Experiment(
    name="fair_small",
    summary="ResNet18 at 32 px (or up to 64: --set data.image_size=64)",
    data=Data(name="image_folder", image_size=32, batch_size=128),
    model=Model(name="ResNet18", stem="small"),
    optimizer=Optimizer(
        learning_rate=0.1,
        weight_decay=5e-4,
        schedule="cosine",
        warmup_epochs=5,
    ),
    augment=(layer("RandomCrop", padding=4), layer("RandomFlip")),
    epochs=100,
)

STANDARD = replace(
    SMALL,
    name="fair_standard",
    summary="ResNet50 at 64 px",
    data=replace(SMALL.data, image_size=64),
    model=Model(name="ResNet50", stem="small"),
    augment=(layer("RandomCrop", padding=8), layer("RandomFlip")),
)

LARGE = replace(
    SMALL,
    name="fair_large",
    summary="ResNet50 at 224 px, for which a GPU is needed",
    data=replace(
        SMALL.data, image_size=224, load_size=256, crop_fraction=224 / 256
    ),
    model=Model(name="ResNet50"),
    optimizer=replace(SMALL.optimizer, learning_rate=0.05, weight_decay=1e-4),
    augment=(layer("RandomResizedCrop"), layer("RandomFlip")),
)

RECIPES = {
    recipe.name.removeprefix(PREFIX): recipe
    for recipe in (LAPTOP, SMALL, STANDARD, LARGE)
}
_ARMS = ("baseline", "random_erase", "cutmix", "mixup", "salmix")

EXPERIMENTS = tuple(
    add_arm(recipe, f"{recipe.name}_", ARMS[name])
    for recipe in RECIPES.values()
    for name in _ARMS
)

STUDIES = tuple(
    Study(
        name=recipe.name,
        summary=f"any images, any arms: {recipe.summary}",
        experiments=tuple(f"{recipe.name}_{name}" for name in _ARMS),
        seeds=5,
        prefix=f"{recipe.name}_",
    )
    for recipe in RECIPES.values()
)
