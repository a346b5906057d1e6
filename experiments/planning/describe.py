"""A data set in numbers and pictures, before anybody trains on it."""

from pathlib import Path

import numpy as np

from experiments.formatting import markdown_table, plain
from experiments.plots.counts import plot_counts
from experiments.plots.images import plot_images
from experiments.plots.names import drawable, short_names
from experiments.plots.sizes import plot_sizes
from pipelines.image_cache import keep_images
from pipelines.loading import locate_prepared, open_source
from pipelines.subsets import count_per_class

# Where the images of a data set differ in size, they are brought to this.
_SIDE = 224
_ROWS, _COLUMNS = 5, 8


def describe_data_set(name, location, *, workdir, split_seed=0, cache_gib=2.0):
    """Prints a table and draws WORKDIR/describe/NAME/*.png.

    counts.png: images of each class in each split; sizes.png: widths and
    heights, where they differ; samples_SPLIT.png: some images. The mean and
    the standard deviation are those of the pixels, channel by channel, in
    units of [0, 1].

    Args:
        name: A key of `pipelines.loading.SOURCES`.
        location: A `pipelines.location.Location`.
        workdir: See above.
        split_seed: Seed of a split that the data does not come with.
        cache_gib: Decoded images are kept in memory up to this size.

    Raises:
        DataError: if the data is missing or broken.
    """
    location = locate_prepared(name, location)
    source = open_source(name, location, split_seed)
    splits = {split: source.split(split) for split in source.splits}
    folder = Path(workdir) / "describe" / name
    folder.mkdir(parents=True, exist_ok=True)
    counts = {
        split: count_per_class(each.labels, source.class_names)
        for split, each in splits.items()
    }
    plot_counts(counts, f"{name}: images of each class").savefig(
        folder / "counts.png"
    )
    sizes = {split: each.sizes() for split, each in splits.items()}
    if any(len(np.unique(each, axis=0)) > 1 for each in sizes.values()):
        plot_sizes(sizes, f"{name}: sizes of the images").savefig(
            folder / "sizes.png"
        )
    table = []
    for split, each in splits.items():
        side = _side(sizes[split])
        parts = {split: (each, np.arange(len(each.labels)))}
        kept, _ = keep_images(location.prepared, parts, side, cache_gib)
        images = kept[split]
        table.append(
            {
                "split": split,
                "images": f"{len(each.labels):,}",
                "classes": len(counts[split]),
                "images of a class": _range(list(counts[split].values())),
                "width": _range(sizes[split][:, 0]),
                "height": _range(sizes[split][:, 1]),
                **_channels(images),
            }
        )
        _plot_samples(
            images, each, source.class_names, f"{name}, {split}"
        ).savefig(folder / f"samples_{split}.png")
    notes = [f"- {plain(note)}." for note in source.notes]
    notes.append("- Where sizes or counts differ: least - median - most.")
    text = "\n".join(
        [f"# {plain(name)}", "", *markdown_table(table), "", *notes]
    )
    (folder / "description.md").write_text(text.rstrip() + "\n")
    print(f"{text}\nTable and pictures: {folder}", flush=True)


def _side(sizes):
    """The images' own side where all are squares of one size."""
    widths = np.unique(sizes)
    return int(widths[0]) if len(widths) == 1 else _SIDE


def _range(values):
    low, middle, high = np.min(values), np.median(values), np.max(values)
    return f"{low:,}" if low == high else f"{low:,} - {middle:,.0f} - {high:,}"


def _channels(images):
    """Mean and standard deviation of each channel, out of exact counts."""
    counts = np.zeros((3, 256), np.int64)
    for start in range(0, len(images), 1024):
        chunk = images[start : start + 1024]
        for channel in range(3):
            values = np.ravel(chunk[..., channel])
            counts[channel] += np.bincount(values, minlength=256)
    levels = np.arange(256) / 255
    total = counts.sum(1)
    mean = counts @ levels / total
    std = np.sqrt(np.maximum(counts @ levels**2 / total - mean**2, 0))
    return {
        "mean of R G B": " ".join(f"{value:.4f}" for value in mean),
        "std of R G B": " ".join(f"{value:.4f}" for value in std),
    }


def _plot_samples(images, split, class_names, title):
    """Images of as many classes as fit; what was made of one, side by side."""
    chosen = _chosen(split)
    class_names = drawable(short_names(class_names))
    names = [class_names[split.labels[i]] for i in chosen]
    return plot_images(
        images[chosen],
        [name if len(name) < 20 else f"{name[:18]}…" for name in names],
        title,
        columns=_COLUMNS,
    )


def _chosen(split):
    """Indices of images to show, the same at every call."""
    labels, count = split.labels, _ROWS * _COLUMNS
    groups = np.array(getattr(split, "groups", split.ids))
    order = np.random.default_rng(0).permutation(len(labels))
    if len(np.unique(groups)) == len(groups):
        # One of each class in turn, until the places are taken; of many
        # classes, some from all over their order.
        classes = np.unique(labels)
        if len(classes) > count:
            places = np.linspace(0, len(classes) - 1, count).round()
            classes = classes[places.astype(int)]
        rows = [
            (rank, label, index)
            for label in classes
            for rank, index in enumerate(order[labels[order] == label][:count])
        ]
        shown = sorted(rows)[:count]
        return [index for _, _, index in sorted(shown, key=lambda r: r[1])]
    firsts = list(dict.fromkeys(groups[order]))
    members = [np.flatnonzero(groups == group) for group in firsts[:count]]
    return np.concatenate(members)[:count]
