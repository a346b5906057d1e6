"""How many images the runs of a report had."""


def merge_counts(arms):
    """What the runs' data.json say, together.

    Args:
        arms: {experiment: `runs.Run`s}.

    Returns:
        {data set: {split: {class: images}}}, splits for training first. Where
        an arm uses another part of a split than those before it, that part is
        named "SPLIT (ARM)".
    """
    merged, trained_on = {}, set()
    for arm, runs in arms.items():
        # The seeds of an arm have the same data; folds, as good as the same.
        content = runs[0].data
        splits = merged.setdefault(content.name, {})
        trained_on.add(content.train)
        for split, counts in content.splits.items():
            # Arms may use different parts of a split.
            if counts and splits.setdefault(split, counts) != counts:
                splits[f"{split} ({arm})"] = counts
    return {
        name: {
            split: splits[split]
            for split in sorted(
                splits,
                key=lambda split: split.partition(" ")[0] not in trained_on,
            )
        }
        for name, splits in merged.items()
        if splits
    }
