"""Does this augmentation really help? Train, evaluate, compare.

Examples:
  python main.py --study=demo
  python main.py --experiment=tinyimagenet_salmix --data_dir=DIR
  python main.py --experiment=NAME --set epochs=2 --set data.batch_size=64
  python main.py --study=tinyimagenet_fair --seeds=3 --data_dir=DIR
  python main.py --report=runs
  python main.py --list
"""

import sys

from absl import flags

from experiments import commands
from experiments.errors import ConfigError, TrainingFailed
from pipelines.errors import DataError

FLAGS = flags.FLAGS
MODES = ("list", "experiment", "study", "report")
flags.DEFINE_bool("list", False, "Print every experiment and study.")
flags.DEFINE_string("experiment", None, "Train the experiment of this name.")
flags.DEFINE_string("study", None, "Train a study's experiments and compare.")
flags.DEFINE_string("report", None, "Compare the runs found in this folder.")
flags.DEFINE_multi_string("set", [], "FIELD=VALUE changes a config; repeat.")
flags.DEFINE_string("workdir", "runs", "Where runs and reports are written.")
flags.DEFINE_string("data_dir", "data", "Folder or zip file with the data.")
flags.DEFINE_integer("seed", 0, "Seed of an experiment; a study's first.", 0)
flags.DEFINE_integer("seeds", None, "Runs of each experiment of a study.", 1)
STRATEGIES = ("auto", "default", "mirrored", "tpu")
flags.DEFINE_enum("strategy", "auto", STRATEGIES, "mirrored: all local GPUs.")
flags.DEFINE_bool("help", False, "Print this help.", short_name="h")


def main(arguments):
    unknown = FLAGS(arguments)[1:]
    if unknown:
        raise ConfigError(f"There is no argument {unknown[0]!r}; see --help.")
    modes = [mode for mode in MODES if FLAGS[mode].value]
    if len(modes) > 1:
        raise ConfigError(f"Choose one of --{' and --'.join(modes)}.")
    shared = ("set", "seed", "workdir", "data_dir", "strategy")
    options = {name: FLAGS[name].value for name in shared}
    if FLAGS.help or not modes:
        print(__doc__, FLAGS.module_help(sys.modules[__name__]), sep="\n")
    elif FLAGS.list:
        commands.list_all()
    elif FLAGS.report:
        commands.report(FLAGS.report)
    elif FLAGS.study:
        commands.study(FLAGS.study, seeds=FLAGS.seeds, **options)
    else:
        commands.train(FLAGS.experiment, **options)


if __name__ == "__main__":
    try:
        main(sys.argv)
    except (ConfigError, DataError, flags.Error) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except TrainingFailed as error:
        print(f"failed: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("\ninterrupted; the same command goes on", file=sys.stderr)
        sys.exit(130)
