"""Options that several commands share."""

import os
from pathlib import Path

from absl import flags

from experiments.commands.parsers import PathParser
from experiments.configs.overrides import override_arms
from experiments.errors import ConfigError
from experiments.runtime.startup import start_tensorflow
from pipelines.files.replacing import UNFINISHED
from pipelines.location import Location

MAX_SEED = 2**63 - 1


def is_given(holder):
    """Tells if a flag without a default is on the command line."""
    return holder.value not in (None, False, [])


def is_one_given(*names):
    """Tells if one of these flags, which may be defined later, is given."""
    return any(is_given(flags.FLAGS[name]) for name in names)


def require_one_of(holder, *names):
    """Refuses a flag that is given without one of the flags it belongs to.

    Args:
        holder: The `flags.FlagHolder`.
        *names: Names of flags, which may be defined later.
    """

    @flags.validator(holder)
    def check(value):
        if value and not is_one_given(*names):
            wanted = " or ".join(f"--{name}" for name in names)
            raise ConfigError(f"--{holder.name} goes with {wanted}.")
        return True


def refuse_beside(holder, others, reason):
    """Refuses a flag that is given beside flags that contradict it.

    Args:
        holder: The `flags.FlagHolder`.
        others: Names of flags, which may be defined later, or NAME=VALUE.
        reason: Goes into the message.
    """

    @flags.validator(holder)
    def check(value):
        if value and (given := list(filter(_is_set, others))):
            listed = " and ".join(f"--{each}" for each in given)
            raise ConfigError(f"--{holder.name} {reason}: leave out {listed}.")
        return True


def _is_set(text):
    name, equals, value = text.partition("=")
    flag = flags.FLAGS[name]
    return flag.value == value if equals else is_given(flag)


SET = flags.DEFINE_multi_string(
    "set", [], "FIELD=VALUE changes a field of the config"
)
WORKDIR = flags.DEFINE(
    PathParser(),
    "workdir",
    "runs",
    "Folder of runs and reports (not of --report).",
)
DATA_DIR = flags.DEFINE(
    PathParser(), "data_dir", "data", "Folder or zip file with the data."
)
PREPARED_DIR = flags.DEFINE(
    PathParser(),
    "prepared_dir",
    None,
    "Folder of prepared data; default: beside the data.",
)
ON_BAD_IMAGE = flags.DEFINE_enum(
    "on_bad_image",
    "error",
    ("error", "skip"),
    "Stop at a file that is no image, or leave it out.",
)
OUT = flags.DEFINE(
    PathParser(),
    "out",
    None,
    "File that is written: with --preview a .png, .svg or .pdf (default: in "
    "the workdir), with --predict a .csv (default: predictions.csv), with "
    "--explain a .png, beside which a .pdf and an .npz go.",
)
require_one_of(OUT, "preview", "predict", "explain")
ARMS = flags.DEFINE_list(
    "arms",
    [],
    "With --study: compare these arms alone, the first being the reference; "
    "arms of the study, or any that --list names.",
)
require_one_of(ARMS, "study", "preview")
ARM = flags.DEFINE_multi_string(
    "arm",
    [],
    "With --study: an arm of your own, NAME=LAYER(OPTION=VALUE)+LAYER. Without "
    "--arms it is compared with the study's baseline",
)
require_one_of(ARM, "study", "preview")
SEED = flags.DEFINE_integer(
    "seed",
    0,
    "Seed of a run: its weights, order and augmentation. In a study the first "
    "run of each experiment has it, the others the numbers after it. Seeds of "
    "a split and of variations in files: --set data.split_seed=N, --set "
    "data.offline.seed=N.",
    0,
    MAX_SEED,
)
THREADS = flags.DEFINE_integer(
    "threads",
    None,
    "Processor threads of one process; default: all, and with --launcher=ray "
    "1, or beside GPUs as many as there are for each. Small networks train "
    "faster side by side, with one thread each, than one after the other.",
    1,
    4096,
)
STRATEGY = flags.DEFINE_enum(
    "strategy",
    "auto",
    ("auto", "default", "mirrored", "multiworker", "tpu"),
    "mirrored: all local GPUs; multiworker: all GPUs of several hosts, each "
    "started with the same command and with TF_CONFIG, or by Slurm's srun.",
)
MARGIN = flags.DEFINE_float(
    "margin",
    None,
    "With --study and --report: the smallest difference that matters to you, "
    "in points of accuracy. The report then says which arms differ by less.",
)
require_one_of(MARGIN, "study", "report")
HELP = flags.DEFINE_bool("help", False, "Print this help.", short_name="h")


@flags.validator(MARGIN)
def _check_margin(points):
    if points is not None and not 0 < points <= 100:
        raise ConfigError(
            "--margin expects points of accuracy, above 0 and at most 100. "
            f"Received: {points:g}."
        )
    return True


def configure_arms(arms, gpus=True, fit=list):
    """Applies --set to configs and checks them, for which TensorFlow starts.

    Args:
        arms: `experiments.configs.schema.Experiment`s.
        gpus: Whether this process may use GPUs.
        fit: Function that completes the changed configs before they are
            checked.

    Returns:
        The changed `Experiment`s.

    Raises:
        ConfigError, DataError: As `experiments.checks.check_experiment`, or
            if --set does not fit.
    """
    arms = override_arms(arms, SET.value)
    start_tensorflow(THREADS.value, gpus)
    if STRATEGY.value == "multiworker":
        # Other workers are joined before anything is computed, or not at all.
        make_strategy()
    from experiments.checks import check_experiment

    arms = fit(arms)
    for arm in arms:
        check_experiment(arm)
    return arms


def list_set_fields():
    """Lists the fields that --set changes."""
    return [each.partition("=")[0].strip() for each in SET.value]


def check_writable(path, option="--workdir", is_file=False):
    """Refuses a path at which nothing can be written, before any work.

    It writes nothing itself: a full disk is found when results are written.

    Args:
        path: A folder that is to be made if it is not there, or a file.
        option: Flag that the path comes from.
        is_file: Whether `path` is a file.

    Raises:
        ConfigError: if a file is in a folder's place, a folder in the file's,
            a folder is read-only, or a name is too long.
    """
    path = Path(path).absolute()
    try:
        reason = _find_obstacle(path, is_file)
    except OSError as error:
        reason = error.strerror
    if reason:
        raise ConfigError(
            f"cannot write {path}: {reason}. Choose another {option}."
        )


def _find_obstacle(path, is_file):
    """Tells why nothing can be written at a path, or returns None."""
    if is_file and path.exists() and not path.is_file():
        # Pipes and devices are written as they are.
        return "it is a folder" if path.is_dir() else None
    folders = path.parents if is_file else (path, *path.parents)
    there = next(each for each in folders if each.exists())
    if not there.is_dir():
        return f"{there} is not a folder"
    if not os.access(there, os.W_OK | os.X_OK):
        return f"{there} is read-only"
    limit = os.pathconf(there, "PC_NAME_MAX")
    if is_file:
        path = path.with_name(UNFINISHED + path.name)
    if max(len(os.fsencode(part)) for part in path.parts) > limit:
        return f"a name is longer than {limit} bytes"
    return None


def make_strategy():
    """Makes the `tf.distribute` strategy that --strategy names."""
    from experiments.runtime import devices

    return devices.make_strategy(STRATEGY.value)


def locate_data():
    """Returns the `Location` of the data."""
    return Location(DATA_DIR.value, PREPARED_DIR.value, ON_BAD_IMAGE.value)
