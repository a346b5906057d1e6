"""The specification of a training run, and the check of a run's identity."""

from dataclasses import dataclass
from functools import cached_property

import tensorflow as tf

from experiments.configs.schema import Experiment
from experiments.errors import ConfigError
from experiments.run_folder import RunFolder, build_config
from experiments.runtime.environment import (
    list_environment_changes,
    resolve_environment,
)
from experiments.runtime.startup import ONEDNN
from experiments.runtime.workers import resolve_worker
from pipelines.location import Location


@dataclass(frozen=True, eq=False)
class RunSpec:
    """One training run: what is trained, where, and on which images.

    Attributes:
        experiment: An `experiments.configs.schema.Experiment`.
        seed: Seeds weights, order and augmentation; in [0, 2**63).
        folder: The `RunFolder` of its files.
        location: A `pipelines.location.Location` of its images.
        strategy: A `tf.distribute` strategy.
        allow_moved: Whether an unfinished run may go on in another
            environment.
        allow_overlap: Whether an image may be in two of train, selection and
            val.
        plots: Whether the run draws plots/, which does not affect results.
    """

    experiment: Experiment
    seed: int
    folder: RunFolder
    location: Location
    strategy: tf.distribute.Strategy
    allow_moved: bool = False
    allow_overlap: bool = False
    plots: bool = True

    @property
    def name(self):
        return f"{self.experiment.name}, seed {self.seed}"

    @property
    def config(self):
        """The content of config.json."""
        return build_config(self.experiment, self.seed)

    @property
    def worker(self):
        """This process among those that train the run."""
        return resolve_worker(self.strategy)

    @cached_property
    def environment(self):
        """See `resolve_environment`."""
        return resolve_environment(self.experiment, self.strategy)


def check_same_run(spec, fingerprints=None, finished=False):
    """Refuses a folder that holds another run than this one.

    A run is identified by its config, its images and every setting that
    affects results.

    Args:
        spec: The `RunSpec`.
        fingerprints: See `pipelines.loading.compute_fingerprints`; None if they
            are not known yet.
        finished: Whether nothing is left to train. The environment, which
            affects training alone, may then be any.

    Raises:
        ConfigError: names what differs.
    """
    folder = spec.folder
    may_move = spec.allow_moved and not finished
    folder.check_config(spec.experiment, spec.seed, may_move)
    if fingerprints is not None:
        folder.check_data(fingerprints)
    if finished or spec.allow_moved:
        return
    changes = list_environment_changes(folder, spec.environment, spec.worker)
    if changes:
        before, now = (
            ", ".join(
                f"{ONEDNN if field == 'onednn' else field}={values[place]}"
                for field, *values in changes
            )
            for place in range(2)
        )
        raise ConfigError(
            f"{folder.path} was begun with {before}, and this is {now}, which "
            "changes the numbers. Set it as it was to go on, go on all the "
            "same with --allow_moved, which the report will tell, choose "
            "another --workdir, or remove that folder."
        )
