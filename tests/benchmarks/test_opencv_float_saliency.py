"""The evidence script runs on a folder of images of any size."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from matplotlib.colors import to_rgb

from benchmarks.opencv_float_saliency import draw_figure

ROOT = Path(__file__).parents[2]


def test_figure_shows_both_maps_their_maxima_and_the_boxes_around():
    cv2 = pytest.importorskip("cv2")
    images = np.random.default_rng(0).integers(0, 256, (2, 24, 36, 3), np.uint8)
    cells = np.reshape(draw_figure(images).axes, (2, 4))
    assert [each.get_title() for each in cells[0, 1:3]] == [
        "map from uint8",
        "map from normalized float",
    ]
    detector = cv2.saliency.StaticSaliencyFineGrained_create()
    for image, row in zip(images, cells, strict=True):
        shown = [axes.images[0].get_array() for axes in row]
        np.testing.assert_array_equal(shown[0], image)
        np.testing.assert_array_equal(shown[3], image)
        _, from_uint8 = detector.computeSaliency(image[..., ::-1].copy())
        from_uint8 = np.rint(255 * from_uint8)
        np.testing.assert_array_equal(shown[1], from_uint8)
        assert not np.array_equal(shown[2], from_uint8)
        for axes, found, box in zip(
            row[1:3], shown[1:3], row[3].patches, strict=True
        ):
            (mark,) = axes.lines
            ((x, y),) = mark.get_xydata().astype(int)
            assert found[y, x] == found.max()
            assert box.get_edgecolor()[:3] == to_rgb(mark.get_color())
            # Half as wide and high as the image, but cut off at its edges.
            assert 0 < box.get_width() <= 18
            assert 0 < box.get_height() <= 12
            left, top = box.get_xy()
            assert left <= x <= left + box.get_width() + 1
            assert top <= y <= top + box.get_height() + 1


def test_table_and_figure_are_written(tmp_path):
    pytest.importorskip("cv2")
    generator = np.random.default_rng(0)
    folder = tmp_path / "images" / "class"
    folder.mkdir(parents=True)
    for number, shape in enumerate([(40, 30, 3), (20, 50, 3), (32, 32, 1)]):
        image = generator.integers(0, 256, shape, dtype=np.uint8)
        encoded = tf.io.encode_png(image).numpy()
        (folder / f"{number}.png").write_bytes(encoded)
    (folder / "notes.txt").write_text("not an image")
    document, figure = tmp_path / "page.md", tmp_path / "figure.png"
    mark = "<!-- table -->"
    document.write_text(f"before\n{mark}\nold\n{mark}\nafter\n")
    script = ROOT / "benchmarks" / "opencv_float_saliency.py"
    options = (f"--document={document}", f"--figure={figure}")
    subprocess.run(
        [sys.executable, script, folder.parent, "--count=9", *options],
        check=True,
    )
    text = document.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "| images | 3 |" in text
    assert "old" not in text
    assert figure.read_bytes().startswith(b"\x89PNG")
