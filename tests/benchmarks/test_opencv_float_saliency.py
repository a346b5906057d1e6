"""The evidence script runs on a folder of images of any size."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

ROOT = Path(__file__).parents[2]


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
    assert figure.stat().st_size > 0
