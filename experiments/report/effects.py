"""Effects of arms at each value of a sweep, and how they change with it."""

import re
from itertools import combinations
from typing import NamedTuple

from experiments.configs.variants import show_value
from experiments.report.findings import compute_differences
from experiments.report.groups import Group
from experiments.statistics.comparison import CONFIDENCE, Difference
from experiments.statistics.contrast import (
    Cells,
    Contrast,
    choose_scale,
    estimate_contrast,
    weigh_line,
)


class Point(NamedTuple):
    """A value of each swept field, and the arms at it.

    Attributes:
        values: {field: value}.
        arms: {name of the arm without the sweep: its
            `experiments.configs.schema.Experiment`}, the reference first.
    """

    values: dict
    arms: dict

    @property
    def title(self):
        """For example "epochs=5, model.width=16"."""
        return ", ".join(f"{f}={show_value(v)}" for f, v in self.values.items())

    @property
    def folder(self):
        """Name of its page's folder, such as "epochs=5,model.width=16"."""
        return re.sub(r"[^\w.+=,-]+", "-", self.title.replace(", ", ","))

    @property
    def reference(self):
        """`Experiment` of the reference."""
        return next(iter(self.arms.values()))


class Effect(NamedTuple):
    """An arm's difference from the reference at a point.

    Attributes:
        place: Of the point.
        arm: Its name without the sweep.
        difference: `Difference`; its interval holds together with those of
            all arms and points.
        error, reference_error: Top-1 errors in %.
    """

    place: int
    arm: str
    difference: Difference
    error: float
    reference_error: float


class Change(NamedTuple):
    """The change of an arm's effect over the values of a field.

    Attributes:
        arm: Its name without the sweep.
        field: The other field's values are averaged.
        scale: "log" or "linear": along a line through the effects of all
            values; "pairs": from one value to another.
        first, last: The values.
        effects: Points of accuracy at both, as they were measured.
        contrast: `Contrast`; the intervals of all changes hold together.
    """

    arm: str
    field: str
    scale: str
    first: object
    last: object
    effects: tuple
    contrast: Contrast


class Effects(NamedTuple):
    """Numbers of a sweep.

    Attributes:
        points: `Point`s.
        materials: {place of a point: `material.Material`}, of those that have
            runs of use.
        effects: `Effect`s, point by point.
        changes: `Change`s.
    """

    points: list
    materials: dict
    effects: list
    changes: list

    @property
    def arms(self):
        """Names of the arms without the sweep, the reference first."""
        return list(self.points[0].arms)

    @property
    def fields(self):
        """{field: its values in their order}."""
        return {
            field: list(
                {
                    repr(point.values[field]): point.values[field]
                    for point in self.points
                }.values()
            )
            for field in self.points[0].values
        }

    @property
    def places(self):
        """{field: places of its values on an axis}: themselves, if numbers.

        Without a limit, all images are trained on.
        """
        found = self.fields
        for field, values in found.items():
            if field == "data.limit_train" and None in values:
                found[field] = [
                    self._count_images() if value is None else value
                    for value in values
                ]
        return found

    def scale(self, field):
        """See `statistics.contrast.choose_scale`."""
        return choose_scale(self.places[field])

    def _count_images(self):
        """Training images of a run without a limit; None without a run."""
        for place, material in self.materials.items():
            if self.points[place].values["data.limit_train"] is None:
                data = material.group.reference.runs[0].data
                return sum((data.splits.get(data.train) or {}).values()) or None
        return None


def compute_effects(points, materials):
    """The `Effects` of a sweep.

    Each point is compared with the reference at that point, at a level that
    lets the intervals of all points hold together.

    Args:
        points: `Point`s, of all values.
        materials: {place of a point: `material.Material`}, of those that have
            runs of use.
    """
    confidence = 1 - (1 - CONFIDENCE) / len(points)
    effects = [
        each
        for place, material in materials.items()
        for each in _compare(place, points[place], material, confidence)
    ]
    found = Effects(points, materials, effects, [])
    return found._replace(changes=_compute_changes(found))


def _compare(place, point, material, confidence):
    findings = material.findings
    if findings.arms[0].name != point.reference.name:
        # Without its reference a point has no effects.
        return
    errors = {
        arm.name: arm.figures["top1_error"].mean
        for arm in findings.arms
        if "top1_error" in arm.figures
    }
    differences = compute_differences(
        material.group, findings.placebos, confidence
    )
    of_arms = {each.name: arm for arm, each in point.arms.items()}
    for each in differences:
        yield Effect(
            place,
            of_arms[each.arm],
            each,
            errors[each.arm],
            errors[point.reference.name],
        )


def _compute_changes(found):
    groups = {
        place: material.group for place, material in found.materials.items()
    }
    parts = list(_divide(groups))
    planned = [
        (change, coefficients)
        for arm in found.arms[1:]
        for field in found.fields
        for change, coefficients in _plan_changes(found, arm, field)
        if any(abs(factor) > 1e-12 for factor in coefficients.values())
    ]
    changes = []
    for change, coefficients in planned:
        contrast = estimate_contrast(parts, coefficients, len(planned))
        if contrast is not None:
            changes.append(change._replace(contrast=contrast))
    return changes


def _divide(groups):
    """Yields `Cells` of all points that are evaluated on the same images."""
    parts = []
    for group in groups.values():
        if not group.images:
            continue
        for part in parts:
            if _has_same_images(part[0], group):
                part.append(group)
                break
        else:
            parts.append([group])
    for part in parts:
        arms = {arm.name: arm for group in part for arm in group.arms}
        joined = Group("all values", tuple(arms.values()))
        if joined.crossed:
            images = {s: ids for s, ids in joined.judged.items() if ids}
            yield Cells(joined.correct, images, joined.folds)
        else:
            yield Cells(joined.correct)


def _has_same_images(group, other):
    if (group.folds, set(group.class_names)) != (
        other.folds,
        set(other.class_names),
    ):
        return False
    names = {each.reference.config["data"]["name"] for each in (group, other)}
    common = group.judged.keys() & other.judged.keys()
    return (
        len(names) == 1
        and len(common) > 0
        and all(group.judged[seed] == other.judged[seed] for seed in common)
    )


def _plan_changes(found, arm, field):
    """Yields `Change`s without a contrast, and coefficients of their cells."""
    effects = {
        each.place: each.difference.difference
        for each in found.effects
        if each.arm == arm
    }
    values, on_axis, places = [], [], []
    for value, number in zip(
        found.fields[field], found.places[field], strict=True
    ):
        its_places = [
            place
            for place, point in enumerate(found.points)
            if repr(point.values[field]) == repr(value)
        ]
        # A mean over the other field takes all of its values.
        if all(place in effects for place in its_places):
            values.append(value)
            on_axis.append(number)
            places.append(its_places)
    if len(values) < 2:
        return
    for scale, weights in _weigh(on_axis):
        coefficients = {}
        for weight, its_places in zip(weights, places, strict=True):
            for place in its_places:
                point, share = found.points[place], weight / len(its_places)
                for name, sign in (
                    (point.arms[arm].name, 1),
                    (point.reference.name, -1),
                ):
                    coefficients[name] = (
                        coefficients.get(name, 0) + sign * share
                    )
        first, last = _ends(on_axis, scale, weights)
        means = tuple(
            sum(effects[place] for place in places[end]) / len(places[end])
            for end in (first, last)
        )
        change = Change(
            arm, field, scale, values[first], values[last], means, None
        )
        yield change, coefficients


def _weigh(values):
    """Yields scales and coefficients of the values."""
    scale = choose_scale(values)
    if scale != "pairs":
        yield scale, weigh_line(values, scale).tolist()
        return
    for first, last in combinations(range(len(values)), 2):
        yield (
            scale,
            [
                (place == last) - (place == first)
                for place in range(len(values))
            ],
        )


def _ends(values, scale, weights):
    """Places of the two values that a change is said to be between."""
    if scale == "pairs":
        return weights.index(-1), weights.index(1)
    return values.index(min(values)), values.index(max(values))
