"""What a reader must know of the runs to read the report right."""

from experiments.configs.schema import differences


def notes(arms, published):
    """Sentences about the runs.

    Args:
        arms: {experiment: `RunFolder`s}.
        published: {experiment: anything}, of those with published results.
    """
    configs = {
        name: [folder.read_json("config.json") for folder in runs]
        for name, runs in arms.items()
    }
    return [
        "Errors and loss are those of the last epoch on the validation "
        "images, mean ± standard deviation over seeds. " + _best_epoch(configs),
        *_published(published),
        *_folds(arms, configs),
        *_seeds(configs),
        *_what_differs(configs),
        *_steps(arms, configs),
        *_data(arms),
        *_unfinished(arms),
    ]


def _best_epoch(configs):
    picked_on = {
        config["data"].get("selection")
        for runs in configs.values()
        for config in runs
    }
    if None in picked_on:
        return "The best epoch was picked on the same images, so it flatters."
    return f"The best epoch was picked on: {', '.join(sorted(picked_on))}."


def _published(published):
    if published:
        yield "Rows and curves marked as published were not measured here."


def _folds(arms, configs):
    """Cross-validation, and which folds are still missing."""
    crossed = False
    for name, runs in arms.items():
        folds = configs[name][0]["data"].get("folds")
        if folds is None:
            continue
        crossed = True
        seeds = [int(folder.path.name.removeprefix("seed_")) for folder in runs]
        missing = sorted(set(range(folds)) - {seed % folds for seed in seeds})
        if missing:
            yield (
                f"{name} has not been judged on all images yet. Of its "
                f"{folds} folds these are missing: "
                f"{', '.join(map(str, missing))}. Run more seeds."
            )
    if crossed:
        yield (
            "Cross-validated: every seed trains without one fold of the "
            "images and is judged on it, so the deviation over seeds holds "
            "that between folds. The tables with intervals pool the folds."
        )


def _seeds(configs):
    for name, (first, *others) in configs.items():
        fields = sorted({f for other in others for f in _fields(first, other)})
        if fields:
            yield f"Seeds of {name} differ in {', '.join(fields)}."


def _what_differs(configs):
    (first_name, (first, *_)), *others = configs.items()
    found = {name: _fields(first, runs[0]) for name, runs in others}
    fields = sorted({field for each in found.values() for field in each})
    if others:
        yield f"The experiments differ in: {', '.join(fields) or 'nothing'}."
    several = [name for name, each in found.items() if len(each) > 1]
    if several:
        yield (
            f"More than one thing differs between {first_name} and "
            f"{', '.join(several)}, so a difference between these rows has "
            "no single cause."
        )


def _steps(arms, configs):
    """No field of the config, but what more training images bring along."""
    steps = {}
    for name, runs in arms.items():
        an_epoch = (runs[0].data() or {}).get("steps_per_epoch")
        if an_epoch is not None:
            steps[name] = an_epoch * configs[name][0]["epochs"]
    if len(set(steps.values())) > 1:
        listed = [f"{name} {count:,}" for name, count in steps.items()]
        yield (
            "The experiments train for different numbers of steps, which "
            f"can make a difference by itself: {', '.join(listed)}."
        )


def _fields(first, other):
    """Fields in which two configs differ, where each is one thing."""
    labels = ("name", "summary", "published")
    found = {
        # One more or other layer is one thing that differs.
        "augment" if field.startswith("augment.") else field
        for field, _, _ in differences(first, other)
        if field not in labels
    }
    offline = {field for field in found if field.startswith("data.offline")}
    if offline:
        # The split of the augmented files goes with the augmentation.
        found = found - offline | {"data.offline"}
        splits = [config["data"].get("train", "") for config in (first, other)]
        if len({split.removesuffix("_aug") for split in splits}) == 1:
            found.discard("data.train")
    return found


def _data(arms):
    """What the data sets' own checks found."""
    remarks = [
        remark
        for runs in arms.values()
        for folder in runs
        for remark in (folder.data() or {}).get("notes", [])
    ]
    return [f"Data: {remark}" for remark in dict.fromkeys(remarks)]


def _unfinished(arms):
    paths = [
        str(folder.path)
        for runs in arms.values()
        for folder in runs
        if not folder.is_finished()
    ]
    if paths:
        yield f"Not finished: {', '.join(paths)}."
