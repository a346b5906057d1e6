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
        first_seeds: As many were planned at first, before a study without
            looks was extended.
        looks: `statistics.sequential.Looks`, or None: it is compared once,
            with all seeds.
        taken: `statistics.sequential.Look`s so far.
        is_tuned: Whether its arms have the best settings of trials.
    """

    study: str
    arms: tuple
    seeds: int
    looks: Looks | None = None
    taken: tuple = ()
    first_seeds: int | None = None
    is_tuned: bool = False

    @property
    def results(self):
        """{arm: (place of its last look, `Result`)}."""
        return {
            arm: (number, result)
            for number, look in enumerate(self.taken)
            for arm, result in look.results.items()
        }

    def as_json(self):
        """All of it, for comparison.json."""
        content = {"study": self.study, "seeds": self.seeds}
        if self.looks is None:
            return content | {
                "looks": None,
                "first_seeds": self.first_seeds,
                "is_tuned": self.is_tuned,
            }
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
        before = self.read_json(_DESIGN)
        content = {"design": FIXED, "arms": list(arms), "seeds": seeds}
        content["first_seeds"] = seeds
        if before is not None:
            kind = {"design": before.get("design")}
            self.check_claim(kind, {"design": FIXED}, "design")
            if before.get("arms") == content["arms"]:
                content["seeds"] = max(seeds, before.get("seeds", 0))
                content["first_seeds"] = before.get("first_seeds", seeds)
        if before != content:
            self.write_json(_DESIGN, content)
        return _read_fixed(self.path.name, content)

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
                found.append(_read_fixed(study, content))
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


def _read_fixed(study, content):
    arms, seeds = tuple(content["arms"]), int(content["seeds"])
    return Design(study, arms, seeds, first_seeds=int(content["first_seeds"]))


def select_design(designs, arms):
    """The design of a comparison, or None.

    Args:
        designs: `Design`s.
        arms: Names, the reference first.

    Returns:
        One that has all arms, and the same reference as far as that has
        runs; one with looks before all others, then the one with most seeds.
    """
    fitting = [
        each
        for each in designs
        if set(arms) <= set(each.arms)
        and (each.arms[0] == arms[0] or each.arms[0] not in arms)
    ]
    return max(
        fitting, key=lambda each: (bool(each.looks), each.seeds), default=None
    )
