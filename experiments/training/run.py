"""One experiment with one seed: train, evaluate, write everything down."""

import contextlib

import keras
import tensorflow as tf

from experiments.errors import ConfigError
from experiments.run_folder import LAST, RunFolder
from experiments.runtime import devices
from experiments.runtime.interruption import requests
from experiments.runtime.workers import (
    ReadOnlyRunFolder,
    lost_workers,
    resolve_worker,
)
from experiments.tracking.tools import DEFAULT
from experiments.tracking.tracking import catch_up, track_run
from experiments.training.augmentation import build_augmentation
from experiments.training.data import load_data
from experiments.training.disk import check_room_for_network
from experiments.training.optimizers import check_replicas
from experiments.training.outputs import is_whole, write_outputs
from experiments.training.session import Session
from experiments.training.spec import RunSpec, check_same_run
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
    plots=True,
    log=DEFAULT,
    report=None,
):
    """Trains an experiment, or the part of it that is not trained yet.

    Args:
        experiment, seed, location, strategy, allow_moved, allow_overlap, plots:
            See `RunSpec`.
        workdir: The run goes to WORKDIR/EXPERIMENT/seed_N/.
        log: Names of `experiments.tracking.tools.TOOLS` that follow the run.
            A finished run is passed to those that have not followed it. They
            do not affect results.
        report: See `build_callbacks`.

    Returns:
        The `RunFolder`.

    Raises:
        ConfigError: if the config cannot be run, or the folder is another
            run's, see `check_same_run`.
        DataError: if the data is missing or broken, or its splits overlap.
        TrainingFailed: if the loss stops being a number; metrics.json says
            so too.
        Interrupted: after SIGINT or SIGTERM, and a checkpoint.
        WorkerLost: if another host that trains along is gone.
    """
    is_chief = resolve_worker(strategy).is_chief
    kind = RunFolder if is_chief else ReadOnlyRunFolder
    folder = kind.of(workdir, experiment, seed)
    spec = RunSpec(
        *(experiment, seed, folder, location, strategy),
        *(allow_moved, allow_overlap, plots),
    )
    log = log if is_chief else ()
    if reuse_finished(spec, log):
        return folder
    check_same_run(spec)
    devices.check_shares(experiment.data.batch_size, strategy)
    check_replicas(experiment.optimizer, strategy.num_replicas_in_sync)
    check_room_for_network(folder, experiment)
    print(f"{spec.name}: {experiment.summary}", flush=True)
    with (
        lost_workers(strategy),
        folder.locked(),
        open_session(spec) as session,
    ):
        # Only now: a run that cannot begin leaves nothing behind.
        folder.claim(experiment, seed)
        session.announce()
        with track_run(folder, log) as tracking:
            with requests() as request:
                session.train(request, tracking, report)
            write_outputs(session)
            session.wait_for_workers()
    return folder


def reuse_finished(spec, log):
    """Says so if a run is finished and its files are whole.

    Args:
        spec: The `RunSpec`; its strategy is not used.
        log: As for `run`.

    Returns:
        Whether the run is finished.

    Raises:
        ConfigError, DataError: As `run`.
    """
    folder, experiment = spec.folder, spec.experiment
    _drop_damaged_metrics(folder)
    if not folder.is_finished() or folder.is_shorter(experiment):
        return False
    fingerprints = compute_fingerprints(
        experiment.data, spec.location, spec.seed
    )
    check_same_run(spec, fingerprints, finished=True)
    damage = _describe_damage(folder)
    if damage is not None:
        print(f"  note      {damage}: made again", flush=True)
        return False
    print(f"{spec.name}: finished already, see {folder.path}", flush=True)
    catch_up(folder, log)
    return True


@contextlib.contextmanager
def open_session(spec):
    """Yields a `Session`, with the data read and the network built.

    Args:
        spec: The `RunSpec`.

    Raises:
        ConfigError, DataError: As `run`.
    """
    if spec.experiment.deterministic:
        tf.config.experimental.enable_op_determinism()
    augment = build_augmentation(spec.experiment)
    with announce_if_slow("reading the data"):
        data = load_data(spec)
    check_same_run(spec, data.fingerprints)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(spec.environment["precision"])
    try:
        session = Session(spec, data, augment)
        try:
            yield session
        finally:
            session.background.close()
        session.keep_trainer()
    finally:
        keras.config.set_dtype_policy(policy)


def _drop_damaged_metrics(folder):
    """Removes a damaged metrics.json, which the run writes again."""
    try:
        folder.metrics()
    except ConfigError:
        path = folder / "metrics.json"
        print(f"  note      {path} is damaged: made again", flush=True)
        path.unlink(missing_ok=True)


def _describe_damage(folder):
    """Describes damage to the files of a finished run; None if it is whole."""
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
