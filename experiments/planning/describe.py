"""Numbers and pictures of a data set, before training."""

from pathlib import Path

import numpy as np

from experiments.formatting import markdown_table, plain
from experiments.plots.counts import plot_counts
from experiments.plots.images import plot_images
from experiments.plots.names import drawable, short_names
from experiments.plots.sizes import plot_sizes
from experiments.run_folder import RunFolder
from pipelines.image_cache import keep_images
from pipelines.loading import locate_prepared, open_source
from pipelines.subsets import count_per_class

# Side of images that differ in size, once they are resized.
_SIDE = 224
_ROWS, _COLUMNS = 5, 8


def describe_data_set(config, location, *, workdir, cache_gib=2.0):
    """Prints a table and draws WORKDIR/describe/NAME/*.png.

    counts.png: images of each class in each split; sizes.png: widths and
    heights, if they differ; samples_SPLIT.png: some images. The mean and the
    standard deviation are taken over pixels, channel by channel, in units of
    [0, 1].

    Args:
        config, location: As for `pipelines.loading.build_source`.
        workdir: The folder above.
        cache_gib: Decoded images are kept in memory up to this size.

    Raises:
        ConfigError: if a file cannot be written.
        DataError: if the data is missing or broken.
    """
    name = config.name
    location = locate_prepared(name, location)
    source = open_source(config, location)
    splits = {split: source.split(split) for split in source.splits}
    folder = RunFolder(Path(workdir) / "describe" / name)
    counts = {
        split: count_per_class(each.labels, source.class_names)
        for split, each in splits.items()
    }
    figure = plot_counts(counts, f"{name}: images of each class")
    folder.replace("counts.png", figure.savefig)
    sizes = {split: each.sizes() for split, each in splits.items()}
    if any(len(np.unique(each, axis=0)) > 1 for each in sizes.values()):
        figure = plot_sizes(sizes, f"{name}: sizes of the images")
        folder.replace("sizes.png", figure.savefig)
    table = []
    for split, each in splits.items():
        parts = {split: (each, np.arange(len(each.labels)))}
        kept, _ = keep_images(
            location.prepared, parts, _choose_side(sizes[split]), cache_gib
        )
        table.append(_row(split, kept[split], counts[split], sizes[split]))
        figure = _plot_samples(
            kept[split], each, source.class_names, f"{name}, {split}"
        )
        folder.replace(f"samples_{split}.png", figure.savefig)
    notes = [f"- {plain(note)}." for note in source.notes]
    notes.append("- If sizes or counts differ: least - median - most.")
    text = "\n".join(
        [f"# {plain(name)}", "", *markdown_table(table), "", *notes]
    )
    folder.replace(
        "description.md", lambda path: path.write_text(text.rstrip() + "\n")
    )
    print(f"{text}\nTable and pictures: {folder.path}", flush=True)


def _row(split, images, counts, sizes):
    return {
        "split": split,
        "images": f"{len(images):,}",
        "classes": len(counts),
        "images of a class": _format_range(list(counts.values())),
        "width": _format_range(sizes[:, 0]),
        "height": _format_range(sizes[:, 1]),
        **_measure_channels(images),
    }


def _choose_side(sizes):
    """Returns the images' own side if all are squares of one size."""
    widths = np.unique(sizes)
    return int(widths[0]) if len(widths) == 1 else _SIDE


def _format_range(values):
    low, middle, high = np.min(values), np.median(values), np.max(values)
    return f"{low:,}" if low == high else f"{low:,} - {middle:,.0f} - {high:,}"


def _measure_channels(images):
    """Computes mean and standard deviation of each channel, exactly."""
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
    """Draws images of many classes; variations of one are side by side."""
    chosen = _choose_images(split)
    class_names = drawable(short_names(class_names))
    names = [class_names[split.labels[i]] for i in chosen]
    return plot_images(
        images[chosen],
        [name if len(name) < 20 else f"{name[:18]}…" for name in names],
        title,
        columns=_COLUMNS,
    )


def _choose_images(split):
    """Returns indices of images, the same at every call."""
    labels, count = split.labels, _ROWS * _COLUMNS
    groups = np.array(getattr(split, "groups", split.ids))
    order = np.random.default_rng(0).permutation(len(labels))
    if len(np.unique(groups)) == len(groups):
        # One of each class in turn, until all places are taken. If there are
        # more classes than places, every n-th class.
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
