r"""Sweeps: a study at each of several values of a field.

Examples:
  python main.py --study=fair --data_dir=MY_IMAGES --arms=baseline,cutmix \
      --sweep data.limit_train=500,5000,none
  python main.py --study=demo --sweep model.width=8,16 --sweep epochs=5,20
"""

from pathlib import Path

from absl import flags

from experiments.commands.common import (
    SET,
    WORKDIR,
    check_writable,
    configure_arms,
    list_set_fields,
    require_one_of,
)
from experiments.configs.overrides import override
from experiments.configs.registry import EXPERIMENTS
from experiments.errors import ConfigError

SWEEP = flags.DEFINE_multi_string(
    "sweep",
    [],
    "With --study: FIELD=VALUE,VALUE,... trains all arms at each value, and "
    "compares them at each with the baseline of that value. Its report says "
    "if an arm's effect changes. Twice: each pair of values",
)
require_one_of(SWEEP, "study")


def choose_sweeps(study):
    """The texts of --sweep, or those of the study."""
    texts = SWEEP.value or list(study.sweep)
    for text in texts:
        field = text.partition("=")[0].strip()
        if field in list_set_fields():
            raise ConfigError(
                f"--set and --sweep both give {field}; leave it out of one."
            )
    return texts


def configure_sweep(study, arms, texts, *, gpus, fit, writes):
    """Configures and checks all arms at all values.

    Args:
        study: `experiments.configs.schema.Study`.
        arms: Its `Experiment`s that are compared.
        texts: From `choose_sweeps`.
        gpus: Whether this process may use GPUs.
        fit: Function of `Experiment`s, swept fields and a function that shows
            a line; completes the configs.
        writes: Whether runs and reports will be written.

    Returns:
        `experiments.designs.sweep.Sweep`.

    Raises:
        ConfigError, DataError: As `common.configure_arms`, or if a value does
            not fit.
    """
    from experiments.designs.sweep import build_sweep, name_sweep

    title = name_sweep(study.name, texts) if SWEEP.value else study.name
    built, lines = [], []

    def complete(configs, fields):
        show = lines.append if fields else _show_nothing
        return fit(configs, fields, show)

    def expand(arms):
        known = list(_list_known())
        built.append(build_sweep(title, arms, texts, complete, known))
        return built[0].experiments

    configure_arms(arms, gpus, expand)
    (sweep,) = built
    if writes:
        for point in sweep.points:
            folder = Path(WORKDIR.value, "reports", title, point.folder)
            check_writable(folder)
    for line in dict.fromkeys(lines):
        print(line, flush=True)
    return sweep


def _list_known():
    """Yields the experiments of all studies as --set changes them."""
    for each in EXPERIMENTS.values():
        try:
            yield override(each, SET.value)
        except ConfigError:
            # It lacks a part that the study's arms have.
            continue


def _show_nothing(line):
    pass
