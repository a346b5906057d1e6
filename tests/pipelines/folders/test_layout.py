"""Folders as people have them: read without guessing, or asked about."""

import pytest

from pipelines.errors import DataError
from pipelines.files.names import summarize
from pipelines.folders.layout import arrange

CLASSES = ("cats", "dogs")


def spread(*templates, classes=CLASSES):
    """Names of two files in each of these folders; {} is the class."""
    return [
        f"{template.format(name)}/{number}.jpg"
        for template in templates
        for name in classes
        for number in range(2)
    ]


def flat(folder):
    return [f"{folder}/{number}.jpg" for number in range(2)]


def parts_of(layout):
    """{part: its classes}."""
    found = {}
    for entry in layout.names:
        found.setdefault(entry.split, set()).add(entry.class_name)
    return found


BOTH = set(CLASSES)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (spread("{}"), {"": BOTH}),
        (spread("photos/{}"), {"": BOTH}),
        (spread("my/own/photos/{}"), {"": BOTH}),
        (spread("PetImages/{}") + ["readme.txt"], {"": BOTH}),
        (spread("train/{}"), {"train": BOTH}),
        (spread("{}/images"), {"": BOTH}),
        (spread("{0}/{0}"), {"": BOTH}),
        (flat("cats") + flat("dogs/images"), {"": BOTH}),
        (spread("images/{}"), {"": BOTH}),
        (
            spread("train/{}", "validation/{}"),
            {"train": BOTH, "validation": BOTH},
        ),
        (spread("Training/{}", "Testing/{}"), {"train": BOTH, "test": BOTH}),
        (spread("train/{}", "dev/{}"), {"train": BOTH, "validation": BOTH}),
        (
            spread("train/{}", "valid/{}", "test/{}"),
            {"train": BOTH, "validation": BOTH, "test": BOTH},
        ),
        (
            spread("a/b/train/{}", "a/b/val/{}"),
            {"train": BOTH, "validation": BOTH},
        ),
        (
            spread("training_set/training_set/{}", "test_set/test_set/{}"),
            {"train": BOTH, "test": BOTH},
        ),
        (
            spread("TrainSet/{}", "TestSet2/{}"),
            {"train": BOTH, "test": BOTH},
        ),
        (
            spread("train/images/{}", "test/images/{}"),
            {"train": BOTH, "test": BOTH},
        ),
        (
            spread("train/{}/images", "val/{}/images"),
            {"train": BOTH, "validation": BOTH},
        ),
        (spread("{}/train", "{}/test"), {"train": BOTH, "test": BOTH}),
        # Labelled images, beside some whose class nobody says.
        (spread("train/{}") + flat("test1"), {"train": BOTH}),
        (
            spread("seg_train/seg_train/{}", "seg_test/seg_test/{}")
            + flat("seg_pred/seg_pred"),
            {"train": BOTH, "test": BOTH},
        ),
        # Classes whose names have a part's in them, or are one.
        (
            spread("{}", classes=("test_tube", "beaker")),
            {"": {"test_tube", "beaker"}},
        ),
        (
            spread("{}", classes=("bus", "train")),
            {"": {"bus", "train"}},
        ),
        (
            spread("{}", classes=("valid", "invalid")),
            {"": {"valid", "invalid"}},
        ),
        (
            spread("train/{}", "test/{}", classes=("train", "bus")),
            {"train": {"train", "bus"}, "test": {"train", "bus"}},
        ),
    ],
)
def test_what_has_one_reading_is_read(names, expected):
    layout = arrange(names, "here")
    assert parts_of(layout) == expected
    used = set(layout.names.values())
    assert used.isdisjoint(layout.unused)
    assert used | set(layout.unused) == set(names)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        # Parts without classes, or two classes?
        (flat("train") + flat("test1"), ["train, test1", "parts", "classes"]),
        (flat("train"), ["train", "parts", "classes"]),
        (spread("{}") + flat("test"), ["test are parts", "beside cats, dogs"]),
        (spread("{}") + flat("val_images"), ["val_images", "classes"]),
        (spread("{}", classes=("neg", "pos", "unsup")), ["unsup"]),
        # Classes with folders in them, or parts?
        (
            spread("{}", "{}/more"),
            ["not all at one depth", "cats/0.jpg", "cats/more/0.jpg"],
        ),
        (
            ["cats/1.jpg", "dogs/pugs/2.jpg"],
            ["not all at one depth", "cats/1.jpg", "dogs/pugs/2.jpg"],
        ),
        (
            spread("{}/young", "{}/old"),
            ["classes that have folders", "parts of the data"],
        ),
        (spread("set_a/{}", "set_b/{}"), ["set_a, set_b", "parts"]),
        (spread("train/{}/young", "train/{}/old", "test/{}"), ["young"]),
        (spread("chest/{}", "train/{}", "test/{}"), ["chest", "(PART/CLASS"]),
        # Parts that cannot be told apart, or of no use without another.
        (spread("train/{}", "val/{}", "dev/{}"), ["train, val, dev"]),
        (spread("train/{}", "train2/{}"), ["train, train2"]),
        (spread("val/{}", "test/{}"), ["val, test"]),
        (spread("train/{}", "unlabeled/{}"), ["unlabeled"]),
        (flat("train") + spread("test/{}"), ["train/0.jpg", "folder of their"]),
        # Classes that are not the same everywhere.
        (
            spread("train/{}") + spread("test/{}", classes=("Cats", "dogs")),
            ["train has no Cats", "test has no cats"],
        ),
        # A class of files that nobody reads here, or no class.
        (
            [*spread("{}"), "birds/1.heic"],
            ["birds stands beside", ".heic), such as birds/1.heic", "class"],
        ),
        # No classes at all.
        (["1.jpg", "2.jpg"], ["1.jpg, 2.jpg", "CLASS/FILE"]),
        (["a/x.txt", "b.heic"], ["no images", "a/x.txt", ".heic", "CLASS"]),
        ([], ["no images", "CLASS/FILE"]),
    ],
)
def test_what_has_two_readings_is_asked_about(names, said):
    folders = sorted({name.rpartition("/")[0] for name in names})
    with pytest.raises(DataError) as caught:
        arrange(names, "here", folders)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("here: ")
    for words in said:
        assert words in message


def test_every_file_that_is_not_used_has_its_reason():
    unused = {
        "stray.jpg": "in no folder of a class",
        "train/stray.jpg": "in no folder of a class",
        "test1/7.jpg": "in test1, which has no folders of classes",
        "train/cats/.hidden.jpg": "hidden, or of the operating system",
        "train/cats/@eaDir/0.jpg": "hidden, or of the operating system",
        "__MACOSX/train/cats/0.jpg": "hidden, or of the operating system",
        ".ipynb_checkpoints/cat.png": "hidden, or of the operating system",
        "train/dogs/Thumbs.db": "hidden, or of the operating system",
        "train/dogs/a.HEIC": "a format that is not read here (.heic)",
        "train/dogs/a\r.jpg": "a control character in its name",
        "train/labels.csv": "no image, by its name",
        "train/cats/noname": "no image, by its name",
        "/".join(["d"] * 2000) + "/x.jpg": "in more than 32 folders",
    }
    used = spread("train/{}")
    layout = arrange([*used, *unused], "here")
    assert sorted(layout.names.values()) == sorted(used)
    assert layout.unused == unused
    said = summarize(layout.unused)
    assert "2 in no folder of a class, such as stray.jpg; " in said
    assert "1 a format that is not read here (.heic), such as t" in said
    assert "\r" not in said


def test_accents_are_the_same_however_they_are_written():
    composed, apart = "caf\u00e9", "cafe\u0301"
    names = [f"train/{composed}/1.jpg", f"test/{apart}/1.jpg"]
    names += spread("train/{}", "test/{}")
    layout = arrange(names, "here")
    assert parts_of(layout) == dict.fromkeys(
        ("train", "test"), BOTH | {composed}
    )
