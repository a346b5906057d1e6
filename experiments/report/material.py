"""The input of a report's sections."""

from dataclasses import dataclass
from functools import cached_property

from experiments.plots import style
from experiments.plots.names import drawable
from experiments.report import wording
from experiments.report.findings import Findings
from experiments.report.groups import Group


@dataclass(frozen=True, eq=False)
class Material:
    """Runs and numbers that a section can show.

    Attributes:
        group: `groups.Group`.
        findings: `findings.Findings`.
        published: {arm: `published.results.Published`}.
        left_out: `runs.LeftOut`s.
        drawn_previews: Whether previews show drawn images even if the study's
            own are there.
    """

    group: Group
    findings: Findings
    published: dict
    left_out: list
    drawn_previews: bool = False

    @property
    def names(self):
        return wording.Names(arm.name for arm in self.findings.arms)

    @cached_property
    def labels(self):
        """{arm: what figures call it}, see `plots.names.drawable`."""
        arms = [arm.name for arm in self.findings.arms]
        shown = drawable(self.names(arm) for arm in arms)
        return dict(zip(arms, shown, strict=True))

    @property
    def colors(self):
        """{label: color}."""
        return style.assign_colors(self.labels.values())


def as_published(material, arm, name):
    """The label of the published result of an arm of this name."""
    differs = material.published[arm].differs
    other = f" (with other {', '.join(differs)})" if differs else ""
    return f"{name}, as published{other}"
