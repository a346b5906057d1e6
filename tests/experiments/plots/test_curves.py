"""Curves are drawn under their names, through their values."""

import itertools

import pytest
from matplotlib.text import Text

from experiments.plots.curves import plot_arms, plot_run, write_run_curves
from experiments.run_folder import RunFolder


def history(*val_accuracies):
    """Rows of history.csv; the numbers of a row can be told apart."""
    return [
        {
            "epoch": epoch,
            "loss": 5 - accuracy,
            "accuracy": accuracy - 0.125,
            "top5_accuracy": 0.9,
            "val_loss": 2 - accuracy,
            "val_accuracy": accuracy,
            "val_top5_accuracy": 0.95,
            "learning_rate": 0.1,
            "seconds": 1.0,
        }
        for epoch, accuracy in enumerate(val_accuracies)
    ]


def published(*errors):
    """Rows of a published curve."""
    return [
        {"epoch": epoch, "val_top1_error": error, "val_loss": error / 10}
        for epoch, error in enumerate(errors)
    ]


def lines(axes):
    """{label: (x, y)}."""
    return {
        line.get_label(): (list(line.get_xdata()), list(line.get_ydata()))
        for line in axes.lines
    }


def named(figure):
    """The names that a reader sees: beside lines, or in a legend."""
    legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes)]
    texts = [text for each in legends if each for text in each.get_texts()]
    texts += [text for axes in figure.axes for text in axes.texts]
    return [text.get_text() for text in texts]


def band(collection):
    """{x: (low, high)} of what is filled between two curves."""
    (path,) = collection.get_paths()
    edges = {}
    for x, y in path.vertices:
        edges.setdefault(x, []).append(y)
    return {x: (min(ys), max(ys)) for x, ys in edges.items()}


def test_curves_of_a_run():
    figure = plot_run(history(0.25, 0.5))
    for axes, label, val, train in zip(
        figure.axes,
        ("Top-1 error (%)", "Cross-entropy"),
        ([75.0, 50.0], [1.75, 1.5]),
        ([87.5, 62.5], [4.75, 4.5]),
        strict=True,
    ):
        assert lines(axes) == {
            "validation": ([1, 2], val),
            "training, on augmented images": ([1, 2], train),
        }
        assert named(figure) == list(lines(axes))
        assert axes.get_xlabel() == "epoch"
        assert axes.get_ylabel() == label


@pytest.mark.parametrize(
    ("name", "label", "mean", "low_high", "of_training", "as_published"),
    [
        (
            "accuracy",
            "Top-1 accuracy (%)",
            [37.5, 50],
            (25, 50),
            [25, 37.5],
            [40, 44, 45],
        ),
        (
            "error",
            "Top-1 error (%)",
            [62.5, 50],
            (50, 75),
            [75, 62.5],
            [60, 56, 55],
        ),
        (
            "loss",
            "Cross-entropy",
            [1.625, 1.5],
            (1.5, 1.75),
            [4.625, 4.5],
            [6, 5.6, 5.5],
        ),
    ],
)
def test_curves_of_arms(name, label, mean, low_high, of_training, as_published):
    figure = plot_arms(
        # The second seed has not come as far as the first.
        {
            "ours": [history(0.25, 0.5, 0.75), history(0.5, 0.5)],
            "other": [history(0.125, 0.25, 0.5)],
        },
        {"ours": ("ours, as published", published(60, 56, 55))},
        name,
        "Title",
    )
    training, validation = figure.axes
    assert figure.get_suptitle() == "Title"
    assert training.get_title() == "training, on augmented images"
    assert validation.get_title() == "validation"
    assert training.get_ylabel() == label
    assert training.get_ylim() == validation.get_ylim()
    assert validation.get_xlabel() == "epoch"
    found = lines(validation)
    assert list(found) == ["ours (2 seeds)", "ours, as published", "other"]
    assert named(figure) == list(found)
    assert found["ours (2 seeds)"] == ([1, 2], mean)
    assert found["ours, as published"] == (
        [1, 2, 3],
        pytest.approx(as_published),
    )
    assert found["other"][0] == [1, 2, 3]
    assert lines(training)["ours (2 seeds)"] == ([1, 2], of_training)
    assert list(lines(training)) == ["ours (2 seeds)", "other"]
    # From the lowest seed to the highest, around the arm of several seeds.
    (filled,) = validation.collections
    assert band(filled) == {1: low_high, 2: (mean[1], mean[1])}
    assert len(training.collections) == 1


def test_published_curve_is_dashed_in_the_color_of_its_arm_and_no_other():
    figure = plot_arms(
        {"a": [history(0.1, 0.2)], "b": [history(0.1, 0.2)]},
        {"b": ("b, as published", published(90, 80))},
        "error",
        "Title",
    )
    a, b, as_published = figure.axes[1].lines
    assert a.get_color() != b.get_color() == as_published.get_color()
    assert as_published.get_linestyle() == "--"
    assert a.get_linestyle() == b.get_linestyle() == "-"


def test_few_lines_have_their_names_beside_them():
    ends = {"low": 0.2, "high": 0.9, "equal": 0.2, "between": 0.21}
    figure = plot_arms(
        {arm: [history(0.1, end)] for arm, end in ends.items()}, {}, "error", ""
    )
    figure.draw_without_rendering()
    axes = figure.axes[1]
    # Without their leaders.
    boxes = {t.get_text(): Text.get_window_extent(t) for t in axes.texts}
    # In the order of the lines' ends from top to bottom: errors, not accuracy.
    order = sorted(boxes, key=lambda name: -boxes[name].y0)
    assert [ends[name] for name in order] == sorted(ends.values())
    for upper, lower in itertools.pairwise(order):
        assert boxes[upper].y0 >= boxes[lower].y1
    assert boxes["high"].x0 >= axes.get_window_extent().x1
    assert boxes["high"].y0 < axes.transData.transform((2, 10))[1]
    assert boxes["high"].y1 > axes.transData.transform((2, 10))[1]
    assert min(box.y0 for box in boxes.values()) >= 0
    assert max(box.y1 for box in boxes.values()) <= figure.bbox.height


@pytest.mark.parametrize("ends", [(0.9,) * 6, (0.0,) * 6])
def test_names_at_an_edge_stay_in_the_figure(ends):
    arms = {f"arm {i}": [history(0.5, end)] for i, end in enumerate(ends)}
    figure = plot_arms(arms, {}, "accuracy", "")
    figure.draw_without_rendering()
    boxes = [Text.get_window_extent(text) for text in figure.axes[1].texts]
    assert len(boxes) == 6
    assert min(box.y0 for box in boxes) >= 0
    assert max(box.y1 for box in boxes) <= figure.bbox.height


def test_lines_that_end_elsewhere_are_named_in_a_legend():
    figure = plot_arms(
        {"a": [history(0.1, 0.2)], "b": [history(0.1)]}, {}, "error", ""
    )
    assert named(figure) == ["a", "b"]
    assert not figure.axes[1].texts


def test_a_loss_that_fell_far_stays_readable():
    far, near = (
        [
            row | {"val_loss": loss}
            for row, loss in zip(rows, values, strict=True)
        ]
        for rows, values in (
            (history(0.1, 0.2), (90.0, 4.0)),
            (history(0.1, 0.2), (30.0, 4.0)),
        )
    )
    figure = plot_arms({"far": [far]}, {}, "loss", "")
    figure.draw_without_rendering()
    for axes in figure.axes:
        assert axes.get_yscale() == "log"
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert {"5", "10", "50"} <= set(labels)
    # The name is where the line ends.
    (name,) = figure.axes[1].texts
    box = Text.get_window_extent(name)
    assert box.y0 < figure.axes[1].transData.transform((2, 4))[1] < box.y1
    figure = plot_arms({"near": [near]}, {}, "loss", "")
    assert figure.axes[1].get_yscale() == "linear"
    # One arm that diverged does not hide the others.
    diverged = [row | {"val_loss": 1e22} for row in near]
    arms = {"a": [near], "b": [near], "diverged": [diverged]}
    axes = plot_arms(arms, {}, "loss", "").axes[1]
    assert axes.get_yscale() == "log"
    assert 30 < axes.get_ylim()[1] < 1000
    low, high = axes.get_ylim()
    ticks = [tick for tick in axes.get_yticks() if low <= tick <= high]
    assert len(ticks) >= 3
    heights = [text.get_position()[1] for text in axes.texts]
    assert 0 <= min(heights) <= max(heights) <= 1


def test_a_legend_leaves_the_curves_their_size():
    sizes = []
    for count in (7, 40):
        long_name = "a rather long name of an augmentation, "
        arms = {f"{long_name}{i}": [history(0.1, 0.2)] for i in range(count)}
        figure = plot_arms(arms, {}, "error", "")
        figure.draw_without_rendering()
        extent = figure.axes[0].get_window_extent()
        sizes.append((extent.width, extent.height))
    assert sizes[0] == pytest.approx(sizes[1], rel=0.3)


def test_many_arms_can_be_told_apart():
    arms = {f"arm {i}": [history(0.1, 0.2 + i / 50)] for i in range(40)}
    figure = plot_arms(arms, {}, "error", "Title")
    for axes in figure.axes:
        assert list(lines(axes)) == list(arms)
        looks = {(li.get_color(), str(li._dash_pattern)) for li in axes.lines}
        assert len(looks) == 40
    # Beside the curves, not on them.
    figure.draw_without_rendering()
    (found,) = figure.legends
    assert [text.get_text() for text in found.get_texts()] == list(arms)
    legend = found.get_window_extent()
    assert legend.x0 >= figure.axes[1].get_tightbbox().x1
    assert legend.x1 <= figure.bbox.width
    assert 0 <= legend.y0 < legend.y1 <= figure.bbox.height


def test_one_epoch_is_a_dot_and_its_seeds_a_stroke():
    for figure in (
        plot_run(history(0.5)),
        plot_arms({"a": [history(0.5)]}, {}, "loss", "Title"),
    ):
        for axes in figure.axes:
            markers = {line.get_marker() for line in axes.lines}
            assert markers == {"o"}
    figure = plot_arms({"a": [history(0.5), history(0.75)]}, {}, "accuracy", "")
    (stroke,) = figure.axes[1].collections
    ((low, high),) = stroke.get_segments()
    assert low.tolist() == [1, 50]
    assert high.tolist() == [1, 75]
    # Nobody trains half an epoch.
    figure.draw_without_rendering()
    start, end = figure.axes[1].get_xlim()
    ticks = figure.axes[1].get_xticks()
    assert [tick for tick in ticks if start <= tick <= end] == [1]
    figure = plot_arms({"a": [history(0.5, 0.6)]}, {}, "loss", "")
    assert {line.get_marker() for line in figure.axes[1].lines} == {"None"}


def test_a_run_s_curves_are_written(tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_history(history(0.25, 0.5))
    write_run_curves(folder)
    (file,) = (tmp_path / "plots").iterdir()
    assert file.name == "curves.png"
    assert file.read_bytes().startswith(b"\x89PNG")
