"""What the files of runs say that speaks against comparing them as they are."""

from pipelines.config_differences import differences

# Of environment.json, see `experiments.runtime.environment.surroundings`.
# The place of augmentation stands in the config, and so among the settings.
_ALIKE = ("precision", "device", "replicas", "jit_compile", "onednn")
_PARTS = (*_ALIKE, "augment_on", "packages")


def remarks(group):
    """Sentences on runs that moved, that leak, or were made unlike others.

    Args:
        group: An `arms.Group`.

    Yields:
        Sentences.
    """
    runs = [run for arm in group.arms for run in arm.runs]
    for run in runs:
        yield from _moved(run)
    overlaps = {
        overlap: None
        for run in runs
        for overlap in run.data.get("overlaps", [])
    }
    for overlap in overlaps:
        yield f"Judged on images of the training, as allowed: {overlap}."
    for field in _ALIKE:
        yield from _unlike(group, field)


def _moved(run):
    parts = [*run.environment.get("earlier_parts", []), run.environment]
    for before, after in zip(parts, parts[1:], strict=False):
        changed = ", ".join(
            f"{field} from {old} to {new}"
            for field, old, new in differences(
                *({k: part.get(k) for k in _PARTS} for part in (before, after))
            )
        )
        yield (
            f"{run.name}, seed {run.seed}, was trained in other surroundings "
            f"from step {after.get('first_step')} on: {changed}."
        )


def _unlike(group, field):
    found = {}
    for arm in group.arms:
        for run in arm.runs:
            if field in run.environment:
                found.setdefault(run.environment[field], {})[arm.name] = None
    if len(found) > 1:
        listed = "; ".join(
            f"{value} in {', '.join(arms)}" for value, arms in found.items()
        )
        yield (
            "Runs were made in different surroundings, which changes numbers "
            f"a little: {field} is {listed}."
        )
