"""All experiments and studies by name."""

import difflib

from experiments.configs import (
    catsdogs,
    demo,
    fair,
    tinyimagenet_fair,
    tinyimagenet_init,
    tinyimagenet_pocket,
    tinyimagenet_published,
)
from experiments.configs.arms import ARMS, LAYERS, add_arm, parse_arm
from experiments.configs.schema import drop_labels
from experiments.errors import ConfigError

_MODULES = (
    demo,
    fair,
    tinyimagenet_published,
    tinyimagenet_fair,
    tinyimagenet_init,
    tinyimagenet_pocket,
    catsdogs,
)

EXPERIMENTS = {e.name: e for module in _MODULES for e in module.EXPERIMENTS}
STUDIES = {s.name: s for module in _MODULES for s in module.STUDIES}


def get_experiment(name):
    return _get(EXPERIMENTS, name, "experiment")


def get_study(name):
    return _get(STUDIES, name, "study")


def choose_arms(study, names=(), spelled=()):
    """Chooses the experiments of a study, or the arms that are asked for.

    Args:
        study: A `Study`.
        names: Names of its experiments, with or without its prefix, or of
            `ARMS`.
        spelled: Texts that `parse_arm` takes; without `names`, they are
            compared with the study's first experiment. One that has the name
            of a known arm has to be the same.

    Returns:
        A list of `Experiment`s, the first of which is the reference.

    Raises:
        ConfigError: if there is no such arm, if a name is given twice, or if
            the study has no recipe that other arms could join.
    """
    own = [get_experiment(name) for name in study.experiments]
    if not names and not spelled:
        return own
    prefix = study.prefix or ""
    known = {each.name.removeprefix(prefix): each for each in own}
    if not names:
        chosen = [own[0]]
    else:
        chosen = [
            _choose_arm(study, name.strip().removeprefix(prefix), known)
            for name in names
        ]
    for text in spelled:
        arm = parse_arm(text)
        joined = _join(study, arm)
        if arm.name in known or arm.name in ARMS:
            there = _choose_arm(study, arm.name, known)
            if drop_labels(there) != drop_labels(joined):
                raise ConfigError(
                    f"--arm {text}: there is another arm {arm.name!r} "
                    "already; choose another name."
                )
            joined = there
        chosen.append(joined)
    taken = {}
    for each in chosen:
        # Two names of one config would be trained alike, bit for bit.
        for what in (each.name, repr(drop_labels(each))):
            if what in taken:
                raise ConfigError(
                    "--arms, --arm: the same twice: "
                    f"{taken[what].removeprefix(prefix)} and "
                    f"{each.name.removeprefix(prefix)}."
                )
            taken[what] = each.name
    return chosen


def _choose_arm(study, name, known):
    if name in known:
        return known[name]
    if name not in ARMS:
        every = [*known, *(ARMS if study.prefix else ())]
        # The likeliest first.
        close = difflib.get_close_matches(name, every, cutoff=0.5)
        every = dict.fromkeys([*close, *every])
        raise ConfigError(
            f"--arms: there is no arm {name!r} for study {study.name}. Known: "
            f"{', '.join(every)}."
        )
    return _join(study, ARMS[name])


def _join(study, arm):
    if study.prefix is None:
        others = [each.name for each in STUDIES.values() if each.prefix]
        raise ConfigError(
            f"study {study.name} has no recipe that {arm.name} could join. "
            f"Those that have: {', '.join(others)}."
        )
    return add_arm(get_experiment(study.experiments[0]), study.prefix, arm)


def list_everything(data_sets):
    """Lists every study, experiment, arm, layer and data set."""
    width = max(map(len, [*EXPERIMENTS, *STUDIES]))
    parts = {
        "Experiments (--experiment=NAME)": {
            e.name: e.summary for e in EXPERIMENTS.values()
        },
        "Studies (--study=NAME)": {
            s.name: f"{s.summary} ({len(s.experiments)} experiments, "
            f"--seeds={s.seeds}{', takes other arms' if s.prefix else ''}"
            f"{''.join(f', --sweep {each}' for each in s.sweep)})"
            for s in STUDIES.values()
        },
        "Recipes of study fair (--study=fair --recipe=NAME)": {
            name: recipe.summary for name, recipe in fair.RECIPES.items()
        },
        "Arms (--study=NAME --arms=NAME,NAME)": {
            a.name: a.summary for a in ARMS.values()
        },
    }
    lines = []
    for title, rows in parts.items():
        lines += [f"{title}:"]
        lines += [f"  {name:{width}}  {text}" for name, text in rows.items()]
    lines += [
        "Layers (--arm NAME=LAYER(OPTION=VALUE)+LAYER): "
        f"{', '.join(LAYERS)}; keras/NAME and keras_cv/NAME",
        f"Data sets (--set data.name=NAME): {', '.join(data_sets)}",
        "Weights at the start: random; of ImageNet if the network is a "
        "ResNet50 or ResNet101 of stem imagenet and width 64 (--set "
        "model.weights=imagenet)",
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
