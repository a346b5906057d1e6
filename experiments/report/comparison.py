"""The report's part on how sure its figures are."""

import itertools

from experiments.report.judgements import differences
from pipelines.progress import progress_bar

_UNDEFINED = "n/a"


class Comparison:
    """Every arm with its intervals, and beside the first on the same images.

    Args:
        arms: {experiment: `Judgements`}.
        published: The same, of published results; compared among themselves
            only, for they judged other images.
    """

    def __init__(self, arms, published):
        self.arms = arms
        self.published = published
        self.pairs = [
            (first, other, differences(arms[first], arms[other]))
            for first, other in progress_bar(_pairs(arms), desc="bootstrap")
        ]

    def metrics_table(self):
        """One row an arm: images, predictions, metrics with intervals."""
        rows = []
        everything = list(self.arms.values()) + list(self.published.values())
        names = max((each.names for each in everything), key=len)
        for name, judged in self.arms.items():
            rows.append(_metrics_row(name, judged, names))
            if name in self.published:
                title = f"{name}, as published"
                row = _metrics_row(title, self.published[name], names)
                rows.append(row)
        return rows

    def differences_table(self):
        """One row an arm and metric, in points; empty without pairs."""
        return [
            {
                "experiment": other,
                "compared with": first,
                "metric": metric,
                "difference, points": _points(found and found[0]),
                "95 % interval": _range(found),
                "includes 0": _UNDEFINED if found is None else _zero(found),
            }
            for first, other, metrics in self.pairs
            for metric, found in metrics.items()
        ]

    def notes(self):
        """What a reader must know to read both tables right."""
        return [
            *self._how_to_read(),
            *self._verdicts(),
            *self._what_is_missing(),
            *published_notes(self.published),
        ]

    def _how_to_read(self):
        positive = {
            judged.positive_class
            for judged in (*self.arms.values(), *self.published.values())
        } - {None}
        if positive:
            yield (
                "Precision, recall and F1 are those of the positive class: "
                f"{', '.join(sorted(positive))}."
            )
        yield (
            "Intervals are 95 %: Wilson's for accuracy, precision and "
            "recall, a bootstrap over images for F1 and for differences. An "
            "image counts once, however many networks judged it: asking "
            "again about the same image says nothing about other images."
        )
        widths = {}
        for judged in self.arms.values():
            low, high = judged.intervals["accuracy"]
            widths.setdefault(judged.images, []).append(100 * (high - low))
        for images, found in sorted(widths.items()):
            yield (
                f"Of {images:,} images, one is {100 / images:.2f} points. The "
                "intervals of accuracy on so many are up to "
                f"{max(found):.1f} points wide."
            )
        once = [n for n, j in self.arms.items() if len(j.ids) == j.images]
        if once:
            yield (
                "The intervals say what other images might have given, not "
                "what another training might have. Each image was judged by "
                f"a single network in {', '.join(once)}: part of a "
                "difference can be the luck of that training, which only "
                "more seeds can tell."
            )
        else:
            yield (
                "The intervals say what other images might have given, not "
                "what another training might have. For that see the "
                "deviation over seeds in the first table: a difference that "
                "is not clearly larger can be the luck of the training."
            )

    def _verdicts(self):
        for first, group in itertools.groupby(self.pairs, lambda p: p[0]):
            same, differing = [], []
            for _, other, metrics in group:
                found = metrics["accuracy"]
                text = f"{other} ({_points(found[0])} points)"
                (same if _zero(found) != "no" else differing).append(text)
            if same:
                yield (
                    f"No difference in accuracy to {first} can be told on "
                    f"{self.arms[first].images:,} images, for the interval "
                    f"of the difference includes 0: {', '.join(same)}."
                )
            if differing:
                yield (
                    f"In accuracy on these images, these differ from {first} "
                    "by more than the choice of images explains: "
                    f"{', '.join(differing)}."
                )
        intervals = sum(len(metrics) for _, _, metrics in self.pairs)
        if intervals > 4:
            yield (
                f"There are {intervals} differences. Were there no effect at "
                "all, about one interval in 20 would leave out 0 by chance."
            )

    def _what_is_missing(self):
        for name, judged in self.arms.items():
            missing = [n for n, v in judged.metrics.items() if v is None]
            if missing:
                yield (
                    f"{' and '.join(missing)} of {name} {_UNDEFINED}: there "
                    f"is no image, or no prediction, of the class "
                    f"{judged.positive_class}."
                )
        first, *_ = self.arms
        compared = {other for _, other, _ in self.pairs}
        others = [name for name in self.arms if name not in compared]
        if len(others) > 1:
            yield (
                f"{', '.join(others[1:])} and {first} were judged on "
                "different images, so there is no paired difference between "
                "them."
            )


def published_notes(published):
    """What the published results allow to conclude, from their own counts."""
    notes = []
    for first, other in _pairs(published):
        before, after = published[first], published[other]
        value = [judged.metrics["accuracy"] for judged in (before, after)]
        ranges = [judged.intervals["accuracy"] for judged in (before, after)]
        found = differences(before, after)["accuracy"]
        note = (
            f"As published, {other} lies {_points(found[0])} points from "
            f"{first} in accuracy: {_images(found[0] * before.images)} of "
            f"{before.images}. The intervals are {_interval(ranges[0], 2)} "
            f"and {_interval(ranges[1], 2)}"
        )
        if (
            ranges[1][0] <= value[0] <= ranges[1][1]
            and ranges[0][0] <= value[1] <= ranges[0][1]
        ):
            note += ", and each holds the other's value"
        note += (
            ". A paired interval needs the predictions, which were not "
            "published; if the two agreed on as many images as their counts "
            f"allow, it would be {_range(found)} points"
        )
        note += (
            ", which includes 0: this table cannot tell the two apart."
            if _zero(found) == "yes"
            else "."
        )
        notes.append(note)
    return notes


def _pairs(arms):
    """(first, other) for every arm that is not the first of its images."""
    firsts, pairs = {}, []
    for name, judged in arms.items():
        first = firsts.setdefault(judged.question, name)
        if first != name:
            pairs.append((first, name))
    return sorted(pairs, key=lambda pair: list(arms).index(pair[0]))


def _metrics_row(title, judged, names):
    digits = 2 if judged.images < 1000 else 4
    cells = {
        name: _UNDEFINED
        if judged.metrics.get(name) is None
        else f"{judged.metrics[name]:.4f} "
        f"{_interval(judged.intervals[name], digits)}"
        for name in names
    }
    positive = (
        {} if len(names) == 1 else {"positive class": judged.positive_class}
    )
    return {
        "experiment": title,
        **positive,
        "images": judged.images,
        "predictions": len(judged.ids),
        **cells,
    }


def _interval(bounds, digits):
    return f"[{bounds[0]:.{digits}f}, {bounds[1]:.{digits}f}]"


def _points(value):
    # Adding 0 makes -0.0 positive.
    return _UNDEFINED if value is None else f"{round(100 * value, 2) + 0:+.2f}"


def _range(found):
    if found is None:
        return _UNDEFINED
    return f"[{_points(found[1])}, {_points(found[2])}]"


def _zero(found):
    _, low, high = found
    return "yes" if low <= 0 <= high else "no"


def _images(count):
    count = round(abs(count))
    return f"{count} image" if count == 1 else f"{count} images"
