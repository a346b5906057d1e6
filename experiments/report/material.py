"""What the sections of a report are made from."""

from typing import NamedTuple

from experiments.plots import style
from experiments.report import wording
from experiments.report.arms import Group
from experiments.report.findings import Findings


class Material(NamedTuple):
    """What the sections are made from.

    Attributes:
        group: `arms.Group`.
        findings: `findings.Findings`.
        published: {arm: `published.results.Published`}.
        left_out: `runs.LeftOut`s.
    """

    group: Group
    findings: Findings
    published: dict
    left_out: list

    @property
    def names(self):
        return wording.names_of(self.findings)

    @property
    def colors(self):
        return style.colors_of(
            self.names(arm.name) for arm in self.findings.arms
        )


def published_label(material, arm):
    label = f"{material.names(arm)}, as published"
    differs = material.published[arm].differs
    if differs:
        label += f" (with other {', '.join(differs)})"
    return label
