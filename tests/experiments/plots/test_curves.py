"""Curves as drawn: which line is of what, and where it runs."""

import numpy as np
import pytest

from experiments.plots.curves import plot_arms, plot_run, save_run_plots
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


def lines(figure):
    """{label: (x, y)} of the only axes."""
    (axes,) = figure.axes
    return {
        line.get_label(): (list(line.get_xdata()), list(line.get_ydata()))
        for line in axes.lines
    }


def legend(figure):
    (found,) = [*figure.legends, figure.axes[0].get_legend()][:1]
    return [text.get_text() for text in found.get_texts()]


def band(collection):
    """{x: (low, high)} of what is filled between two curves."""
    (path,) = collection.get_paths()
    edges = {}
    for x, y in path.vertices:
        edges.setdefault(x, []).append(y)
    return {x: (min(ys), max(ys)) for x, ys in edges.items()}


@pytest.mark.parametrize(
    ("name", "label", "val", "train"),
    [
        ("accuracy", "Top-1 accuracy (%)", [25.0, 50.0], [12.5, 37.5]),
        ("error", "Top-1 error (%)", [75.0, 50.0], [87.5, 62.5]),
        ("loss", "Cross-entropy", [1.75, 1.5], [4.75, 4.5]),
    ],
)
def test_curves_of_a_run(name, label, val, train):
    figure = plot_run(history(0.25, 0.5), name)
    assert lines(figure) == {
        "validation": ([1, 2], val),
        "training, on augmented images": ([1, 2], train),
    }
    assert legend(figure) == list(lines(figure))
    assert figure.axes[0].get_xlabel() == "epoch"
    assert figure.axes[0].get_ylabel() == label


@pytest.mark.parametrize(
    ("name", "label", "mean", "low_high", "as_published"),
    [
        ("accuracy", "Top-1 accuracy (%)", [37.5, 50], (25, 50), [40, 44, 45]),
        ("error", "Top-1 error (%)", [62.5, 50], (50, 75), [60, 56, 55]),
        ("loss", "Cross-entropy", [1.625, 1.5], (1.5, 1.75), [6, 5.6, 5.5]),
    ],
)
def test_curves_of_arms(name, label, mean, low_high, as_published):
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
    axes = figure.axes[0]
    assert axes.get_title() == "Title"
    assert axes.get_ylabel() == f"{label}, validation"
    assert axes.get_xlabel() == "epoch"
    found = lines(figure)
    assert list(found) == ["ours (2 seeds)", "ours, as published", "other"]
    assert legend(figure) == list(found)
    assert found["ours (2 seeds)"] == ([1, 2], mean)
    assert found["ours, as published"] == (
        [1, 2, 3],
        pytest.approx(as_published),
    )
    assert found["other"][0] == [1, 2, 3]
    # From the lowest seed to the highest, around the arm of several seeds.
    (filled,) = axes.collections
    assert band(filled) == {1: low_high, 2: (mean[1], mean[1])}


def test_published_curve_has_the_color_of_its_arm_and_no_other():
    figure = plot_arms(
        {"a": [history(0.1, 0.2)], "b": [history(0.1, 0.2)]},
        {"b": ("b, as published", published(90, 80))},
        "error",
        "Title",
    )
    a, b, as_published = figure.axes[0].lines
    assert a.get_color() != b.get_color() == as_published.get_color()
    assert b.get_linestyle() != as_published.get_linestyle()


def test_many_arms_can_be_told_apart():
    arms = {f"arm {i}": [history(0.1, 0.2 + i / 20)] for i in range(11)}
    figure = plot_arms(arms, {}, "error", "Title")
    assert legend(figure) == list(arms) == list(lines(figure))
    colors = {line.get_color() for line in figure.axes[0].lines}
    assert len(colors) == 11
    # Beside the curves, not on them.
    figure.draw_without_rendering()
    (found,) = figure.legends
    axes_end = figure.axes[0].get_window_extent().x1
    assert found.get_window_extent().x0 >= axes_end


def test_one_epoch_is_a_dot():
    for figure in (
        plot_run(history(0.5), "loss"),
        plot_arms({"a": [history(0.5)]}, {}, "loss", "Title"),
    ):
        markers = [line.get_marker() for line in figure.axes[0].lines]
        assert set(markers) == {"o"}
    (line,) = (
        plot_arms({"a": [history(0.5, 0.6)]}, {}, "loss", "").axes[0].lines
    )
    assert line.get_marker() == "None"


def test_a_run_s_plots_are_written(tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_history(history(0.25, 0.5))
    save_run_plots(folder)
    names = {path.name for path in (tmp_path / "plots").iterdir()}
    assert names == {"accuracy.png", "error.png", "loss.png"}
    files = {path.read_bytes() for path in (tmp_path / "plots").iterdir()}
    assert len(files) == 3
    assert np.all([data.startswith(b"\x89PNG") for data in files])
