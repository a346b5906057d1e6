"""Numbers and pictures of a data set, against what was put into it."""

import PIL.Image
import pytest
import tensorflow_datasets as tfds

from experiments.planning.describe import describe_data_set
from experiments.planning.image_counts import count_images
from pipelines.config import Data
from pipelines.errors import DataError
from pipelines.location import Location


def flat(folder, wider=0):
    """10 red cats and 5 blue dogs, no two of the same pixels.

    Each is `wider` than the one before.
    """
    for name, color, count in (("cats", "red", 10), ("dogs", "blue", 5)):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            image = PIL.Image.new("RGB", (16 + wider * number, 16), color)
            if not wider:
                # No two files of the same pixels.
                image.putpixel((0, 0), (number, 0, 0))
            image.save(folder / name / f"{number}.png")
    return Location(folder)


def rows(folder):
    lines = (folder / "description.md").read_text().splitlines()
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("| ")
    ]
    return {row[0]: dict(zip(cells[0], row, strict=True)) for row in cells[1:]}


def test_numbers_of_flat_images(tmp_path, capsys):
    location = flat(tmp_path / "data", wider=1)
    describe_data_set(Data("catsdogs"), location, workdir=tmp_path)
    folder = tmp_path / "describe" / "catsdogs"
    table = rows(folder)
    assert set(table) == {"train", "test"}
    train = table["train"]
    assert train["images"] == "12"
    assert train["images of a class"] == "4 - 6 - 8"
    assert train["height"] == "16"
    assert train["width"].startswith("16 - ")
    # A third is blue, the rest red: sqrt(2/9) = 0.4714.
    assert train["mean of R G B"] == "0.6667 0.0000 0.3333"
    assert train["std of R G B"] == "0.4714 0.0000 0.4714"
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "counts.png",
        "sizes.png",
        "samples_train.png",
        "samples_test.png",
        "description.md",
    }
    printed = capsys.readouterr().out
    assert (folder / "description.md").read_text().strip() in printed


def test_images_of_one_size_need_no_plot_of_sizes(tmp_path):
    location = flat(tmp_path / "data")
    describe_data_set(Data("catsdogs"), location, workdir=tmp_path)
    folder = tmp_path / "describe" / "catsdogs"
    assert not (folder / "sizes.png").exists()
    assert rows(folder)["test"]["width"] == "16"


def test_of_a_data_set_of_tensorflow_datasets(tmp_path):
    tfds.testing.DummyMnist(data_dir=tmp_path).download_and_prepare()
    name = "tfds/dummy_mnist"
    describe_data_set(Data(name), Location(tmp_path), workdir=tmp_path)
    table = rows(tmp_path / "describe" / name)
    assert set(table) == {"train", "test"}
    assert table["train"]["images"] == "20"
    assert table["train"]["width"] == "28"
    counts = count_images(Data(name=name), Location(tmp_path))
    assert (counts.train, counts.val, counts.classes) == (20, 20, 10)


def test_unknown_data_set_is_named(tmp_path):
    with pytest.raises(
        DataError, match="'imagenet'. Did you mean tiny_imagenet"
    ):
        describe_data_set(
            Data("imagenet"), Location("unused"), workdir=tmp_path
        )
