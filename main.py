"""Does this augmentation really help? Train, evaluate, compare.

Examples:
  python main.py --study=demo
  python main.py --prepare=tiny_imagenet --data_dir=DIR
  python main.py --experiment=NAME --set epochs=2 --set data.batch_size=64
  python main.py --study=tinyimagenet_fair --seeds=3 --data_dir=DIR --plan
  python main.py --study=tinyimagenet_fair --seeds=3 --data_dir=DIR
  python main.py --study=fair --data_dir=MY_IMAGES --arms=baseline,cutmix \
      --arm "small_boxes=RandomErasing(scale=(0.02, 0.1))"
  python main.py --study=demo --with=robustness,explain
  python main.py --augment_offline=catsdogs --data_dir=DIR
  python main.py --report=runs
  python main.py --preview=tinyimagenet_fair --data_dir=DIR
  python main.py --predict=runs/NAME/seed_0 --images=PHOTOS
  python main.py --evaluate=runs/NAME/seed_0 --suite=robustness --data_dir=DIR
  python main.py --explain=runs/A/seed_0,runs/B/seed_0 --images=PHOTOS
  python main.py --list
"""

import os
import signal
import sys

from absl import flags

from experiments.commands import networks, train
from experiments.commands.path_flag import define_path, define_paths
from experiments.configs.fair import RECIPES
from experiments.errors import ConfigError, TrainingFailed, WorkerLost
from pipelines.errors import DataError

FLAGS = flags.FLAGS
# Flag: (what it calls, help).
COMMANDS = {
    "list": (
        train.print_list,
        "Print all experiments, studies, arms, layers and data sets.",
    ),
    "experiment": (
        train.train_experiment,
        "Train the experiment of this name.",
    ),
    "study": (
        train.train_study,
        "Train a study's experiments and compare them.",
    ),
    "preview": (
        train.preview_augmentation,
        "Draw what this experiment, or each arm of this study, does to "
        "images: those of the data, or drawn ones if it is not there.",
    ),
    "predict": (
        networks.predict_images,
        "Say what the network of this run folder makes of --images.",
    ),
    "evaluate": (
        networks.evaluate_run,
        "Judge the network of this run folder again on the val images of "
        "--data_dir: those that it was judged on, or others of its classes.",
    ),
    "explain": (
        networks.explain_runs,
        "Draw where the networks of these run folders, with commas between "
        "them, see what they predict in --images.",
    ),
    "report": (train.report_runs, "Compare the runs found in this folder."),
    "prepare": (
        train.prepare_data,
        "Get and check the data set of this name, once.",
    ),
    "describe": (
        train.describe_data,
        "Count, measure and draw the data set of this name.",
    ),
    "augment_offline": (
        train.augment_offline,
        "Write AugLy variations for this study to files.",
    ),
}
for name, (_, text) in COMMANDS.items():
    if name == "list":
        flags.DEFINE_bool(name, False, text)
    elif name == "explain":
        define_paths(name, None, text)
    elif name in ("predict", "evaluate", "report"):
        define_path(name, None, text)
    else:
        flags.DEFINE_string(name, None, text)
flags.DEFINE_multi_string("set", [], "FIELD=VALUE changes a config; repeat.")
define_path("workdir", "runs", "Where runs and reports are written.")
define_path("data_dir", "data", "Folder or zip file with the data.")
define_path("prepared_dir", None, "Default: beside the data.")
define_path(
    "out",
    None,
    "File that is written: with --preview a .png, .svg or .pdf (default: in "
    "the workdir), with --predict a .csv (default: predictions.csv), with "
    "--explain a .png, beside which a .pdf and an .npz go.",
)
flags.DEFINE_enum(
    "suite",
    None,
    ("robustness",),
    "With --evaluate: judge the network on noisy, blurred, brighter, paler, "
    "compressed, pixelated, partly hidden and attacked images as well, and "
    "write robustness.json into the run folder.",
)
define_path(
    "images",
    None,
    "With --predict and --explain: an image, or a folder of them.",
)
flags.DEFINE_string(
    "layer",
    None,
    "With --explain: name of the layer whose feature map Grad-CAM looks at, "
    "MODEL/LAYER for one in a nested model; default: the last one with a map.",
)
flags.DEFINE_list(
    "with",
    [],
    "With --study: what its report shows besides, of all finished runs that "
    "lack it: robustness (see --suite), explain (what networks look at in some "
    "val images), or both, with a comma between them.",
)
BAD = ("error", "skip")
flags.DEFINE_enum("on_bad_image", "error", BAD, "If a file is no image.")
flags.DEFINE_integer(
    "seed",
    0,
    "Seed of a run: its weights, order and augmentation. In a study the first "
    "run of each experiment has it, the others the numbers after it. Seeds of "
    "a split and of variations in files: --set data.split_seed=N, --set "
    "data.offline.seed=N.",
    0,
    train.MAX_SEED,
)
flags.DEFINE_integer(
    "seeds", None, "Runs of each experiment, with seeds in a row.", 1, 10_000
)
flags.DEFINE_enum(
    "recipe",
    None,
    sorted(RECIPES),
    "With --study=fair: what all arms share (default: small); see --list.",
)
flags.DEFINE_list(
    "arms",
    [],
    "With --study: compare these alone, the first being the reference; arms "
    "of the study, or any that --list names.",
)
flags.DEFINE_multi_string(
    "arm",
    [],
    "With --study: an arm of your own, NAME=LAYER(OPTION=VALUE)+LAYER; "
    "repeat. Without --arms it is compared with the study's baseline.",
)
flags.DEFINE_bool(
    "plan",
    False,
    "With --study: train nothing; print runs, steps, the time they would take "
    "(from steps measured now) and what difference the study can detect.",
)
flags.DEFINE_bool(
    "dry_run",
    False,
    "With --experiment or --study: build everything, train three steps and "
    "evaluate a batch of each experiment; print the time and the disk that "
    "the runs would take. Nothing is written.",
)
flags.DEFINE_string(
    "shard",
    None,
    "With --study or --seeds: I/N, train every N-th run alone, from the I-th "
    "on (1/N to N/N), as a task of an array of jobs. The same command without "
    "it then writes the report.",
)
flags.DEFINE_integer(
    "threads",
    None,
    "Of the processor, for one process; default: all, and with --launcher=ray "
    "1, or beside GPUs what there is for each. Small networks train faster "
    "side by side, with one thread each, than one after the other.",
    1,
    4096,
)
flags.DEFINE_enum(
    "launcher",
    "local",
    ("local", "ray"),
    "With --study or --seeds: train one run after the other, or side by side "
    "with Ray (pip install -r requirements-ray.txt): one for each core, or for "
    "each GPU where there are some.",
)
flags.DEFINE_string(
    "ray_address",
    None,
    "With --launcher=ray: HOST:PORT of a Ray cluster, or auto for the one that "
    "this machine is part of; default: this machine alone.",
)
flags.DEFINE_list(
    "log",
    None,
    "What follows runs: tensorboard (the default), mlflow, wandb, several with "
    "commas between them, or none; see requirements-mlflow.txt and "
    "requirements-wandb.txt. Reports of studies go to the last two as well.",
)
STRATEGIES = ("auto", "default", "mirrored", "multiworker", "tpu")
flags.DEFINE_enum(
    "strategy",
    "auto",
    STRATEGIES,
    "mirrored: all local GPUs; multiworker: all GPUs of several hosts, each "
    "started with the same command and with TF_CONFIG, or by Slurm's srun.",
)
flags.DEFINE_bool(
    "allow_moved",
    False,
    "Go on with a run that was begun in another precision, with another "
    "number of replicas, or the like; its report tells.",
)
flags.DEFINE_bool(
    "allow_overlap",
    False,
    "Train although images of train, selection and val are the same; the "
    "report tells.",
)
GOES_WITH = {
    "plan": ["study"],
    "dry_run": ["experiment", "study"],
    "recipe": ["study"],
    "arms": ["study", "preview"],
    "arm": ["study", "preview"],
    "out": ["preview", "predict", "explain"],
    "layer": ["explain"],
    "with": ["study"],
    "log": ["experiment", "study"],
    "suite": ["evaluate"],
    "images": ["predict", "explain"],
}
flags.DEFINE_bool("help", False, "Print this help.", short_name="h")


def main(arguments):
    unknown = FLAGS(arguments)[1:]
    if unknown:
        raise ConfigError(f"There is no argument {unknown[0]!r}; see --help.")
    chosen = [n for n in COMMANDS if FLAGS[n].value not in (None, False)]
    if len(chosen) > 1:
        raise ConfigError(f"Choose one of --{' and --'.join(chosen)}.")
    for name, wanted in GOES_WITH.items():
        if FLAGS[name].value and not set(chosen) & set(wanted):
            raise ConfigError(
                f"--{name} goes with "
                f"{' or '.join(f'--{each}' for each in wanted)}."
            )
    on_ray = FLAGS.launcher == "ray"
    for name, is_given in (("shard", FLAGS.shard), ("launcher", on_ray)):
        if is_given and not (FLAGS.seeds or chosen == ["study"]):
            raise ConfigError(
                f"--{name} goes with --study=NAME or with --seeds."
            )
    if FLAGS.ray_address and not on_ray:
        raise ConfigError("--ray_address goes with --launcher=ray.")
    untrained = FLAGS.plan or FLAGS.dry_run
    on_hosts = FLAGS.strategy == "multiworker"
    if on_hosts and untrained:
        raise ConfigError("--plan and --dry_run go with one host.")
    by_itself = on_hosts or FLAGS.strategy == "tpu"
    if on_ray and (FLAGS.shard or untrained or by_itself):
        raise ConfigError(
            "--shard, --plan, --dry_run, --strategy=tpu and "
            "--strategy=multiworker go with --launcher=local."
        )
    if FLAGS.seeds and chosen not in (["study"], ["experiment"]):
        raise ConfigError(
            "--seeds goes with --study=NAME or --experiment=NAME."
        )
    if FLAGS.help or not chosen:
        print(__doc__, FLAGS.module_help(sys.modules[__name__]), sep="\n")
    else:
        command, _ = COMMANDS[chosen[0]]
        command(FLAGS[chosen[0]].value, FLAGS)


def call(arguments):
    """Runs a command, and puts what went wrong into one line.

    Args:
        arguments: As `sys.argv`.

    Returns:
        The exit code.
    """
    try:
        main(arguments)
    except (ConfigError, DataError, flags.Error) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (TrainingFailed, WorkerLost) as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as error:
        print("\ninterrupted; the same command goes on", file=sys.stderr)
        return 128 + getattr(error, "signal", signal.SIGINT)
    return 0


if __name__ == "__main__":
    # File names need not be text, which makes them hard to print.
    sys.stdout.reconfigure(errors="backslashreplace")
    sys.stderr.reconfigure(errors="backslashreplace")
    # Shell cells of a notebook inherit its own. Where that is not installed
    # here, matplotlib cannot be imported, which Keras does, too.
    os.environ.pop("MPLBACKEND", None)
    sys.exit(call(sys.argv))
