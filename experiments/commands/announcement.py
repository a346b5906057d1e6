"""The line before a study: its size, detectable difference and time."""

import functools

from experiments.commands.common import WORKDIR, locate_data, make_strategy
from experiments.commands.launch import LAUNCHER, SHARD


def announce(design, options):
    """Prints the size of a study, its detectable difference and its time.

    Args:
        design, options: As for `experiments.study.run_study`.
    """
    from experiments.planning.image_counts import count_images
    from experiments.planning.prospects import describe_study, describe_sweep
    from experiments.runtime.workers import resolve_worker

    worker = resolve_worker(options.get("strategy"))
    if not worker.is_chief:
        return
    seconds = None
    if LAUNCHER.value == "local" and worker.count == 1:
        seconds = _estimate(
            design, getattr(options.get("launch"), "jobs", None)
        )
    count = functools.partial(count_images, location=locate_data(), fetch=True)
    if design.sweep is not None:
        references = [each.reference for each in design.sweep.points]
        counts = {each.name: count(each.data) for each in references}
        lines = describe_sweep(design, counts, seconds)
    else:
        counts = count(design.experiments[0].data)
        lines = [design.preface + describe_study(design, counts, seconds)]
    print(*lines, sep="\n", flush=True)


def _estimate(design, jobs):
    """Estimates the seconds of the runs that are left; None if none is."""
    from experiments.planning.estimate import estimate_left

    _, shards = SHARD.value or (0, 1)
    options = {
        "workdir": WORKDIR.value,
        "location": locate_data(),
        "strategy": make_strategy(),
        "jobs": jobs,
    }
    seconds = estimate_left(
        design.experiments, seeds=design.seeds[::shards], **options
    )
    if not (trials := design.list_trials()):
        return seconds
    trials, seeds = zip(*trials, strict=True)
    # The tuned arms train as long as the others.
    before = estimate_left(trials, seeds={*seeds}, **options)
    return 2 * (seconds or 0) + (before or 0) / shards or None
