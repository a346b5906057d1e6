"""The first own study: small folders of photos, to the last line of output."""

import json

import numpy as np
import pytest
from PIL import Image

import main

SIZES = {
    "three classes of eight": (8, 8, 8),
    "two classes of seventy": (70, 70),
    "unequal classes": (300, 20, 2),
}


def draw_photos(folder, sizes):
    """Noise with a bright square, whose place and color tell the class."""
    random = np.random.default_rng(0)
    for kind, count in enumerate(sizes):
        place = folder / f"kind {kind}"
        place.mkdir(parents=True)
        for number in range(count):
            pixels = random.integers(0, 90, (40, 48, 3))
            pixels[8 + 4 * kind : 24 + 4 * kind, 8:24, kind] += 140
            image = Image.fromarray(pixels.astype(np.uint8))
            image.save(place / f"{number}.png")


@pytest.mark.parametrize("name", SIZES)
def test_a_first_study_ends_with_an_answer(name, tmp_path, capsys):
    draw_photos(tmp_path / "photos", SIZES[name])
    code = main.call(
        [
            "main.py",
            "--study=fair",
            f"--data_dir={tmp_path / 'photos'}",
            f"--workdir={tmp_path / 'runs'}",
            "--arms=baseline,random_erase",
            "--seeds=2",
            "--jobs=1",
            *("--set", "epochs=2", "--set", "data.steps_per_epoch=8"),
            *("--set", "data.image_size=16", "--set", "model.width=4"),
        ]
    )
    printed = capsys.readouterr()
    assert code == 0, printed.err
    *_, last = printed.out.splitlines()
    page = tmp_path / "runs" / "reports" / "fair_laptop"
    assert last == f"The report: {page / 'index.html'}"
    content = json.loads((page / "comparison.json").read_text())
    assert len(content["runs"]) == 4
    assert content["left_out"] == []
    (difference,) = content["differences"]
    assert difference["low"] <= difference["difference"] <= difference["high"]
    (group,) = content["groups"]
    for sentence in group["answer"]:
        assert sentence in printed.out
    text = (page / "report.md").read_text()
    assert "The same images of the study as each arm's training" in text
    ending = printed.out.split("comparing and drawing")[1]
    assert len(ending.splitlines()) <= 25
