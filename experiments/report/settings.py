"""Settings in which the arms of a comparison differ."""

from typing import NamedTuple

from pipelines.config import compare_configs

# Names and random numbers are no settings.
_LABELS = ("name", "summary", "published", "seed_offset")


class Settings(NamedTuple):
    """Differences between the configs of arms.

    Attributes:
        table: {field: {arm: value}}, of every field that is not the same in
            all arms.
        things: {arm: fields} in which it differs from the
            reference. One more layer is one thing; augmented files and the
            split that they make are one, too.
        seeds_differ: {arm: fields} in which seeds of one arm differ.
        steps: {arm: sorted gradient steps of its runs}, of those that say so.
    """

    table: dict
    things: dict
    seeds_differ: dict
    steps: dict

    @property
    def confounded(self):
        """Arms that differ from the reference in more than one thing."""
        return [arm for arm, things in self.things.items() if len(things) > 1]

    @property
    def placebos(self):
        """Arms that differ from the reference in nothing."""
        return [arm for arm, things in self.things.items() if not things]


def compare_settings(group):
    """The `Settings` of an `groups.Group`."""
    configs = {arm.name: arm.config for arm in group.arms}
    first, *others = configs
    fields = {
        field: None
        for name in others
        for field in _fields(configs[first], configs[name])
    }
    seeds_differ = {
        arm.name: sorted(
            {
                field
                for run in arm.runs
                for field in _fields(arm.config, run.config)
            }
        )
        for arm in group.arms
    }
    return Settings(
        table={
            field: {name: _value(configs[name], field) for name in configs}
            for field in fields
        },
        things={
            name: _things(configs[first], configs[name]) for name in others
        },
        seeds_differ={
            arm: found for arm, found in seeds_differ.items() if found
        },
        steps={
            arm.name: steps
            for arm in group.arms
            if (steps := _count_steps(arm))
        },
    )


def _count_steps(arm):
    return sorted(
        {
            run.data.steps_per_epoch * run.config["epochs"]
            for run in arm.runs
            if run.data.steps_per_epoch
        }
    )


def differing_fields(config, other):
    """Fields in which two configs as JSON differ, labels aside."""
    return sorted(_fields(config, other))


def _fields(config, other):
    return {
        # Layers count as a whole: their list is what there is to read.
        "augment" if field.startswith("augment.") else field
        for field, _, _ in compare_configs(config, other)
        if field not in _LABELS
    }


def _value(config, field):
    value = config
    for key in field.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _things(config, other):
    found = _fields(config, other)
    offline = {field for field in found if field.startswith("data.offline")}
    if offline:
        found = found - offline | {"data.offline"}
        splits = {
            each["data"]["train"].removesuffix("_aug")
            for each in (config, other)
        }
        if len(splits) == 1:
            found.discard("data.train")
    return sorted(found)
