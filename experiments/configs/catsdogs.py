r"""Cats and dogs with AugLy: as published, and controlled.

Published, trained once on each set and evaluated on 28 images, precision,
recall and F1 of dogs: original 0.5714 for all three and for accuracy; augmented
0.5789, 0.7857, 0.6667 and accuracy 0.6071. One image is 3.6 points.

`catsdogs` repeats that: 112 photographs, or these and three AugLy variations
of each, for 10 epochs either way. So the augmented arm takes four times as
many gradient steps, and any difference may be theirs.

Measured, seed 0, with Keras's Adam and head biases that start at zero:
original precision 0.6667, recall 0.5714, F1 0.6154, accuracy 0.6429; augmented
0.6190, 0.9286, 0.7429 and 0.6786. One image more, as published; the 95 %
interval of the difference is -25 to +29 points. On 2 CPU cores 6 to 7 s a step
of 32 images, 35 minutes for both arms beside other work; `--set
data.image_size=64` is about ten times as fast. Command:
    python main.py --study=catsdogs --data_dir=DIR

`catsdogs_fair` gives all arms the same number of steps and evaluates each of
them on all 140 images: seed N is trained without fold N % 5 of the shuffle
N // 5 and evaluated on it, so five seeds cover every image once, and fifteen
three times over.

Expected accuracy: measured at 64 px with 15 seeds, 54.0 % without AugLy, 54.8 %
with AugLy in files, 52.1 % with AugLy at each step; the differences cannot be
told from none. Not run at 224 px yet. Source: docs/studies.
Hours: 1.5 for all 45 runs at 64 px, beside other work.
Hardware: one core of an AMD EPYC.
Command:
    python main.py --study=catsdogs_fair --set data.image_size=64 --seeds=15 \
        --data_dir=DIR --threads=1
"""

from dataclasses import replace

from experiments.configs.schema import Experiment, Optimizer, Study, layer
from models.config import Model
from pipelines.augly.operations import SLIGHT
from pipelines.config import Data, Offline

FOLDS = 5
REPETITIONS = 3

ORIGINAL = Experiment(
    name="catsdogs_original",
    summary="published recipe: 224 px, Adam, 10 epochs, no augmentation",
    data=Data(
        name="catsdogs",
        train="train",
        val="test",
        image_size=224,
        batch_size=32,
        drop_remainder=False,
    ),
    model=Model(name="ResNet50", head_bias_initializer="linear_uniform"),
    optimizer=Optimizer(name="adam", learning_rate=1e-3),
    epochs=10,
    precision="float32",
    positive_class="dogs",
    published="catsdogs_original",
)

AUGLY = replace(
    ORIGINAL,
    name="catsdogs_augly",
    summary="the same with three AugLy variations of each image, in files",
    data=replace(
        ORIGINAL.data,
        train="train_aug",
        offline=Offline(count=3, seed=0, operations=SLIGHT),
    ),
    published="catsdogs_augly",
)

FAIR_ORIGINAL = replace(
    ORIGINAL,
    name="catsdogs_fair_original",
    summary="controlled: no augmentation",
    # 10 epochs of the 448 augmented images, for every arm.
    data=replace(
        ORIGINAL.data,
        train="all",
        val="all",
        folds=FOLDS,
        drop_remainder=True,
        steps_per_epoch=14,
    ),
    published=None,
)

FAIR_AUGLY = replace(
    FAIR_ORIGINAL,
    name="catsdogs_fair_augly",
    summary="controlled: three AugLy variations of each image, in files",
    data=replace(
        FAIR_ORIGINAL.data, train="all_aug", offline=AUGLY.data.offline
    ),
)

FAIR_AUGLY_ONLINE = replace(
    FAIR_ORIGINAL,
    name="catsdogs_fair_augly_online",
    summary="controlled: AugLy in the input pipeline, new at each step",
    augment=(layer("AugLy", operations=SLIGHT),),
)

EXPERIMENTS = (ORIGINAL, AUGLY, FAIR_ORIGINAL, FAIR_AUGLY, FAIR_AUGLY_ONLINE)

STUDIES = (
    Study(
        name="catsdogs",
        summary="the published recipes beside their published figures",
        experiments=(ORIGINAL.name, AUGLY.name),
    ),
    Study(
        name="catsdogs_fair",
        summary="the same steps in all arms, each evaluated on all 140 images",
        experiments=(
            FAIR_ORIGINAL.name,
            FAIR_AUGLY.name,
            FAIR_AUGLY_ONLINE.name,
        ),
        seeds=FOLDS * REPETITIONS,
        prefix="catsdogs_fair_",
    ),
)
