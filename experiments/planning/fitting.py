"""Numbers of the fair recipes that follow from the images alone.

The recipe `laptop` trains long enough to fit the plain training images, those
without augmentation. Measured with its baseline and one seed, error on them:

    images              train  batch  passes: error
    drawn, 4 x 60         192     16  25: 0.0 %, 50: 0.0 %
    cats and dogs, 140    112     16  29: 5.4 %, 50: 0.0 %
    Tiny ImageNet, 500    400     32  32: 4.3 %, 50: 0.0 %
    the same, 5,000     4,000    128  25: 20.6 %, 50: 1.3 %

The learning rate of 0.1 is that of 128 images a batch. With 16 images it left
an error of 24.1 % on the cats and dogs after 57 passes, and 0.035 left none.
`benchmarks/laptop_steps.py` measures all that.
"""

import math
from dataclasses import replace

from experiments.configs.fair import LAPTOP, PREFIX
from experiments.formatting import counted
from experiments.planning.image_counts import ImageCounter
from pipelines.loading import FOLDERS

# Below so many images a fifth of them is too few to evaluate on.
FEW_IMAGES = 2000
FOLDS = 5
# With folds, each image is evaluated by two seeds: five seeds, which evaluate
# different images, have few degrees of freedom.
SEEDS_OF_FOLDS = 10
BATCH_SIZES = (16, 128)
# A batch has this share of the training images at most.
BATCHES = 8
# Steps of the recipe `laptop`.
PASSES = 50
LEAST_STEPS = 300


def fit_arms(arms, given, location, fetch, show):
    """Fits the arms of a fair study to their images and prints the numbers.

    Args:
        arms: `experiments.configs.schema.Experiment`s. Those of other studies
            are returned as they are.
        given: Fields that the user has set, such as {"data.batch_size"}; they
            stay.
        location: A `pipelines.location.Location`.
        fetch: Whether data that is not there is downloaded.
        show: Function that the line goes to.

    Returns:
        A list of `Experiment`s.

    Raises:
        ConfigError, DataError: As `image_counts.ImageCounter`.
    """
    if not arms[0].name.startswith(PREFIX):
        return arms
    counter = ImageCounter(arms[0].data, location, fetch)
    arms = [fit_to_images(arm, given, counter.count) for arm in arms]
    show(describe_fit(arms[0], counter.count(arms[0].data)))
    return arms


def fit_to_images(experiment, given, count):
    """Fits a fair recipe to its images.

    Folds: below 2,000 images five, or as many as the smallest class has
    images; otherwise a fifth is held out, or the data's own part is.
    Batch size: a power of two from 16 to 128, at most an eighth of the
    training images.
    Learning rate: the recipe's at 128 images, times the root of the batch size
    divided by 128.
    Steps of the recipe `laptop`: 50 passes over the training images, at least
    300. Other recipes keep their epochs of one pass.

    Args:
        experiment: An `experiments.configs.schema.Experiment` of
            `experiments.configs.fair`.
        given: Fields that stay.
        count: Function from a `pipelines.config.Data` to `Counts`.

    Returns:
        The `Experiment`.
    """
    data = _choose_split(experiment.data, given, count)
    images = count(data).train
    batch_size = data.batch_size
    if "data.batch_size" not in given:
        batch_size = _choose_batch_size(images)
    steps = data.steps_per_epoch
    if "data.steps_per_epoch" not in given:
        steps = _choose_steps(experiment, data, images, batch_size)
    optimizer = experiment.optimizer
    if "optimizer.learning_rate" not in given:
        scale = math.sqrt(batch_size / LAPTOP.data.batch_size)
        rate = round(optimizer.learning_rate * scale, 4)
        optimizer = replace(optimizer, learning_rate=rate)
    return replace(
        experiment,
        data=replace(data, batch_size=batch_size, steps_per_epoch=steps),
        optimizer=optimizer,
    )


def _choose_split(data, given, count):
    """Chooses folds, and with them the splits that are divided."""
    if data.name not in FOLDERS:
        return data
    splits = {
        name: "all" for name in ("train", "val") if f"data.{name}" not in given
    }
    if "data.folds" in given:
        return data if data.folds is None else replace(data, **splits)
    if len(splits) < 2 or data.selection is not None:
        return data
    whole = replace(data, **splits)
    # Of all images: a limit makes no data set small.
    images = count(replace(whole, limit_val=None))
    if images.val >= FEW_IMAGES or images.smallest < 2:
        return data
    return replace(whole, folds=min(FOLDS, images.smallest))


def _choose_batch_size(images):
    least, most = BATCH_SIZES
    size = least
    while 2 * size <= min(most, images // BATCHES):
        size *= 2
    return size


def _choose_steps(experiment, data, images, batch_size):
    """Chooses steps of an epoch; None for one pass over the images.

    Folds differ by an image or so, and their runs must not differ in steps.
    """
    if experiment.name.startswith(LAPTOP.name):
        steps = max(LEAST_STEPS, PASSES * images / batch_size)
        return math.ceil(steps / LAPTOP.epochs)
    if data.folds is None and images >= batch_size:
        return None
    return max(1, images // batch_size)


def count_seeds(experiment, usual):
    """Counts the seeds of a study; with folds all images are evaluated equally.

    Args:
        experiment: An `Experiment` of it.
        usual: The number in the study's config.
    """
    folds = experiment.data.folds
    if folds is None or not experiment.name.startswith(PREFIX):
        return usual
    return folds * math.ceil(SEEDS_OF_FOLDS / folds)


def describe_fit(experiment, counts):
    """Describes a fitted recipe in one line.

    Args:
        experiment: An `Experiment` as `fit_to_images` returns it.
        counts: Its `Counts`.
    """
    data = experiment.data
    val = f"{counts.val:,} evaluated"
    if data.folds is not None:
        val = f"{data.folds} folds of {counted(counts.whole_val, 'image')}"
        if data.folds == counts.smallest < FOLDS:
            val += (
                f" (the smallest class has {counts.smallest}; {FOLDS} a class "
                f"make {FOLDS} folds)"
            )
    steps = data.steps_per_epoch or counts.train // data.batch_size
    return (
        f"recipe for these images: {val}; {counts.train:,} to train, in "
        f"batches of {data.batch_size}; {counted(experiment.epochs, 'epoch')} "
        f"of {counted(steps, 'step')}; learning rate "
        f"{experiment.optimizer.learning_rate:g}. --set changes each"
    )
