r"""Passes over the images that the recipe `laptop` of study fair needs.

    python benchmarks/laptop_steps.py FOLDER [PASSES[:LEARNING_RATE] ...]

Trains the baseline with seed 0 on one core, on the images of a folder, for 25
and 50 passes or those that are named. Prints the error on plain training
images, which should be near zero, and on the images held out.
"""

import contextlib
import io
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from experiments.configs.registry import get_experiment
from experiments.runtime.startup import start_tensorflow
from pipelines.location import Location


def main(folder, *wanted):
    """Prints a line for each number of passes."""
    start_tensorflow(threads=1, gpus=False)
    from experiments.planning.fitting import fit_to_images
    from experiments.planning.image_counts import ImageCounter

    location = Location(folder)
    recipe = get_experiment("fair_laptop_baseline")
    counter = ImageCounter(recipe.data, location)
    fitted = fit_to_images(recipe, set(), counter.count)
    data, images = fitted.data, counter.count(fitted.data).train
    for each in wanted or ("25", "50"):
        passes, _, rate = each.partition(":")
        rate = float(rate or fitted.optimizer.learning_rate)
        steps = round(float(passes) * images / data.batch_size / fitted.epochs)
        experiment = replace(
            fitted,
            data=replace(data, steps_per_epoch=steps),
            optimizer=replace(fitted.optimizer, learning_rate=rate),
        )
        metrics = _train(experiment, location)
        print(
            f"{folder}: {images:,} train images in batches of "
            f"{data.batch_size}, {passes} passes, learning rate {rate:g}: "
            f"error {1 - metrics['plain_train']['accuracy']:.1%} on plain "
            f"training images, {1 - metrics['final']['val_accuracy']:.1%} on "
            "those held out",
            flush=True,
        )


def _train(experiment, location):
    from experiments.runtime.devices import make_strategy
    from experiments.training.run import run

    with (
        tempfile.TemporaryDirectory() as workdir,
        contextlib.redirect_stdout(io.StringIO()),
    ):
        return run(
            experiment,
            seed=0,
            workdir=workdir,
            location=location,
            strategy=make_strategy("default"),
            log=(),
        ).metrics()


if __name__ == "__main__":
    main(*sys.argv[1:])
