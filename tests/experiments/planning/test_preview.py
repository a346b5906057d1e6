"""Pictures of what augmentations do, made from configs alone."""

import os
import threading
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest
from matplotlib.figure import Figure

from experiments.configs.schema import layer
from experiments.errors import ConfigError
from experiments.planning.preview import preview
from experiments.plots import images as pictures
from pipelines.location import Location


def draw(tmp_path, *experiments, seed=0, location="missing", file="it.png"):
    path = tmp_path / "new" / file
    preview(
        "mine",
        experiments,
        seed=seed,
        location=Location(tmp_path / location),
        path=path,
    )
    return path


def drawn(monkeypatch):
    """Collects what is asked to be drawn."""
    calls = []

    def keep(*arguments):
        calls.append(arguments)
        return Figure()

    monkeypatch.setattr(pictures, "plot_rows", keep)
    monkeypatch.setattr(pictures, "plot_columns", keep)
    return calls


def test_draws_of_one_experiment_differ_and_can_be_repeated(
    tiny, tmp_path, monkeypatch
):
    calls = drawn(monkeypatch)
    draw(tmp_path, tiny)
    draw(tmp_path, tiny)
    draw(tmp_path, tiny, seed=9)
    columns, again, other = (each[0] for each in calls)
    assert list(columns) == ["original", *(f"draw {n}" for n in range(1, 6))]
    shown = [images for images, _ in columns.values()]
    assert len({images.tobytes() for images in shown}) == len(shown)
    for heading, (images, labels) in columns.items():
        np.testing.assert_array_equal(images, again[heading][0])
        np.testing.assert_array_equal(labels, again[heading][1])
        np.testing.assert_allclose(labels.sum(1), 1, rtol=1e-5)
    assert (columns["draw 1"][0] != other["draw 1"][0]).any()


def test_saliency_is_shown_where_it_is_looked_at(tiny, tmp_path, monkeypatch):
    calls = drawn(monkeypatch)
    draw(tmp_path, replace(tiny, augment=(layer("SaliencyMix"),)))
    draw(tmp_path, replace(tiny, augment=(layer("RandomFlip"),)))
    draw(tmp_path, replace(tiny, augment=()))
    (columns, *_, saliency), *others = calls
    images, labels = columns["original"]
    for found, peak in zip(saliency.maps, saliency.peaks, strict=True):
        assert found[tuple(peak)] == found.max()
    # Clipped at the image's edges; without that the peak is in the middle.
    top, left, bottom, right = saliency.boxes.T
    rows, columns = saliency.peaks.T
    has_area = (bottom > top) & (right > left)
    assert has_area.any()
    assert ((top <= rows) & (rows <= bottom))[has_area].all()
    assert ((left <= columns) & (columns <= right))[has_area].all()
    assert [call[-1] for call in others] == [None, None]


def test_arms_of_a_study_are_rows_of_the_same_images(
    tiny, tmp_path, monkeypatch
):
    calls = drawn(monkeypatch)
    baseline = replace(tiny, name="x_baseline", augment=())
    erased = replace(
        tiny,
        name="x_erase",
        augment=(layer("RandomErasing", probability=1.0, value=0),),
    )
    draw(tmp_path, baseline, erased)
    (rows, class_names, title) = calls[0]
    assert (list(rows), title) == (["original", "baseline", "erase"], "mine")
    original = rows["original"][0]
    np.testing.assert_array_equal(rows["baseline"][0], original)
    changed = rows["erase"][0] != original
    assert changed.any((1, 2, 3)).all()
    assert (rows["erase"][0][changed] == 0).all()
    assert len(class_names) == rows["erase"][1].shape[1]


@pytest.mark.parametrize("file", ["it.png", "it.svg", "it.pdf"])
def test_files_are_pictures(tiny, tmp_path, file):
    path = draw(tmp_path, tiny, file=file)
    if file == "it.png":
        with PIL.Image.open(path) as image:
            colors = np.unique(np.array(image).reshape(-1, 4), axis=0)
        assert len(colors) > 100
    else:
        head = path.read_bytes()[:100]
        assert (b"<?xml" if file == "it.svg" else b"%PDF") in head
    assert [each.name for each in path.parent.iterdir()] == [file]


def test_without_data_drawn_images_stand_in(tiny, tmp_path, capsys):
    data = replace(tiny.data, name="tiny_imagenet")
    draw(tmp_path, replace(tiny, data=data))
    assert "tiny_imagenet is not in" in capsys.readouterr().out
    assert [each.name for each in tmp_path.iterdir()] == ["new"]


def test_a_file_that_cannot_be_written_is_refused(tiny, tmp_path):
    (tmp_path / "new").write_text("in the way")
    with pytest.raises(ConfigError, match=r"cannot write .*new/it\.png"):
        draw(tmp_path, tiny)


def test_other_endings_are_refused(tiny, tmp_path):
    with pytest.raises(ConfigError, match=r"\.png, \.svg, \.pdf\. Received"):
        draw(tmp_path, tiny, file="it.txt")
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_is_written_to(tiny, tmp_path):
    """Writers of pictures seek, which a pipe cannot."""
    pipe = tmp_path / "new" / "it.png"
    pipe.parent.mkdir()
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    draw(tmp_path, tiny)
    reader.join(10)
    assert read[0].startswith(b"\x89PNG")
    assert pipe.is_fifo()
