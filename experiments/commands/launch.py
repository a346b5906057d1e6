"""Launch of runs: one after the other, side by side, or on other machines.

Examples:
  python main.py --study=fair --data_dir=MY_IMAGES --jobs=2
  python main.py --study=demo --launcher=ray
"""

from absl import flags

from experiments.commands.common import (
    STRATEGY,
    THREADS,
    is_one_given,
    make_strategy,
    require_one_of,
)
from experiments.commands.parsers import JobsParser, ShardParser
from experiments.errors import ConfigError

SHARD = flags.DEFINE(
    ShardParser(),
    "shard",
    None,
    "With --study or --seeds: I/N, train every N-th run alone, from the I-th "
    "on (1/N to N/N), as a task of an array of jobs. The same command without "
    "it then writes the report.",
)
require_one_of(SHARD, "study", "seeds")
LAUNCHER = flags.DEFINE_enum(
    "launcher",
    "local",
    ("local", "ray"),
    "With --study or --seeds: train on this machine, or side by side with Ray "
    "(pip install -r requirements-ray.txt): a run for each core, or for each "
    "GPU if there are some.",
)
JOBS = flags.DEFINE(
    JobsParser(),
    "jobs",
    None,
    "With --study or --seeds: train so many runs side by side, each in a "
    "process with one thread (see --threads). The default, auto: as many as "
    "there are cores and memory for if all networks are small and there is no "
    "GPU, otherwise one run after the other with all threads.",
)
require_one_of(JOBS, "study", "seeds")
RUNS_PER_GPU = flags.DEFINE_integer(
    "runs_per_gpu",
    None,
    "With --launcher=ray: so many runs share a GPU, for small networks.",
    1,
    100,
)
RAY_ADDRESS = flags.DEFINE_string(
    "ray_address",
    None,
    "With --launcher=ray: HOST:PORT of a Ray cluster, or auto for the one that "
    "this machine is part of; default: this machine alone.",
)


@flags.multi_flags_validator(
    [LAUNCHER, RAY_ADDRESS, RUNS_PER_GPU, JOBS, SHARD, STRATEGY]
)
def _check_launcher(values):
    if values["launcher"] == "local":
        for name in ("ray_address", "runs_per_gpu"):
            if values[name]:
                raise ConfigError(f"--{name} goes with --launcher=ray.")
        if values["jobs"] and values["strategy"] not in ("auto", "default"):
            raise ConfigError("--jobs goes with --strategy=default.")
        return True
    if not is_one_given("study", "seeds"):
        raise ConfigError("--launcher=ray goes with --study or --seeds.")
    if values["runs_per_gpu"] and values["strategy"] == "mirrored":
        raise ConfigError("--runs_per_gpu goes with --strategy=default.")
    if (
        values["shard"]
        or values["jobs"] is not None
        or is_one_given("plan", "dry_run")
        or values["strategy"] in ("tpu", "multiworker")
    ):
        raise ConfigError(
            "--shard, --jobs, --plan, --dry_run, --strategy=tpu and "
            "--strategy=multiworker go with --launcher=local."
        )
    return True


def choose_launch(arms):
    """Chooses what trains the runs; returns options of `run_study`.

    Args:
        arms: `experiments.configs.schema.Experiment`s.

    Raises:
        ConfigError: if that cannot be used here.
    """
    if LAUNCHER.value == "ray":
        return {
            "launch": _import_ray_launcher(),
            "address": RAY_ADDRESS.value,
            "runs_per_gpu": RUNS_PER_GPU.value or 1,
            "threads": THREADS.value,
            "strategy": STRATEGY.value,
        }
    jobs = choose_jobs(arms)
    if jobs is None:
        return {"strategy": make_strategy()}
    from experiments.training.jobs import SideBySide

    return {"launch": SideBySide(jobs, THREADS.value or 1)}


def choose_timing(arms):
    """Chooses what steps are timed on; returns options of `estimate_study`.

    Args:
        arms: `experiments.configs.schema.Experiment`s.
    """
    return {
        "jobs": choose_jobs(arms),
        "threads": THREADS.value or 1,
        "strategy": make_strategy(),
    }


def choose_jobs(arms):
    """Chooses the number of processes; None: this one trains all runs."""
    from experiments.runtime.devices import resolve_device_kind
    from experiments.training.jobs import count_jobs

    if STRATEGY.value not in ("auto", "default") or JOBS.value == 1:
        return None
    if resolve_device_kind() == "CPU":
        return JOBS.value or count_jobs(arms, THREADS.value or 1)
    if JOBS.value:
        raise ConfigError(
            "--jobs goes with processors; on a GPU runs train side by side "
            "with --launcher=ray --runs_per_gpu=N."
        )
    return None


def _import_ray_launcher():
    try:
        from experiments.ray_launcher.launch import run_on_ray
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise ConfigError(
            "--launcher=ray needs Ray: pip install -r requirements-ray.txt"
        ) from error
    return run_on_ray
