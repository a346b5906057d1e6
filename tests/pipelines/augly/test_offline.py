"""Folders of variations: the same bytes whatever happens on the way."""

import errno
import hashlib
import json
import os
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from pipelines.augly.offline import (
    augment_folder,
    build_generator,
    name_variations,
    read_manifest,
)
from pipelines.augly.operations import SLIGHT, apply, vary
from pipelines.errors import DataError
from pipelines.files.decoding import decode_rgb

# In this process: it is quicker.
ARGUMENTS = {"operations": SLIGHT, "count": 2, "seed": 7, "processes": 1}
ROOT = Path(__file__).parents[3]


@pytest.fixture
def source(tmp_path, draw_image):
    folder = tmp_path / "train"
    draw_image(folder / "cats" / "one.jpg", 1)
    draw_image(folder / "cats" / "two.png", 2, "RGBA")
    # Nothing of these may be lost under another's name.
    draw_image(folder / "dogs" / "same.JPG", 3, "L")
    draw_image(folder / "dogs" / "same.png", 4, "P")
    draw_image(folder / "dogs" / "same_augly1.jpg", 5)
    (folder / "dogs" / "notes.txt").write_text("no image")
    (folder / "dogs" / ".hidden.jpg").write_text("no image")
    return folder


def contents(folder):
    """{path: bytes} of all files."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def status(target):
    return json.loads((target / "augmentation.json").read_text())["status"]


def test_copies_and_variations(source, tmp_path):
    before = {path: path.stat() for path in source.rglob("*")}
    bytes_before = contents(source)
    target = tmp_path / "train_aug"
    entries = augment_folder(source, target, **ARGUMENTS)

    assert contents(source) == bytes_before
    for path, found in before.items():
        assert path.stat().st_mtime_ns == found.st_mtime_ns
    assert read_manifest(target) == entries
    assert [entry["file"] for entry in entries] == [
        "cats/one.jpg",
        "cats/one_augly1.jpg",
        "cats/one_augly2.jpg",
        "cats/two.png",
        "cats/two_augly1.jpg",
        "cats/two_augly2.jpg",
        "dogs/same.JPG",
        "dogs/same.JPG_augly1.jpg",
        "dogs/same.JPG_augly2.jpg",
        "dogs/same.png",
        "dogs/same.png_augly1.jpg",
        "dogs/same.png_augly2.jpg",
        "dogs/same_augly1.jpg",
        "dogs/same_augly1_augly1.jpg",
        "dogs/same_augly1_augly2.jpg",
    ]
    files = contents(target)
    assert set(files) == {entry["file"] for entry in entries} | {
        "manifest.jsonl",
        "augmentation.json",
    }
    for entry in entries:
        data, original = files[entry["file"]], bytes_before[entry["source"]]
        assert hashlib.sha256(data).hexdigest() == entry["sha256"]
        if entry["file"] == entry["source"]:
            assert data == original
            assert entry["operations"] == []
        else:
            check_variation(target / entry["file"], original, entry)


def check_variation(path, original, entry):
    """The file is what its manifest entry says was done to the original."""
    with PIL.Image.open(path) as image:
        assert image.format == "JPEG"
        # 4:4:4: all components are sampled alike.
        assert {layer[1:3] for layer in image.layer} == {(1, 1)}
        varied = apply(decode_rgb(original), entry["operations"])
        assert image.size == varied.size
        difference = np.subtract(image, varied, dtype=np.float32)
    assert np.abs(difference).mean() < 5.0


def test_same_bytes_whatever_the_number_of_processes(source, tmp_path):
    for processes in (1, 3):
        target = tmp_path / str(processes)
        arguments = {**ARGUMENTS, "processes": processes}
        augment_folder(source, target, **arguments)
    assert contents(tmp_path / "1") == contents(tmp_path / "3")


def test_pixels_depend_on_seed_name_and_number_alone(
    source, tmp_path, draw_image
):
    augment_folder(source, tmp_path / "all", **ARGUMENTS)
    (source / "cats" / "one.jpg").unlink()
    draw_image(source / "apes" / "new.jpg", 9)
    arguments = {**ARGUMENTS, "count": 3}
    augment_folder(source, tmp_path / "others", **arguments)
    every, others = contents(tmp_path / "all"), contents(tmp_path / "others")
    for name in ("cats/two_augly1.jpg", "dogs/same_augly1_augly2.jpg"):
        assert every[name] == others[name]
    arguments["seed"] = 8
    augment_folder(source, tmp_path / "seed", **arguments)
    name = "cats/two_augly1.jpg"
    assert contents(tmp_path / "seed")[name] != others[name]
    assert others[name] != others["cats/two_augly2.jpg"]


def test_what_a_variation_is_drawn_from():
    """The same as `vary` with the generator of its name and number."""
    image = PIL.Image.new("RGB", (30, 30), "red")
    drawn = [
        vary(image, SLIGHT, build_generator(seed, name, number))[1]
        for seed, name, number in (
            (0, "cats/1.jpg", 1),
            (0, "cats/1.jpg", 2),
            (0, "cats/2.jpg", 1),
            (1, "cats/1.jpg", 1),
            (0, "cats/1.jpg", 1),
        )
    ]
    assert drawn[0] == drawn[4]
    degrees = {each[0]["parameters"]["degrees"] for each in drawn}
    assert len(degrees) == 4


def test_names_that_clash():
    names = name_variations(["A.png", "a.jpg", "a.jpg_augly1.jpg"], 1)
    assert names == {
        "A.png": ["A_augly1.jpg"],
        "a.jpg": ["a.jpg__augly1.jpg"],
        "a.jpg_augly1.jpg": ["a.jpg_augly1_augly1.jpg"],
    }


def test_finished_folder_is_left_alone(source, tmp_path):
    target = tmp_path / "target"
    entries = augment_folder(source, target, **ARGUMENTS)
    # Whoever looked at the images again would notice.
    (target / "cats" / "one_augly1.jpg").write_text("touched")
    before = {path: path.stat().st_mtime_ns for path in target.rglob("*")}
    lists = json.loads(json.dumps(SLIGHT))
    again = augment_folder(source, target, **{**ARGUMENTS, "operations": lists})
    assert again == entries
    after = {path: path.stat().st_mtime_ns for path in target.rglob("*")}
    assert after == before


def test_missing_files_are_noticed_and_made_again(source, tmp_path):
    target = tmp_path / "target"
    augment_folder(source, target, **ARGUMENTS)
    expected = contents(target)
    (target / "cats" / "one_augly2.jpg").unlink()
    (target / "dogs" / "same.png").unlink()
    # Of a process that was killed while it wrote.
    (target / "dogs" / ".writing-1-same.png").write_text("half of i")
    with pytest.raises(DataError, match=r"lacks 2 .*cats/one_augly2\.jpg"):
        read_manifest(target)
    augment_folder(source, target, **ARGUMENTS)
    assert contents(target) == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 8}, r"another config: seed is 7 there and 8 here\. Ask for"),
        ({"count": 3}, "count is 2 there and 3 here"),
        (
            {"operations": {**SLIGHT, "rotate": {"degrees": (-9.0, 8.0)}}},
            r"rotate\.degrees\.0 is -8\.0 there and -9\.0 here",
        ),
        (
            {"operations": {**SLIGHT, "blur": {}}},
            r"operations\.blur is None there and {} here",
        ),
        (
            {"operations": dict(reversed(SLIGHT.items()))},
            r"operations is \['rotate', .* there and \['saturation', ",
        ),
    ],
)
def test_other_config_is_refused(source, tmp_path, change, message):
    target = tmp_path / "target"
    augment_folder(source, target, **ARGUMENTS)
    before = contents(target)
    with pytest.raises(DataError, match=message) as caught:
        augment_folder(source, target, **{**ARGUMENTS, **change})
    assert "\n" not in str(caught.value)
    assert contents(target) == before


def test_other_originals_are_refused(source, tmp_path, draw_image):
    target = tmp_path / "target"
    augment_folder(source, target, **ARGUMENTS)
    draw_image(source / "cats" / "one.jpg", 99)
    with pytest.raises(DataError, match="source_sha256 is .* there"):
        augment_folder(source, target, **ARGUMENTS)


def test_unfinished_folder_of_other_versions_is_refused(source, tmp_path):
    target = tmp_path / "target"
    augment_folder(source, target, **ARGUMENTS)
    state = json.loads((target / "augmentation.json").read_text())
    state["versions"]["pillow"] = "1.0"
    (target / "augmentation.json").write_text(json.dumps(state))
    # What is finished stays of use.
    augment_folder(source, target, **ARGUMENTS)
    state["status"] = "running"
    (target / "augmentation.json").write_text(json.dumps(state))
    with pytest.raises(DataError, match=r"version: pillow is '1\.0' there"):
        augment_folder(source, target, **ARGUMENTS)


def test_foreign_folder_is_refused(source, tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "thesis.doc").write_text("mine")
    # Of the operating system: no reason to refuse a folder.
    (target / ".DS_Store").write_bytes(b"")
    with pytest.raises(DataError, match=r"thesis\.doc in it and no augm"):
        augment_folder(source, target, **ARGUMENTS)
    assert contents(target) == {"thesis.doc": b"mine", ".DS_Store": b""}
    with pytest.raises(DataError, match="which is only read"):
        augment_folder(source, source / "augmented", **ARGUMENTS)
    with pytest.raises(DataError, match=r"'finished'.*Received: no such file"):
        read_manifest(target)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": 0}, "count: expected an integer of at least 1.*0"),
        ({"seed": 1.5}, "seed: expected an integer"),
        ({"operations": {"turn": {}}}, "'turn' is unknown"),
    ],
)
def test_wrong_arguments_are_refused(source, tmp_path, arguments, message):
    with pytest.raises(DataError, match=message):
        augment_folder(source, tmp_path / "t", **{**ARGUMENTS, **arguments})
    assert not (tmp_path / "t").exists()


def test_wrong_sources_are_refused(source, tmp_path):
    def refused(folder, message):
        with pytest.raises(DataError, match=message) as caught:
            augment_folder(folder, tmp_path / "t", **ARGUMENTS)
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "t").exists()

    (source / "empty").mkdir()
    refused(source, r"empty has no images \(\.jpg.*Add some")
    refused(source / "cats", "Received: no folders")
    refused(source / "none", "no folder")


def one_line_error(source, target, message, **changes):
    """Refused promptly, and not taken for whole by anybody."""
    arguments = {**ARGUMENTS, **changes}
    with pytest.raises(DataError, match=message) as caught:
        augment_folder(source, target, **arguments)
    assert "\n" not in str(caught.value)
    assert status(target) == "running"
    with pytest.raises(DataError, match="'finished'.*Received: running"):
        read_manifest(target)


@pytest.mark.parametrize("processes", [1, 2])
def test_broken_image_is_named(source, tmp_path, processes):
    whole = (source / "cats" / "one.jpg").read_bytes()
    (source / "cats" / "one.jpg").write_bytes(whole[: len(whole) // 2])
    one_line_error(
        source,
        tmp_path / "t",
        r"cannot decode .*cats/one\.jpg: ",
        processes=processes,
    )


def test_image_that_augly_cannot_vary_is_named(source, tmp_path, draw_image):
    draw_image(source / "cats" / "small.png", 0, size=(3, 3))
    one_line_error(
        source,
        tmp_path / "t",
        r"cannot vary .*small\.png: AugLy's pixelization with .* 3x3 pixels",
        operations={"pixelization": {"ratio": 0.2}},
    )


def test_full_disk(source, tmp_path, monkeypatch):
    write, left = Path.write_bytes, [20_000]

    def write_some(path, data):
        write(path, data[: left[0]])
        left[0] -= len(data)
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    target = tmp_path / "t"
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", write_some)
        one_line_error(source, target, r"cannot write .*: No space left on dev")
    made = [path for path in target.rglob("*.*") if "json" not in path.name]
    assert made
    for path in made:
        # Nothing is cut short, nor left behind under another name.
        assert not path.name.startswith(".")
        with PIL.Image.open(path) as image:
            image.load()
    augment_folder(source, target, **ARGUMENTS)
    augment_folder(source, tmp_path / "at_once", **ARGUMENTS)
    assert contents(target) == contents(tmp_path / "at_once")
