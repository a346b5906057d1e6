"""How many images the runs of a report had: counts.png."""

from experiments.plots.counts import plot_counts


def plot_data(arms, path, title):
    """Draws the images of each class in each split, all arms together.

    Args:
        arms: {experiment: `RunFolder`s}.
        path: The report's folder.
        title: Of the figure.

    Returns:
        The names of the files written: counts.png; several data sets get a
        file each; none if no run has a data.json.
    """
    data = merge_counts(arms)
    names = {
        name: "counts.png" if len(data) == 1 else f"counts_{name}.png"
        for name in data
    }
    for name, splits in data.items():
        plot_counts(splits, f"{title}: images of {name}").savefig(
            path / names[name]
        )
    return list(names.values())


def merge_counts(arms):
    """What the runs' data.json say, together.

    Args:
        arms: {experiment: `RunFolder`s}.

    Returns:
        {data set: {split: {class: images}}}, splits for training first. Where
        an arm uses another part of a split than those before it, that part is
        named "SPLIT (ARM)".
    """
    merged, trained_on = {}, set()
    for arm, runs in arms.items():
        # The seeds of an arm have the same data; folds, as good as the same.
        content = next(filter(None, (each.data() for each in runs)), None)
        if content is None:
            continue
        splits = merged.setdefault(content["name"], {})
        trained_on.add(content["train"])
        for split, counts in content["splits"].items():
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
