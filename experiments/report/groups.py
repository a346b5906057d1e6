"""Which runs are compared with which, on which images."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from experiments.configs.registry import STUDIES
from experiments.report.runs import LeftOut


@dataclass(frozen=True, eq=False)
class Arm:
    """The runs of one experiment, which are its seeds.

    Attributes:
        name: Of the experiment.
        runs: `Run`s, by seed.
    """

    name: str
    runs: tuple

    @property
    def config(self):
        return self.runs[0].config

    @property
    def seeds(self):
        return [run.seed for run in self.runs]

    @property
    def epochs(self):
        return sorted({len(run.history) for run in self.runs})


@dataclass(frozen=True, eq=False)
class Group:
    """Arms that answer one question.

    Attributes:
        title: What they are compared for.
        arms: `Arm`s; the first is the one that the others are compared with.
    """

    title: str
    arms: tuple

    @property
    def reference(self):
        return self.arms[0]

    @property
    def crossed(self):
        """Whether each seed judged other images: cross-validation."""
        return is_crossed(self.reference.runs[0])

    @property
    def folds(self):
        """Parts of the images in cross-validation, or None."""
        return self.reference.config.get("data", {}).get("folds")

    @property
    def class_names(self):
        return self.reference.runs[0].predictions.class_names

    @cached_property
    def judged(self):
        """{seed, or None where all seeds judged the same: ids}, sorted.

        Of the images that all arms judged, with the same label.
        """
        if not self.crossed:
            return {None: _common(r for arm in self.arms for r in arm.runs)}
        by_seed = [{run.seed: run for run in arm.runs} for arm in self.arms]
        seeds = sorted(set.intersection(*map(set, by_seed)))
        return {seed: _common(runs[seed] for runs in by_seed) for seed in seeds}

    @property
    def images(self):
        """Number of different images that were judged by all arms."""
        return len(set().union(*self.judged.values()))

    @cached_property
    def said(self):
        """{run: its `Predictions` on the images that all arms judged}.

        Without the runs that have none, such as a fold that another arm
        lacks.
        """
        found = {}
        for run in (run for arm in self.arms for run in arm.runs):
            ids = self.judged.get(run.seed if self.crossed else None)
            if ids:
                found[run] = _aligned(run.predictions, ids)
        return found

    def predictions(self, arm):
        """Those of all the arm's runs that have any."""
        return [self.said[run] for run in arm.runs if run in self.said]


def is_crossed(run):
    return run.config.get("data", {}).get("folds") is not None


def _common(runs):
    """Sorted ids of the images that all runs judged under one label."""
    shared = None
    for run in runs:
        said = run.predictions
        names = np.array(said.class_names)[said.labels].tolist()
        pairs = set(zip(said.ids.tolist(), names, strict=True))
        shared = pairs if shared is None else shared & pairs
    return sorted(image for image, _ in shared or ())


def _aligned(said, ids):
    """`Predictions` of these images, in this order."""
    order = np.argsort(said.ids)
    places = order[np.searchsorted(said.ids, ids, sorter=order)]
    return said._replace(
        **{
            name: column[places]
            for name, column in zip(said._fields[1:], said[1:], strict=True)
        }
    )


def group_runs(runs, study=None):
    """Sorts runs into comparisons.

    Args:
        runs: `Run`s.
        study: Title of the one question that all of them answer, the first
            experiment being the reference; None: of a folder with whatever
            is in it.

    Returns:
        A list of `Group`s, and a list of `LeftOut`s.
    """
    arms = {}
    for run in runs:
        arms.setdefault(run.name, []).append(run)
    groups, left_out = [], []
    for title, names in _questions(list(arms), study):
        # Of one study, yet on other data: those are questions of their own.
        by_data = {}
        for name in names:
            by_data.setdefault(_data_of(arms[name][0]), []).append(name)
        for members in by_data.values():
            found = [arms[name] for name in members]
            group, strangers = _make_group(title, found)
            groups.append(group)
            left_out += strangers
    return groups, left_out


def _questions(names, study):
    """Yields (title, names of its arms, the reference first)."""
    if study is not None:
        yield study, names
        return
    grouped = set()
    for known in STUDIES.values():
        found = [name for name in known.experiments if name in names]
        if known.prefix:
            joined = set(names).difference(found)
            found += sorted(n for n in joined if n.startswith(known.prefix))
        if found and not grouped.issuperset(found):
            grouped.update(found)
            yield known.name, found
    others = [name for name in names if name not in grouped]
    if others:
        others.sort(
            key=lambda name: not name.endswith(("baseline", "original"))
        )
        yield "experiments of no study", others


def _data_of(run):
    data = run.config.get("data", {})
    classes = frozenset(run.predictions.class_names)
    return data.get("name"), data.get("folds"), classes


def _make_group(title, arms):
    """A `Group`, and `LeftOut`s: runs of other images than its first.

    Args:
        arms: A list of runs for each, the reference first.
    """
    first = arms[0][0]
    kept, left_out = [], []
    for runs in arms:
        same = []
        for run in runs:
            reason = _other_images(first, run)
            if reason is None:
                same.append(run)
            else:
                left_out.append(LeftOut(run.path, reason))
        if same:
            same.sort(key=lambda run: run.seed)
            kept.append(Arm(runs[0].name, tuple(same)))
    return Group(title, tuple(kept)), left_out


def _other_images(first, run):
    """Why two runs cannot be compared; None if they can.

    Runs of earlier versions do not say of which images they are.
    """
    if not is_crossed(first) and not _common((first, run)):
        return f"it judged none of the images that {first.path} did"
    there, here = (each.data.get("fingerprints", {}) for each in (first, run))
    names = there.keys() & here.keys()
    if is_crossed(first) or first.config["data"] != run.config["data"]:
        # Folds, and arms with another split, do train on other images of it.
        names &= {"data_set"}
    for name in sorted(names):
        if there[name] != here[name]:
            return (
                f"its data is not that of {first.path}, though it has the "
                f"same names: {name} is of other images"
            )
    return None
