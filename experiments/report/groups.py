"""Groups of arms that are compared, and the images that they share."""

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from experiments.configs.arms import VALUE_MARK
from experiments.configs.registry import STUDIES
from experiments.metrics import are_unequal
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
        title: Name of the study, or another heading.
        arms: `Arm`s with a run; the first is the reference.
        left_out: `LeftOut`s of this question's arms.
        planned_reference: Name of the reference, also if it has no run.
    """

    title: str
    arms: tuple
    left_out: tuple = ()
    planned_reference: str | None = None

    @property
    def reference(self):
        return self.arms[0]

    @property
    def crossed(self):
        """True in cross-validation, where seeds judge different images."""
        return is_crossed(self.reference.runs[0])

    @property
    def folds(self):
        """Parts of the images in cross-validation, or None."""
        return self.reference.config["data"]["folds"]

    @property
    def class_names(self):
        return self.reference.runs[0].predictions.class_names

    @property
    def runs(self):
        return [run for arm in self.arms for run in arm.runs]

    @cached_property
    def judged(self):
        """{seed, or None if all seeds judged the same: ids}, sorted.

        Of the images that all arms with this seed judged, with one label.
        """
        if not self.crossed:
            return {None: _common(self.runs)}
        by_seed = {}
        for run in self.runs:
            by_seed.setdefault(run.seed, []).append(run)
        return {seed: _common(by_seed[seed]) for seed in sorted(by_seed)}

    @property
    def images(self):
        """Number of different images that are compared."""
        return len(set().union(*self.judged.values()))

    @cached_property
    def outcomes(self):
        """{run: its `runs.Outcomes` on the images that are compared}."""
        found = {}
        for run in self.runs:
            ids = self.judged[run.seed if self.crossed else None]
            if ids:
                found[run] = _select(run.predictions, ids)
        return found

    @cached_property
    def has_unequal_classes(self):
        """True if accuracy may deceive, see `metrics.are_unequal`."""
        labels = [each.labels for each in self.predictions(self.reference)]
        return bool(labels) and are_unequal(np.bincount(np.concatenate(labels)))

    def predictions(self, arm):
        """Those of all the arm's runs that have any."""
        return [self.outcomes[run] for run in arm.runs if run in self.outcomes]

    @property
    def correct(self):
        """Right predictions, as `experiments.statistics` takes them.

        {arm: bool (seeds, images)}, or in cross-validation
        {arm: {seed: bool (images of the seed,)}}.
        """
        if self.crossed:
            return {
                arm.name: {
                    run.seed: self.outcomes[run].right
                    for run in arm.runs
                    if run in self.outcomes
                }
                for arm in self.arms
            }
        return {
            arm.name: np.array(
                [outcomes.right for outcomes in self.predictions(arm)]
            )
            for arm in self.arms
        }

    @property
    def lost(self):
        """`LeftOut`s of trainings that the comparison lacks."""
        return [each for each in self.left_out if each.is_lost]


def is_crossed(run):
    return run.config["data"]["folds"] is not None


def _common(runs):
    """Sorted ids of the images that all runs judged under one label."""
    shared = None
    for run in runs:
        outcomes = run.predictions
        names = np.array(outcomes.class_names)[outcomes.labels].tolist()
        pairs = set(zip(outcomes.ids.tolist(), names, strict=True))
        shared = pairs if shared is None else shared & pairs
    return sorted(image for image, _ in shared or ())


def _select(outcomes, ids):
    """`runs.Outcomes` of these images, in this order."""
    order = np.argsort(outcomes.ids)
    places = order[np.searchsorted(outcomes.ids, ids, sorter=order)]
    return outcomes._replace(
        **{
            name: column[places]
            for name, column in zip(
                outcomes._fields[1:], outcomes[1:], strict=True
            )
        }
    )


def group_runs(runs, study=None, left_out=(), order=()):
    """Sorts runs into comparisons.

    Args:
        runs: `Run`s.
        study: Title of the one question that all of them answer, the first
            experiment being the reference; None: of a folder with whatever
            is in it.
        left_out: `LeftOut`s; those of an arm are told with its results.
        order: Names of arms in the order of the study, as far as known.

    Returns:
        A list of `Group`s, and a list of further `LeftOut`s.
    """
    arms = {}
    for run in runs:
        arms.setdefault(run.name, []).append(run)
    lost = [each.arm for each in left_out if each.is_lost]
    names = dict.fromkeys([*order, *arms, *lost])
    names = [name for name in names if name in arms or name in lost]
    groups, strangers = [], []
    for title, members in _questions(names, study):
        # Of one study, yet on other data: those are questions of their own.
        by_data = {}
        for name in members:
            if name in arms:
                # That of most runs: one damaged run moves no arm.
                data = Counter(map(_describe_data, arms[name])).most_common(1)
                by_data.setdefault(data[0][0], []).append(name)
        for position, same in enumerate(by_data.values()):
            # Of a lost run the data is not known: the first question has it.
            others = [] if position else set(members).difference(arms)
            heading = f"{title}, data {position + 1}" if position else title
            group, strange = _make_group(heading, [arms[name] for name in same])
            of_arms = tuple(
                each
                for each in (*left_out, *strange)
                if each.arm in {*same, *others}
            )
            groups.append(
                replace(
                    group,
                    left_out=of_arms,
                    planned_reference=None if position else members[0],
                )
            )
            strangers += strange
    return groups, strangers


def _questions(names, study):
    """Yields (title, names of its arms, the reference first)."""
    if study is not None:
        yield study, names
        return
    # Values of a sweep are questions of their own.
    by_value = {"": []}
    for name in names:
        by_value.setdefault(name.partition(VALUE_MARK)[2], []).append(name)
    for value, members in by_value.items():
        arms = {name.partition(VALUE_MARK)[0]: name for name in members}
        for title, found in _match_studies(arms, by_value[""]):
            of_value = [arms.get(name, name) for name in found]
            yield ", ".join(filter(None, (title, value))), of_value


def _match_studies(names, usual):
    """Yields (name of a study, names of its arms, the reference first).

    Args:
        names: Of experiments, without the value of a sweep.
        usual: Names of experiments that are not swept: the reference of a
            value may be among them.
    """
    grouped = set()
    for known in STUDIES.values():
        found = [name for name in known.experiments if name in names]
        if known.prefix:
            joined = set(names).difference(found)
            found += sorted(n for n in joined if n.startswith(known.prefix))
        if found and not grouped.issuperset(found):
            grouped.update(found)
            reference = known.experiments[0]
            if reference not in found and reference in usual:
                found.insert(0, reference)
            yield known.name, found
    others = [name for name in names if name not in grouped]
    if others:
        others.sort(
            key=lambda name: not name.endswith(("baseline", "original"))
        )
        yield "experiments of no study", others


def _describe_data(run):
    data = run.config["data"]
    classes = frozenset(run.predictions.class_names)
    return data["name"], data["folds"], classes


def _make_group(title, arms):
    """A `Group`, and `LeftOut`s: runs of other images than its first.

    Args:
        arms: A list of runs for each, the reference first.
    """
    data = Counter(map(_describe_data, arms[0])).most_common(1)[0][0]
    first = next(run for run in arms[0] if _describe_data(run) == data)
    kept, left_out = [], []
    for runs in arms:
        same = []
        for run in runs:
            reason = _explain_other_images(first, run)
            if reason is None:
                same.append(run)
            else:
                left_out.append(LeftOut(run.path, reason, run.name))
        if same:
            same.sort(key=lambda run: run.seed)
            kept.append(Arm(runs[0].name, tuple(same)))
    return Group(title, tuple(kept)), left_out


def _explain_other_images(first, run):
    """The reason why two runs cannot be compared; None if they can."""
    if not is_crossed(first) and not _common((first, run)):
        return f"it judged none of the images that {first.path} did"
    there, here = (each.data.fingerprints for each in (first, run))
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
