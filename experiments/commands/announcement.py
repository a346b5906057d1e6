"""The line before a study: what it can show, and about how long it takes."""

import functools

from experiments.commands.common import WORKDIR, locate_data, make_strategy
from experiments.commands.launch import LAUNCHER, SHARD


def announce(title, arms, seeds, *, looks, sweep, tune, options):
    """Prints what a study can show, and about how long it takes.

    Args:
        title: Its name.
        arms: `experiments.configs.schema.Experiment`s.
        seeds: Integers.
        looks: `experiments.statistics.sequential.Looks`, or None.
        sweep: `experiments.designs.sweep.Sweep`, or None.
        tune: `experiments.designs.tune.Tune`, or None.
        options: Of `experiments.study.run_study`.
    """
    from experiments.planning.image_counts import count_images
    from experiments.planning.prospects import describe_study, describe_sweep
    from experiments.runtime.workers import resolve_worker

    worker = resolve_worker(options.get("strategy"))
    if not worker.is_chief:
        return
    seconds = None
    if LAUNCHER.value == "local" and worker.count == 1:
        seconds = _estimate(arms, seeds, tune, options.get("jobs"))
    count = functools.partial(count_images, location=locate_data(), fetch=True)
    study = {"seeds": seeds, "workdir": WORKDIR.value, "seconds": seconds}
    if sweep is not None:
        references = [each.reference for each in sweep.points]
        counts = {each.name: count(each.data) for each in references}
        lines = describe_sweep(sweep, counts=counts, **study)
    else:
        counts = count(arms[0].data)
        lines = [
            describe_study(title, arms, counts=counts, looks=looks, **study)
        ]
    if tune is not None:
        lines[0] = f"{tune.describe()}: {lines[0]}"
    print(*lines, sep="\n", flush=True)


def _estimate(arms, seeds, tune, jobs):
    """Estimates the seconds of the runs that are left; None if none is."""
    from experiments.planning.estimate import estimate_left

    _, shards = SHARD.value or (0, 1)
    options = {
        "workdir": WORKDIR.value,
        "location": locate_data(),
        "strategy": make_strategy(),
        "jobs": jobs,
    }
    seconds = estimate_left(arms, seeds=seeds[::shards], **options)
    if tune is None:
        return seconds
    # The tuned arms train as long as the others.
    trials = estimate_left(tune.list_trials(), seeds=[tune.seed], **options)
    return 2 * (seconds or 0) + (trials or 0) / shards or None
