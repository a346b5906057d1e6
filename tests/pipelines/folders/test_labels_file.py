"""Tables of labels as people have them: read, or asked about."""

import codecs

import numpy as np
import pytest

from pipelines.config import Data
from pipelines.errors import DataError
from pipelines.folders.labels_file import read_layout
from pipelines.loading import open_source
from pipelines.location import Location

IMAGES = [f"images/{name}.jpg" for name in "abcdefgh"]
KINDS = ["pug", "corgi"] * 4


def table(*columns, header="id,breed", separator=","):
    """A table of names a to h and these columns."""
    return join(header.split(","), "abcdefgh", *columns, separator=separator)


def join(header, *columns, separator=","):
    rows = [header, *zip(*columns, strict=True)]
    return "".join(separator.join(row) + "\n" for row in rows)


def read(files, images=IMAGES, labels=None):
    """The layout of images and of {name: text or bytes of a file}."""

    def read_bytes(name):
        content = files[name]
        return content if isinstance(content, bytes) else content.encode()

    names = [*images, *files]
    return read_layout(names, "here", (), {}, read_bytes, labels)


def labels_of(layout):
    """{name of the image's file, without folder: (part, label)}."""
    return {
        name.rpartition("/")[2]: (entry.split, entry.class_name)
        for entry, name in layout.names.items()
    }


PLAIN = table(KINDS)
EXPECTED = {
    f"{name}.jpg": ("", kind)
    for name, kind in zip("abcdefgh", KINDS, strict=True)
}


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        PLAIN.replace("\n", "\r\n").encode(),
        codecs.BOM_UTF8 + PLAIN.encode(),
        PLAIN.encode("utf-16"),
        table(KINDS, separator=";"),
        table(KINDS, separator="\t"),
        # Without a header, and with the names in the last column.
        PLAIN.partition("\n")[2],
        join(["dog", "file"], KINDS, [f'"{name}.JPG"' for name in "abcdefgh"]),
        # With folders of another machine or of Windows.
        join(["file", "dog"], [f"/home/me/{name}" for name in IMAGES], KINDS),
        join(
            ["file", "dog"], [f"images\\{name}" for name in "abcdefgh"], KINDS
        ),
        # Beside numbers, constants, measures, and the same label as a number.
        table(
            ["7"] * 8,
            ["0", "1"] * 4,
            KINDS,
            [f"{number}.5" for number in (1, 2) * 4],
            header="id,camera,number,breed,weight",
        ),
        # Rows that say the same twice, and empty ones.
        PLAIN + "\n,\n" + PLAIN.partition("\n")[2],
    ],
)
def test_columns_are_told_by_their_content(content):
    assert labels_of(read({"labels.csv": content})) == EXPECTED


@pytest.mark.parametrize("name", ["Train.CSV", "data/labels.tsv"])
def test_usual_names(name):
    layout = read({name: PLAIN, "readme.txt": ""})
    assert labels_of(layout) == EXPECTED
    assert layout.unused == {"readme.txt": "no image, by its name"}


def test_other_names_have_to_be_named():
    with pytest.raises(DataError, match=r"--set data\.labels=dogs\.csv\.$"):
        read({"dogs.csv": PLAIN})
    assert labels_of(read({"dogs.csv": PLAIN}, labels="dogs.csv")) == EXPECTED
    for other in ("cats.csv", "c" * 300):
        with pytest.raises(DataError, match="FILE:COLUMN.*a name of no file"):
            read({"dogs.csv": PLAIN}, labels=other)
    with pytest.raises(DataError, match="no column 'colour'. Known: id, breed"):
        read({"dogs.csv": PLAIN}, labels="dogs.csv:colour")


def test_images_and_rows_without_each_other_are_listed():
    content = PLAIN.replace("a,pug", "x,pug").replace("b,corgi", "b,")
    layout = read({"labels.csv": content}, [*IMAGES, "test/9.jpg"])
    assert len(layout.names) == 6
    assert layout.unused == {
        "images/a.jpg": "without a row in labels.csv",
        "images/b.jpg": "without a label in labels.csv",
        "test/9.jpg": "without a row in labels.csv",
    }
    assert layout.notes == [
        "the labels are column 'breed' of labels.csv, the files column 'id'",
        "1 row has no image in labels.csv: x",
    ]


def test_two_columns_that_may_be_labels_are_shown():
    content = table(KINDS, ["f"] * 4 + ["m"] * 4, header="id,breed,sex")
    with pytest.raises(DataError) as caught:
        read({"labels.csv": content})
    message = str(caught.value)
    assert "'breed' (pug, corgi); 'sex' (f, m)" in message
    assert message.endswith("--set data.labels=labels.csv:breed.")
    for column in ("sex", "3"):
        layout = read({"labels.csv": content}, labels=f"labels.csv:{column}")
        assert {entry.class_name for entry in layout.names} == {"f", "m"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (PLAIN + "a,corgi\n", "images/a.jpg is 'pug' and 'corgi' in 'breed'"),
        (
            table(["1", "0"] * 4, ["0", "1"] * 4, header="id,pug,corgi"),
            "the columns pug, corgi hold 0 and 1: expected one column",
        ),
        (
            table(["cat", "dog", "cat dog", "dog"] * 2),
            "'cat dog' are several labels",
        ),
        (table(["cat", "dog", "dog|cat", "dog"] * 2), "'dog|cat' are several"),
        (table(list("stuvwxyz")), "of several images. Received: 'id' (a, b,"),
        (table(["a\0", "b"] * 4), "a control character"),
    ],
)
def test_labels_that_are_not_one_for_each_image_are_refused(content, said):
    with pytest.raises(DataError) as caught:
        read({"labels.csv": content})
    message = str(caught.value)
    assert message.startswith("here, labels.csv: ")
    assert said in message
    assert "\n" not in message


def test_parts_of_a_column():
    parts = ["Training"] * 4 + ["dev"] * 2 + ["test", "TEST"]
    layout = read({"labels.csv": table(KINDS, parts, header="id,breed,set")})
    assert [part for part, _ in labels_of(layout).values()].count("train") == 4
    assert labels_of(layout)["e.jpg"] == ("validation", "pug")
    assert labels_of(layout)["h.jpg"] == ("test", "corgi")
    one = table(KINDS, ["train"] * 8, header="id,breed,set")
    assert labels_of(read({"labels.csv": one})) == EXPECTED
    parts = ["dev"] * 4 + ["test"] * 4
    with pytest.raises(DataError, match="Received: test, validation"):
        read({"labels.csv": table(KINDS, parts, header="id,breed,set")})


TWICE = [
    f"{part}/{name}.jpg" for part in ("train", "test1") for name in "abcdefgh"
]


def test_folders_of_parts():
    """Names tell the images of train.csv; of labels.csv they need folders."""
    layout = read({"train.csv": PLAIN}, TWICE)
    assert labels_of(layout) == EXPECTED
    assert set(layout.names.values()) == set(TWICE[:8])
    with pytest.raises(DataError, match=r"a is train/a\.jpg or test1/a\.jpg"):
        read({"labels.csv": PLAIN}, TWICE)
    content = join(["file", "kind"], TWICE, KINDS * 2)
    layout = read({"labels.csv": content}, TWICE)
    assert {
        (entry.split, entry.file)
        for entry, name in layout.names.items()
        if name.endswith("/a.jpg")
    } == {("train", "train__a.jpg"), ("test", "test1__a.jpg")}
    some = ["i.jpg", *TWICE[:7], *TWICE[-1:]]
    content = join(["file", "kind"], some, KINDS + KINDS[:1])
    with pytest.raises(DataError, match="Received: no part, test, train"):
        read({"labels.csv": content}, some)


SORTED = [f"{kind}/{name}" for name, (_, kind) in EXPECTED.items()]


@pytest.mark.parametrize(
    "content",
    [PLAIN, "id,name\n0,pug\n1,corgi\n", "", table(["1", "2"] * 4), b"\xff\0"],
)
def test_folders_tell_classes_if_no_table_says_otherwise(content):
    layout = read({"labels.csv": content}, SORTED)
    assert labels_of(layout) == EXPECTED
    assert layout.notes == []


def test_folders_and_a_table_that_differ_are_both_shown():
    days = [f"day{1 + n // 4}/{name}.jpg" for n, name in enumerate("abcdefgh")]
    with pytest.raises(DataError) as caught:
        read({"labels.csv": PLAIN}, days)
    message = str(caught.value)
    assert "the folders are the classes (day1, day2)" in message
    assert "'breed' (pug, corgi)" in message
    by_table = read({"labels.csv": PLAIN}, days, "labels.csv")
    assert labels_of(by_table) == EXPECTED
    by_folders = read({"labels.csv": PLAIN}, days, "folders")
    assert {e.class_name for e in by_folders.names} == {"day1", "day2"}
    parts = ["train"] * 4 + ["test"] * 4
    content = table(KINDS, parts, header="id,breed,set")
    (note,) = read({"labels.csv": content}, SORTED).notes
    assert "the parts in labels.csv are not used" in note


def test_photographs_of_dogs(data_dir, tmp_path):
    root = data_dir.with_name("cases") / "labels_file"
    if not root.is_dir():
        pytest.skip(f"no images: {root} does not exist")
    source = open_source(Data("image_folder"), Location(root, tmp_path))
    assert source.class_names == ["beagle", "corgi", "pug"]
    assert np.bincount(source.split("all").labels).tolist() == [4] * 3


def test_table_beside_a_zip_file(pictures, tmp_path, write_zip):
    """And a class that no folder can be called by."""
    flat = {name.rpartition("/")[2]: data for name, data in pictures.items()}
    write_zip(tmp_path / "data" / "images.zip", flat)
    rows = [f"{name},{'n/a' if 'dog' in name else 'cat'}\n" for name in flat]
    (tmp_path / "data" / "labels.csv").write_text("file,kind\n" + "".join(rows))
    location = Location(tmp_path / "data")
    source = open_source(Data("image_folder"), location)
    assert source.class_names == ["cat", "n/a"]
    assert sorted(source.split("test").labels) == [0] * 4 + [1] * 2
    with pytest.raises(DataError, match="'n/a' cannot be the name of a folder"):
        open_source(Data("image_folder", copy=True), location)
    with pytest.raises(DataError, match="are for image_folder"):
        open_source(Data("catsdogs", labels="labels.csv"), location)
