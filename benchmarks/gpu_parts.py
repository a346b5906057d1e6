"""The measurements of `gpu_day.py`, each for a process of its own.

`tiny` asks for tiny networks and images, to try the script itself.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks import record

FAIR = "tinyimagenet_fair_baseline"
POCKET = "tinyimagenet_pocket_baseline"
# {mode: (whether XLA compiles the step, whether operations are deterministic)}
MODES = {
    "plain": (False, False),
    "XLA": (True, False),
    "deterministic": (False, True),
}
# Seconds that steps are timed for, and how often.
SECONDS, REPEATS = 4, 3
CLASSES = 200
# More than a GPU makes in that time.
MOST_CALLS = 10_000


def list_devices(tiny):
    """The environment that a training has here."""
    import tensorflow as tf

    from experiments.configs.schema import Experiment
    from experiments.runtime import devices
    from experiments.runtime.environment import resolve_environment

    strategy = devices.make_strategy("auto")
    environment = resolve_environment(Experiment("any", "none"), strategy)
    return {
        "training": devices.in_words(strategy),
        "devices": devices.list_devices(),
        "cards": devices.list_nvidia_cards() or [],
        "cuda": tf.sysconfig.get_build_info().get("cuda_version"),
        "cudnn": tf.sysconfig.get_build_info().get("cudnn_version"),
        **environment,
    }


def time_steps(
    tiny,
    recipe=FAIR,
    precision="mixed_float16",
    mode="XLA",
    arm="none",
    augment_on="host",
    together=1,
):
    """Speed of training steps on a drawn image, the data left out.

    Args:
        tiny: Whether the network and the images are tiny.
        recipe: Experiment whose network, optimizer and sizes are used.
        precision: "float32" or "mixed_float16".
        mode: Of `MODES`.
        arm: Arm of tinyimagenet_fair whose layers augment, or "none".
        augment_on: "host" or "device"; the device then keeps the images.
        together: Steps in one call of TensorFlow.

    Returns:
        {"images_per_second", "step_seconds", "first_seconds", peak memory}.
    """
    import keras
    import tensorflow as tf

    from experiments.training.timing import measure_peak_memory

    compiles, deterministic = MODES[mode]
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(precision)
    experiment = _build_experiment(tiny, recipe, arm, augment_on)
    train = _build_training(experiment, compiles, together)
    first, _ = train(0)
    seconds, repeats = (0.1, 1) if tiny else (SECONDS, REPEATS)
    step = statistics.median(train(seconds)[1] for _ in range(repeats))
    return {
        "images_per_second": experiment.data.batch_size / step,
        "step_seconds": step,
        "first_seconds": first,
        **measure_peak_memory(),
    }


def _build_experiment(tiny, recipe, arm, augment_on):
    from experiments.configs.registry import get_experiment

    experiment = get_experiment(recipe)
    data = replace(experiment.data, augment_on=augment_on)
    if arm == "none":
        # Nothing would bring images to another size.
        layers, data = (), replace(data, load_size=None)
    else:
        layers = get_experiment(f"tinyimagenet_fair_{arm}").augment
    if tiny:
        data = replace(data, image_size=16, batch_size=8)
        model = replace(experiment.model, name="ResNet4", width=4)
        experiment = replace(experiment, model=model)
    return replace(experiment, data=data, augment=layers)


def _build_training(experiment, compiles, together):
    """Builds a function that trains for so many seconds, at least two calls.

    It returns the seconds until a first call is done, and those of a step
    after it: pipelines and graphs start in the first.
    """
    import keras

    from experiments.planning.image_counts import Counts
    from experiments.planning.step_timing import build_stand_in
    from experiments.training.augmentation import build_augmentation
    from experiments.training.trainer import build_trainer
    from pipelines.batches import train_batches

    class Timer(keras.callbacks.Callback):
        """Waits for the device after the first call and the last alone."""

        def __init__(self, seconds):
            super().__init__()
            self.seconds, self.moments = seconds, [time.perf_counter()]

        def on_train_batch_end(self, batch, logs=None):
            if len(self.moments) == 1:
                self.note(logs)
                self.before = batch
            elif time.perf_counter() - self.moments[1] > self.seconds:
                self.note(logs)
                self.steps = batch - self.before
                self.model.stop_training = True

        def note(self, logs):
            float(logs["loss"])
            self.moments.append(time.perf_counter())

    batch = experiment.data.batch_size
    counts = Counts(10 * batch, 1, 0, CLASSES, 1, 1, "drawn")
    split = build_stand_in(experiment.data, counts).train
    augment = build_augmentation(experiment)
    trainer = build_trainer(
        experiment,
        classes=CLASSES,
        steps_per_epoch=1,
        augment=augment,
        replicas=1,
        jit_compile=compiles,
    )
    on_device = experiment.data.augment_on == "device"
    if on_device:
        trainer.keep_images(split.images)
    trainer.execute_together(together)

    def train(seconds):
        steps = MOST_CALLS * together
        batches = train_batches(
            split,
            classes=CLASSES,
            batch_size=batch,
            seed=0,
            steps=steps,
            augment=None if augment is None or on_device else augment.apply,
            with_seeds=trainer.active_augment is not None,
            as_places=on_device,
            endless=True,
        )
        timer = Timer(seconds)
        trainer.fit(
            batches,
            steps_per_epoch=steps,
            callbacks=[timer],
            shuffle=False,
            verbose=0,
        )
        start, first, last = timer.moments
        return first - start, (last - first) / timer.steps

    return train


def call_main(*options):
    """Runs main.py in a process of its own.

    Raises:
        SystemExit: if it fails; with its last line.
    """
    command = [sys.executable, "main.py", "--log=none", *options]
    done = subprocess.run(
        command, cwd=record.ROOT, capture_output=True, text=True
    )
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise SystemExit(f"{' '.join(options)}: {lines[-1]}")


def _set(**fields):
    return [
        part
        for name, value in fields.items()
        for part in ("--set", f"{name.replace('__', '.')}={value}")
    ]


TINY_DEMO = _set(
    epochs=1,
    model__name="ResNet4",
    model__width=4,
    data__image_size=16,
    data__limit_train=96,
    data__limit_val=42,
    data__batch_size=24,
)


def repeat_training(tiny):
    """Trains a run of the demo twice; tells if the predictions are equal."""
    import numpy as np

    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("once", "again"):
            workdir = Path(folder, name)
            call_main(
                "--experiment=demo_salmix",
                f"--workdir={workdir}",
                *(TINY_DEMO if tiny else ()),
            )
            path = workdir / "demo_salmix" / "seed_0" / "predictions.npz"
            with np.load(path) as file:
                found.append(file["probabilities"])
    difference = float(np.abs(found[0] - found[1]).max())
    return {"largest_difference": difference}


def run_demo(tiny, options):
    """Runs the study `demo`; its verdicts and its time."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        call_main(
            "--study=demo",
            "--seeds=2" if tiny else "--seeds=5",
            f"--workdir={folder}",
            *options,
            *(["--arms=baseline,random_erase", *TINY_DEMO] if tiny else ()),
        )
        seconds = time.perf_counter() - started
        path = Path(folder, "reports", "demo", "comparison.json")
        found = json.loads(path.read_text())
    arms = found["groups"][0]["arms"]
    return {
        "seconds": seconds,
        "runs": len(found["runs"]),
        "verdicts": {d["arm"]: d["verdict"] for d in found["differences"]},
        "errors": {
            arm["name"]: arm["figures"]["top1_error"]["values"] for arm in arms
        },
    }


def train_pocket(tiny, precision, data_dir):
    """Trains the pocket study's baseline once."""
    with tempfile.TemporaryDirectory() as folder:
        call_main(
            f"--experiment={POCKET}",
            f"--data_dir={data_dir}",
            f"--workdir={folder}",
            # Beside the data nothing is written.
            f"--prepared_dir={folder}/prepared",
            *_set(precision=precision),
            *(_set(epochs=1, model__width=4, data__limit_train=200))
            * bool(tiny),
        )
        run = Path(folder, POCKET, "seed_0")
        metrics = json.loads((run / "metrics.json").read_text())
    final = metrics["final"]
    return {
        "top1_error": 100 * (1 - final["val_accuracy"]),
        "images_per_second": final["images_per_second"],
        "waiting": final["waiting"],
    }
