r"""Studies whose arms are all tuned alike before they are compared.

Examples:
  python main.py --study=fair --data_dir=MY_IMAGES --arms=baseline,cutmix \
      --tune "optimizer.learning_rate=log(0.01, 1)" --trials=8
  python main.py --study=demo --tune "optimizer.weight_decay=log(1e-5, 1e-2)" \
      --tune "augment.RandomErasing.probability=lin(0.1, 0.9)" --plan
"""

from absl import flags

from experiments.commands.common import (
    WORKDIR,
    check_writable,
    list_set_fields,
    refuse_beside,
    require_one_of,
)
from experiments.commands.parsers import SpaceParser
from experiments.errors import ConfigError
from experiments.run_folder import RunFolder

TUNE = flags.DEFINE_multi(
    SpaceParser(),
    flags.ArgumentSerializer(),
    "tune",
    None,
    '"FIELD=log(a, b)", lin(a, b) or choice(a, b, ...), with --study: all arms '
    "get the same trials in this space, on held-out images; the study's seeds "
    "then train the arms with their best settings, and as they were. Several "
    "times for several fields",
)
require_one_of(TUNE, "study")
refuse_beside(
    TUNE,
    ("sweep", "until", "budget", "dry_run", "strategy=multiworker"),
    "trains trials first, and then the study's seeds",
)
TRIALS = flags.DEFINE_integer(
    "trials", None, "With --tune: trials of each arm (default: 8).", 2, 1000
)
require_one_of(TRIALS, "tune")
TRIAL_EPOCHS = flags.DEFINE_integer(
    "trial_epochs",
    None,
    "With --tune: epochs of a trial (default: as the arms have).",
    1,
    1_000_000,
)
require_one_of(TRIAL_EPOCHS, "tune")
_USUAL_TRIALS = 8


def build_tune(title, arms, seeds, writes):
    """Builds the design of a study with trials, and checks all trials.

    Args:
        title: Name of the study.
        arms: `experiments.configs.schema.Experiment`s.
        seeds: Integers, of the study.
        writes: Whether runs will be written.

    Returns:
        `experiments.designs.tune.Tune`.

    Raises:
        ConfigError: if a field or a value does not go with an arm.
    """
    from experiments.checks import check_experiment
    from experiments.designs.tune import Tune

    fields = [each.field for each in TUNE.value]
    for field in fields:
        if field in list_set_fields() or fields.count(field) > 1:
            raise ConfigError(
                f"--tune {field} is given twice, or by --set, too; leave one "
                "out."
            )
    tune = Tune(
        title,
        arms,
        TUNE.value,
        trials=TRIALS.value or _USUAL_TRIALS,
        trial_epochs=TRIAL_EPOCHS.value,
        seeds=seeds,
        workdir=WORKDIR.value,
    )
    for trial, seed in tune.list_trials():
        check_experiment(trial)
        if writes:
            check_writable(RunFolder.of(WORKDIR.value, trial, seed).path)
    return tune
