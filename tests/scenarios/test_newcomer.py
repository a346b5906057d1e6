"""First studies of own photos, from the folder to the last line and the page.

Networks and trainings are as small as they can be: what a reader sees is
tested, not what networks learn.
"""

import contextlib
import csv
import json
import os
import pty
import re
import threading

import numpy as np
import pytest
from PIL import Image

import main

TINY = (
    *("--set", "model.name=ResNet4", "--set", "model.width=4"),
    *("--set", "data.image_size=16", "--set", "data.batch_size=16"),
    *("--set", "epochs=1", "--set", "data.steps_per_epoch=2"),
    *("--arms=baseline,random_erase", "--seeds=2", "--log=none"),
)
RUN = re.compile(
    r"  (\d) of 4  fair_laptop_(baseline|random_erase) +seed (\d) +"
    r"\d+\.\d\d% error +\S+ \S+"
)
# Folders of photos: images of each class, and what the study says of them.
FOLDERS = {
    "few": ((8, 8, 8), "10 images evaluated (5 folds)"),
    "many": ((300,) * 10, "600 images evaluated:"),
    "unequal": ((300, 20, 2), "322 images evaluated (2 folds)"),
    "labels in a file": ((4, 4, 4), "6 images evaluated (4 folds)"),
}


def draw_photos(folder, sizes, with_labels=False):
    """Noise with a bright square, whose place and color tell the class."""
    random = np.random.default_rng(0)
    rows = []
    for kind, count in enumerate(sizes):
        for number in range(count):
            pixels = random.integers(0, 90, (20, 24, 3), np.uint8)
            place = 2 * (kind % 4)
            pixels[place : place + 10, 4:14, kind % 3] += 140
            path = folder / f"kind {kind}" / f"{number}.png"
            if with_labels:
                path = folder / "photos" / f"{kind}{number}.png"
                rows.append((path.name, f"kind {kind}"))
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
    if with_labels:
        with open(folder / "labels.csv", "w", newline="") as file:
            csv.writer(file).writerows([("file", "label"), *rows])


@pytest.fixture
def study(tmp_path):
    """Calls a study of two arms and seeds; returns the exit code."""

    def study(name, *options):
        photos, (sizes, _) = tmp_path / name, FOLDERS[name]
        draw_photos(photos, sizes, name.startswith("labels"))
        return main.call(
            [
                *("main.py", "--study=fair", f"--data_dir={photos}"),
                *(f"--workdir={tmp_path / 'runs'}", *TINY, *options),
            ]
        )

    return study


def check_lines(printed, counted):
    """Checks what a reader sees, line by line."""
    lines = printed.splitlines()
    (recipe,) = [x for x in lines if x.startswith("recipe for these images: ")]
    assert "--set changes each" in recipe
    (announced,) = [x for x in lines if x.startswith("2 runs of each of 2 ar")]
    assert counted in announced
    assert re.search(": detects (no difference|differences of)", announced)
    runs = [RUN.fullmatch(line) for line in lines if RUN.fullmatch(line)]
    assert [run[1] for run in runs] == list("1234")
    assert {run[2] + run[3] for run in runs} == {
        *("baseline0", "random_erase0", "baseline1", "random_erase1")
    }
    # Nothing of the runs themselves.
    assert not [x for x in lines if re.match("  (epoch|network|devices)", x)]
    end = lines.index("comparing and drawing 4 runs")
    assert len(lines) - end <= 25
    assert lines.index(announced) < lines.index(runs[0][0]) < end


def check_page(folder, last_line):
    """Checks the page that the last line names."""
    page = folder / "runs" / "reports" / "fair_laptop"
    assert last_line == f"The report: {page / 'index.html'}"
    content = json.loads((page / "comparison.json").read_text())
    assert (len(content["runs"]), content["left_out"]) == (4, [])
    (difference,) = content["differences"]
    assert difference["low"] <= difference["difference"] <= difference["high"]
    html = (page / "index.html").read_text()
    for part in ("Random Erasing", "What this study can show", "Results"):
        assert part in html
    text = (page / "report.md").read_text()
    assert "The same images of the study as each arm's training" in text
    (group,) = content["groups"]
    return group["answer"]


def test_a_first_study_ends_with_an_answer(study, tmp_path, capsys):
    # All images are counted, which two steps do not need.
    code = study("many", "--jobs=1", "--set", "data.limit_train=160")
    printed = capsys.readouterr()
    assert code == 0, printed.err
    check_lines(printed.out, FOLDERS["many"][1])
    answer = check_page(tmp_path, printed.out.splitlines()[-1])
    for sentence in answer:
        assert sentence in printed.out


def test_side_by_side_a_study_prints_the_same_lines(study, tmp_path, capfd):
    code = study("unequal", "--jobs=2")
    printed = capfd.readouterr()
    assert code == 0, printed.err
    check_lines(printed.out, FOLDERS["unequal"][1])
    check_page(tmp_path, printed.out.splitlines()[-1])


def test_a_terminal_has_a_live_line_besides(study, tmp_path, monkeypatch):
    ours, theirs = pty.openpty()
    with open(theirs, "w") as terminal:
        shown = []
        reader = threading.Thread(target=read_all, args=(ours, shown))
        reader.start()
        monkeypatch.setattr("sys.stdout", terminal)
        monkeypatch.setattr("sys.stderr", terminal)
        code = study("labels in a file", "--jobs=1")
    reader.join()
    os.close(ours)
    text = b"".join(shown).decode().replace("\r\n", "\n")
    assert code == 0, text
    assert re.search(r"\r\d of 4 runs \| .*seed \d epoch 1/1", text)
    # The live line is wiped before a line that stays.
    lines = "\n".join(re.split(r"[\r\n]", text))
    check_lines(lines, FOLDERS["labels in a file"][1])
    answer = check_page(tmp_path, text.splitlines()[-1])
    for sentence in answer:
        assert sentence in lines


def read_all(place, chunks):
    # A terminal without another end is an error on Linux.
    with contextlib.suppress(OSError):
        while chunk := os.read(place, 65536):
            chunks.append(chunk)


def test_output_that_is_closed_ends_no_study(study, tmp_path, monkeypatch):
    """As of `python main.py ... | head -1`."""
    ours, theirs = os.pipe()
    with os.fdopen(theirs, "w", buffering=1) as output:
        os.close(ours)
        monkeypatch.setattr("sys.stdout", output)
        code = study("few", "--jobs=1", "--seeds=1")
        with contextlib.suppress(BrokenPipeError):
            output.flush()
    assert code == 0
    page = tmp_path / "runs" / "reports" / "fair_laptop"
    content = json.loads((page / "comparison.json").read_text())
    assert (len(content["runs"]), content["left_out"]) == (2, [])
    assert (page / "index.html").is_file()
