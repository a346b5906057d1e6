"""Designs of studies: their numbers of seeds, stored before the first run."""

from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from experiments.errors import ConfigError
from experiments.statistics.sequential import Look, Looks
from pipelines.files.claimed_folder import ClaimedFolder

FIXED, UNTIL, TUNE = "fixed number of seeds", "--until", "--tune"
_FOLDER, _DESIGN, _LOOKS = "designs", "design.json", "looks.json"
_TAKEN = TypeAdapter(tuple[Look, ...])


class Design(NamedTuple):
    """The number of seeds of a study, and when it is looked at.

    Attributes:
        study: Its name.
        arms: Names of its experiments, the reference first.
        seeds: Of each arm; with looks the most.
        looks: `statistics.sequential.Looks`, or None: it is compared once,
            with all seeds.
        taken: `statistics.sequential.Look`s so far.
    """

    study: str
    arms: tuple
    seeds: int
    looks: Looks | None = None
    taken: tuple = ()

    @property
    def results(self):
        """{arm: (place of its last look, `Result`)}."""
        return {
            arm: (number, result)
            for number, look in enumerate(self.taken)
            for arm, result in look.results.items()
        }

    def describe(self, arm):
        """The decision on an arm in words, such as "runs on to 5 seeds"."""
        number, result = self.results[arm]
        return describe_decision(result.decision, number, self.looks)

    def as_json(self):
        """All of it, for comparison.json."""
        content = {"study": self.study, "seeds": self.seeds}
        if self.looks is None:
            return content | {"looks": None}
        return content | {
            "looks": list(self.looks.seeds),
            "levels": list(self.looks.levels),
            "alpha": self.looks.alpha,
            "margin": self.looks.margin,
            **write_taken(self.taken),
        }


class DesignFolder(ClaimedFolder):
    """Reads and writes WORKDIR/designs/STUDY/.

    A study with looks has design.json, which is written before its first run
    and never again, and looks.json, which grows by a look at a time.
    """

    error = ConfigError
    if_full = "Free some space or choose another --workdir."
    if_claimed = (
        "It is fixed before the first run: keep to it, choose another --workdir"
    )

    @classmethod
    def of(cls, workdir, study):
        return cls(Path(workdir) / _FOLDER / study)

    def claim(self, content, design=UNTIL):
        """Stores a design that is fixed before the first run.

        Args:
            content: Its fields.
            design: `UNTIL` or `TUNE`.

        Raises:
            ConfigError: if another is stored; names what differs.
        """
        content = {"design": design, **content}
        there = self.read_json(_DESIGN)
        if there is None:
            self.write_json(_DESIGN, content)
        else:
            self.check_claim(there, content, "design")

    def claim_seeds(self, arms, seeds):
        """Stores a number of seeds; a larger one of the same arms stays.

        Args:
            arms: Names.
            seeds: Number of each arm.

        Returns:
            The `Design`.

        Raises:
            ConfigError: if the study was begun with looks.
        """
        content = {"design": FIXED, "arms": list(arms), "seeds": seeds}
        there = self.read_json(_DESIGN) or content
        if there.get("design") != FIXED:
            self.check_claim(
                {"design": there.get("design")}, {"design": FIXED}, "design"
            )
        if there.get("arms") == content["arms"]:
            content["seeds"] = max(seeds, there.get("seeds", 0))
        if self.read_json(_DESIGN) != content:
            self.write_json(_DESIGN, content)
        return Design(self.path.name, tuple(arms), content["seeds"])

    def read_taken(self):
        """The `Look`s of looks.json.

        Raises:
            ConfigError: if it is damaged.
        """
        content = self.read_json(_LOOKS) or {}
        try:
            return _TAKEN.validate_python(content.get("taken", ()))
        except ValidationError as error:
            raise ConfigError(
                f"cannot read {self / _LOOKS}: "
                f"{'.'.join(map(str, error.errors()[0]['loc']))} is damaged. "
                "Remove it; the looks are then taken anew from the runs."
            ) from error

    def write_taken(self, taken):
        self.write_json(_LOOKS, write_taken(taken))


def write_taken(taken):
    """`Look`s as JSON."""
    return {
        "taken": [
            {
                "seeds": look.seeds,
                "level": look.level,
                "results": {
                    arm: {
                        "decision": result.decision,
                        "difference": result.difference
                        and result.difference.as_json(),
                    }
                    for arm, result in look.results.items()
                },
            }
            for look in taken
        ]
    }


def read_designs(workdir):
    """The `Design`s that are stored below a folder.

    Those that cannot be read are left out: a folder of runs needs none.
    """
    found = []
    for path in sorted(Path(workdir, _FOLDER).glob(f"*/{_DESIGN}")):
        folder = DesignFolder(path.parent)
        try:
            content = folder.read_json(_DESIGN)
            arms, seeds = content["arms"], int(content["seeds"])
            study = path.parent.name
            if content["design"] == FIXED:
                found.append(Design(study, tuple(arms), seeds))
                continue
            looks = Looks(
                tuple(content["looks"]),
                len(arms) - 1,
                content["margin"],
                content["alpha"],
            )
            names = tuple(each["name"] for each in arms)
            taken = folder.read_taken()
            found.append(Design(study, names, seeds, looks, taken))
        except (ConfigError, KeyError, TypeError, ValueError):
            continue
    return found


def select_design(designs, arms):
    """The design of a comparison, or None.

    Args:
        designs: `Design`s.
        arms: Names, the reference first.

    Returns:
        The first that has the reference and all arms, one with looks before
        all others, then the one with the most seeds.
    """
    fitting = [
        each
        for each in designs
        if each.arms[0] == arms[0] and set(arms) <= set(each.arms)
    ]
    return max(
        fitting, key=lambda each: (bool(each.looks), each.seeds), default=None
    )


def describe_decision(decision, number, looks):
    """A decision in words, such as "runs on to 5 seeds".

    Args:
        decision: As `statistics.sequential.decide` returns it.
        number: Place of the look.
        looks: `Looks`.
    """
    if decision == "runs_on":
        return f"runs on to {looks.seeds[number + 1]} seeds"
    if decision == "cannot_be_told":
        return f"cannot be told within {looks.seeds[-1]} seeds"
    if decision == "no_relevant_difference":
        points = "point" if looks.margin == 1 else "points"
        return f"no relevant difference (within ±{looks.margin:g} {points})"
    return decision


def describe_incomplete(findings, names):
    """A sentence on a study that is read before its seeds are complete."""
    design = findings.design
    if design is None or design.looks is not None:
        return
    made = {
        arm.name: len(arm.seeds)
        + sum(n for kind, n in arm.lost.items() if kind != "unfinished")
        for arm in findings.arms
    }
    short = [arm for arm, count in made.items() if count < design.seeds]
    if short:
        least = min(made[arm] for arm in short)
        yield (
            f"Read early: {design.seeds} seeds an arm were planned, and "
            f"{names.list(short)} {'have' if len(short) > 1 else 'has'} "
            f"{least if least else 'none'} so far. Whoever reads a study "
            "after each seed and stops at the first claim makes 10 to 24 % "
            "false claims, not 5 %; --until is the way to stop early."
        )


def describe_looks(findings):
    """Sentences on a study that is looked at while its seeds come in."""
    looks, taken = findings.design.looks, findings.design.taken
    *others, last = map(str, looks.seeds)
    listed = f"{', '.join(others)} and {last}" if others else last
    levels = ", ".join(f"{100 * (1 - level):.2f} %" for level in looks.levels)
    yield (
        f"Before the first run, looks were fixed at {listed} seeds. Each has "
        f"its own level ({levels}), so that the intervals of all looks and "
        f"arms hold together in {100 * (1 - looks.alpha):.0f} % of studies. "
        f"{len(taken)} of {len(looks.seeds)} were taken. An arm that is "
        "decided is trained no further; its verdict and its interval are "
        "those of that look."
    )
    yield (
        "Differences at an early stop are on average 5 to 7 % too large (8 to "
        "13 % among claims)."
    )


def tabulate_looks(findings, names):
    """Rows of a table, one for each arm at each look."""
    design = findings.design
    return [
        {
            "arm": names(arm),
            "seeds": look.seeds,
            "level of the interval": f"{100 * (1 - look.level):.2f} %",
            **_describe_difference(result.difference),
            "decision": describe_decision(
                result.decision, number, design.looks
            ),
        }
        for number, look in enumerate(design.taken)
        for arm, result in look.results.items()
    ]


def _describe_difference(difference):
    if difference is None or difference.verdict == "trained_once":
        return {"difference, points": "n/a", "interval": "n/a"}
    return {
        "difference, points": f"{difference.difference:+.2f}",
        "interval": f"{difference.low:+.2f} to {difference.high:+.2f}",
    }
