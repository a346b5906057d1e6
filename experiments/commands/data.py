"""Data: preparing, describing, augmenting and previewing images.

Examples:
  python main.py --prepare=tiny_imagenet --data_dir=DIR
  python main.py --describe=image_folder --data_dir=MY_IMAGES
  python main.py --preview=tinyimagenet_fair --data_dir=DIR
  python main.py --augment_offline=catsdogs --data_dir=DIR
"""

from pathlib import Path

from absl import flags

from experiments.commands.common import (
    ARM,
    ARMS,
    OUT,
    SEED,
    SET,
    THREADS,
    WORKDIR,
    check_writable,
    configure_arms,
    list_set_fields,
    locate_data,
)
from experiments.configs import registry
from experiments.configs.overrides import override
from experiments.configs.schema import Experiment
from experiments.errors import ConfigError
from experiments.runtime.startup import start_tensorflow
from pipelines.config import Data

PREPARE = flags.DEFINE_string(
    "prepare", None, "Get and check the data set of this name, once."
)
DESCRIBE = flags.DEFINE_string(
    "describe", None, "Count, measure and draw the data set of this name."
)
PREVIEW = flags.DEFINE_string(
    "preview",
    None,
    "Draw what this experiment, or each arm of this study, does to images: "
    "images of the data, or drawn ones if it is not there.",
)
AUGMENT_OFFLINE = flags.DEFINE_string(
    "augment_offline", None, "Write AugLy variations for this study to files."
)
_SPLIT_SEED = "data.split_seed"
# Fields of a config that tell how a data set is read and prepared.
_FIELDS = (_SPLIT_SEED, "data.labels", "data.copy")


def prepare_data(name):
    """Gets and checks a data set, and draws its split."""
    config = _configure_data(name)
    start_tensorflow(THREADS.value)
    from pipelines.loading import open_source

    source = open_source(config, locate_data())
    print(f"{name} is ready: {len(source.class_names)} classes", flush=True)
    for note in source.notes:
        print(f"note: {note}", flush=True)


def describe_data(name):
    """Writes tables and pictures of a data set."""
    config = _configure_data(name)
    check_writable(Path(WORKDIR.value, "describe", name))
    start_tensorflow(THREADS.value)
    from experiments.planning.describe import describe_data_set

    describe_data_set(config, locate_data(), workdir=WORKDIR.value)


def preview_augmentation(name):
    """Draws what the arms of a study, or one experiment, do to images."""
    if name in registry.EXPERIMENTS:
        if ARMS.value or ARM.value:
            raise ConfigError("--arms and --arm go with a study's name.")
        arms = [registry.get_experiment(name)]
    else:
        study = registry.get_study(name)
        arms = registry.choose_arms(study, ARMS.value, ARM.value)
    path = OUT.value or Path(WORKDIR.value, "previews", f"{name}.png")
    check_writable(path, "--out or --workdir", is_file=True)
    arms = configure_arms(arms)
    from experiments.planning.preview import preview

    preview(
        name, arms, seed=SEED.value, location=locate_data(), path=Path(path)
    )


def augment_offline(name):
    """Writes the variations that a study's or an experiment's config names.

    Raises:
        ConfigError: if it names none.
    """
    names = [name]
    if name in registry.STUDIES:
        names = registry.STUDIES[name].experiments
    arms = configure_arms([registry.get_experiment(each) for each in names])
    configs = [arm.data for arm in arms if arm.data.offline is not None]
    if not configs:
        known = [
            each.name
            for each in registry.EXPERIMENTS.values()
            if each.data.offline is not None
        ]
        raise ConfigError(
            f"--augment_offline: {name} has no data.offline. Known: "
            f"{', '.join(known)}."
        )
    for config in configs:
        _check_seed("data.offline.seed", config.offline.seed)
    from pipelines.loading import open_source

    for config in configs:
        offline = config.offline
        source = open_source(config, locate_data())
        written = source.write_variations(config.train, offline)
        for folder, images in written.items():
            print(
                f"{folder}: {images:,} images, each original and "
                f"{offline.count} AugLy variations of it, seed {offline.seed}",
                flush=True,
            )


def _configure_data(name):
    """Returns the `Data` of a data set after --set.

    Raises:
        ConfigError: if --set changes another field, which would do nothing.
    """
    for assignment, field in zip(SET.value, list_set_fields(), strict=True):
        if field not in _FIELDS:
            raise ConfigError(
                f"--set {assignment}: of a data set alone only "
                f"{', '.join(_FIELDS)} can be set."
            )
    data = override(Experiment(name, "", Data(name)), SET.value).data
    _check_seed(_SPLIT_SEED, data.split_seed)
    return data


def _check_seed(field, seed):
    """Refuses --seed, which is a run's, where no run is made.

    Raises:
        ConfigError: if it is given and differs from the seed of `field`.
    """
    if SEED.present and SEED.value != seed:
        raise ConfigError(
            f"--seed={SEED.value} is the seed of a run, and no run is made "
            f"here. Did you mean --set {field}={SEED.value}?"
        )
