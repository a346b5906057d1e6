"""One experiment with one seed: train, evaluate, write everything down."""

import contextlib

import keras
import tensorflow as tf

from experiments.errors import ConfigError
from experiments.run_folder import LAST, RunFolder
from experiments.runtime import devices
from experiments.runtime.environment import check_same_numbers, surroundings
from experiments.runtime.interruption import requests
from experiments.runtime.workers import Unwritten, lost_workers, worker_of
from experiments.tracking.tools import DEFAULT
from experiments.tracking.tracking import catch_up, followed
from experiments.training.augmentation import build_augmentation
from experiments.training.data import load_data
from experiments.training.disk import check_room_for_network
from experiments.training.optimizers import check_replicas
from experiments.training.outputs import finish
from experiments.training.results import is_whole
from experiments.training.session import Session
from pipelines.files.arrays import Damaged, read_arrays
from pipelines.loading import compute_fingerprints
from pipelines.progress import announce_if_slow


def run(
    experiment,
    *,
    seed,
    workdir,
    location,
    strategy,
    allow_moved=False,
    allow_overlap=False,
    log=DEFAULT,
):
    """Trains an experiment, or what is left of it.

    A run is its config, its images and what else changes its numbers: it goes
    on with the same alone, or is finished already.

    Args:
        experiment: An `experiments.configs.schema.Experiment`.
        seed: Seeds weights, order and augmentation; in [0, 2**63).
        workdir: The run goes to WORKDIR/EXPERIMENT/seed_N/.
        location: A `pipelines.location.Location`: where the data is.
        strategy: A `tf.distribute` strategy.
        allow_moved: Whether an unfinished run may go on in other
            `experiments.runtime.environment.surroundings`.
        allow_overlap: Whether an image may be in two of train, selection and
            val. Of both the run's files and its report tell.
        log: Names of `experiments.tracking.tools.TOOLS` that follow the run,
            a finished one too where they have not. They change nothing of it.

    Returns:
        The `RunFolder`.

    Raises:
        ConfigError: if the config cannot be run, or the folder is another's,
            of other images, or not to go on in these surroundings.
        DataError: if the data is missing or broken, or its splits overlap.
        TrainingFailed: if the loss stops being a number; metrics.json says
            so too.
        Interrupted: after SIGINT or SIGTERM, and a checkpoint.
        WorkerLost: if another host that trains along is gone.
    """
    if worker_of(strategy).is_chief:
        kind = RunFolder
    else:
        kind, log = Unwritten, ()
    folder = kind.of(workdir, experiment, seed)
    name = f"{experiment.name}, seed {seed}"
    _drop_damaged_metrics(folder)
    if folder.is_finished() and not folder.is_shorter(experiment):
        folder.check(experiment, seed)
        folder.check_data(compute_fingerprints(experiment.data, location, seed))
        damage = _damage(folder)
        if damage is None:
            print(f"{name}: finished already, see {folder.path}", flush=True)
            catch_up(folder, log)
            return folder
        print(f"  note      {damage}: made again", flush=True)
    folder.check(experiment, seed, allow_moved)
    devices.check_shares(experiment.data.batch_size, strategy)
    check_replicas(experiment.optimizer, strategy.num_replicas_in_sync)
    check_room_for_network(folder, experiment)
    here = surroundings(experiment, strategy)
    if not allow_moved:
        check_same_numbers(folder, here)
    print(f"{name}: {experiment.summary}", flush=True)
    with (
        lost_workers(strategy),
        folder.locked(),
        opened(
            experiment, seed, strategy, folder, here, location, allow_overlap
        ) as session,
    ):
        # Only now: what cannot be run leaves nothing behind.
        folder.claim(experiment, seed, allow_moved)
        session.announce()
        with followed(folder, log) as tracking:
            with requests() as request:
                session.train(request, tracking)
            finish(session)
            session.wait_for_workers()
    return folder


@contextlib.contextmanager
def opened(
    experiment, seed, strategy, folder, here, location, allow_overlap=False
):
    """Yields a `Session`, with the data read and the network built.

    Args:
        experiment, seed, strategy, location, allow_overlap: Of `run`.
        folder: The `RunFolder`.
        here: `experiments.runtime.environment.surroundings` of now.
    """
    if experiment.deterministic:
        tf.config.experimental.enable_op_determinism()
    augment = build_augmentation(experiment)
    with announce_if_slow("reading the data"):
        data = load_data(experiment, seed, location, allow_overlap)
    folder.check_data(data.fingerprints)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(here["precision"])
    try:
        session = Session(
            experiment, seed, strategy, folder, data, augment, here
        )
        try:
            yield session
        finally:
            session.background.close()
        session.keep_trainer()
    finally:
        keras.config.set_dtype_policy(policy)


def _drop_damaged_metrics(folder):
    """They are written anew; what else says what a run is, is refused."""
    try:
        folder.metrics()
    except ConfigError:
        path = folder / "metrics.json"
        print(f"  note      {path} is damaged: made again", flush=True)
        path.unlink(missing_ok=True)


def _damage(folder):
    """What is wrong with the files of a finished run, or None.

    Runs of earlier versions do not say what they have written.
    """
    for name in folder.changed_results():
        return f"{folder / name} is not what this run has written"
    try:
        read_arrays(folder / "predictions.npz")
        is_damaged = not is_whole(folder / LAST)
        last = folder.history()[-1]
    except (FileNotFoundError, Damaged, ValueError, TypeError, IndexError):
        return f"{folder.path}: a file is missing or damaged"
    if is_damaged or last != folder.metrics().get("final"):
        return f"{folder.path}: files are damaged, or not of one run"
    return None
