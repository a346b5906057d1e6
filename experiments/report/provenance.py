"""The section on which runs the report is of, and how to repeat them."""

import shlex

from experiments.configs.arms import ARMS
from experiments.configs.registry import EXPERIMENTS, STUDIES
from experiments.configs.schema import Layer, as_json
from experiments.report.document import Code, Section, Table, Text
from pipelines.config import compare_configs


def origins(material):
    """Runs in and out, versions, hardware, commands."""
    group = material.group
    used = [
        {
            "run": str(run.path),
            "seed": run.seed,
            "epochs": len(run.history),
            **_describe_environment(run.environment),
        }
        for arm in group.arms
        for run in arm.runs
    ]
    blocks = [Text(["The report is of these runs:"]), Table(used, "runs.csv")]
    if material.left_out:
        rows = [
            {"folder": str(each.path), "reason": each.reason}
            for each in material.left_out
        ]
        blocks += [Text(["Left out:"]), Table(rows, "left_out.csv")]
    notes = {
        note: None
        for arm in group.arms
        for run in arm.runs
        for note in run.data.notes
    }
    if notes:
        blocks.append(Text([f"Data: {note}." for note in notes]))
    blocks += [Text(["Made by:"]), Code("\n".join(_commands(group)))]
    return Section("Runs", blocks, True)


def _describe_environment(environment):
    devices = ", ".join(environment.devices).replace("/physical_device:", "")
    packages = environment.packages
    found = {
        "devices": devices,
        "oneDNN": environment.onednn,
        "precision": environment.precision,
        "tensorflow": packages.get("tensorflow"),
        "keras": packages.get("keras"),
        "python": environment.python,
        "platform": environment.platform,
        "revision": (environment.git_revision or "n/a")[:10]
        + (" and changes" if environment.git_changes else ""),
    }
    return {title: value or "n/a" for title, value in found.items()}


def _commands(group):
    seeds = group.reference.seeds
    first, count = seeds[0], len(seeds)
    counted = list(range(first, first + count))
    alike = all(arm.seeds == counted for arm in group.arms)
    overlaps = any(run.data.overlaps for arm in group.arms for run in arm.runs)
    allowed = " --allow_overlap" if overlaps else ""
    study = STUDIES.get(group.title)
    if study and alike:
        changed = _assignments(group.reference.config)
        given = f" --seed={first}" if first else ""
        yield (
            f"python main.py --study={study.name}"
            f"{_chosen_arms(study, group.arms)}{given} --seeds={count}"
            f"{changed}{allowed}"
        )
        return
    for arm in group.arms:
        for seed in arm.seeds:
            what, only = f"--experiment={shlex.quote(arm.name)}", ""
            if study and study.prefix and arm.name not in EXPERIMENTS:
                what = f"--study={study.name}{_chosen_arms(study, [arm])}"
                only = " --seeds=1"
            yield (
                f"python main.py {what} --seed={seed}{only}"
                f"{_assignments(arm.config)}{allowed}"
            )


def _chosen_arms(study, arms):
    """--arms and --arm, where these are not just the study's own."""
    names = [arm.name for arm in arms]
    if names == list(study.experiments):
        return ""
    common = len(EXPERIMENTS[study.experiments[0]].augment)
    known, spelled = [], ""
    for arm in arms:
        name = arm.name.removeprefix(study.prefix or "")
        if arm.name in study.experiments or name in ARMS:
            known.append(name)
            continue
        layers = [Layer(**each) for each in arm.config["augment"][common:]]
        text = f"{name}={' + '.join(map(str, layers))}"
        spelled += f" --arm {shlex.quote(text)}"
    return f" --arms={','.join(known)}{spelled}" if known else spelled


def _assignments(config):
    """--set flags that make the config from the recipe of its name."""
    recipe = EXPERIMENTS.get(config["name"])
    if recipe is None:
        return ""
    changed = compare_configs(as_json(recipe), config)
    return "".join(
        f" --set {shlex.quote(f'{field}={value}')}"
        for field, _, value in changed
    )
