"""Does this augmentation really help? Train, evaluate, compare.

A study trains several experiments that differ in one thing, with several
seeds each, and compares them:
  python main.py --study=fair --data_dir=MY_IMAGES --arms=baseline,cutmix

An experiment is one of them, with every field at hand:
  python main.py --experiment=demo_salmix --set epochs=2

A report compares runs that are finished:
  python main.py --report=runs
"""

import errno
import os
import signal
import sys

if os.name == "nt":
    sys.exit("error: this program needs Linux, macOS, or WSL2 on Windows.")

from absl import flags

from experiments.commands import (
    common,
    data,
    devices,
    launch,
    networks,
    report,
    sweep,
    train,
    tune,
    until,
)
from experiments.errors import ConfigError, TrainingFailed, WorkerLost
from experiments.runtime.output import (
    reopen_closed_streams,
    unbreakable_output,
)
from experiments.runtime.startup import ensure_utf8
from pipelines.errors import DataError

FLAGS = flags.FLAGS
FIRST_STEPS = """\
Does this augmentation really help? Begin with one of these:

  python main.py --study=demo                             try it; no download
  python main.py --preview=demo                           see what its arms do
  python main.py --describe=image_folder --data_dir=DIR   look at your images
  python main.py --study=fair --data_dir=DIR --plan       see what it would take
  python main.py --study=fair --data_dir=DIR              ask on your images
  python main.py --report=runs                            compare finished runs
  python main.py --list                                   see what there is
  python main.py --help                                   see all options"""
COMMANDS = (
    (train.LIST, train.print_list),
    (train.EXPERIMENT, train.train_experiment),
    (train.STUDY, train.train_study),
    (data.PREVIEW, data.preview_augmentation),
    (networks.PREDICT, networks.predict_images),
    (networks.EVALUATE, networks.evaluate_run),
    (networks.EXPLAIN, networks.explain_runs),
    (report.REPORT, report.report_runs),
    (data.PREPARE, data.prepare_data),
    (data.DESCRIBE, data.describe_data),
    (data.AUGMENT_OFFLINE, data.augment_offline),
    (devices.DEVICES, devices.print_devices),
)
# In the order of --help.
SECTIONS = (
    *(train, until, sweep, tune, launch, report),
    *(networks, data, devices, common),
)


def main(arguments):
    """Parses the command line and calls the command that it names."""
    parse(arguments)
    chosen = [each for each in COMMANDS if common.is_given(each[0])]
    if len(chosen) > 1:
        names = [f"--{holder.name}" for holder, _ in chosen]
        raise ConfigError(f"Choose one of {' and '.join(names)}.")
    if common.HELP.value:
        _print_help()
    elif chosen:
        ((holder, command),) = chosen
        command(holder.value)
    else:
        print(FIRST_STEPS)


def parse(arguments):
    """Reads the flags.

    Args:
        arguments: As `sys.argv`.

    Raises:
        ConfigError: if there is no such flag, or a value does not fit.
    """
    # Of an earlier call in this process.
    for name in FLAGS:
        FLAGS[name].unparse()
    try:
        unknown = FLAGS(arguments)[1:]
    except (flags.Error, ValueError) as error:
        raise ConfigError(str(error)) from error
    if unknown:
        raise ConfigError(f"There is no argument {unknown[0]!r}; see --help.")


def _print_help():
    print(__doc__)
    for module in SECTIONS:
        _, _, options = FLAGS.module_help(module).strip().partition("\n")
        print(f"{module.__doc__.strip()}\n\n{options}\n")


def call(arguments):
    """Calls a command and puts what went wrong into one line.

    Args:
        arguments: As `sys.argv`.

    Returns:
        The exit code: 0; 1 if training failed; 2 if the command cannot be
        carried out; 128 and the number of the signal that ended it.
    """
    with unbreakable_output() as output:
        code = _call(arguments)
        output.flush()
        if code or output.error is None or not _only_prints():
            return code
        if isinstance(output.error, BrokenPipeError):
            return 128 + signal.SIGPIPE
        reason = output.error.strerror
        print(f"error: cannot write the output: {reason}", file=sys.stderr)
        return 2


def _call(arguments):
    try:
        main(arguments)
    except (ConfigError, DataError) as error:
        # A name in it may have several lines.
        line = " ".join(str(error).splitlines())
        print(f"error: {line}", file=sys.stderr)
        return 2
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        print(
            f"error: the name of {error.filename} is too long. Choose a "
            "shorter one.",
            file=sys.stderr,
        )
        return 2
    except (TrainingFailed, WorkerLost) as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as error:
        print("\ninterrupted; the same command goes on", file=sys.stderr)
        return 128 + getattr(error, "signal", signal.SIGINT)
    return 0


def _only_prints():
    """Tells if a command has no result but its output."""
    return (
        common.HELP.value
        or train.LIST.value
        or not any(common.is_given(holder) for holder, _ in COMMANDS)
    )


if __name__ == "__main__":
    ensure_utf8()
    reopen_closed_streams()
    # File names need not be text, which makes them hard to print.
    sys.stdout.reconfigure(errors="backslashreplace")
    sys.stderr.reconfigure(errors="backslashreplace")
    # Shell cells of a notebook inherit its own. Where that is not installed
    # here, matplotlib cannot be imported, which Keras does, too.
    os.environ.pop("MPLBACKEND", None)
    sys.exit(call(sys.argv))
