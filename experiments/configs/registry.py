"""All experiments and studies by name."""

import difflib

from experiments.configs import (
    catsdogs,
    demo,
    tinyimagenet_fair,
    tinyimagenet_init,
    tinyimagenet_published,
)
from experiments.errors import ConfigError

_MODULES = (
    demo,
    tinyimagenet_published,
    tinyimagenet_fair,
    tinyimagenet_init,
    catsdogs,
)

EXPERIMENTS = {e.name: e for module in _MODULES for e in module.EXPERIMENTS}
STUDIES = {s.name: s for module in _MODULES for s in module.STUDIES}


def get_experiment(name):
    return _get(EXPERIMENTS, name, "experiment")


def get_study(name):
    return _get(STUDIES, name, "study")


def listing():
    """Every experiment and study, one line each."""
    width = max(map(len, [*EXPERIMENTS, *STUDIES]))
    lines = ["Experiments (--experiment=NAME):"]
    lines += [f"  {e.name:{width}}  {e.summary}" for e in EXPERIMENTS.values()]
    lines += ["Studies (--study=NAME):"]
    lines += [
        f"  {s.name:{width}}  {s.summary} "
        f"({len(s.experiments)} experiments, --seeds={s.seeds})"
        for s in STUDIES.values()
    ]
    return "\n".join(lines)


def _get(known, name, kind):
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, cutoff=0.5)
    hint = f"Did you mean {', '.join(close)}? " if close else ""
    raise ConfigError(
        f"There is no {kind} {name!r}. {hint}See them all with --list."
    )
